/* The judgement: every kind of check on both sides of its bound, NaN and infinity, and the ranking
 * of verdicts. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/lab/context.h>
#include <ntk/lab/metrics.h>
#include <ntk/stats.h>

#include "claim/claim.h"
#include "claim/expected.h"
#include "claim/judge.h"
#include "fixture.h"

static ntk_verdict judge(ntk_check_kind kind, double bound, double second, ntk_metric metric) {
    const ntk_check check = {
        .name = "c", .metric = "x", .kind = kind, .bound = bound, .bound_high = second, .margin = second};
    return ntk_check_judge(&check, &(ntk_metrics){&metric, 1}).verdict;
}

static ntk_verdict judge_scalar(ntk_check_kind kind, double bound, double second, double value) {
    return judge(kind, bound, second, fixture_scalar("x", value));
}

static ntk_verdict judge_estimate(ntk_check_kind kind, double bound, double second, double low, double high) {
    return judge(kind, bound, second, fixture_estimate("x", (low + high) / 2, low, high));
}

Test(judge, plain_numbers_on_both_sides_of_their_bounds) {
    static const struct {
        ntk_check_kind kind;
        double bound, second, value;
        ntk_verdict verdict;
    } cases[] = {
        {NTK_CHECK_AT_MOST, 1, NAN, 1, NTK_VERDICT_HOLDS},
        {NTK_CHECK_AT_MOST, 1, NAN, 1.0000000000000002, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_AT_MOST, -1, NAN, 0.5, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_AT_LEAST, -1, NAN, -1, NTK_VERDICT_HOLDS},
        {NTK_CHECK_AT_LEAST, -1, NAN, -1.1, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_CERTIFIED, 1e-8, NAN, 1e-8, NTK_VERDICT_HOLDS},
        {NTK_CHECK_CERTIFIED, 1e-8, NAN, 0, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_CERTIFIED, 1e-8, NAN, -3, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_BETWEEN, -1, 2, -1, NTK_VERDICT_HOLDS},
        {NTK_CHECK_BETWEEN, -1, 2, 2, NTK_VERDICT_HOLDS},
        {NTK_CHECK_BETWEEN, -1, 2, 2.5, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_BETWEEN, -1, 2, -1.5, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_IDENTITY, 1e-12, NAN, -1e-12, NTK_VERDICT_HOLDS},
        {NTK_CHECK_IDENTITY, 1e-12, NAN, -2e-12, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_IDENTITY, 0, NAN, 0, NTK_VERDICT_HOLDS},
        /* a rate or an equivalence without an interval says nothing */
        {NTK_CHECK_RATE_AT_MOST, -0.5, NAN, -1, NTK_VERDICT_ERROR},
        {NTK_CHECK_RATE_AT_LEAST, -0.5, NAN, 1, NTK_VERDICT_ERROR},
        {NTK_CHECK_EQUIVALENT, -0.5, 0.05, -0.5, NTK_VERDICT_ERROR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ntk_verdict found =
            judge_scalar(cases[i].kind, cases[i].bound, cases[i].second, cases[i].value);
        cr_expect_eq(found, cases[i].verdict, "%s, bound %g, value %g: %s",
                     ntk_check_kind_text(cases[i].kind), cases[i].bound, cases[i].value,
                     ntk_verdict_text(found));
    }
}

