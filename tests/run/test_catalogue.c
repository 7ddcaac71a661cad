/* The catalogue as it stands in suites/: every claim can be read, and their intervals share one
 * family error. */
#include <stdio.h>

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

/* Each check judges at most one interval in the claim's own run, and each named break one in a
 * control's. Bonferroni's bound on a false alarm anywhere needs their number to be at most the one
 * that the level is made for. */
Test(catalogue, judged_intervals_stay_within_the_family) {
    size_t intervals = 0;
    for (const ntk_registry_entry *entry = ntk_registry; entry->id; entry++) {
        ntk_claim claim;
        read_claim(entry, &claim);
        intervals += claim.check_count;
        for (size_t i = 0; i < claim.control_count; i++) intervals += claim.controls[i].break_count;
        ntk_claim_release(&claim);
    }
    cr_assert_leq(intervals, NTK_SUITE_INTERVALS, "%zu intervals", intervals);
}
