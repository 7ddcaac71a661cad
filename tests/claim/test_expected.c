/* Stored results: the comparators, the file, and acceptance with its ledger. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/lab/metrics.h>
#include <ntk/status.h>

#include "claim/accept.h"
#include "claim/claim.h"
#include "claim/expected.h"
#include "fixture.h"
#include "folder.h"

TestSuite(expected, .fini = fixture_remove);
TestSuite(accept, .fini = fixture_remove);

#define HEADER "tier\tmetric\tvalue\tlow\thigh\tlevel\n"

/* ---- comparing ------------------------------------------------------------------------------- */

static ntk_comparison compare_metrics(ntk_tolerance_kind kind, double tolerance, ntk_metric stored,
                                      ntk_metric found) {
    const ntk_regression regression = {.metric = "x", .kind = kind, .tolerance = tolerance};
    ntk_expected_row row = {.tier = NTK_TIER_QUICK, .metric = stored};
    return ntk_regression_compare(&regression, &(ntk_expected){&row, 1}, NTK_TIER_QUICK, true,
                                  &(ntk_metrics){&found, 1});
}

static bool agrees(ntk_tolerance_kind kind, double tolerance, double stored, double found) {
    const ntk_comparison comparison =
        compare_metrics(kind, tolerance, fixture_scalar("x", stored), fixture_scalar("x", found));
    cr_expect(comparison.compared);
    return comparison.agrees;
}

Test(compare, exact_means_the_same_bits) {
    cr_expect(agrees(NTK_TOLERANCE_EXACT, NAN, 0.1, 0.1));
    cr_expect_not(agrees(NTK_TOLERANCE_EXACT, NAN, 0.1, nextafter(0.1, 1)));
    cr_expect_not(agrees(NTK_TOLERANCE_EXACT, NAN, 0.0, -0.0));
}

Test(compare, ulp_counts_representable_numbers_across_zero_too) {
    cr_expect(agrees(NTK_TOLERANCE_ULP, 1, 1, nextafter(1, 2)));
    cr_expect_not(agrees(NTK_TOLERANCE_ULP, 1, 1, nextafter(nextafter(1, 2), 2)));
    cr_expect(agrees(NTK_TOLERANCE_ULP, 1, 1, nextafter(1, 0)), "downwards over a power of two");
    cr_expect(agrees(NTK_TOLERANCE_ULP, 0, 0.0, -0.0));
    cr_expect(agrees(NTK_TOLERANCE_ULP, 2, -5e-324, 5e-324), "the two numbers next to zero");
    cr_expect_not(agrees(NTK_TOLERANCE_ULP, 1, -5e-324, 5e-324));
    cr_expect_not(agrees(NTK_TOLERANCE_ULP, 0x1p52, -1, 1), "a sign is not a few ulp");
}

Test(compare, rel_and_abs) {
    cr_expect(agrees(NTK_TOLERANCE_REL, 0.25, -4, -5));
    cr_expect_not(agrees(NTK_TOLERANCE_REL, 0.25, -4, -5.01));
    cr_expect_not(agrees(NTK_TOLERANCE_REL, 0.5, -4, 4), "signs count");
    cr_expect(agrees(NTK_TOLERANCE_REL, 0, 0, 0));
    cr_expect_not(agrees(NTK_TOLERANCE_REL, 0.5, 0, 5e-324), "nothing is relatively near to zero");
    cr_expect(agrees(NTK_TOLERANCE_ABS, 1, -0.5, 0.5));
    cr_expect_not(agrees(NTK_TOLERANCE_ABS, 1, -0.5, 0.75));
    cr_expect_not(agrees(NTK_TOLERANCE_ABS, 1e308, -1e308, 1e308), "the difference overflows");
}

Test(compare, nothing_agrees_with_nan_or_infinity) {
    const double bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    for (ntk_tolerance_kind kind = 0; kind < NTK_TOLERANCE_COUNT; kind++)
        for (size_t i = 0; i < 4; i++) {
            cr_expect_not(agrees(kind, 1, bad[i], bad[i]), "%s", ntk_tolerance_kind_text(kind));
            cr_expect_not(agrees(kind, 1, 1, bad[i]));
            cr_expect_not(agrees(kind, 1, bad[i], 1));
            if (kind != NTK_TOLERANCE_EXACT) cr_expect_not(agrees(kind, NAN, 1, 1), "a NaN tolerance");
        }
}

