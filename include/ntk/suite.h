/* Running the suite: claims as child processes, verdicts, and the files of a run.
 *
 * A run is a folder:
 *
 *     manifest.json     provenance: commit, compiler, BLAS, CPU, seed, settings, times of every process
 *     summary.json      verdicts, checks, controls, stored results
 *     junit.xml         the same for CI
 *     report.html       the same for people, one self-contained file
 *     journal.log       one line per finished process; what --resume goes by
 *     <suite>/<claim>/  metrics.tsv, <table>.tsv, figure.svg, figure.png, and controls/<name>/ likewise
 *
 * Result tables (*.tsv) hold no times: the same seed gives the same bytes for any number of workers, in any
 * order, with or without an interruption. */
#ifndef NTK_SUITE_H
#define NTK_SUITE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <ntk/claim.h>
#include <ntk/status.h>

/* ---- where everything is ------------------------------------------------------------------------------- */

typedef struct ntk_suite {
    const ntk_registry_entry *registry;
    char *executable; /* the program; it is started again as `executable run CLAIM ...` */
    char *root;       /* contains suites/ and expected/ */
    char *data;       /* the folder of data sets */
} ntk_suite;

/* Find the root: $NTK_ROOT; else the nearest folder above the program that contains suites/; else
 * ../share/ntk-verify beside it. data: NULL for <root>/data. Errors: NTK_ERROR_NOT_FOUND, saying where it
 * was looked for. */
ntk_status ntk_suite_open(const ntk_registry_entry *registry, const char *data, ntk_suite *out);
void ntk_suite_release(ntk_suite *suite);

/* Read one claim of the registry. Errors: NTK_ERROR_NOT_FOUND, suggesting the nearest name; those of
 * ntk_claim_read. */
ntk_status ntk_suite_claim(const ntk_suite *suite, const char *id, ntk_claim *out);

/* The registry's entries that a list of claims and suites names, in the registry's order; all of them for an
 * empty list. selected: (number of registry entries). Errors: NTK_ERROR_NOT_FOUND, suggesting the nearest
 * name. */
ntk_status ntk_suite_select(const ntk_suite *suite, const char *const *names, size_t count, bool *selected);

/* The candidate (candidate_count of them, NULLs skipped) nearest to a misspelt name by edit distance; NULL
 * where none is near. */
const char *ntk_nearest_name(const char *name, const char *const *candidates, size_t candidate_count);

/* The seed whose results are stored under expected/. */
uint64_t ntk_suite_stored_seed(void);

/* Processors that this process may use. */
size_t ntk_processor_count(void);

/* ---- one process --------------------------------------------------------------------------------------- */

typedef struct ntk_process_request {
    const char *claim;   /* id */
    const char *control; /* NULL: the claim itself */
    ntk_tier tier;
    uint64_t seed;
    const ntk_setting *overrides; /* of --set */
    size_t override_count;
    const char *out; /* folder for metrics.tsv and the tables, created where needed; NULL: write nothing */
} ntk_process_request;

/* Compute one claim or control in this process. *claim and *metrics are to be released with
 * ntk_claim_release and ntk_metrics_release. Errors: whatever the experiment reports; NTK_ERROR_NOT_FOUND for
 * an unknown claim or control. */
ntk_status ntk_suite_compute(const ntk_suite *suite, const ntk_process_request *request, ntk_claim *claim,
                             ntk_metrics *metrics);

/* The exit status by which a child says that this machine lacks what the claim needs: SKIPPED. */
#define NTK_EXIT_SKIPPED 77

/* ---- a run --------------------------------------------------------------------------------------------- */

