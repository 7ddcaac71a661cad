/* The judgement: checks against metrics, then the verdict of a claim.
 *
 * Let x be a metric, b a bound, [b, c] the bounds of `between`, d a margin. Each kind of check is a
 * predicate:
 *
 *     at-most, rate-at-most   p(x): x <= b         at-least, rate-at-least, certified  p(x): x >= b
 *     between                 p(x): b <= x <= c    equivalent   p(x): b - d <= x <= b + d
 *     identity                p(x): |x| <= b
 *
 * An estimate HOLDS where p is true on its whole interval, is VIOLATED where p is false on the
 * whole of it, and INCONCLUSIVE otherwise (stats.h decides); a plain number is an interval of one
 * point.
 *
 * Numbers that are not finite are sorted out first, as ERROR: a check cannot hold by a NaN, and a
 * control cannot break by one either. A reduction that met such a number says so, and is VIOLATED:
 * the theorem is about a number that is not there. */
#include "claim/judge.h"

#include <math.h>
#include <string.h>

#include <ntk/lab/context.h>
#include <ntk/lab/metrics.h>
#include <ntk/memory.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/expected.h"

/* ---- one check ------------------------------------------------------------------------------- */

/* A set of kinds: no theorem says what a trend's bound is; a plain number says nothing of its
 * error, an interval does, a certificate excludes it. */
typedef enum evidence {
    EVIDENCE_NONE = 0,
    EVIDENCE_TREND = 1,
    EVIDENCE_NUMERICAL = 2,
    EVIDENCE_STATISTICAL = 4,
    EVIDENCE_CERTIFIED = 8
} evidence;

/* Strongest first. */
static const char *evidence_text(unsigned set) {
    static const char *const texts[] = {"none",
                                        "trend",
                                        "numerical",
                                        "numerical, trend",
                                        "statistical",
                                        "statistical, trend",
                                        "statistical, numerical",
                                        "statistical, numerical, trend",
                                        "certified",
                                        "certified, trend",
                                        "certified, numerical",
                                        "certified, numerical, trend",
                                        "certified, statistical",
                                        "certified, statistical, trend",
                                        "certified, statistical, numerical",
                                        "certified, statistical, numerical, trend"};
    return texts[set];
}

static bool needs_estimate(ntk_check_kind kind) {
    return kind == NTK_CHECK_RATE_AT_MOST || kind == NTK_CHECK_RATE_AT_LEAST || kind == NTK_CHECK_EQUIVALENT;
}

static bool needs_scalar(ntk_check_kind kind) {
    return kind == NTK_CHECK_CERTIFIED || kind == NTK_CHECK_IDENTITY;
}

static evidence evidence_of(const ntk_check *check, const ntk_metric *metric) {
    if (check->kind == NTK_CHECK_CERTIFIED) return EVIDENCE_CERTIFIED;
    if (check->trend) return EVIDENCE_TREND;
    if (needs_estimate(check->kind) || (metric != NULL && metric->is_estimate)) return EVIDENCE_STATISTICAL;
    return EVIDENCE_NUMERICAL;
}

/* claim.yaml has been checked for it; a check made in code has not. */
static bool has_finite_bounds(const ntk_check *check) {
    if (!isfinite(check->bound)) return false;
    if (check->kind == NTK_CHECK_BETWEEN) return isfinite(check->bound_high);
    return check->kind != NTK_CHECK_EQUIVALENT || isfinite(check->margin);
}