static bool overlaps(double factor, ntk_metric stored, ntk_metric found) {
    return compare_metrics(NTK_TOLERANCE_STATISTICAL, factor, stored, found).agrees;
}

Test(compare, statistical_is_the_overlap_of_two_intervals) {
    ntk_metric stored = fixture_estimate("x", 0, -1, 3); /* not symmetric: the facing half counts */
    cr_expect(overlaps(1, stored, fixture_estimate("x", 5, 3, 6)), "they touch");
    cr_expect_not(overlaps(1, stored, fixture_estimate("x", 5, 3.25, 6)));
    cr_expect(overlaps(1, stored, fixture_estimate("x", -3, -4, -1)));
    cr_expect_not(overlaps(1, stored, fixture_estimate("x", -3, -4, -1.25)));
    cr_expect(overlaps(1.5, stored, fixture_estimate("x", -3, -4, -2)), "1.5 (1 + 1) = 3");
    cr_expect_not(overlaps(1.5, stored, fixture_estimate("x", -3.125, -4, -2.125)));
    cr_expect_not(overlaps(1, stored, fixture_estimate("x", 0, NAN, 1)));
    cr_expect_not(overlaps(1, stored, fixture_estimate("x", 0, 1, -1)), "an interval inside out");
    cr_expect_not(overlaps(1, stored, fixture_scalar("x", 0)));
    cr_expect_not(overlaps(1, fixture_scalar("x", 0), fixture_scalar("x", 0)), "no intervals at all");
}

Test(compare, estimates_are_not_plain_numbers) {
    const ntk_comparison comparison =
        compare_metrics(NTK_TOLERANCE_ABS, 9, fixture_scalar("x", 1), fixture_estimate("x", 1, 0, 2));
    cr_expect_not(comparison.agrees);
    cr_expect_not_null(comparison.reason);
}

