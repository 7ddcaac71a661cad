#include "run/cases.h"

#include <stdio.h>
#include <string.h>

#include "claim/claim.h"
#include "claim/judge.h"

/* Where the process failed: how it ended. */
static void describe_failure(const ntk_task *task, ntk_description text) {
    snprintf(text, NTK_DESCRIPTION_SIZE, "nothing: its process %.200s", task->cause);
}

static void visit_check(const ntk_claim_run *claim, const ntk_check *check, const ntk_check_outcome *outcome,
                        ntk_case_visitor *visit, void *context) {
    ntk_case one = {.kind = "check",
                    .name = check->name,
                    .verdict = outcome != NULL ? outcome->verdict : NTK_VERDICT_SKIPPED,
                    .why = check->why,
                    .line = check->line,
                    .task = &claim->tasks[0]};
    ntk_describe_wanted(check, one.wanted);
    if (claim->tasks[0].cause != NULL)
        describe_failure(&claim->tasks[0], one.found);
    else if (outcome != NULL)
        ntk_describe_found(outcome, one.found);
    visit(&one, context);
}

/* What the first check says that did not break; of a control that broke, the first one. */
static void describe_control(const ntk_control_outcome *outcome, ntk_case *one) {
    const ntk_check_outcome *told = &outcome->breaks[0];
    for (size_t b = outcome->control->break_count; b-- > 0;)
        if (outcome->breaks[b].verdict != NTK_VERDICT_VIOLATED) told = &outcome->breaks[b];
    ntk_description found;
    snprintf(one->found, sizeof one->found, "%.60s is %s: %.160s", told->check->name,
             ntk_verdict_text(told->verdict), ntk_describe_found(told, found));
}

static void describe_twin(const ntk_control_outcome *outcome, ntk_case *one) {
    const ntk_check_outcome *told = &outcome->twin[0];
    for (size_t b = outcome->control->break_count; b-- > 0;)
        if (outcome->twin[b].verdict == outcome->twin_verdict) told = &outcome->twin[b];
    ntk_description found;
    snprintf(one->found, sizeof one->found, "%.60s is %s: %.160s", told->check->name,
             ntk_verdict_text(told->verdict), ntk_describe_found(told, found));
}

static void visit_control(const ntk_claim_run *claim, size_t index, const ntk_control_outcome *outcome,
                          ntk_case_visitor *visit, void *context) {
    const ntk_control *control = &claim->claim.controls[index];
    ntk_case one = {.kind = "control",
                    .name = control->name,
                    .verdict = outcome == NULL  ? NTK_VERDICT_SKIPPED
                               : outcome->broke ? NTK_VERDICT_HOLDS
                                                : NTK_VERDICT_VACUOUS,
                    .why = control->why,
                    .line = control->line,
                    .task = &claim->tasks[1 + index]};
    snprintf(one.wanted, sizeof one.wanted, "a violation, without: %.200s", control->removes);
    if (one.task->cause != NULL)
        describe_failure(one.task, one.found);
    else if (outcome != NULL)
        describe_control(outcome, &one);
    visit(&one, context);
}

/* The first check that its settings break without the hypothesis being removed, or that they cannot
 * judge. Where the claim's own run is the twin, its checks are cases already. An undecided twin is
 * no failure. */
static void visit_twin(const ntk_claim_run *claim, size_t index, const ntk_control_outcome *outcome,
                       ntk_case_visitor *visit, void *context) {
    const ntk_control *control = &claim->claim.controls[index];
    if (claim->twins[index] == &claim->tasks[0]) return;
    ntk_case one = {.kind = "twin of control",
                    .name = control->name,
                    .verdict = outcome == NULL                                     ? NTK_VERDICT_SKIPPED
                               : outcome->twin_verdict == NTK_VERDICT_VIOLATED     ? NTK_VERDICT_VACUOUS
                               : outcome->twin_verdict == NTK_VERDICT_INCONCLUSIVE ? NTK_VERDICT_HOLDS
                                                                                   : outcome->twin_verdict,
                    .why = control->why,
                    .line = control->line,
                    .task = claim->twins[index]};
    snprintf(one.wanted, sizeof one.wanted, "no violation, with: %.200s", control->removes);
    if (one.task->cause != NULL)
        describe_failure(one.task, one.found);
    else if (outcome != NULL)
        describe_twin(outcome, &one);
    visit(&one, context);
}

static void visit_stored(const ntk_claim_run *claim, const ntk_regression *stored,
                         const ntk_regression_outcome *outcome, ntk_case_visitor *visit, void *context) {
    const ntk_comparison *comparison = outcome != NULL ? &outcome->comparison : NULL;
    const bool compared = comparison != NULL && comparison->compared;
    ntk_case one = {.kind = "stored result",
                    .name = stored->metric,
                    .verdict = !compared            ? NTK_VERDICT_SKIPPED
                               : comparison->agrees ? NTK_VERDICT_HOLDS
                                                    : NTK_VERDICT_REGRESSED,
                    .why = stored->why,
                    .line = stored->line,
                    .task = &claim->tasks[0]};
    snprintf(one.wanted, sizeof one.wanted, "the stored number, %s", ntk_tolerance_kind_text(stored->kind));
    if (compared && claim->tasks[0].cause != NULL) one.verdict = NTK_VERDICT_ERROR;
    if (claim->tasks[0].cause != NULL)
        describe_failure(&claim->tasks[0], one.found);
    else if (outcome != NULL)
        ntk_describe_comparison(outcome, one.found);
    visit(&one, context);
}

void ntk_visit_cases(const ntk_claim_run *claim, ntk_case_visitor *visit, void *context) {
    const ntk_claim_outcome *outcome = claim->result.outcome;
    for (size_t i = 0; i < claim->claim.check_count; i++)
        visit_check(claim, &claim->claim.checks[i], outcome ? &outcome->checks[i] : NULL, visit, context);
    for (size_t i = 0; i < claim->claim.control_count; i++) {
        visit_control(claim, i, outcome ? &outcome->controls[i] : NULL, visit, context);
        visit_twin(claim, i, outcome ? &outcome->controls[i] : NULL, visit, context);
    }
    for (size_t i = 0; i < claim->claim.regression_count; i++)
        visit_stored(claim, &claim->claim.regressions[i], outcome ? &outcome->regressions[i] : NULL, visit,
                     context);
}