/* Why a metric cannot be judged, or NULL. */
static const char *unfit(const ntk_check *check, const ntk_metric *metric) {
    if (!has_finite_bounds(check)) return "the check's bounds are not finite";
    if (metric == NULL) return "the metric was not emitted";
    const ntk_estimate *estimate = &metric->estimate;
    if (!isfinite(estimate->value)) return "the metric is not finite";
    if (!metric->is_estimate)
        return needs_estimate(check->kind) ? "the metric is a plain number and this kind needs an interval"
                                           : NULL;
    if (needs_scalar(check->kind)) return "the metric is an estimate and this kind needs a plain number";
    if (!isfinite(estimate->low) || !isfinite(estimate->high)) return "the metric's interval is not finite";
    if (!(estimate->low <= estimate->value && estimate->value <= estimate->high))
        return "the metric's interval does not contain its value";
    const double wanted = ntk_stats_family_level(NTK_SUITE_FAMILY_ERROR, NTK_SUITE_INTERVALS);
    if (!(estimate->level >= wanted && estimate->level < 1))
        return "the metric's interval has a confidence level below the suite's";
    return NULL;
}

static ntk_decision both(ntk_decision a, ntk_decision b) {
    if (a == NTK_DECISION_VIOLATED || b == NTK_DECISION_VIOLATED) return NTK_DECISION_VIOLATED;
    return a == NTK_DECISION_HOLDS ? b : NTK_DECISION_INCONCLUSIVE;
}

static ntk_decision decide(const ntk_check *check, const ntk_estimate *estimate) {
    switch (check->kind) {
    case NTK_CHECK_AT_MOST:
    case NTK_CHECK_RATE_AT_MOST:
        return ntk_decide_at_most(estimate, check->bound);
    case NTK_CHECK_CERTIFIED:
    case NTK_CHECK_AT_LEAST:
    case NTK_CHECK_RATE_AT_LEAST:
        return ntk_decide_at_least(estimate, check->bound);
    case NTK_CHECK_BETWEEN:
        return both(ntk_decide_at_least(estimate, check->bound),
                    ntk_decide_at_most(estimate, check->bound_high));
    case NTK_CHECK_EQUIVALENT:
        return ntk_decide_equivalent(estimate, check->bound, check->margin);
    case NTK_CHECK_IDENTITY:
        return ntk_decide_equivalent(estimate, 0, check->bound);
    case NTK_CHECK_COUNT:
        break;
    }
    return NTK_DECISION_VIOLATED;
}

/* The sides of the interval's set of good values: a lower end, an upper one, or both; infinite
 * where there is none. */
typedef struct range {
    double low, high;
} range;

static range wanted(const ntk_check *check) {
    switch (check->kind) {
    case NTK_CHECK_AT_MOST:
    case NTK_CHECK_RATE_AT_MOST:
        return (range){-INFINITY, check->bound};
    case NTK_CHECK_BETWEEN:
        return (range){check->bound, check->bound_high};
    case NTK_CHECK_EQUIVALENT:
        return (range){check->bound - check->margin, check->bound + check->margin};
    default:
        return (range){check->bound, INFINITY};
    }
}

static double chance(const ntk_estimate *estimate, double distance) {
    return isinf(distance) ? 0 : ntk_stats_risk(estimate, distance);
}

/* Of a check: to leave the range on either side. */
static double risk_of_check(const ntk_check *check, const ntk_metric *metric) {
    if (!metric->is_estimate) return NAN;
    const range good = wanted(check);
    const ntk_estimate *estimate = &metric->estimate;
    return fmin(1,
                chance(estimate, estimate->value - good.low) + chance(estimate, good.high - estimate->value));
}

/* Of a break: to reach into the range from the side that it lies on. */
static double risk_of_break(const ntk_check *check, const ntk_metric *metric) {
    if (!metric->is_estimate) return NAN;
    const range good = wanted(check);
    const ntk_estimate *estimate = &metric->estimate;
    return ntk_stats_risk(estimate, fmax(estimate->value - good.high, good.low - estimate->value));
}

/* That the whole of another interval lies beyond an end, by this distance so far. */
static double chance_beyond(const ntk_estimate *estimate, double distance) {
    if (isinf(distance)) return 0;
    if (estimate->standard_error == 0) return distance > 0;
    return 1 - ntk_stats_risk(estimate, distance);
}

