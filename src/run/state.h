/* The state of a run, shared by what plans, schedules, judges and reports it. */
#ifndef NTK_RUN_STATE_H
#define NTK_RUN_STATE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <jansson.h>

#include "base/rounding.h"
#include "claim/judge.h"
#include "run/catalogue.h"
#include "run/given.h"
#include "run/identity.h"
#include "run/inputs.h"
#include "run/journal.h"
#include "run/process.h"
#include "run/shard.h"

/* What is known of a claim once it has been judged; borrowed, valid until the run is destroyed. */
typedef struct ntk_claim_result {
    const ntk_claim *claim;
    ntk_verdict verdict;
    const ntk_claim_outcome *outcome;  /* NULL where SKIPPED */
    const char *cause;                 /* why its own process failed or was skipped; NULL where it
                                        * did not */
    const char *const *control_causes; /* (claim->control_count), each NULL where the process ended
                                        * well */
    const char *const *twin_causes;    /* the same for their twins */
    double seconds;                    /* wall-clock, of all its processes added up */
    const char *folder;
    const char *figure;         /* path of figure.svg; NULL where there is none */
    const char *figure_warning; /* what went wrong with it; NULL where nothing did */
} ntk_claim_result;

typedef struct ntk_run_progress {
    size_t finished, total;    /* processes */
    double elapsed, remaining; /* seconds; remaining is negative where unknown */
    const char *running;       /* names of what runs now, blank-separated */
} ntk_run_progress;

/* Called from the thread that executes the run; any of them may be NULL. */
typedef struct ntk_run_observer {
    void (*progress)(const ntk_run_progress *progress, void *context);
    void (*finished)(const ntk_claim_result *result, void *context);
    void (*warning)(const char *line, void *context);
    void *context;
} ntk_run_observer;

typedef struct ntk_run_options {
    ntk_tier tier;
    uint64_t seed;
    ntk_rounding rounding;        /* other than to nearest: stored results are not compared */
    size_t jobs;                  /* workers of each process; at most two processes run at once */
    bool jobs_given;              /* with a launcher: by the user; else one process runs at once,
                                   * and its ranks find out how many workers they have */
    const char *launcher;         /* words that start a process on several ranks, "mpirun -np 4"
                                   * (run/ranks.h); NULL: none */
    const ntk_setting *overrides; /* of --set: applied to the claims that have the parameter, and
                                   * not to a control that sets it itself; stored results are then
                                   * not compared */
    size_t override_count;
    const char *data_x, *data_y; /* files of the user's own points and labels (given.h); NULL: none.
                                  * Stored results are then not compared */
    const char *out;             /* NULL: results/<UTC time>-<commit>, to which results/latest is
                                  * then pointed */
    bool resume;                 /* go on with what `out` (NULL: results/latest) holds */
    ntk_shard shard;             /* run this part of the selected claims */
    bool figures;                /* draw them */
    const volatile sig_atomic_t *interrupted; /* set by a signal handler: stop; NULL: never */
    ntk_run_observer observer;
} ntk_run_options;

typedef struct ntk_run ntk_run;

typedef enum ntk_task_state {
    NTK_TASK_WAITING,
    NTK_TASK_RUNNING,
    NTK_TASK_DONE,
    NTK_TASK_FAILED
} ntk_task_state;

/* One process of the run: a claim itself, one of its controls, a control's twin, or its figure. */
typedef struct ntk_task {
    size_t claim; /* index in the run */
    ntk_variant variant;
    bool is_figure;
    char *name;     /* "suite/claim", "suite/claim/control", "suite/claim/control/twin" or
                     * "suite/claim figure" */
    char *unit;     /* name and tier: the journal's */
    char *folder;   /* where its tables go */
    char *settings; /* in effect, "widths=64 256; seeds=8" */
    ntk_digest setting_digest;
    ntk_digest key;
    ntk_digest tables;       /* DONE: of what it left */
    double expected_seconds; /* by an earlier run; negative: unknown */
    ntk_task_state state;
    bool reused;  /* taken from the journal */
    bool skipped; /* FAILED, because the machine lacks what it needs */
    bool changed; /* FAILED, because an input was changed during the run */
    ntk_process process;
    char *cause; /* FAILED: in words */
    ntk_metrics metrics;
} ntk_task;

typedef struct ntk_claim_run {
    ntk_claim claim;
    ntk_task *tasks; /* (task_count): the claim itself, its controls, and those twins that have
                      * settings of their own */
    size_t task_count;
    const ntk_task **twins; /* (control_count): each one of `tasks`, of the same settings */
    ntk_task figure;
    ntk_expected *expected; /* NULL where nothing is stored, or nothing is to be compared */
    ntk_claim_outcome outcome;
    bool judged;
    char *figure_path, *figure_warning;
    const char **control_causes, **twin_causes;
    ntk_claim_result result; /* once judged */
} ntk_claim_run;

struct ntk_run {
    const ntk_suite *suite;
    ntk_run_options options;
    ntk_provenance provenance;
    ntk_data_state data;
    ntk_given given; /* zeroed where there are no data of the user's own */
    char *folder;
    int lock; /* descriptor of the locked file; -1 */
    ntk_journal *journal;
    ntk_claim_run *claims;
    size_t claim_count;
    ntk_envelopes envelopes; /* none where stored results are not compared */
    char **shard_of;         /* ids of the claims that all shards together run; NULL where there are
                              * none */
    size_t shard_of_count;
    json_t *parts;              /* of a merged run: where each part comes from; else NULL */
    ntk_setting *own_overrides; /* of a merged run: those of the options; else NULL */
    char **warnings;
    size_t warning_count;
    time_t started;
    double begun, wall_seconds, cpu_seconds;
};

/* Whether claims run as they stand: without --set, on their own data and rounded to nearest, so
 * that their stored results can be compared. */
bool ntk_run_is_unchanged(const ntk_run *run);

/* Read the stored results of all claims and their envelopes, with which their results are to be
 * compared. */
ntk_status ntk_run_read_expected(ntk_run *run);

/* Judge a claim whose tasks have ended; compare: with its stored results too. */
ntk_status ntk_run_judge(ntk_run *run, ntk_claim_run *claim, bool compare);
ntk_status ntk_run_warn(ntk_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *ntk_run_folder(const ntk_run *run);
/* Metrics that are further from their stored values than a thousand envelopes. */
size_t ntk_run_count_moved(const ntk_run *run);
size_t ntk_run_count(const ntk_run *run, ntk_verdict verdict);

/* Of the worst verdict, as the table of verdicts ranks them; 6 where nothing ran. */
int ntk_run_exit_status(const ntk_run *run);

#endif
