#include "claim/describe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *ntk_describe_number(double x, double other, ntk_description text) {
    ntk_description second;
    snprintf(text, NTK_DESCRIPTION_SIZE, "%.6g", x);
    snprintf(second, sizeof second, "%.6g", other);
    if (x != other && strcmp(text, second) == 0) snprintf(text, NTK_DESCRIPTION_SIZE, "%.17g", x);
    return text;
}

const char *ntk_describe_source(const ntk_claim *claim, ntk_description text) {
    snprintf(text, NTK_DESCRIPTION_SIZE, "%.64s, %.160s (%s)", claim->paper, claim->result,
             ntk_wording_text(claim->wording));
    return text;
}

const char *ntk_describe_found(const ntk_check_outcome *outcome, ntk_description text) {
    ntk_description value, low, high;
    const ntk_estimate *estimate = &outcome->metric.estimate;
    const double bound = outcome->check->bound;
    if (!outcome->has_metric)
        snprintf(text, NTK_DESCRIPTION_SIZE, "nothing: %.200s",
                 outcome->reason ? outcome->reason : "no result");
    else if (outcome->metric.is_estimate)
        snprintf(text, NTK_DESCRIPTION_SIZE, "%.30s in [%.30s, %.30s] (%.6g %% confidence)%s%.80s",
                 ntk_describe_number(estimate->value, bound, value),
                 ntk_describe_number(estimate->low, bound, low),
                 ntk_describe_number(estimate->high, bound, high), 100 * estimate->level,
                 outcome->reason ? ": " : "", outcome->reason ? outcome->reason : "");
    else
        snprintf(text, NTK_DESCRIPTION_SIZE, "%.30s%s%.200s",
                 ntk_describe_number(estimate->value, bound, value), outcome->reason ? ": " : "",
                 outcome->reason ? outcome->reason : "");
    return text;
}

const char *ntk_describe_sample_size(const ntk_check_outcome *outcome, ntk_description text) {
    text[0] = '\0';
    if (isnan(outcome->sample_size)) return text;
    if (isinf(outcome->sample_size))
        snprintf(text, NTK_DESCRIPTION_SIZE, "no number of seeds up to a million would settle it");
    else
        snprintf(text, NTK_DESCRIPTION_SIZE,
                 "about %.0f seeds in place of %.0f would settle it, if their mean stays where it is",
                 outcome->sample_size, floor(outcome->metric.estimate.degrees + 1.5));
    return text;
}

/* "2 checks VIOLATED", behind what the text has. */
static void add_count(ntk_description text, size_t count, const char *what, ntk_verdict verdict) {
    const size_t length = strlen(text);
    if (count > 0)
        snprintf(text + length, NTK_DESCRIPTION_SIZE - length, "%s%zu %s%s %s", length > 0 ? ", " : "", count,
                 what, count > 1 ? "s" : "", ntk_verdict_text(verdict));
}

/* Worst first; a control that did not break is VACUOUS. */
const char *ntk_describe_beside(const ntk_claim *claim, const ntk_claim_outcome *outcome,
                                ntk_description text) {
    text[0] = '\0';
    for (int v = NTK_VERDICT_COUNT; v-- > 0;) {
        size_t checks = 0, controls = 0, stored = 0;
        if (v == (int)outcome->verdict || v == NTK_VERDICT_HOLDS) continue;
        for (size_t i = 0; i < claim->check_count; i++) checks += (int)outcome->checks[i].verdict == v;
        for (size_t i = 0; i < claim->control_count && v == NTK_VERDICT_VACUOUS; i++)
            controls +=
                !outcome->controls[i].broke || outcome->controls[i].twin_verdict == NTK_VERDICT_VIOLATED;
        for (size_t i = 0; i < claim->regression_count && v == NTK_VERDICT_REGRESSED; i++)
            stored +=
                outcome->regressions[i].comparison.compared && !outcome->regressions[i].comparison.agrees;
        add_count(text, checks, "check", (ntk_verdict)v);
        add_count(text, controls, "control", (ntk_verdict)v);
        add_count(text, stored, "stored result", (ntk_verdict)v);
    }
    return text;
}