/* Of a twin: to leave the range altogether. */
static double risk_of_twin(const ntk_check *check, const ntk_metric *metric) {
    if (!metric->is_estimate) return NAN;
    const range good = wanted(check);
    const ntk_estimate *estimate = &metric->estimate;
    return fmin(1, chance_beyond(estimate, estimate->value - good.high) +
                       chance_beyond(estimate, good.low - estimate->value));
}

/* The same three as distances of the interval's ends. An end that meets its bound holds. */
static double margin_of_check(range good, const ntk_estimate *e) {
    return fmin(e->low - good.low, good.high - e->high);
}

static double margin_of_break(range good, const ntk_estimate *e) {
    return fmax(e->low - good.high, good.low - e->high);
}

static double margin_of_twin(range good, const ntk_estimate *e) {
    return fmin(good.high - e->low, e->high - good.low);
}

static void set_room(ntk_check_outcome *outcome, double margin_of(range good, const ntk_estimate *e)) {
    const ntk_estimate *e = &outcome->metric.estimate;
    if (!outcome->metric.is_estimate) return;
    outcome->margin = margin_of(wanted(outcome->check), e);
    outcome->room = e->standard_error > 0  ? outcome->margin / e->standard_error
                    : outcome->margin >= 0 ? INFINITY
                                           : -INFINITY;
}

/* On whichever side of the nearer end of the range the value lies. */
static double samples_to_settle(const ntk_check *check, const ntk_metric *metric) {
    const range good = wanted(check);
    const double value = metric->estimate.value;
    return ntk_stats_sample_size(&metric->estimate, fmin(fabs(value - good.low), fabs(good.high - value)));
}

static ntk_verdict verdict_of(ntk_decision decision) {
    if (decision == NTK_DECISION_HOLDS) return NTK_VERDICT_HOLDS;
    return decision == NTK_DECISION_VIOLATED ? NTK_VERDICT_VIOLATED : NTK_VERDICT_INCONCLUSIVE;
}

ntk_check_outcome ntk_check_judge(const ntk_check *check, const ntk_metrics *metrics) {
    const ntk_metric *metric = metrics == NULL ? NULL : ntk_metrics_find(metrics, check->metric);
    ntk_check_outcome outcome = {.check = check,
                                 .risk = NAN,
                                 .room = NAN,
                                 .margin = NAN,
                                 .sample_size = NAN,
                                 .evidence = evidence_text(evidence_of(check, metric)),
                                 .reason = metrics == NULL ? "the process failed" : unfit(check, metric)};
    if (metric != NULL) {
        outcome.has_metric = true;
        outcome.metric = *metric;
        outcome.metric.name = check->metric;
    }
    if (metric != NULL && has_finite_bounds(check) && ntk_metric_broke_down(metric)) {
        outcome.reason = "a number that it is made of is not finite: the computation broke down";
        outcome.verdict = NTK_VERDICT_VIOLATED;
        return outcome;
    }
    if (outcome.reason != NULL) {
        outcome.verdict = NTK_VERDICT_ERROR;
        return outcome;
    }
    ntk_estimate estimate = metric->estimate;
    if (!metric->is_estimate) estimate.low = estimate.high = estimate.value;
    outcome.verdict = verdict_of(decide(check, &estimate));
    outcome.risk = risk_of_check(check, metric);
    set_room(&outcome, margin_of_check);
    if (outcome.verdict == NTK_VERDICT_INCONCLUSIVE) outcome.sample_size = samples_to_settle(check, metric);
    return outcome;
}

/* ---- the claim ------------------------------------------------------------------------------- */

static const ntk_check *find_check(const ntk_claim *claim, const char *name) {
    for (size_t i = 0; i < claim->check_count; i++)
        if (strcmp(claim->checks[i].name, name) == 0) return &claim->checks[i];
    return NULL;
}

