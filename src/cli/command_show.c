/* ntk show: one claim in full. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/memory.h>

#include "claim/describe.h"
#include "cli/cli.h"
#include "run/catalogue.h"
#include "run/mathml.h"
#include "run/papers.h"

static const cli_option options[] = {CLI_SUITES_OPTION, {NULL, 0, NULL, NULL}};

/* The printed results that the source names. */
static void show_results(const ntk_claim *claim, const ntk_paper *paper) {
    for (size_t r = 0; r < paper->result_count; r++) {
        const ntk_paper_result *result = &paper->results[r];
        if (!ntk_source_names(claim->result, result->number)) continue;
        printf("  %s, as the paper has it: %s\n", result->number, result->says);
        if (result->hypotheses != NULL) printf("    under: %s\n", result->hypotheses);
    }
}

static ntk_status show_paper(const ntk_suite *suite, const ntk_claim *claim) {
    ntk_papers papers;
    NTK_TRY(ntk_papers_read(suite->papers, &papers));
    const ntk_paper *paper = ntk_papers_find(&papers, claim->paper);
    if (paper != NULL) {
        printf("\nReference: ");
        ntk_paper_print_reference(paper, stdout);
        printf(" (%s)\n", paper->seen);
        show_results(claim, paper);
    }
    ntk_papers_release(&papers);
    return NTK_OK;
}

static void show_statement(const ntk_claim *claim) {
    ntk_description source;
    printf("%s\n%s, revision %ld\n\n", claim->title, claim->id, claim->revision);
    ntk_mathml_plain(stdout, claim->statement);
    printf("\n\nSource: %s: %s\n\nHypotheses:\n", ntk_describe_source(claim, source),
           ntk_wording_meaning(claim->wording));
    for (size_t i = 0; i < claim->hypothesis_count; i++) {
        printf("  - ");
        ntk_mathml_plain(stdout, claim->hypotheses[i]);
        printf("\n");
    }
}

/* One reason stands below all that it is given for. */
static void show_reason(const char *why, const char *next) {
    if (next == NULL || strcmp(why, next) != 0) printf("    why: %s\n", why);
}

static void show_checks(const ntk_claim *claim) {
    ntk_description text;
    printf("\nChecks:\n");
    for (size_t i = 0; i < claim->check_count; i++) {
        const ntk_check *check = &claim->checks[i];
        printf("  %s (%s%s): ", check->name, ntk_check_kind_text(check->kind),
               check->trend ? ", a trend" : "");
        if (strcmp(check->name, check->metric) != 0) printf("%s, ", check->metric);
        printf("%s\n", ntk_describe_wanted(check, text));
        show_reason(check->why, i + 1 < claim->check_count ? check[1].why : NULL);
    }
}

static void show_settings(const ntk_setting *settings, size_t count) {
    for (size_t i = 0; i < count; i++) printf(" %s=%s", settings[i].name, settings[i].value);
    printf("\n");
}

static void show_controls(const ntk_claim *claim) {
    printf("\nControls:\n");
    if (claim->control_count == 0) printf("  none: %s\n", claim->no_control);
    for (size_t i = 0; i < claim->control_count; i++) {
        const ntk_control *control = &claim->controls[i];
        printf("  %s: without %s\n    why: %s\n    breaks", control->name, control->removes, control->why);
        for (size_t b = 0; b < control->break_count; b++) printf(" %s", control->breaks[b]);
        printf("\n    sets");
        show_settings(control->settings, control->setting_count);
        printf("    twin, which must not break:");
        if (control->restore_count == 0)
            printf(" the claim itself\n");
        else
            show_settings(control->restores, control->restore_count);
    }
}

static void show_parameter(const ntk_parameter *p) {
    printf("  %-20s %s; default %s", p->name, p->meaning, p->default_value);
    if (p->type == NTK_PARAMETER_NETWORK_LIST)
        printf("; <%s>" NTK_NETWORK_NAME_TAIL, p->choices == NULL ? "activation or residual" : p->choices);
    else if (p->choices != NULL)
        printf("; %s", p->choices);
    else if (p->type != NTK_PARAMETER_FLAG)
        printf("; from %g to %g", p->low, p->high);
    printf("\n");
}

static void show_data(const ntk_claim *claim) {
    const ntk_claim_data *data = &claim->data;
    printf("\nData: ");
    if (!data->points) {
        printf("its own alone\n");
        return;
    }
    printf("others may be given: --data-x X.npy%s", data->labels ? " --data-y y.npy" : "");
    if (data->distinct || data->unit_norm)
        printf("; the points have to be %s%s%s", data->distinct ? "distinct" : "",
               data->distinct && data->unit_norm ? " and " : "", data->unit_norm ? "of norm one" : "");
    printf("\n");
}

