/* Running the suite: claims as child processes, verdicts, and the files of a run.
 *
 * A run is a folder:
 *
 *     manifest.json     provenance: commit, compiler, BLAS, CPU, seed, settings, times
 *     summary.json      verdicts, checks, controls, stored results
 *     junit.xml         the same for CI
 *     report.html       the same for people, one self-contained file
 *     journal.log       one line per finished process; what --resume goes by
 *     <suite>/<claim>/  metrics.tsv, <table>.tsv, figure.svg, figure.png; controls/<name>/;
 *                       unit-times.txt, what each unit took (ci/scaling)
 *
 * Result tables (*.tsv) hold no times: the same seed gives the same bytes for any number of
 * workers, in any order, with or without an interruption. */
#ifndef NTK_RUN_RUNNER_H
#define NTK_RUN_RUNNER_H

#include <stddef.h>

#include "run/state.h"

/* Plan a run of the selected claims (none given: all) and claim its folder: it is created, or must
 * be empty, or with `resume` hold an earlier run. Errors: NTK_ERROR_NOT_FOUND for an unknown claim,
 * suite or parameter; NTK_ERROR_FORMAT for a claim.yaml that cannot be read; NTK_ERROR_ARGUMENT for
 * a setting; NTK_ERROR_IO for the folder, also where another run uses it. *out is NULL on
 * failure. */
ntk_status ntk_run_create(const ntk_suite *suite, const char *const *names, size_t count,
                          const ntk_run_options *options, ntk_run **out);

/* The same in two steps: the plan without a folder, then the folder. */
ntk_status ntk_run_prepare(const ntk_suite *suite, const char *const *names, size_t count,
                           const ntk_run_options *options, ntk_run **out);
ntk_status ntk_run_open(ntk_run *run);

void ntk_run_destroy(ntk_run *run);

/* Run, judge, draw, and write the files of the run. A claim's failure is its verdict, not an error
 * of this function. Errors: NTK_ERROR_CANCELLED when interrupted (the journal is then fit for
 * `resume`); NTK_ERROR_IO where the run's own files cannot be written, or are not at the end what
 * its processes have left. */
ntk_status ntk_run_execute(ntk_run *run);

#endif