static ntk_verdict worse(ntk_verdict a, ntk_verdict b) { return a > b ? a : b; }

/* Without its hypothesis, or with it put back, a computation that breaks down has shown nothing. */
static ntk_check_outcome judge_variant(const ntk_check *check, const ntk_metrics *metrics) {
    ntk_check_outcome outcome = ntk_check_judge(check, metrics);
    if (outcome.reason != NULL) outcome.verdict = NTK_VERDICT_ERROR;
    return outcome;
}

/* The same check under the settings that broke the control, with the hypothesis put back. */
static void judge_twin(const ntk_check *check, const ntk_control_findings *findings, size_t i,
                       ntk_control_outcome *out) {
    out->twin[i] = judge_variant(check, findings->twin);
    if (out->twin[i].reason == NULL) {
        out->twin[i].risk = risk_of_twin(check, &out->twin[i].metric);
        set_room(&out->twin[i], margin_of_twin);
    }
    out->twin_verdict = worse(out->twin_verdict, out->twin[i].verdict);
}

/* A control breaks only by VIOLATED: one that crashed, emitted a NaN or is INCONCLUSIVE has shown
 * nothing. */
static ntk_status judge_control(const ntk_claim *claim, const ntk_control *control,
                                const ntk_control_findings *findings, ntk_control_outcome *out) {
    *out = (ntk_control_outcome){.control = control, .twin_is_claim = findings->twin_is_claim};
    void *breaks = NULL, *twin = NULL;
    NTK_TRY(ntk_allocate(control->break_count, sizeof *out->breaks, &breaks));
    out->breaks = breaks;
    NTK_TRY(ntk_allocate(control->break_count, sizeof *out->twin, &twin));
    out->twin = twin;
    out->broke = control->break_count > 0;
    for (size_t i = 0; i < control->break_count; i++) {
        const ntk_check *check = find_check(claim, control->breaks[i]);
        if (check == NULL)
            return ntk_fail(NTK_ERROR_ARGUMENT, "%s: control '%s' names no check '%s'", claim->id,
                            control->name, control->breaks[i]);
        out->breaks[i] = judge_variant(check, findings->metrics);
        if (!findings->twin_is_claim) judge_twin(check, findings, i, out);
        if (out->breaks[i].reason == NULL) {
            out->breaks[i].risk = risk_of_break(check, &out->breaks[i].metric);
            set_room(&out->breaks[i], margin_of_break);
        }
        if (out->breaks[i].verdict != NTK_VERDICT_VIOLATED) out->broke = false;
    }
    return NTK_OK;
}

/* Of the stored seed alone: a fresh one moves what it should. */
static void judge_move(const ntk_claim *claim, const ntk_claim_findings *findings,
                       ntk_regression_outcome *out) {
    const char *name = out->regression->metric;
    const ntk_expected_row *row = ntk_expected_find(findings->expected, findings->tier, name);
    const ntk_metric *found = ntk_metrics_find(findings->metrics, name);
    if (row == NULL || found == NULL) return;
    const ntk_envelope *envelope = ntk_envelopes_find(findings->envelopes, claim->id, findings->tier, name);
    out->envelope = ntk_envelope_width(envelope, row->metric.estimate.value);
    out->move = ntk_envelope_move(envelope, &row->metric, found);
    out->moved = out->move > NTK_ENVELOPE_MOVED;
}

static ntk_regression_outcome judge_regression(const ntk_claim *claim, const ntk_regression *regression,
                                               const ntk_claim_findings *findings) {
    ntk_regression_outcome outcome = {.regression = regression, .envelope = NAN, .move = NAN};
    if (!findings->compare) return outcome;
    outcome.comparison = ntk_regression_compare(regression, findings->expected, findings->tier,
                                                findings->stored_seed, findings->metrics);
    const bool both = findings->expected != NULL && findings->metrics != NULL;
    if (both && findings->stored_seed && findings->envelopes != NULL) judge_move(claim, findings, &outcome);
    return outcome;
}

