/* summary.json: the verdicts, for programs. */

#include "run/summary.h"

#include <math.h>

#include <ntk/lab/context.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/describe.h"
#include "claim/expected.h"
#include "claim/judge.h"
#include "run/chance.h"
#include "run/json.h"
#include "run/state.h"

static json_t *check_object(const ntk_check_outcome *outcome) {
    const ntk_check *check = outcome->check;
    const ntk_estimate *estimate = &outcome->metric.estimate;
    ntk_description wanted;
    json_t *object = json_object();
    ntk_json_set_text(object, "name", check->name);
    ntk_json_set_text(object, "metric", check->metric);
    ntk_json_set_text(object, "kind", ntk_check_kind_text(check->kind));
    if (outcome->has_metric)
        ntk_json_set_number(object, "value", estimate->value);
    else
        json_object_set_new(object, "value", json_null());
    if (outcome->has_metric && outcome->metric.is_estimate) {
        ntk_json_set_number(object, "low", estimate->low);
        ntk_json_set_number(object, "high", estimate->high);
        ntk_json_set_number(object, "level", estimate->level);
        ntk_json_set_number(object, "minimum_detectable_effect", estimate->minimum_detectable_effect);
        ntk_json_set_number(object, "risk", outcome->risk);
    }
    ntk_json_set_number(object, "bound", check->bound);
    if (check->kind == NTK_CHECK_BETWEEN) ntk_json_set_number(object, "bound_high", check->bound_high);
    if (check->kind == NTK_CHECK_EQUIVALENT) ntk_json_set_number(object, "margin", check->margin);
    ntk_json_set_text(object, "wanted", ntk_describe_wanted(check, wanted));
    ntk_json_set_text(object, "verdict", ntk_verdict_text(outcome->verdict));
    ntk_json_set_text(object, "evidence", outcome->evidence);
    if (!isnan(outcome->sample_size)) ntk_json_set_number(object, "sample_size", outcome->sample_size);
    if (outcome->reason != NULL) ntk_json_set_text(object, "reason", outcome->reason);
    return object;
}

static json_t *twin_object(const ntk_control_outcome *outcome, const char *cause) {
    json_t *object = json_object(), *checks = json_array();
    ntk_json_set_text(object, "verdict", ntk_verdict_text(outcome->twin_verdict));
    for (size_t b = 0; b < outcome->control->break_count; b++)
        json_array_append_new(checks, check_object(&outcome->twin[b]));
    json_object_set_new(object, "checks", checks);
    if (cause != NULL) ntk_json_set_text(object, "cause", cause);
    return object;
}

static json_t *control_object(const ntk_control_outcome *outcome, const char *cause, const char *twin_cause) {
    json_t *object = json_object(), *breaks = json_array();
    ntk_json_set_text(object, "name", outcome->control->name);
    ntk_json_set_text(object, "removes", outcome->control->removes);
    json_object_set_new(object, "broke", json_boolean(outcome->broke));
    for (size_t b = 0; b < outcome->control->break_count; b++)
        json_array_append_new(breaks, check_object(&outcome->breaks[b]));
    json_object_set_new(object, "checks", breaks);
    if (cause != NULL) ntk_json_set_text(object, "cause", cause);
    if (!outcome->twin_is_claim) json_object_set_new(object, "twin", twin_object(outcome, twin_cause));
    return object;
}

static json_t *regression_object(const ntk_regression_outcome *outcome) {
    const ntk_comparison *comparison = &outcome->comparison;
    json_t *object = json_object();
    ntk_json_set_text(object, "metric", outcome->regression->metric);
    ntk_json_set_text(object, "kind", ntk_tolerance_kind_text(outcome->regression->kind));
    if (!isnan(outcome->regression->tolerance))
        ntk_json_set_number(object, "tolerance", outcome->regression->tolerance);
    json_object_set_new(object, "depends_on_seed", json_boolean(outcome->regression->depends_on_seed));
    json_object_set_new(object, "compared", json_boolean(comparison->compared));
    if (!comparison->compared) return object;
    json_object_set_new(object, "agrees", json_boolean(comparison->agrees));
    ntk_json_set_text(object, "quantity", comparison->quantity);
    ntk_json_set_number(object, "expected", comparison->expected);
    ntk_json_set_number(object, "found", comparison->found);
    ntk_json_set_number(object, "distance", comparison->distance);
    ntk_json_set_number(object, "allowed", comparison->allowed);
    if (!isnan(outcome->envelope)) {
        ntk_json_set_number(object, "envelope", outcome->envelope);
        json_object_set_new(object, "moved", json_boolean(outcome->moved));
    }
    if (comparison->reason != NULL) ntk_json_set_text(object, "reason", comparison->reason);
    return object;
}