Test(compare, missing_on_either_side_does_not_agree) {
    const ntk_regression regression = {.metric = "x", .kind = NTK_TOLERANCE_ABS, .tolerance = 9};
    ntk_metric other = fixture_scalar("y", 1), x = fixture_scalar("x", 1);
    ntk_expected_row full = {.tier = NTK_TIER_FULL, .metric = fixture_scalar("x", 1)};
    const ntk_expected stored = {&full, 1}, empty = {0};
    const ntk_metrics found = {&x, 1}, unrelated = {&other, 1};
    const struct {
        const ntk_expected *expected;
        const ntk_metrics *metrics;
    } cases[] = {{&stored, NULL}, {&stored, &unrelated}, {&empty, &found}, {NULL, &found}, {NULL, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ntk_comparison c =
            ntk_regression_compare(&regression, cases[i].expected, NTK_TIER_FULL, true, cases[i].metrics);
        cr_expect(c.compared && !c.agrees && c.reason != NULL, "case %zu", i);
    }
    cr_expect_not(ntk_regression_compare(&regression, &stored, NTK_TIER_QUICK, true, &found).agrees,
                  "another tier's row");
    cr_expect(ntk_regression_compare(&regression, &stored, NTK_TIER_FULL, true, &found).agrees);
}

Test(compare, another_seed_leaves_out_what_depends_on_it) {
    ntk_expected_row row = {.tier = NTK_TIER_QUICK, .metric = fixture_estimate("x", 1, 0, 2)};
    ntk_metric far = fixture_estimate("x", 9, 8, 10);
    const ntk_expected expected = {&row, 1};
    const ntk_metrics metrics = {&far, 1};
    static const struct {
        ntk_tolerance_kind kind;
        bool depends, compared;
    } cases[] = {{NTK_TOLERANCE_ABS, true, false},
                 {NTK_TOLERANCE_ABS, false, true},
                 {NTK_TOLERANCE_STATISTICAL, true, true}};
    for (size_t i = 0; i < 3; i++) {
        const ntk_regression regression = {
            .metric = "x", .depends_on_seed = cases[i].depends, .kind = cases[i].kind, .tolerance = 1};
        const ntk_comparison c =
            ntk_regression_compare(&regression, &expected, NTK_TIER_QUICK, false, &metrics);
        cr_expect(c.compared == cases[i].compared && !c.agrees, "case %zu", i);
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

Test(expected, malformed_files_are_refused_with_their_line) {
    static const struct {
        const char *content, *message;
    } cases[] = {
        {"", ":1: the last line has no end"},
        {"tier\tmetric\n", ":1: the header is"},
        {"tier\tmetric\tvalue\tlow\thigh\tlevel\r\nquick\ta\t1\t\t\t\r\n", ":1: a carriage return (CR"},
        {HEADER "quick\ta\t1\t\t\t\r\n", ":2: a carriage return (CR"},
        {HEADER "quick\ta\t1\t\t\t", ":2: the last line has no end"},
        {HEADER "quick\ta\t1\t\t\n", ":2: 5 fields in a table of 6 columns"},
        {HEADER "slow\ta\t1\t\t\t\n", ":2: field 'slow' should be quick or full"},
        {HEADER "quick\ta b\t1\t\t\t\n", ":2: field 'a b' should be a metric's name"},
        {HEADER "quick\ta\tnan\t\t\t\n", ":2: field 'nan' should be a finite number"},
        {HEADER "quick\ta\t\t\t\t\n", ":2: field '' should be a finite number"},
        {HEADER "quick\ta\t1\t0\tinf\t0.9\n", ":2: field 'inf' should be a finite number"},
        {HEADER "quick\ta\t1\t0\t2\t\n", ":2: field '' should be a finite number"},
        {HEADER "quick\ta\t1\t\t2\t\n", ":2: field '2' should be empty"},
        {HEADER "quick\ta\t3\t0\t2\t0.9\n", ":2: field '3' should be inside its interval"},
        {HEADER "quick\ta\t1\t0\t2\t1\n", ":2: field '1' should be a confidence level"},
        {HEADER "quick\ta\t1\t\t\t\nfull\ta\t1\t\t\t\nquick\ta\t1\t\t\t\n",
         ":4: field 'a' should be given once"},
    };
    const char *folder = fixture_folder();
    const char *path = fixture_join(folder, "claim.tsv");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_write(folder, "claim.tsv", cases[i].content);
        ntk_expected *expected;
        assert_fails(ntk_expected_read(path, &expected), NTK_ERROR_FORMAT, cases[i].message);
        cr_expect_null(expected);
    }
}

Test(expected, no_file_is_told_from_a_bad_one) {
    const char *path = fixture_join(fixture_folder(), "none/claim.tsv");
    ntk_expected *expected;
    cr_expect_eq(ntk_expected_read(path, &expected), NTK_ERROR_NOT_FOUND);
    ntk_expected_destroy(NULL);
}

/* ---- accepting ------------------------------------------------------------------------------- */

static ntk_regression regressions[] = {{.metric = "ratio"}, {.metric = "exponent"}};
static const ntk_claim claim = {.id = "a/b", .regressions = regressions, .regression_count = 2};

static ntk_status accept(const char *root, ntk_tier tier, double ratio, const char *why, size_t *changed) {
    ntk_metric items[] = {fixture_scalar("ratio", ratio), fixture_estimate("exponent", -0.5, -0.75, -0.25),
                          fixture_scalar("not-stored", 7)};
    return ntk_expected_accept(fixture_join(root, "expected"), &claim, tier, &(ntk_metrics){items, 3},
                               "c0ffee", "machine", why, changed);
}

static char *read_in(const char *root, const char *name) { return fixture_read(fixture_join(root, name)); }

Test(accept, what_is_accepted_agrees_afterwards) {
    const char *root = fixture_folder();
    size_t changed = 0;
    assert_ok(accept(root, NTK_TIER_QUICK, 0.1, "first", &changed));
    cr_expect_eq(changed, 2);
    char *stored = read_in(root, "expected/a/b.tsv");
    cr_expect_str_eq(stored, HEADER "quick\texponent\t-0.5\t-0.75\t-0.25\t0.99999904632568359\n"
                                    "quick\tratio\t0.10000000000000001\t\t\t\n");

    ntk_expected *expected = NULL;
    assert_ok(ntk_expected_read(fixture_join(root, "expected/a/b.tsv"), &expected));
    ntk_metric ratio = fixture_scalar("ratio", 0.1);
    const ntk_regression exact = {.metric = "ratio", .kind = NTK_TOLERANCE_EXACT};
    cr_expect(
        ntk_regression_compare(&exact, expected, NTK_TIER_QUICK, true, &(ntk_metrics){&ratio, 1}).agrees);
    ntk_expected_destroy(expected);
}

Test(accept, the_ledger_tells_what_moved_and_why) {
    const char *root = fixture_folder();
    size_t changed = 0;
    assert_ok(accept(root, NTK_TIER_QUICK, 1, "first", &changed));
    assert_ok(accept(root, NTK_TIER_QUICK, 2, "new kernel", &changed));
    cr_expect_eq(changed, 1, "the exponent stands as it stood");
    char *ledger = read_in(root, "expected/ledger.tsv");
    cr_expect_eq(fixture_count(ledger, "\n"), 4, "a header, two new values, one moved");
    cr_expect_not_null(strstr(ledger, "\ta/b\tquick\tratio\t-\t1\tc0ffee\tmachine\tfirst\n"));
    cr_expect_not_null(strstr(ledger, "\ta/b\tquick\tratio\t1\t2\tc0ffee\tmachine\tnew kernel\n"));
    cr_expect_not_null(strstr(ledger, "\texponent\t-\t-0.5 [-0.75, -0.25] at 0.99999904632568359\t"));
}

Test(accept, nothing_changed_writes_nothing) {
    const char *root = fixture_folder();
    size_t changed = 9;
    assert_ok(accept(root, NTK_TIER_QUICK, 1, "first", &changed));
    char *before = read_in(root, "expected/ledger.tsv");
    assert_ok(accept(root, NTK_TIER_QUICK, 1, "again", &changed));
    cr_expect_eq(changed, 0);
    char *after = read_in(root, "expected/ledger.tsv");
    cr_expect_str_eq(after, before);
}

Test(accept, other_tiers_stay_and_orphans_of_this_one_go) {
    const char *root = fixture_folder();
    fixture_write(root, "expected/a/b.tsv",
                  HEADER "quick\tgone\t3\t\t\t\nfull\tgone\t4\t\t\t\nfull\tratio\t5\t\t\t\n");
    size_t changed = 0;
    assert_ok(accept(root, NTK_TIER_QUICK, 1, "tidy", &changed));
    cr_expect_eq(changed, 3, "two new, one dropped");
    char *stored = read_in(root, "expected/a/b.tsv");
    cr_expect_str_eq(stored, HEADER "quick\texponent\t-0.5\t-0.75\t-0.25\t0.99999904632568359\n"
                                    "quick\tratio\t1\t\t\t\n"
                                    "full\tgone\t4\t\t\t\nfull\tratio\t5\t\t\t\n");
    char *ledger = read_in(root, "expected/ledger.tsv");
    cr_expect_not_null(strstr(ledger, "\tquick\tgone\t3\t-\tc0ffee\tmachine\ttidy\n"));
}

Test(accept, refusals_leave_everything_as_it_was) {
    const char *root = fixture_folder();
    size_t changed = 0;
    cr_expect_eq(accept(root, NTK_TIER_QUICK, 1, "", &changed), NTK_ERROR_ARGUMENT);
    cr_expect_eq(accept(root, NTK_TIER_QUICK, 1, "  ", &changed), NTK_ERROR_ARGUMENT);
    cr_expect_eq(accept(root, NTK_TIER_QUICK, 1, "a\tb", &changed), NTK_ERROR_ARGUMENT);
    cr_expect_eq(accept(root, NTK_TIER_QUICK, 1, "a\nb", &changed), NTK_ERROR_ARGUMENT);
    cr_expect_eq(accept(root, NTK_TIER_QUICK, NAN, "why", &changed), NTK_ERROR_NOT_FINITE);
    cr_expect_eq(accept(root, NTK_TIER_QUICK, INFINITY, "why", &changed), NTK_ERROR_NOT_FINITE);
    ntk_metric ratio = fixture_scalar("ratio", 1);
    cr_expect_eq(ntk_expected_accept(fixture_join(root, "expected"), &claim, NTK_TIER_QUICK,
                                     &(ntk_metrics){&ratio, 1}, "c", "m", "why", &changed),
                 NTK_ERROR_NOT_FOUND);
    cr_expect_eq(access(fixture_join(root, "expected/a/b.tsv"), F_OK), -1);
    cr_expect_eq(access(fixture_join(root, "expected/ledger.tsv"), F_OK), -1);
}

Test(accept, damaged_files_are_not_overwritten) {
    const char *root = fixture_folder();
    size_t changed = 0;
    fixture_write(root, "expected/a/b.tsv", HEADER "quick\tratio\t1");
    cr_expect_eq(accept(root, NTK_TIER_QUICK, 2, "why", &changed), NTK_ERROR_FORMAT);
    fixture_write(root, "expected/a/b.tsv", HEADER);
    fixture_write(root, "expected/ledger.tsv", "something else\n");
    cr_expect_eq(accept(root, NTK_TIER_QUICK, 2, "why", &changed), NTK_ERROR_FORMAT);
    char *stored = read_in(root, "expected/a/b.tsv");
    cr_expect_str_eq(stored, HEADER);
}

Test(accept, a_folder_that_cannot_be_written_is_an_error) {
    const char *root = fixture_folder();
    fixture_write(root, "expected", "a file where the folder should be\n");
    size_t changed = 0;
    cr_expect_eq(accept(root, NTK_TIER_QUICK, 2, "why", &changed), NTK_ERROR_IO);
}

Test(accept, a_full_disk_leaves_the_old_files) {
    const char *root = fixture_folder();
    size_t changed = 0;
    assert_ok(accept(root, NTK_TIER_QUICK, 1, "first", &changed));
    char *stored = read_in(root, "expected/a/b.tsv"), *ledger = read_in(root, "expected/ledger.tsv");
    fill_the_disk_at(16);
    cr_expect_eq(accept(root, NTK_TIER_QUICK, 2, "second", &changed), NTK_ERROR_IO);
    fill_the_disk_at(RLIM_INFINITY);
    char *stored_now = read_in(root, "expected/a/b.tsv"), *ledger_now = read_in(root, "expected/ledger.tsv");
    cr_expect_str_eq(stored_now, stored);
    cr_expect_str_eq(ledger_now, ledger);
}

/* Without a lock, processes that read the ledger at once would each write it without the others'
 * lines. */
Test(accept, two_at_once_lose_no_line) {
    enum { PROCESSES = 6, ROUNDS = 10 };
    const char *root = fixture_folder();
    for (int process = 0; process < PROCESSES; process++) {
        if (fork() != 0) continue;
        char id[] = "a/b0";
        id[3] = (char)('0' + process);
        ntk_regression ratio = {.metric = "ratio"};
        const ntk_claim own = {.id = id, .regressions = &ratio, .regression_count = 1};
        int failures = 0;
        for (int round = 0; round < ROUNDS; round++) {
            ntk_metric item = fixture_scalar("ratio", round);
            size_t changed = 0;
            failures += ntk_expected_accept(fixture_join(root, "expected"), &own, NTK_TIER_QUICK,
                                            &(ntk_metrics){&item, 1}, "c", "m", "why", &changed) != NTK_OK;
        }
        _exit(failures);
    }
    for (int process = 0; process < PROCESSES; process++) {
        int status = -1;
        wait(&status);
        cr_expect_eq(status, 0);
    }
    char *ledger = read_in(root, "expected/ledger.tsv");
    cr_expect_eq(fixture_count(ledger, "\n"), 1 + PROCESSES * ROUNDS);
}
