/* The catalogue as it stands in suites/: every claim can be read, and their intervals share one
 * family error. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/lab/context.h>

#include "claim/claim.h"
#include "run/catalogue.h"
#include "status.h"

static void read_claim(const ntk_registry_entry *entry, ntk_claim *out) {
    char folder[512];
    snprintf(folder, sizeof folder, "suites/%s", entry->id);
    assert_ok(ntk_claim_read(folder, entry->experiment, out));
}

Test(catalogue, every_claim_can_be_read) {
    size_t count = 0;
    for (const ntk_registry_entry *entry = ntk_registry; entry->id; entry++, count++) {
        ntk_claim claim;
        read_claim(entry, &claim);
        cr_assert_str_eq(claim.id, entry->id);
        ntk_claim_release(&claim);
    }
    cr_assert_gt(count, 0);
}

/* A verified bound and a residual are plain numbers; of every other kind a check judges at most one
 * interval, in the claim's own run and in each control that it breaks. */
static size_t intervals_of(const ntk_claim *claim, const char *check) {
    for (size_t i = 0; i < claim->check_count; i++)
        if (strcmp(claim->checks[i].name, check) == 0)
            return claim->checks[i].kind != NTK_CHECK_CERTIFIED &&
                   claim->checks[i].kind != NTK_CHECK_IDENTITY;
    return 1;
}

/* Bonferroni's bound on a false alarm anywhere needs the number of judged intervals to be at most
 * the one that the level is made for. */
Test(catalogue, judged_intervals_stay_within_the_family) {
    size_t intervals = 0;
    for (const ntk_registry_entry *entry = ntk_registry; entry->id; entry++) {
        ntk_claim claim;
        read_claim(entry, &claim);
        for (size_t i = 0; i < claim.check_count; i++)
            intervals += intervals_of(&claim, claim.checks[i].name);
        for (size_t i = 0; i < claim.control_count; i++)
            for (size_t k = 0; k < claim.controls[i].break_count; k++)
                intervals += intervals_of(&claim, claim.controls[i].breaks[k]);
        ntk_claim_release(&claim);
    }
    cr_assert_leq(intervals, NTK_SUITE_INTERVALS, "%zu intervals", intervals);
}