static void set_outcome(json_t *object, const ntk_claim_result *result) {
    json_t *checks = json_array(), *controls = json_array(), *regressions = json_array();
    const ntk_claim *claim = result->claim;
    for (size_t i = 0; result->outcome != NULL && i < claim->check_count; i++)
        json_array_append_new(checks, check_object(&result->outcome->checks[i]));
    for (size_t i = 0; result->outcome != NULL && i < claim->control_count; i++)
        json_array_append_new(controls, control_object(&result->outcome->controls[i],
                                                       result->control_causes[i], result->twin_causes[i]));
    for (size_t i = 0; result->outcome != NULL && i < claim->regression_count; i++)
        json_array_append_new(regressions, regression_object(&result->outcome->regressions[i]));
    json_object_set_new(object, "checks", checks);
    json_object_set_new(object, "controls", controls);
    json_object_set_new(object, "regression", regressions);
}

static json_t *claim_object(const ntk_claim_result *result) {
    json_t *object = json_object();
    ntk_json_set_text(object, "id", result->claim->id);
    ntk_json_set_text(object, "title", result->claim->title);
    ntk_json_set_text(object, "verdict", ntk_verdict_text(result->verdict));
    ntk_json_set_text(object, "evidence", result->outcome ? result->outcome->evidence : NULL);
    ntk_description beside;
    if (result->outcome && *ntk_describe_beside(result->claim, result->outcome, beside) != '\0')
        ntk_json_set_text(object, "beside", beside);
    ntk_json_set_number(object, "seconds", result->seconds);
    if (result->cause != NULL) ntk_json_set_text(object, "cause", result->cause);
    if (result->figure_warning != NULL) ntk_json_set_text(object, "figure_warning", result->figure_warning);
    set_outcome(object, result);
    return object;
}

static json_t *counts_object(const ntk_run *run) {
    json_t *counts = json_object();
    for (int v = 0; v < NTK_VERDICT_COUNT; v++)
        json_object_set_new(counts, ntk_verdict_text((ntk_verdict)v),
                            json_integer((json_int_t)ntk_run_count(run, (ntk_verdict)v)));
    return counts;
}

static json_t *risk_object(const ntk_risk *risk) {
    json_t *object = json_object();
    ntk_json_set_number(object, "total", risk->total);
    ntk_json_set_number(object, "allowed", NTK_SUITE_FAMILY_ERROR);
    json_object_set_new(object, "intervals", json_integer((json_int_t)risk->count));
    return object;
}

ntk_status ntk_summary_write(const ntk_run *run, const char *path) {
    ntk_risk risk;
    NTK_TRY(ntk_run_risk(run, &risk));
    json_t *summary = json_object(), *claims = json_array(), *warnings = json_array();
    json_object_set_new(summary, "version", json_integer(NTK_SUMMARY_VERSION));
    for (size_t i = 0; i < run->claim_count; i++)
        json_array_append_new(claims, claim_object(&run->claims[i].result));
    for (size_t i = 0; i < run->warning_count; i++)
        json_array_append_new(warnings, ntk_json_text(run->warnings[i]));
    json_object_set_new(summary, "claims", claims);
    json_object_set_new(summary, "counts", counts_object(run));
    json_object_set_new(summary, "risk", risk_object(&risk));
    ntk_risk_release(&risk);
    ntk_json_set_number(summary, "wall_seconds", run->wall_seconds);
    json_object_set_new(summary, "exit_status", json_integer(ntk_run_exit_status(run)));
    json_object_set_new(summary, "warnings", warnings);
    return ntk_json_write(summary, path);
}
