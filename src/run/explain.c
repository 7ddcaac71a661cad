/* What is wrong with a claim, in lines for a terminal. */
#include "run/explain.h"

#include <stdio.h>
#include <string.h>

#include <ntk/lab/metrics.h>
#include <ntk/lab/parameters.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/describe.h"
#include "claim/judge.h"
#include "run/plan.h"
#include "run/shell.h"
#include "run/state.h"

/* An experiment that emits, beside a metric `worst-ratio`, scalars such as `worst-ratio-at-width`
 * and `worst-ratio-at-seed`, says thereby where its worst case is. */
static void explain_worst_case(const ntk_metrics *metrics, const char *metric, FILE *stream) {
    const size_t length = strlen(metric);
    const char *separator = "    worst case: ";
    for (size_t i = 0; i < metrics->count; i++) {
        const char *name = metrics->items[i].name;
        if (strncmp(name, metric, length) != 0 || strncmp(name + length, "-at-", 4) != 0) continue;
        fprintf(stream, "%s%s = %.6g", separator, name + length + 4, metrics->items[i].estimate.value);
        separator = ", ";
    }
    if (separator[0] == ',') fputc('\n', stream);
}

static void explain_check(const ntk_metrics *metrics, const ntk_check_outcome *outcome, FILE *stream) {
    ntk_description found, wanted;
    const ntk_check *check = outcome->check;
    fprintf(stream, "  check %s is %s\n    found %s: %s\n    wanted %s\n    why: %s\n", check->name,
            ntk_verdict_text(outcome->verdict), check->metric, ntk_describe_found(outcome, found),
            ntk_describe_wanted(check, wanted), check->why);
    if (*ntk_describe_sample_size(outcome, found) != '\0') fprintf(stream, "    %s\n", found);
    explain_worst_case(metrics, check->metric, stream);
}

static void explain_control(const ntk_control_outcome *outcome, const char *cause, FILE *stream) {
    ntk_description found;
    fprintf(stream, "  control %s (without: %s) does not break what it must\n", outcome->control->name,
            outcome->control->removes);
    if (cause != NULL) fprintf(stream, "    its process %s\n", cause);
    for (size_t b = 0; cause == NULL && b < outcome->control->break_count; b++)
        if (outcome->breaks[b].verdict != NTK_VERDICT_VIOLATED)
            fprintf(stream, "    check %s is %s, should be VIOLATED: found %s\n",
                    outcome->breaks[b].check->name, ntk_verdict_text(outcome->breaks[b].verdict),
                    ntk_describe_found(&outcome->breaks[b], found));
    for (size_t b = 0; cause == NULL && b < outcome->control->break_count; b++)
        if (*ntk_describe_sample_size(&outcome->breaks[b], found) != '\0')
            fprintf(stream, "    check %s: %s\n", outcome->breaks[b].check->name, found);
}

/* One that is undecided leaves the claim what it is, and is told in a line. */
static void note_twin(const ntk_control_outcome *outcome, FILE *stream) {
    fprintf(stream, "  control %s, with the hypothesis put back, decides nothing of", outcome->control->name);
    for (size_t b = 0; b < outcome->control->break_count; b++)
        if (outcome->twin[b].verdict == NTK_VERDICT_INCONCLUSIVE)
            fprintf(stream, " %s", outcome->twin[b].check->name);
    fputc('\n', stream);
}

static void explain_twin(const ntk_control_outcome *outcome, const char *cause, FILE *stream) {
    ntk_description found;
    fprintf(stream, "  control %s, with the hypothesis put back (%s), %s\n", outcome->control->name,
            outcome->control->removes,
            outcome->twin_verdict == NTK_VERDICT_VIOLATED ? "breaks its check all the same" : "fails");
    if (cause != NULL) fprintf(stream, "    its process %s\n", cause);
    for (size_t b = 0; cause == NULL && b < outcome->control->break_count; b++)
        if (outcome->twin[b].verdict > NTK_VERDICT_INCONCLUSIVE)
            fprintf(stream, "    check %s is %s: found %s\n", outcome->twin[b].check->name,
                    ntk_verdict_text(outcome->twin[b].verdict), ntk_describe_found(&outcome->twin[b], found));
}

static void explain_regression(const ntk_regression_outcome *outcome, FILE *stream) {
    ntk_description text;
    fprintf(stream, "  stored result %s: %s\n", outcome->regression->metric,
            ntk_describe_comparison(outcome, text));
    if (outcome->comparison.reason == NULL)
        fprintf(stream, "    why this tolerance: %s\n", outcome->regression->why);
}

/* In single quotes where the shell would split or expand it. */
static void print_setting(const ntk_setting *setting, FILE *stream) {
    fprintf(stream, " --set %s=", setting->name);
    ntk_print_shell_word(setting->value, stream);
}