static ntk_status allocate_outcome(const ntk_claim *claim, ntk_claim_outcome *out) {
    void *checks = NULL, *controls = NULL, *regressions = NULL;
    ntk_status status;
    NTK_TRY_OR(fail, status, ntk_allocate(claim->check_count, sizeof *out->checks, &checks));
    NTK_TRY_OR(fail, status, ntk_allocate(claim->control_count, sizeof *out->controls, &controls));
    NTK_TRY_OR(fail, status, ntk_allocate(claim->regression_count, sizeof *out->regressions, &regressions));
    *out = (ntk_claim_outcome){.checks = checks, .controls = controls, .regressions = regressions};
    return NTK_OK;
fail:
    ntk_release(checks);
    ntk_release(controls);
    return status;
}

/* One that breaks by its settings alone shows nothing of the hypothesis either. */
static ntk_verdict verdict_of_control(const ntk_control_outcome *outcome) {
    const ntk_verdict control = outcome->broke ? NTK_VERDICT_HOLDS : NTK_VERDICT_VACUOUS;
    if (outcome->twin_verdict == NTK_VERDICT_ERROR) return NTK_VERDICT_ERROR;
    return outcome->twin_verdict == NTK_VERDICT_VIOLATED ? NTK_VERDICT_VACUOUS : control;
}

static ntk_verdict worst_of(const ntk_claim *claim, const ntk_claim_outcome *outcome) {
    if (claim->check_count == 0) return NTK_VERDICT_ERROR; /* nothing was tested */
    ntk_verdict verdict = NTK_VERDICT_HOLDS;
    for (size_t i = 0; i < claim->check_count; i++) verdict = worse(verdict, outcome->checks[i].verdict);
    for (size_t i = 0; i < claim->control_count; i++)
        verdict = worse(verdict, verdict_of_control(&outcome->controls[i]));
    for (size_t i = 0; i < claim->regression_count; i++) {
        const ntk_comparison *comparison = &outcome->regressions[i].comparison;
        if (comparison->compared && !comparison->agrees) verdict = worse(verdict, NTK_VERDICT_REGRESSED);
    }
    return verdict;
}

ntk_status ntk_claim_judge(const ntk_claim *claim, const ntk_claim_findings *findings,
                           ntk_claim_outcome *out) {
    *out = (ntk_claim_outcome){0};
    NTK_TRY(allocate_outcome(claim, out));

    unsigned kinds = EVIDENCE_NONE;
    for (size_t i = 0; i < claim->check_count; i++) {
        out->checks[i] = ntk_check_judge(&claim->checks[i], findings->metrics);
        kinds |= evidence_of(&claim->checks[i], out->checks[i].has_metric ? &out->checks[i].metric : NULL);
    }
    out->evidence = evidence_text(kinds);
    for (size_t i = 0; i < claim->control_count; i++) {
        const ntk_status status =
            judge_control(claim, &claim->controls[i], &findings->controls[i], &out->controls[i]);
        if (status != NTK_OK) {
            ntk_claim_outcome_release(claim, out);
            return status;
        }
    }
    for (size_t i = 0; i < claim->regression_count; i++)
        out->regressions[i] = judge_regression(claim, &claim->regressions[i], findings);
    out->verdict = worst_of(claim, out);
    return NTK_OK;
}

void ntk_claim_outcome_release(const ntk_claim *claim, ntk_claim_outcome *outcome) {
    for (size_t i = 0; outcome->controls != NULL && i < claim->control_count; i++) {
        ntk_release(outcome->controls[i].breaks);
        ntk_release(outcome->controls[i].twin);
    }
    ntk_release(outcome->checks);
    ntk_release(outcome->controls);
    ntk_release(outcome->regressions);
    *outcome = (ntk_claim_outcome){0};
}