Test(judge, intervals_inside_outside_and_across) {
    static const struct {
        ntk_check_kind kind;
        double bound, second, low, high;
        ntk_verdict verdict;
    } cases[] = {
        {NTK_CHECK_AT_MOST, 1, NAN, 0.5, 1, NTK_VERDICT_HOLDS},
        {NTK_CHECK_AT_MOST, 1, NAN, 0.5, 1.5, NTK_VERDICT_INCONCLUSIVE},
        {NTK_CHECK_AT_MOST, 1, NAN, 1.5, 2, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_AT_LEAST, 1, NAN, 0.5, 0.75, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_AT_LEAST, 1, NAN, 0.5, 1.5, NTK_VERDICT_INCONCLUSIVE},
        {NTK_CHECK_RATE_AT_MOST, -0.5, NAN, -1, -0.5, NTK_VERDICT_HOLDS},
        {NTK_CHECK_RATE_AT_MOST, -0.5, NAN, -1, -0.4, NTK_VERDICT_INCONCLUSIVE},
        {NTK_CHECK_RATE_AT_MOST, -0.5, NAN, -0.1, 0.1, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_RATE_AT_LEAST, 0, NAN, 0.1, 0.2, NTK_VERDICT_HOLDS},
        {NTK_CHECK_RATE_AT_LEAST, 0, NAN, -0.2, -0.1, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_EQUIVALENT, -0.5, 0.0625, -0.5625, -0.4375, NTK_VERDICT_HOLDS},
        {NTK_CHECK_EQUIVALENT, -0.5, 0.0625, -0.57, -0.45, NTK_VERDICT_INCONCLUSIVE},
        {NTK_CHECK_EQUIVALENT, -0.5, 0.0625, -1, 1, NTK_VERDICT_INCONCLUSIVE},
        {NTK_CHECK_EQUIVALENT, -0.5, 0.0625, -0.02, 0.02, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_BETWEEN, -1, 2, -0.5, 1.5, NTK_VERDICT_HOLDS},
        {NTK_CHECK_BETWEEN, -1, 2, 1.5, 2.5, NTK_VERDICT_INCONCLUSIVE},
        {NTK_CHECK_BETWEEN, -1, 2, -2, 3, NTK_VERDICT_INCONCLUSIVE},
        {NTK_CHECK_BETWEEN, -1, 2, 2.5, 3, NTK_VERDICT_VIOLATED},
        {NTK_CHECK_BETWEEN, -1, 2, -3, -1.5, NTK_VERDICT_VIOLATED},
        /* a certificate or a residual has no sampling error: an estimate is not one */
        {NTK_CHECK_CERTIFIED, 0, NAN, 1, 2, NTK_VERDICT_ERROR},
        {NTK_CHECK_IDENTITY, 1, NAN, 0, 0.5, NTK_VERDICT_ERROR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ntk_verdict found =
            judge_estimate(cases[i].kind, cases[i].bound, cases[i].second, cases[i].low, cases[i].high);
        cr_expect_eq(found, cases[i].verdict, "%s, bound %g, [%g, %g]: %s",
                     ntk_check_kind_text(cases[i].kind), cases[i].bound, cases[i].low, cases[i].high,
                     ntk_verdict_text(found));
    }
}

Test(judge, nothing_that_is_not_finite_is_judged) {
    const double bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    for (ntk_check_kind kind = 0; kind < NTK_CHECK_COUNT; kind++)
        for (size_t i = 0; i < 4; i++) {
            cr_expect_eq(judge_scalar(kind, 0, 1, bad[i]), NTK_VERDICT_ERROR, "scalar, %s",
                         ntk_check_kind_text(kind));
            cr_expect_eq(judge(kind, 0, 1, fixture_estimate("x", bad[i], 0, 1)), NTK_VERDICT_ERROR);
            cr_expect_eq(judge(kind, 0, 1, fixture_estimate("x", 0.5, bad[i], 1)), NTK_VERDICT_ERROR);
            cr_expect_eq(judge(kind, 0, 1, fixture_estimate("x", 0.5, 0, bad[i])), NTK_VERDICT_ERROR);
            cr_expect_eq(judge_scalar(kind, bad[i], 1, 0.5), NTK_VERDICT_ERROR, "bound, %s",
                         ntk_check_kind_text(kind));
        }
    cr_expect_eq(judge_scalar(NTK_CHECK_BETWEEN, 0, NAN, 0.5), NTK_VERDICT_ERROR);
    cr_expect_eq(judge_estimate(NTK_CHECK_EQUIVALENT, 0, INFINITY, -1, 1), NTK_VERDICT_ERROR);
}

Test(judge, intervals_must_contain_their_value_and_have_the_suites_level) {
    cr_expect_eq(judge(NTK_CHECK_AT_MOST, 9, NAN, fixture_estimate("x", 3, 0, 2)), NTK_VERDICT_ERROR);
    cr_expect_eq(judge(NTK_CHECK_AT_MOST, 9, NAN, fixture_estimate("x", 1, 2, 0)), NTK_VERDICT_ERROR);
    const double levels[] = {0.95, 1, NAN, -1};
    for (size_t i = 0; i < 4; i++) {
        ntk_metric metric = fixture_estimate("x", 1, 0, 2);
        metric.estimate.level = levels[i];
        cr_expect_eq(judge(NTK_CHECK_AT_MOST, 9, NAN, metric), NTK_VERDICT_ERROR, "level %g", levels[i]);
    }
}

Test(judge, missing_metrics_and_failed_processes_say_so) {
    ntk_check check = {.name = "c", .metric = "x", .kind = NTK_CHECK_AT_MOST, .bound = 1};
    ntk_metric other = fixture_scalar("y", 0);
    const ntk_check_outcome missing = ntk_check_judge(&check, &(ntk_metrics){&other, 1});
    cr_expect(missing.verdict == NTK_VERDICT_ERROR && !missing.has_metric);
    cr_expect_str_eq(missing.reason, "the metric was not emitted");
    cr_expect_eq(ntk_check_judge(&check, &(ntk_metrics){0}).verdict, NTK_VERDICT_ERROR);
    const ntk_check_outcome failed = ntk_check_judge(&check, NULL);
    cr_expect_eq(failed.verdict, NTK_VERDICT_ERROR);
    cr_expect_str_eq(failed.reason, "the process failed");
}

Test(judge, the_table_of_verdicts) {
    cr_expect_eq(ntk_verdict_exit_status(NTK_VERDICT_HOLDS), 0);
    cr_expect_eq(ntk_verdict_exit_status(NTK_VERDICT_VIOLATED), 1);
    cr_expect_eq(ntk_verdict_exit_status(NTK_VERDICT_REGRESSED), 2);
    cr_expect_eq(ntk_verdict_exit_status(NTK_VERDICT_VACUOUS), 3);
    cr_expect_eq(ntk_verdict_exit_status(NTK_VERDICT_INCONCLUSIVE), 4);
    cr_expect_eq(ntk_verdict_exit_status(NTK_VERDICT_ERROR), 5);
    cr_expect_eq(ntk_verdict_exit_status(NTK_VERDICT_SKIPPED), 6);
    cr_expect_eq(ntk_verdict_exit_status((ntk_verdict)99), 5, "what is unknown is no success");
    cr_expect_str_eq(ntk_verdict_text(NTK_VERDICT_VACUOUS), "VACUOUS");
}

/* ---- a whole claim --------------------------------------------------------------------------- */

/* Two checks (x at most 1, r at most -1/2), one control that breaks the first, one stored
 * result. */
static ntk_check checks[] = {
    {.name = "bounded", .metric = "x", .kind = NTK_CHECK_AT_MOST, .bound = 1},
    {.name = "rate", .metric = "r", .kind = NTK_CHECK_RATE_AT_MOST, .bound = -0.5},
};
static char *breaks[] = {"bounded"};
static ntk_control control = {.name = "none", .breaks = breaks, .break_count = 1};
static ntk_regression regression = {
    .metric = "x", .depends_on_seed = true, .kind = NTK_TOLERANCE_ABS, .tolerance = 0.1};
static const ntk_claim claim = {.id = "a/b",
                                .checks = checks,
                                .check_count = 2,
                                .controls = &control,
                                .control_count = 1,
                                .regressions = &regression,
                                .regression_count = 1};

typedef struct situation {
    double x, rate_low, rate_high; /* of the claim itself */
    double control_x, twin_x;
    double stored_x;
    bool failed, control_failed, twin_failed, twin_is_claim, nothing_stored, other_seed, no_comparison;
} situation;

/* HOLDS; each test spoils something. */
static const situation sound = {
    .x = 0.5, .rate_low = -1, .rate_high = -0.75, .control_x = 3, .twin_x = 0.25, .stored_x = 0.55};

static ntk_verdict verdict_of(situation s) {
    ntk_metric items[] = {fixture_scalar("x", s.x),
                          fixture_estimate("r", (s.rate_low + s.rate_high) / 2, s.rate_low, s.rate_high)};
    ntk_metric control_item = fixture_scalar("x", s.control_x), twin_item = fixture_scalar("x", s.twin_x);
    const ntk_metrics metrics = {items, 2}, control_metrics = {&control_item, 1},
                      twin_metrics = {&twin_item, 1};
    const ntk_control_findings controls[] = {
        {s.control_failed ? NULL : &control_metrics, s.twin_failed ? NULL : &twin_metrics, s.twin_is_claim}};
    ntk_expected_row row = {.tier = NTK_TIER_QUICK, .metric = fixture_scalar("x", s.stored_x)};
    const ntk_expected expected = {&row, 1};
    const ntk_claim_findings findings = {.tier = NTK_TIER_QUICK,
                                         .metrics = s.failed ? NULL : &metrics,
                                         .controls = controls,
                                         .expected = s.nothing_stored ? NULL : &expected,
                                         .compare = !s.no_comparison,
                                         .stored_seed = !s.other_seed};
    ntk_claim_outcome outcome;
    assert_ok(ntk_claim_judge(&claim, &findings, &outcome));
    const ntk_verdict verdict = outcome.verdict;
    cr_expect_str_eq(outcome.evidence, "statistical, numerical");
    cr_expect_eq(outcome.controls[0].broke, outcome.controls[0].breaks[0].verdict == NTK_VERDICT_VIOLATED);
    ntk_claim_outcome_release(&claim, &outcome);
    return verdict;
}

#define WITH(...)                                                                                            \
    ({                                                                                                       \
        situation s = sound;                                                                                 \
        __VA_ARGS__;                                                                                         \
        verdict_of(s);                                                                                       \
    })

Test(claim, holds_when_everything_is_sound) { cr_expect_eq(verdict_of(sound), NTK_VERDICT_HOLDS); }

Test(claim, a_control_breaks_by_finite_numbers_only) {
    cr_expect_eq(WITH(s.control_x = 0.5), NTK_VERDICT_VACUOUS, "it passes");
    cr_expect_eq(WITH(s.control_x = NAN), NTK_VERDICT_VACUOUS, "a NaN breaks nothing");
    cr_expect_eq(WITH(s.control_x = INFINITY), NTK_VERDICT_VACUOUS, "nor does an infinity");
    cr_expect_eq(WITH(s.control_failed = true), NTK_VERDICT_VACUOUS, "nor a crash");
}

/* A reduction that met a NaN leaves no number that the theorem is about. Without the hypothesis it
 * shows as little as any other NaN. */
Test(claim, a_breakdown_violates_and_breaks_nothing) {
    const double level = ntk_stats_family_level(NTK_SUITE_FAMILY_ERROR, NTK_SUITE_INTERVALS);
    ntk_metric broken = {.name = "x", .is_estimate = true, .estimate = ntk_metric_breakdown(level)};
    ntk_metric far = fixture_scalar("x", 3), near = fixture_scalar("x", 0.5);
    const ntk_check *check = &checks[0];
    const ntk_check_outcome judged = ntk_check_judge(check, &(ntk_metrics){&broken, 1});
    cr_expect_eq(judged.verdict, NTK_VERDICT_VIOLATED);
    cr_expect_not_null(judged.reason);
    char *names[] = {"c"};
    ntk_check own = *check;
    own.name = names[0];
    ntk_control one = {.name = "k", .breaks = names, .break_count = 1};
    const ntk_claim all = {
        .id = "a/b", .checks = &own, .check_count = 1, .controls = &one, .control_count = 1};
    const struct {
        ntk_metric *metric, *control, *twin;
        ntk_verdict verdict;
    } cases[] = {{&near, &far, &near, NTK_VERDICT_HOLDS},
                 {&broken, &far, &near, NTK_VERDICT_VIOLATED},
                 {&near, &broken, &near, NTK_VERDICT_VACUOUS},
                 {&near, &far, &broken, NTK_VERDICT_ERROR}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ntk_metrics metrics = {cases[i].metric, 1}, control = {cases[i].control, 1},
                          twin = {cases[i].twin, 1};
        const ntk_control_findings findings = {&control, &twin, false};
        ntk_claim_outcome outcome;
        assert_ok(ntk_claim_judge(&all, &(ntk_claim_findings){.metrics = &metrics, .controls = &findings},
                                  &outcome));
        cr_expect_eq(outcome.verdict, cases[i].verdict, "case %zu", i);
        ntk_claim_outcome_release(&all, &outcome);
    }
}

/* What breaks with the hypothesis put back, too, was not broken by the hypothesis. */
Test(claim, a_twin_must_not_break) {
    cr_expect_eq(WITH(s.twin_x = 3), NTK_VERDICT_VACUOUS, "it breaks");
    cr_expect_eq(WITH(s.twin_x = NAN), NTK_VERDICT_ERROR, "a NaN says nothing");
    cr_expect_eq(WITH(s.twin_failed = true), NTK_VERDICT_ERROR, "nor does a crash");
    cr_expect_eq(WITH(s.twin_x = 3, s.twin_is_claim = true), NTK_VERDICT_HOLDS, "the claim is judged itself");
    cr_expect_eq(WITH(s.twin_failed = true, s.control_x = 0), NTK_VERDICT_ERROR, "over VACUOUS");
}

/* A control may be too small for the claim itself: that is told, and is no fault of the claim. */
Test(claim, a_twin_may_stay_undecided) {
    ntk_metric holds = fixture_estimate("x", 0, -3, 3), wide = fixture_estimate("x", 4, 1, 7),
               far = fixture_estimate("x", 10, 7, 13);
    ntk_check check = {.name = "c", .metric = "x", .kind = NTK_CHECK_AT_MOST, .bound = 4};
    char *names[] = {"c"};
    ntk_control control = {.name = "k", .breaks = names, .break_count = 1};
    const ntk_claim judged = {
        .id = "a/b", .checks = &check, .check_count = 1, .controls = &control, .control_count = 1};
    const ntk_metrics own = {&holds, 1}, broken = {&far, 1}, twin = {&wide, 1};
    const ntk_control_findings findings = {&broken, &twin, false};
    ntk_claim_outcome outcome;
    assert_ok(
        ntk_claim_judge(&judged, &(ntk_claim_findings){.metrics = &own, .controls = &findings}, &outcome));
    cr_expect_eq(outcome.verdict, NTK_VERDICT_HOLDS);
    cr_expect_eq(outcome.controls[0].twin_verdict, NTK_VERDICT_INCONCLUSIVE);
    ntk_claim_outcome_release(&judged, &outcome);
}

Test(claim, the_worst_verdict_counts) {
    cr_expect_eq(WITH(s.x = 2, s.stored_x = 2), NTK_VERDICT_VIOLATED);
    cr_expect_eq(WITH(s.rate_high = 0), NTK_VERDICT_INCONCLUSIVE);
    cr_expect_eq(WITH(s.stored_x = 0.9), NTK_VERDICT_REGRESSED);
    cr_expect_eq(WITH(s.stored_x = 0.9, s.rate_high = 0), NTK_VERDICT_REGRESSED, "over INCONCLUSIVE");
    cr_expect_eq(WITH(s.x = 2), NTK_VERDICT_VIOLATED, "over REGRESSED");
    cr_expect_eq(WITH(s.x = 2, s.control_x = 0), NTK_VERDICT_VACUOUS, "over VIOLATED");
    cr_expect_eq(WITH(s.x = NAN, s.control_x = 0), NTK_VERDICT_ERROR, "over VACUOUS");
    cr_expect_eq(WITH(s.failed = true), NTK_VERDICT_ERROR);
}

Test(claim, stored_results_count_where_they_can_be_compared) {
    cr_expect_eq(WITH(s.nothing_stored = true), NTK_VERDICT_REGRESSED, "nothing stored does not agree");
    cr_expect_eq(WITH(s.nothing_stored = true, s.no_comparison = true), NTK_VERDICT_HOLDS);
    cr_expect_eq(WITH(s.stored_x = 0.9, s.other_seed = true), NTK_VERDICT_HOLDS);
    cr_expect_eq(WITH(s.stored_x = NAN), NTK_VERDICT_REGRESSED);
}

Test(claim, a_claim_without_checks_does_not_hold) {
    const ntk_claim empty = {.id = "a/b"};
    const ntk_metrics metrics = {0};
    const ntk_claim_findings findings = {.metrics = &metrics};
    ntk_claim_outcome outcome;
    assert_ok(ntk_claim_judge(&empty, &findings, &outcome));
    cr_expect_eq(outcome.verdict, NTK_VERDICT_ERROR);
    ntk_claim_outcome_release(&empty, &outcome);
}

/* Every set of kinds, whatever their order among the checks. An interval makes a plain kind
 * statistical, and no kind of check makes more of what is declared a trend. */
Test(claim, evidence_lists_the_kinds_that_occur) {
    static const ntk_check kinds[] = {
        {.name = "t", .metric = "r", .kind = NTK_CHECK_AT_MOST, .bound = 9, .trend = true},
        {.name = "n", .metric = "x", .kind = NTK_CHECK_AT_MOST, .bound = 9},
        {.name = "s", .metric = "r", .kind = NTK_CHECK_AT_MOST, .bound = 9},
        {.name = "c", .metric = "x", .kind = NTK_CHECK_CERTIFIED, .bound = 0}};
    static const char *const names[] = {"trend", "numerical", "statistical", "certified"};
    ntk_metric items[] = {fixture_scalar("x", 1), fixture_estimate("r", 1, 0, 2)};
    const ntk_metrics metrics = {items, 2};
    const ntk_claim_findings findings = {.metrics = &metrics};
    for (size_t set = 0; set < 16; set++) {
        ntk_check some[8];
        size_t count = 0;
        for (size_t twice = 0; twice < 2; twice++)
            for (size_t k = 0; k < 4; k++)
                if (set >> k & 1) some[count++] = kinds[k];
        const ntk_claim claim = {.id = "a/b", .checks = some, .check_count = count};
        ntk_claim_outcome outcome;
        assert_ok(ntk_claim_judge(&claim, &findings, &outcome));
        cr_expect_eq(outcome.verdict, count == 0 ? NTK_VERDICT_ERROR : NTK_VERDICT_HOLDS);
        char wanted[64] = "";
        for (size_t k = 4; k-- > 0;)
            if (set >> k & 1) {
                if (*wanted) strcat(wanted, ", ");
                strcat(wanted, names[k]);
            }
        cr_expect_str_eq(outcome.evidence, set == 0 ? "none" : wanted);
        ntk_claim_outcome_release(&claim, &outcome);
    }
}

/* Of an interval in the middle of its range the two sides count alike; a break must not reach
 * back. */
Test(judge, risk_counts_the_sides_that_a_check_has) {
    ntk_metric metric = fixture_estimate("x", 0, -3, 3);
    metric.estimate.standard_error = 1;
    metric.estimate.degrees = 7;
    const ntk_metrics metrics = {&metric, 1};
    const double side = ntk_stats_risk(&metric.estimate, 4);
    const ntk_check at_most = {.name = "c", .metric = "x", .kind = NTK_CHECK_AT_MOST, .bound = 4},
                    at_least = {.name = "c", .metric = "x", .kind = NTK_CHECK_RATE_AT_LEAST, .bound = -4},
                    both = {
                        .name = "c", .metric = "x", .kind = NTK_CHECK_EQUIVALENT, .bound = 0, .margin = 4};
    cr_expect(side > 1e-3 && side < 0.5);
    cr_expect_eq(ntk_check_judge(&at_most, &metrics).risk, side);
    cr_expect_eq(ntk_check_judge(&at_least, &metrics).risk, side);
    cr_expect_eq(ntk_check_judge(&both, &metrics).risk, 2 * side);
    /* Its ends are 1 from 4 and from -4, two standard errors of a half; 7 beyond -4 lies all of
     * it. */
    metric.estimate.standard_error = 0.5;
    cr_expect_eq(ntk_check_judge(&at_most, &metrics).room, 2);
    cr_expect_eq(ntk_check_judge(&both, &metrics).room, 2);
    metric = fixture_estimate("x", -10, -13, -7);
    metric.estimate.standard_error = 3;
    cr_expect_eq(ntk_check_judge(&at_least, &metrics).room, -3);
    cr_expect_eq(ntk_check_judge(&at_least, &metrics).margin, -9);
    ntk_metric plain = fixture_scalar("x", 0);
    cr_expect(isnan(ntk_check_judge(&at_most, &(ntk_metrics){&plain, 1}).risk));
}

/* A twin goes wrong where the whole of its interval lies beyond its bound: from 4 below it, by an
 * interval of 3 to each side, that takes a shift of 7; on either side of an equivalence. */
Test(judge, risk_of_a_twin_is_to_leave_altogether) {
    ntk_metric inside = fixture_estimate("x", 0, -3, 3), beyond = fixture_estimate("x", 10, 7, 13);
    inside.estimate.standard_error = 1;
    inside.estimate.degrees = 7;
    ntk_check check = {.name = "c", .metric = "x", .kind = NTK_CHECK_EQUIVALENT, .bound = 0, .margin = 4};
    char *names[] = {"c"};
    ntk_control control = {.name = "k", .breaks = names, .break_count = 1};
    const ntk_claim judged = {
        .id = "a/b", .checks = &check, .check_count = 1, .controls = &control, .control_count = 1};
    const ntk_metrics own = {&inside, 1}, broken = {&beyond, 1};
    const ntk_control_findings findings = {&broken, &own, false};
    ntk_claim_outcome outcome;
    assert_ok(
        ntk_claim_judge(&judged, &(ntk_claim_findings){.metrics = &own, .controls = &findings}, &outcome));
    const double side = 1 - ntk_stats_risk(&inside.estimate, -4), found = outcome.controls[0].twin[0].risk;
    cr_expect(side > 0 && side < 1e-3, "%g", side);
    cr_expect_eq(found, 2 * side);
    cr_expect_eq(outcome.controls[0].twin[0].room, 7);
    ntk_claim_outcome_release(&judged, &outcome);
}

/* A break lies 6 beyond its bound, by an interval that reaches back by 3. */
Test(judge, risk_of_a_break_is_to_reach_back) {
    const ntk_metric holds = fixture_estimate("x", 0, -3, 3), breaks_it = fixture_estimate("x", 10, 7, 13);
    ntk_check check = {.name = "c", .metric = "x", .kind = NTK_CHECK_EQUIVALENT, .bound = 0, .margin = 4};
    char *names[] = {"c"};
    ntk_control far = {.name = "far", .breaks = names, .break_count = 1};
    const ntk_claim judged = {
        .id = "a/b", .checks = &check, .check_count = 1, .controls = &far, .control_count = 1};
    const ntk_metrics own = {(ntk_metric *)&holds, 1}, control = {(ntk_metric *)&breaks_it, 1};
    const ntk_control_findings controls[] = {{&control, NULL, true}};
    ntk_claim_outcome outcome;
    assert_ok(
        ntk_claim_judge(&judged, &(ntk_claim_findings){.metrics = &own, .controls = controls}, &outcome));
    cr_expect(outcome.controls[0].broke);
    cr_expect_eq(outcome.controls[0].breaks[0].risk, ntk_stats_risk(&breaks_it.estimate, 6));
    cr_expect_eq(outcome.controls[0].breaks[0].room, 3 / breaks_it.estimate.standard_error);
    ntk_claim_outcome_release(&judged, &outcome);
}
