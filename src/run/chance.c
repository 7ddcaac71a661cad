/* The budget of chance: which interval of a run spends how much of the probability that another
 * seed would end otherwise. */
#include "run/chance.h"

#include <math.h>
#include <stdlib.h>

#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/judge.h"
#include "run/state.h"

static int by_risk(const void *a, const void *b) {
    const double x = ((const ntk_risk_share *)a)->risk, y = ((const ntk_risk_share *)b)->risk;
    return (x < y) - (x > y);
}

static void add(const ntk_claim *claim, ntk_variant variant, const ntk_check_outcome *outcome,
                ntk_risk *risk) {
    if (!(outcome->risk >= 0)) return;
    risk->shares[risk->count++] = (ntk_risk_share){claim, variant, outcome->check, outcome->risk};
    risk->total += outcome->risk;
}

static size_t interval_count_limit(const ntk_run *run) {
    size_t count = 0;
    for (size_t i = 0; i < run->claim_count; i++) {
        const ntk_claim *claim = &run->claims[i].claim;
        count += claim->check_count;
        for (size_t c = 0; c < claim->control_count; c++) count += 2 * claim->controls[c].break_count;
    }
    return count;
}

/* Where the claim's own run is the twin, its checks have been counted. */
static void add_control(const ntk_claim *claim, const ntk_control_outcome *outcome, ntk_risk *risk) {
    const ntk_control *control = outcome->control;
    for (size_t b = 0; b < control->break_count; b++)
        add(claim, (ntk_variant){control, false}, &outcome->breaks[b], risk);
    for (size_t b = 0; b < control->break_count && !outcome->twin_is_claim; b++)
        add(claim, (ntk_variant){control, true}, &outcome->twin[b], risk);
}

ntk_status ntk_run_risk(const ntk_run *run, ntk_risk *out) {
    *out = (ntk_risk){0};
    void *memory;
    NTK_TRY(ntk_allocate(interval_count_limit(run) + 1, sizeof *out->shares, &memory));
    out->shares = memory;
    for (size_t i = 0; i < run->claim_count; i++) {
        const ntk_claim *claim = &run->claims[i].claim;
        const ntk_claim_outcome *outcome = run->claims[i].result.outcome;
        if (outcome == NULL) continue;
        for (size_t k = 0; k < claim->check_count; k++)
            add(claim, (ntk_variant){0}, &outcome->checks[k], out);
        for (size_t c = 0; c < claim->control_count; c++) add_control(claim, &outcome->controls[c], out);
    }
    out->total = fmin(1, out->total); /* a sum that bounds a probability */
    qsort(out->shares, out->count, sizeof *out->shares, by_risk);
    return NTK_OK;
}

void ntk_risk_release(ntk_risk *risk) {
    ntk_release(risk->shares);
    *risk = (ntk_risk){0};
}