/* What is known of a claim once it has been judged; borrowed, valid until the run is destroyed. */
typedef struct ntk_claim_result {
    const ntk_claim *claim;
    ntk_verdict verdict;
    const ntk_claim_outcome *outcome;  /* NULL where SKIPPED */
    const char *cause;                 /* why its own process failed or was skipped; NULL where it did not */
    const char *const *control_causes; /* (claim->control_count), each NULL where the process ended well */
    double seconds;                    /* wall-clock, the claim and its controls added up */
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
typedef struct ntk_observer {
    void (*progress)(const ntk_run_progress *progress, void *context);
    void (*finished)(const ntk_claim_result *result, void *context);
    void (*warning)(const char *line, void *context);
    void *context;
} ntk_observer;

typedef struct ntk_run_options {
    ntk_tier tier;
    uint64_t seed;
    size_t jobs;                  /* workers of each process; at most two processes run at once */
    const ntk_setting *overrides; /* of --set: applied to the claims that have the parameter, and not to a
                                     control that sets it itself; stored results are then not compared */
    size_t override_count;
    const char *out; /* NULL: results/<UTC time>-<commit>, to which results/latest is then pointed */
    bool resume;     /* go on with what `out` (NULL: results/latest) holds */
    bool figures;    /* draw them */
    const volatile sig_atomic_t *interrupted; /* set by a signal handler: stop; NULL: never */
    ntk_observer observer;
} ntk_run_options;

typedef struct ntk_run ntk_run;

/* Plan a run of the selected claims (none given: all) and claim its folder: it is created, or must be empty,
 * or with `resume` hold an earlier run. Errors: NTK_ERROR_NOT_FOUND for an unknown claim, suite or parameter;
 * NTK_ERROR_FORMAT for a claim.yaml that cannot be read; NTK_ERROR_ARGUMENT for a setting; NTK_ERROR_IO for
 * the folder, also where another run uses it. *out is NULL on failure. */
ntk_status ntk_run_create(const ntk_suite *suite, const char *const *names, size_t count,
                          const ntk_run_options *options, ntk_run **out);
void ntk_run_destroy(ntk_run *run);

/* Run, judge, draw, and write the files of the run. A claim's failure is its verdict, not an error of this
 * function. Errors: NTK_ERROR_CANCELLED when interrupted (the journal is then fit for `resume`); NTK_ERROR_IO
 * where the run's own files cannot be written. */
ntk_status ntk_run_execute(ntk_run *run);

const char *ntk_run_folder(const ntk_run *run);
size_t ntk_run_count(const ntk_run *run, ntk_verdict verdict);

/* The budget of chance. Each t interval of the run - those of the checks and those of the checks that
 * controls break - has a probability with which another seed would put it on the wrong side of its bound
 * (claim.h, ntk_check_outcome). Their sum bounds the probability that another run ends in anything but HOLDS
 * by chance, as far as this run's estimates tell it; plain numbers have no part in it. */
typedef struct ntk_risk_share {
    const ntk_claim *claim;
    const ntk_control *control; /* NULL: the claim itself */
    const ntk_check *check;
    double risk;
} ntk_risk_share;

typedef struct ntk_risk {
    double total; /* of the shares */
    size_t count;
    ntk_risk_share *shares; /* (count), the largest first */
} ntk_risk;

/* To be released. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_run_risk(const ntk_run *run, ntk_risk *out);
void ntk_risk_release(ntk_risk *risk);

/* Of the worst verdict, as the table of verdicts ranks them; 6 where nothing ran. */
int ntk_run_exit_status(const ntk_run *run);

/* The lines that say what is wrong with a claim: check, found with its interval, wanted and why, the command
 * that reruns it, the figure. Nothing for a claim that holds. */
void ntk_run_explain(const ntk_run *run, const ntk_claim_result *result, FILE *stream);

/* ---- what is done with a finished run ------------------------------------------------------------------ */

/* Rewrite the stored results of the named claims from a finished run in `folder`. Refused unless the run is
 * of this very program, of the claims as they are now, of the stored seed and without overrides, and unless
 * every check holds and every control broke. *changed: how many values moved or are new. Errors:
 * NTK_ERROR_UNSUPPORTED with the reason of the refusal; NTK_ERROR_ARGUMENT for an empty `why`. */
ntk_status ntk_suite_accept(const ntk_suite *suite, const char *const *names, size_t count, ntk_tier tier,
                            const char *folder, const char *why, size_t *changed);

/* Redraw the figures of a run without computing anything, and copy each to plots/<suite>-<claim>.svg and
 * .png where plots is not NULL. No names: every claim that the run holds. *drawn: how many. Warnings about
 * single figures go to the observer. Errors: NTK_ERROR_NOT_FOUND, NTK_ERROR_IO. */
ntk_status ntk_suite_draw(const ntk_suite *suite, const char *const *names, size_t count, const char *folder,
                          const char *plots, const ntk_observer *observer, size_t *drawn);

/* True where gnuplot can be started, draws svg and png, and finds a font. detail: (size), its version or what
 * is wrong. */
bool ntk_gnuplot_probe(char *detail, size_t size);

#endif
