/* Stored results: the comparators, the file, and acceptance with its ledger. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/lab/metrics.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "claim/accept.h"
#include "claim/claim.h"
#include "claim/expected.h"
#include "fixture.h"
#include "folder.h"

TestSuite(expected, .fini = fixture_remove);
TestSuite(accept, .fini = fixture_remove);

#define BEFORE "tier\tmetric\tvalue\tlow\thigh\tlevel\n" /* the header that files had at first */
#define HEADER "tier\tmetric\tvalue\tlow\thigh\tlevel\tdegrees\n"

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

/* ---- half-widths and degrees of freedom ------------------------------------------------------ */

/* An estimate at the fixture's level, 1 - 2^-20; t_c is 15.877 at 7 degrees, 5.97 at 31.5 and 5.43
 * at 63. */
static ntk_metric estimate(double value, double half_width, double degrees) {
    ntk_metric out = fixture_estimate("x", value, value - half_width, value + half_width);
    out.estimate.degrees = degrees;
    return out;
}

static void expect_part(ntk_tolerance_kind kind, double tolerance, ntk_metric stored, ntk_metric found,
                        const char *disagrees) {
    const ntk_comparison c = compare_metrics(kind, tolerance, stored, found);
    cr_expect(c.compared && c.agrees == (disagrees == NULL), "half-width %g, %g degrees: distance %g of %g",
              found.estimate.high - found.estimate.value, found.estimate.degrees, c.distance, c.allowed);
    cr_expect_str_eq(c.quantity, disagrees == NULL ? "value" : disagrees);
    cr_expect_eq(c.part <= 1, disagrees == NULL);
}

/* Whatever the tolerance of the value, which is here the same to the bit. */
Test(compare, half_the_width_and_twice_the_width_never_agree) {
    static const struct {
        ntk_tolerance_kind kind;
        double tolerance;
    } tolerances[] = {{NTK_TOLERANCE_EXACT, NAN},
                      {NTK_TOLERANCE_ULP, 4},
                      {NTK_TOLERANCE_REL, 1e-6},
                      {NTK_TOLERANCE_ABS, 1e-9},
                      {NTK_TOLERANCE_ABS, 0.02}};
    const ntk_metric stored = estimate(-0.5, 0.1, 63);
    for (size_t i = 0; i < sizeof tolerances / sizeof *tolerances; i++) {
        const ntk_tolerance_kind kind = tolerances[i].kind;
        const double tolerance = tolerances[i].tolerance;
        expect_part(kind, tolerance, stored, estimate(-0.5, 0.1, 63), NULL);
        expect_part(kind, tolerance, stored, estimate(-0.5, 0.05, 63), "half-width");
        expect_part(kind, tolerance, stored, estimate(-0.5, 0.2, 63), "half-width");
        expect_part(kind, tolerance, stored, estimate(-0.5, 0.1 * sqrt(2), 63), "half-width");
        expect_part(kind, tolerance, stored, estimate(-0.5, 0.1 / sqrt(2), 63), "half-width");
    }
}

/* What moves the mean by 1e-4 may move the half-width by t_c 1e-4. */
Test(compare, a_half_width_moves_by_the_critical_value_times_the_mean) {
    const ntk_metric stored = estimate(0, 1, 7);
    expect_part(NTK_TOLERANCE_ABS, 1e-4, stored, estimate(0, 1 + 15.8e-4, 7), NULL);
    expect_part(NTK_TOLERANCE_ABS, 1e-4, stored, estimate(0, 1 + 15.9e-4, 7), "half-width");
    expect_part(NTK_TOLERANCE_REL, 1e-4, estimate(2, 1, 7), estimate(2, 1 - 31.7e-4, 7), NULL);
    expect_part(NTK_TOLERANCE_REL, 1e-4, estimate(2, 1, 7), estimate(2, 1 - 31.8e-4, 7), "half-width");
    /* An interval that is narrower than its tolerance: no more is asked of it than of the value. */
    expect_part(NTK_TOLERANCE_ABS, 0.1, estimate(0, 0.01, 7), estimate(0, 0.1, 7), NULL);
    expect_part(NTK_TOLERANCE_ABS, 0.1, estimate(0, 0.01, 7), estimate(0, 0.12, 7), "half-width");
}

