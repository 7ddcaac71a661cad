/* The budget of chance of a run. */
#ifndef NTK_RUN_CHANCE_H
#define NTK_RUN_CHANCE_H

#include <stddef.h>

#include "run/state.h"

/* The budget of chance. Each t interval of the run - those of the checks, those of the checks
 * that controls break, and those of the same in their twins - has a probability with which another
 * seed would put it on the wrong side of its bound (claim.h, ntk_check_outcome). Their sum bounds
 * the probability that another run ends in anything but HOLDS by chance, as far as this run's
 * estimates tell it; plain numbers have no part
 * in it. */
typedef struct ntk_risk_share {
    const ntk_claim *claim;
    ntk_variant variant;
    const ntk_check *check;
    double risk;
} ntk_risk_share;

typedef struct ntk_risk {
    double total; /* of the shares; 1 at most */
    size_t count;
    ntk_risk_share *shares; /* (count), the largest first */
} ntk_risk;

/* To be released. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_run_risk(const ntk_run *run, ntk_risk *out);
void ntk_risk_release(ntk_risk *risk);

#endif
