/* One claim, one of its controls, or a control's twin, computed in this process. */
#ifndef NTK_RUN_COMPUTE_H
#define NTK_RUN_COMPUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rounding.h"
#include "run/catalogue.h"
#include "run/inputs.h"

typedef struct ntk_process_request {
    const char *claim;   /* id */
    const char *control; /* NULL: the claim itself */
    bool twin;           /* of the control */
    ntk_tier tier;
    uint64_t seed;
    ntk_rounding rounding;        /* under which the experiment computes */
    const ntk_setting *overrides; /* of --set */
    size_t override_count;
    const char *data_x, *data_y; /* files of the user's own data (given.h); NULL: none */
    const ntk_inputs *inputs;    /* what the plan of the run has seen; NULL: none was made */
    const char *out;             /* folder for metrics.tsv and the tables, created where needed;
                                  * NULL: write nothing */
} ntk_process_request;

/* Compute one claim or control in this process. *claim and *metrics are to be released with
 * ntk_claim_release and ntk_metrics_release. Errors: whatever the experiment reports;
 * NTK_ERROR_NOT_FOUND for an unknown claim or control; NTK_ERROR_CANCELLED where an input is not,
 * or does not stay, what the plan has seen. */
ntk_status ntk_suite_compute(const ntk_suite *suite, const ntk_process_request *request, ntk_claim *claim,
                             ntk_metrics *metrics);

/* The exit status by which a child says that this machine lacks what the claim needs: SKIPPED. */
#define NTK_EXIT_SKIPPED 77

/* And that an input was changed during the run: ERROR. */
#define NTK_EXIT_CHANGED 76

#endif