/* The critical value is that of the stored result: one that is wrong now cannot excuse itself. */
Test(compare, another_level_is_no_move_and_a_wrong_quantile_is_one) {
    const ntk_metric stored = estimate(0, 1, 7);
    ntk_metric found = estimate(0, 1, 7);
    double wider, narrower;
    assert_ok(ntk_stats_t_quantile(1 - 0x1p-21, 7, &narrower));
    assert_ok(ntk_stats_t_quantile(1 - 0x1p-23, 7, &wider));
    found.estimate.level = 1 - 0x1p-22;
    found.estimate.high = wider / narrower;
    found.estimate.low = -found.estimate.high;
    expect_part(NTK_TOLERANCE_ABS, 1e-9, stored, found, NULL);
    found.estimate.level = stored.estimate.level;
    expect_part(NTK_TOLERANCE_ABS, 1e-9, stored, found, "half-width");
}

Test(compare, degrees_of_freedom_are_the_same_number_of_samples) {
    const double wide = 0.03;
    const ntk_metric stored = estimate(-0.5, 0.1, 63), unknown = estimate(-0.5, 0.1, NAN);
    expect_part(NTK_TOLERANCE_ABS, wide, stored, estimate(-0.5, 0.1, 62), "degrees of freedom");
    expect_part(NTK_TOLERANCE_STATISTICAL, 1, stored, estimate(-0.5, 0.1, 64), "degrees of freedom");
    expect_part(NTK_TOLERANCE_ABS, wide, stored, estimate(-0.5, 0.1, NAN), "degrees of freedom");
    expect_part(NTK_TOLERANCE_ABS, wide, unknown, estimate(-0.5, 0.1, 62), NULL);
    expect_part(NTK_TOLERANCE_ABS, wide, unknown, estimate(-0.5, 0.2, 62), "half-width");
    /* Of several groups: 8 times the relative change of the half-width, 8 * 6e-9 / 0.1. */
    const ntk_metric welch = estimate(-0.5, 0.1, 31.5);
    expect_part(NTK_TOLERANCE_ABS, 1e-9, welch, estimate(-0.5, 0.1, 31.5 * (1 + 4e-7)), NULL);
    expect_part(NTK_TOLERANCE_ABS, 1e-9, welch, estimate(-0.5, 0.1, 31.5 * (1 + 6e-7)), "degrees of freedom");
    expect_part(NTK_TOLERANCE_STATISTICAL, 1, welch, estimate(-0.5, 0.1, 40.25), NULL);
}

/* The root of Fisher's quantile at 1 - 2^-21 with 31.5 and 31.5 degrees, by another
 * implementation. */
Test(compare, statistical_half_widths_are_in_a_ratio_of_fisher) {
    const ntk_metric stored = estimate(0, 1, 63);
    const double ratio = 2.5533547488911110;
    expect_part(NTK_TOLERANCE_STATISTICAL, 1, stored, estimate(0, ratio * 0.9999, 63), NULL);
    expect_part(NTK_TOLERANCE_STATISTICAL, 1, stored, estimate(0, ratio * 1.0001, 63), "half-width");
    expect_part(NTK_TOLERANCE_STATISTICAL, 1, stored, estimate(0, 1.0001 / ratio, 63), NULL);
    expect_part(NTK_TOLERANCE_STATISTICAL, 1, stored, estimate(0, 0.9999 / ratio, 63), "half-width");
    expect_part(NTK_TOLERANCE_STATISTICAL, 2, stored, estimate(0, 2 * ratio * 0.9999, 63), NULL);
    expect_part(NTK_TOLERANCE_STATISTICAL, 1, stored, estimate(0, 0, 63), "half-width");
    expect_part(NTK_TOLERANCE_STATISTICAL, 1, estimate(0, 0, 63), estimate(0, 0, 63), NULL);
}

/* ---- the file -------------------------------------------------------------------------------- */