/* What all processes of a claim share, and those settings that apply to this one. */
static void print_options(const ntk_run *run, const ntk_task *task, FILE *stream) {
    fprintf(stream, " --tier %s --seed %llu", ntk_tier_text(run->options.tier),
            (unsigned long long)run->options.seed);
    if (run->options.rounding != NTK_ROUNDING_NEAREST)
        fprintf(stream, " --rounding %s", ntk_rounding_text(run->options.rounding));
    void *memory;
    if (ntk_allocate(run->options.override_count + 1, sizeof(ntk_setting), &memory) == NTK_OK) {
        ntk_setting *overrides = memory;
        const size_t count = ntk_task_overrides(run, task, overrides);
        for (size_t i = 0; i < count; i++) print_setting(&overrides[i], stream);
        ntk_release(memory);
    }
    if (run->given.x_path != NULL && ntk_given_applies(task->variant)) {
        fputs(" --data-x ", stream);
        ntk_print_shell_word(run->given.x_path, stream);
        if (run->given.y_path != NULL) fputs(" --data-y ", stream);
        if (run->given.y_path != NULL) ntk_print_shell_word(run->given.y_path, stream);
    }
    if (!run->suite->own_data) {
        fputs(" --data ", stream);
        ntk_print_shell_word(run->suite->data, stream);
    }
}

void ntk_run_print_rerun(const ntk_run *run, const ntk_task *task, FILE *stream) {
    ntk_suite_print_command(run->suite, stream);
    fprintf(stream, " run %s", run->claims[task->claim].claim.id);
    if (task->variant.control != NULL) fprintf(stream, " --control %s", task->variant.control->name);
    if (task->variant.twin) fprintf(stream, " --twin");
    print_options(run, task, stream);
}

void ntk_run_print_again(const ntk_run *run, const ntk_claim_run *claim, FILE *stream) {
    ntk_suite_print_command(run->suite, stream);
    fprintf(stream, " verify %s", claim->claim.id);
    print_options(run, &claim->tasks[0], stream);
}

static void print_rerun(const ntk_run *run, const ntk_task *task, FILE *stream) {
    fputs("  rerun: ", stream);
    ntk_run_print_rerun(run, task, stream);
    fputc('\n', stream);
}

static void explain_twins(const ntk_run *run, const ntk_claim_run *claim, FILE *stream) {
    for (size_t i = 0; i < claim->claim.control_count; i++) {
        const ntk_control_outcome *outcome = &claim->outcome.controls[i];
        if (outcome->twin_verdict == NTK_VERDICT_INCONCLUSIVE) note_twin(outcome, stream);
        if (outcome->twin_verdict <= NTK_VERDICT_INCONCLUSIVE) continue;
        explain_twin(outcome, claim->twin_causes[i], stream);
        print_rerun(run, claim->twins[i], stream);
    }
}

static void explain_outcome(const ntk_run *run, const ntk_claim_run *claim, FILE *stream) {
    const ntk_claim_outcome *outcome = &claim->outcome;
    ntk_description beside;
    bool main_failed = false;
    if (*ntk_describe_beside(&claim->claim, outcome, beside) != '\0')
        fprintf(stream, "  beside it: %s\n", beside);
    for (size_t i = 0; i < claim->claim.check_count; i++)
        if (outcome->checks[i].verdict != NTK_VERDICT_HOLDS) {
            main_failed = true;
            explain_check(&claim->tasks[0].metrics, &outcome->checks[i], stream);
        }
    for (size_t i = 0; i < claim->claim.regression_count; i++)
        if (outcome->regressions[i].comparison.compared && !outcome->regressions[i].comparison.agrees) {
            main_failed = true;
            explain_regression(&outcome->regressions[i], stream);
        }
    if (main_failed) print_rerun(run, &claim->tasks[0], stream);
    for (size_t i = 0; i < claim->claim.control_count; i++)
        if (!outcome->controls[i].broke) {
            explain_control(&outcome->controls[i], claim->control_causes[i], stream);
            print_rerun(run, &claim->tasks[1 + i], stream);
        }
    explain_twins(run, claim, stream);
}

/* Within its tolerance, or told there already. */
static void explain_moves(const ntk_claim_run *claim, FILE *stream) {
    ntk_description text;
    for (size_t i = 0; i < claim->claim.regression_count; i++) {
        const ntk_regression_outcome *outcome = &claim->outcome.regressions[i];
        if (outcome->moved && outcome->comparison.agrees)
            fprintf(stream, "  moved: %s: %s\n", outcome->regression->metric,
                    ntk_describe_move(outcome, text));
    }
}

void ntk_run_explain(const ntk_run *run, const ntk_claim_result *result, FILE *stream) {
    const ntk_claim_run *claim = NULL;
    for (size_t i = 0; i < run->claim_count; i++)
        if (&run->claims[i].claim == result->claim) claim = &run->claims[i];
    if (claim == NULL) return;
    if (result->outcome != NULL) explain_moves(claim, stream);
    if (result->verdict == NTK_VERDICT_HOLDS) {
        explain_twins(run, claim, stream);
        return;
    }
    if (result->cause != NULL) {
        fprintf(stream, "  its process %s\n", result->cause);
        print_rerun(run, &claim->tasks[0], stream);
    } else
        explain_outcome(run, claim, stream);
    if (result->figure != NULL) fprintf(stream, "  figure: %s\n", result->figure);
}
