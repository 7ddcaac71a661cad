/* The state of a run, shared by what plans, schedules, judges and reports it. */
#ifndef NTK_SUITE_RUN_H
#define NTK_SUITE_RUN_H

#include <time.h>

#include <ntk/suite.h>

#include "suite/context.h"
#include "suite/identity.h"
#include "suite/journal.h"
#include "suite/process.h"

typedef enum ntk_task_state {
    NTK_TASK_WAITING,
    NTK_TASK_RUNNING,
    NTK_TASK_DONE,
    NTK_TASK_FAILED
} ntk_task_state;

/* One process of the run: a claim itself, one of its controls, or its figure. */
typedef struct ntk_task {
    size_t claim;               /* index in the run */
    const ntk_control *control; /* NULL: the claim itself, or its figure */
    bool is_figure;
    char *name;     /* "suite/claim", "suite/claim/control" or "suite/claim figure" */
    char *unit;     /* name and tier: the journal's */
    char *folder;   /* where its tables go */
    char *settings; /* in effect, "widths=64 256; seeds=8" */
    ntk_digest key;
    double expected_seconds; /* by an earlier run; negative: unknown */
    ntk_task_state state;
    bool reused;  /* taken from the journal */
    bool skipped; /* FAILED, because the machine lacks what it needs */
    ntk_process process;
    char *cause; /* FAILED: in words */
    ntk_metrics metrics;
} ntk_task;

typedef struct ntk_claim_run {
    ntk_claim claim;
    ntk_task *tasks; /* (1 + control_count): the claim itself, then its controls */
    ntk_task figure;
    ntk_expected *expected;
    ntk_claim_outcome outcome;
    bool judged;
    char *figure_path, *figure_warning;
    const char **control_causes;
    ntk_claim_result result; /* once judged */
} ntk_claim_run;

struct ntk_run {
    const ntk_suite *suite;
    ntk_run_options options;
    ntk_provenance provenance;
    ntk_digest data;
    char *folder;
    int lock; /* descriptor of the locked file; -1 */
    ntk_journal *journal;
    ntk_claim_run *claims;
    size_t claim_count;
    char **warnings;
    size_t warning_count;
    time_t started;
    double begun, wall_seconds, cpu_seconds;
};

static inline size_t ntk_claim_run_task_count(const ntk_claim_run *claim) {
    return 1 + claim->claim.control_count;
}

/* plan.c: claims, tasks and keys, without a folder; and what the journal says has been done already. */
ntk_status ntk_run_plan(ntk_run *run, const char *const *names, size_t count);
ntk_status ntk_run_locate_tasks(ntk_run *run);
ntk_status ntk_run_recall(ntk_run *run);
void ntk_run_release_plan(ntk_run *run);

/* Those settings of --set that apply to a task. out: (options.override_count); returns how many. */
size_t ntk_task_overrides(const ntk_run *run, const ntk_task *task, ntk_setting *out);

/* folder.c: the folder of the run, its lock, results/latest. */
ntk_status ntk_run_open_folder(ntk_run *run);
void ntk_run_close_folder(ntk_run *run);

/* Remove what an earlier part of the run said of it as a whole, and what it had half written. */
ntk_status ntk_run_clear_reports(const ntk_run *run);

/* schedule.c: run whatever is not done. */
ntk_status ntk_run_schedule(ntk_run *run);

/* runner.c */
ntk_status ntk_run_judge(ntk_run *run, ntk_claim_run *claim, bool compare);
ntk_status ntk_run_warn(ntk_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* figure.c: gnuplot as a process; claim_folder holds the tables and receives figure.svg and figure.png. */
ntk_status ntk_figure_start(const ntk_suite *suite, const char *id, const char *claim_folder, ntk_tier tier,
                            ntk_process *out);
/* After its end: put the drawings in place. *warning: what went wrong, NULL where nothing did. */
ntk_status ntk_figure_finish(const char *claim_folder, const ntk_process *process, bool *drawn,
                             char **warning);
bool ntk_figure_exists(const ntk_suite *suite, const char *id);

/* The writers of the run's files. */
ntk_status ntk_manifest_write(const ntk_run *run, const char *path);
ntk_status ntk_summary_write(const ntk_run *run, const char *path);
ntk_status ntk_junit_write(const ntk_run *run, const char *path);
ntk_status ntk_report_write(const ntk_run *run, const char *path);

#endif