/* The half-width to two digits, and the value to as many decimals. */
const char *ntk_describe_metric(const ntk_metric *metric, ntk_description text) {
    const ntk_estimate *estimate = &metric->estimate;
    const double half = fmax(estimate->high - estimate->value, estimate->value - estimate->low);
    const double decimals = metric->is_estimate && half > 0 ? 1 - floor(log10(half)) : NAN;
    if (decimals >= 0 && decimals <= 12)
        snprintf(text, NTK_DESCRIPTION_SIZE, "%.*f \u00b1 %.*f", (int)decimals, estimate->value,
                 (int)decimals, half);
    else
        snprintf(text, NTK_DESCRIPTION_SIZE, "%.4g", estimate->value);
    return text;
}

/* Bounds are written by people: the fewest digits that give the number back are what they wrote. */
static const char *shortest(double x, ntk_description text) {
    double back = NAN;
    for (int digits = 1; digits <= 17 && !(back == x); digits++) {
        snprintf(text, NTK_DESCRIPTION_SIZE, "%.*g", digits, x);
        sscanf(text, "%lf", &back);
    }
    return text;
}

static const char *const wanted[NTK_CHECK_COUNT] = {
    [NTK_CHECK_CERTIFIED] = "a verified bound of at least",
    [NTK_CHECK_AT_MOST] = "at most",
    [NTK_CHECK_AT_LEAST] = "at least",
    [NTK_CHECK_BETWEEN] = "between",
    [NTK_CHECK_RATE_AT_MOST] = "an exponent whose whole interval is at most",
    [NTK_CHECK_RATE_AT_LEAST] = "an exponent whose whole interval is at least",
    [NTK_CHECK_EQUIVALENT] = "the whole interval inside",
    [NTK_CHECK_IDENTITY] = "a residual of at most",
};

const char *ntk_describe_wanted(const ntk_check *check, ntk_description text) {
    ntk_description bound, second;
    const bool has_margin = check->kind == NTK_CHECK_EQUIVALENT, has_high = check->kind == NTK_CHECK_BETWEEN;
    shortest(has_margin ? check->margin : check->bound_high, second);
    snprintf(text, NTK_DESCRIPTION_SIZE, "%s %.40s%s%.40s", wanted[check->kind],
             shortest(check->bound, bound),
             has_margin ? " \u00b1 "
             : has_high ? " and "
                        : "",
             has_margin || has_high ? second : "");
    return text;
}

const char *ntk_describe_comparison(const ntk_regression_outcome *outcome, ntk_description text) {
    const ntk_comparison *c = &outcome->comparison;
    /* NULL: not compared */
    const bool is_value = c->quantity == NULL || strcmp(c->quantity, "value") == 0;
    ntk_description found, stored;
    if (!c->compared)
        snprintf(text, NTK_DESCRIPTION_SIZE, "not compared: another seed or other parameters");
    else if (c->reason != NULL)
        snprintf(text, NTK_DESCRIPTION_SIZE, "%.200s", c->reason);
    else
        snprintf(text, NTK_DESCRIPTION_SIZE,
                 "%.20s%sfound %.30s, stored %.30s: differs by %.3g (%s), allowed %.3g",
                 is_value ? "" : c->quantity, is_value ? "" : ": ",
                 ntk_describe_number(c->found, c->expected, found),
                 ntk_describe_number(c->expected, c->found, stored), c->distance,
                 ntk_tolerance_kind_text(outcome->regression->kind), c->allowed);
    return text;
}

const char *ntk_describe_move(const ntk_regression_outcome *outcome, ntk_description text) {
    const ntk_comparison *c = &outcome->comparison;
    ntk_description found, stored;
    snprintf(
        text, NTK_DESCRIPTION_SIZE,
        "%.30s -> %.30s, %.2g times what was seen between BLAS libraries, processors and compilers (%.2g)",
        ntk_describe_number(c->expected, c->found, stored), ntk_describe_number(c->found, c->expected, found),
        outcome->move, outcome->envelope);
    return text;
}