static void show_metrics(const ntk_claim *claim) {
    printf("\nMetrics:\n");
    for (const ntk_metric_declaration *const *table = claim->experiment->metrics; *table != NULL; table++)
        for (const ntk_metric_declaration *m = *table; m->name != NULL; m++)
            printf("  %-40s %s\n", m->name, m->meaning);
}

static void show_tier(const char *name, const ntk_setting *settings, size_t count) {
    if (count == 0) return;
    printf("  %s:", name);
    show_settings(settings, count);
}

static void show_parameters(const ntk_claim *claim) {
    printf("\nParameters (--set NAME=VALUE):\n");
    const ntk_parameter *p;
    for (size_t i = 0; (p = ntk_experiment_parameter(claim->experiment, i)) != NULL; i++) show_parameter(p);
    show_tier("both tiers", claim->common, claim->common_count);
    show_tier("quick tier", claim->settings[NTK_TIER_QUICK], claim->setting_count[NTK_TIER_QUICK]);
    show_tier("full tier", claim->settings[NTK_TIER_FULL], claim->setting_count[NTK_TIER_FULL]);
    show_tier("large tier, as full but for", claim->settings[NTK_TIER_LARGE],
              claim->setting_count[NTK_TIER_LARGE]);
}

static void show_rest(const ntk_claim *claim) {
    printf("\nStored results:\n");
    for (size_t i = 0; i < claim->regression_count; i++) {
        const ntk_regression *stored = &claim->regressions[i];
        printf("  %s (%s", stored->metric, ntk_tolerance_kind_text(stored->kind));
        if (!isnan(stored->tolerance)) printf(", tolerance %g", stored->tolerance);
        printf(")\n");
        show_reason(stored->why, i + 1 < claim->regression_count ? stored[1].why : NULL);
    }
    printf("\nFigure: %s\n\nLimits: %s\n", claim->caption, claim->limits);
}

static int show_claim(const ntk_suite *suite, const char *id) {
    ntk_claim claim;
    ntk_status status = ntk_suite_claim(suite, id, &claim);
    if (status != NTK_OK) return cli_fail(status);
    show_statement(&claim);
    status = show_paper(suite, &claim);
    if (status != NTK_OK) {
        ntk_claim_release(&claim);
        return cli_fail(status);
    }
    show_checks(&claim);
    show_controls(&claim);
    show_parameters(&claim);
    show_data(&claim);
    show_metrics(&claim);
    show_rest(&claim);
    ntk_claim_release(&claim);
    return CLI_OK;
}

/* The claims that are named, and those of the suites that are. */
static int show_named(const ntk_suite *suite, const cli_arguments *arguments) {
    size_t available = 0, shown = 0;
    while (suite->registry[available].id != NULL) available++;
    void *memory;
    ntk_status status = ntk_allocate(available, sizeof(bool), &memory);
    if (status != NTK_OK) return cli_fail(status);
    bool *selected = memory;
    status = ntk_suite_select(suite, arguments->names, arguments->name_count, selected);
    int result = status == NTK_OK ? CLI_OK : cli_fail_naming(arguments->command, status);
    for (size_t i = 0; i < available && result == CLI_OK; i++) {
        if (!selected[i]) continue;
        if (shown++ > 0) printf("\n\n");
        result = show_claim(suite, suite->registry[i].id);
    }
    ntk_release(memory);
    return result;
}

static int show(const cli_arguments *arguments) {
    ntk_suite suite;
    const ntk_status status = ntk_suite_open(ntk_registry, NULL, &suite);
    if (status != NTK_OK) return cli_fail(status);
    const int result = show_named(&suite, arguments);
    ntk_suite_release(&suite);
    return result;
}

static int run(const cli_arguments *arguments) { return cli_fill(show, arguments, 0); }

const cli_command cli_show = {
    .name = "show",
    .synopsis = "CLAIM or SUITE ...",
    .summary = "one claim in full: statement, checks, controls, parameters",
    .details = "Shows a claim, or all of a suite: what the theorem states, what is checked and why, which "
               "control must break, and "
               "which parameters --set can change.",
    .exit_status = "0; 5 an error; 64 wrong usage, also a claim that does not exist.",
    .options = options,
    .least_names = 1,
    .most_names = (size_t)-1,
    .run = run,
};