Test(expected, malformed_files_are_refused_with_their_line) {
    static const struct {
        const char *content, *message;
    } cases[] = {
        {"", ":1: the last line has no end"},
        {"tier\tmetric\n", ":1: the header is"},
        {"tier\tmetric\tvalue\tlow\thigh\tlevel\tdegrees\r\nquick\ta\t1\t\t\t\t\r\n",
         ":1: a carriage return (CR"},
        {HEADER "quick\ta\t1\t\t\t\t\r\n", ":2: a carriage return (CR"},
        {HEADER "quick\ta\t1\t\t\t", ":2: the last line has no end"},
        {HEADER "quick\ta\t1\t\t\t\n", ":2: 6 fields in a table of 7 columns"},
        {HEADER "slow\ta\t1\t\t\t\t\n", ":2: field 'slow' should be quick or full"},
        {HEADER "quick\ta b\t1\t\t\t\t\n", ":2: field 'a b' should be a metric's name"},
        {HEADER "quick\ta\tnan\t\t\t\t\n", ":2: field 'nan' should be a finite number"},
        {HEADER "quick\ta\t\t\t\t\t\n", ":2: field '' should be a finite number"},
        {HEADER "quick\ta\t1\t0\tinf\t0.9\t\n", ":2: field 'inf' should be a finite number"},
        {HEADER "quick\ta\t1\t0\t2\t\t\n", ":2: field '' should be a finite number"},
        {HEADER "quick\ta\t1\t\t2\t\t\n", ":2: field '2' should be empty"},
        {HEADER "quick\ta\t3\t0\t2\t0.9\t\n", ":2: field '3' should be inside its interval"},
        {HEADER "quick\ta\t1\t0\t2\t1\t\n", ":2: field '1' should be a confidence level"},
        {HEADER "quick\ta\t1\t\t\t\t7\n", ":2: field '7' should be empty"},
        {HEADER "quick\ta\t1\t0\t2\t0.9\t0\n", ":2: field '0' should be a number of degrees"},
        {HEADER "quick\ta\t1\t0\t2\t0.9\tinf\n", ":2: field 'inf' should be a number of degrees"},
        {BEFORE "quick\ta\t1\t0\t2\t0.9\t7\n", ":2: 7 fields in a table of 6 columns"},
        {HEADER "quick\ta\t1\t\t\t\t\nfull\ta\t1\t\t\t\t\nquick\ta\t1\t\t\t\t\n",
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

/* Files from before there was the column are read, and so is an empty field: not known. */
Test(expected, degrees_of_freedom_may_be_unknown) {
    const char *const contents[] = {BEFORE "quick\ta\t1\t0\t2\t0.875\n",
                                    HEADER "quick\ta\t1\t0\t2\t0.875\t\n",
                                    HEADER "quick\ta\t1\t0\t2\t0.875\t31.5\n"};
    const char *folder = fixture_folder();
    const char *path = fixture_join(folder, "claim.tsv");
    for (size_t i = 0; i < 3; i++) {
        ntk_expected *expected;
        fixture_write(folder, "claim.tsv", contents[i]);
        assert_ok(ntk_expected_read(path, &expected));
        const ntk_estimate *stored = &ntk_expected_find(expected, NTK_TIER_QUICK, "a")->metric.estimate;
        cr_expect(i < 2 ? isnan(stored->degrees) : stored->degrees == 31.5);
        assert_ok(ntk_expected_write(path, expected));
        cr_expect_str_eq(fixture_read(path), contents[i < 2 ? 1 : 2]);
        ntk_expected_destroy(expected);
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
    cr_expect_str_eq(stored, HEADER "quick\texponent\t-0.5\t-0.75\t-0.25\t0.99999904632568359\t7\n"
                                    "quick\tratio\t0.10000000000000001\t\t\t\t\n");

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
    cr_expect_not_null(
        strstr(ledger, "\texponent\t-\t-0.5 [-0.75, -0.25] at 0.99999904632568359, 7 degrees\t"));
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
                  BEFORE "quick\tgone\t3\t\t\t\nfull\tgone\t4\t\t\t\nfull\tratio\t5\t\t\t\n");
    size_t changed = 0;
    assert_ok(accept(root, NTK_TIER_QUICK, 1, "tidy", &changed));
    cr_expect_eq(changed, 3, "two new, one dropped");
    char *stored = read_in(root, "expected/a/b.tsv");
    cr_expect_str_eq(stored, HEADER "quick\texponent\t-0.5\t-0.75\t-0.25\t0.99999904632568359\t7\n"
                                    "quick\tratio\t1\t\t\t\t\n"
                                    "full\tgone\t4\t\t\t\t\nfull\tratio\t5\t\t\t\t\n");
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
