/* report.html: one file that needs nothing else, for a reader who asks of each theorem what was
 * tested, what was found, and what would have refuted it. */
#include "run/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/lab/context.h>
#include <ntk/lab/metrics.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/describe.h"
#include "claim/judge.h"
#include "run/catalogue.h"
#include "run/chance.h"
#include "run/explain.h"
#include "run/identity.h"
#include "run/markup.h"
#include "run/mathml.h"
#include "run/page.h"
#include "run/state.h"
#include "run/svg.h"
#include "run/utf8.h"

/* ---- pieces ---------------------------------------------------------------------------------- */

static void element(FILE *out, const char *open, const char *text, const char *close) {
    fputs(open, out);
    ntk_markup_text(out, text ? text : "");
    fputs(close, out);
}

static void verdict(FILE *out, ntk_verdict value) {
    fprintf(out, "<span class=\"verdict %s\">%s</span>", ntk_verdict_text(value), ntk_verdict_text(value));
}

static void definition(FILE *out, const char *term, const char *text) {
    element(out, "<dt>", term, "</dt>");
    element(out, "<dd>", text, "</dd>\n");
}

/* "suite/claim" as the target of a link. */
static void anchor(FILE *out, const char *id) {
    for (; *id != '\0'; id++) fputc(*id == '/' ? '-' : *id, out);
}

/* ---- head ------------------------------------------------------------------------------------ */

static void write_counts(FILE *out, const ntk_run *run) {
    fputs("<div class=\"counts\">", out);
    for (int v = 0; v < NTK_VERDICT_COUNT; v++) {
        const size_t count = ntk_run_count(run, (ntk_verdict)v);
        if (count > 0 || v == NTK_VERDICT_HOLDS)
            fprintf(out, "<span class=\"%s\"><b>%zu</b>%s</span>", ntk_verdict_text((ntk_verdict)v), count,
                    ntk_verdict_text((ntk_verdict)v));
    }
    fputs("</div>\n", out);
}

static void write_provenance(FILE *out, const ntk_run *run) {
    const ntk_provenance *origin = &run->provenance;
    char text[1024];
    struct tm utc;
    fputs("<details><summary>Provenance</summary><dl>\n", out);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&run->started, &utc));
    definition(out, "started", text);
    const ntk_rounding rounding = run->options.rounding;
    snprintf(text, sizeof text, "%s tier, seed %" PRIu64 "%s%s%s", ntk_tier_text(run->options.tier),
             run->options.seed, run->options.seed == NTK_STORED_SEED ? " (that of the stored results)" : "",
             rounding == NTK_ROUNDING_NEAREST ? "" : ", rounding ",
             rounding == NTK_ROUNDING_NEAREST ? "" : ntk_rounding_text(rounding));
    definition(out, "run", text);
    snprintf(text, sizeof text,
             "%.1f s, of which %zu processors were busy %.0f %%, with %zu workers a process",
             run->wall_seconds, ntk_processor_count(),
             100 * run->cpu_seconds / run->wall_seconds / (double)ntk_processor_count(), run->options.jobs);
    definition(out, "time", text);
    definition(out, "commit", ntk_build_commit);
    definition(out, "compiler", ntk_build_compiler);
    definition(out, "flags", ntk_build_flags);
    definition(out, "processor", origin->cpu);
    definition(out, "vector code", origin->vector_isa);
    definition(out, "BLAS", origin->blas_label);
    for (size_t k = 0; k < origin->blas.library_count; k++) {
        const ntk_blas_library *library = &origin->blas.libraries[k];
        snprintf(text, sizeof text, "%s, build %s: %s", library->path, library->build, library->symbols);
        definition(out, k == 0 ? "BLAS and LAPACK" : "", text);
    }
    definition(out, "system", origin->system);
    fputs("</dl></details>\n", out);
}

/* What the filters go by. */
static void filter_keys(FILE *out, const ntk_claim_result *result) {
    const char *id = result->claim->id;
    fprintf(out, " data-verdict=\"%s\" data-suite=\"%.*s\" data-source=\"", ntk_verdict_text(result->verdict),
            (int)strcspn(id, "/"), id);
    ntk_markup_text(out, result->claim->paper);
    fputc('"', out);
}

/* What the worst verdict hides. */
static void write_beside(FILE *out, const ntk_claim_result *result) {
    ntk_description text;
    if (result->outcome != NULL && *ntk_describe_beside(result->claim, result->outcome, text) != '\0')
        element(out, "<br><span class=\"soft\">beside it: ", text, "</span>");
}

static void write_theorem(FILE *out, const ntk_claim_result *result) {
    const ntk_claim *claim = result->claim;
    size_t broke = 0;
    for (size_t c = 0; result->outcome != NULL && c < claim->control_count; c++)
        broke += result->outcome->controls[c].broke;
    fputs("<tr", out);
    filter_keys(out, result);
    fputs("><td><a href=\"#", out);
    anchor(out, claim->id);
    element(out, "\">", claim->title, "</a>");
    element(out, "<br><span class=\"soft mono\">", claim->id, "</span></td>");
    element(out, "<td data-name=\"Source\">", claim->paper, "<br>");
    element(out, "<span class=\"soft\">", claim->result, " ");
    element(out, "(", ntk_wording_text(claim->wording), ")</span></td><td>");
    verdict(out, result->verdict);
    write_beside(out, result);
    element(out, "</td><td data-name=\"Evidence\">", result->outcome ? result->outcome->evidence : "none",
            "</td><td data-name=\"Controls\">");
    if (claim->control_count == 0)
        fputs("none", out);
    else
        fprintf(out, "%zu of %zu broke", broke, claim->control_count);
    fprintf(out, "</td><td class=\"number\" data-name=\"Time\">%.1f s</td></tr>\n", result->seconds);
}

static void write_theorems(FILE *out, const ntk_run *run, const size_t *order) {
    fputs("<table><thead><tr><th>Theorem</th><th>Source</th><th>Verdict</th><th>Evidence</th>"
          "<th>Controls</th><th>Time</th></tr></thead><tbody>\n",
          out);
    for (size_t i = 0; i < run->claim_count; i++) write_theorem(out, &run->claims[order[i]].result);
    fputs("</tbody></table>\n", out);
}

/* ---- filters --------------------------------------------------------------------------------- */

enum { FILTER_VERDICT, FILTER_SOURCE, FILTER_SUITE, FILTERS };
static const char *const filter_names[FILTERS] = {"verdict", "source", "suite"};
static const char *const filter_titles[FILTERS] = {"Verdict", "Source", "Suite"};

static const char *filter_value(const ntk_claim_result *result, int filter, size_t *length) {
    const char *value = filter == FILTER_VERDICT  ? ntk_verdict_text(result->verdict)
                        : filter == FILTER_SOURCE ? result->claim->paper
                                                  : result->claim->id;
    *length = filter == FILTER_SUITE ? strcspn(value, "/") : strlen(value);
    return value;
}

/* Each value once, at the first claim that has it. */
static bool is_first_of_its_value(const ntk_run *run, int filter, size_t index) {
    size_t length, other;
    const char *value = filter_value(&run->claims[index].result, filter, &length);
    for (size_t i = 0; i < index; i++) {
        const char *earlier = filter_value(&run->claims[i].result, filter, &other);
        if (other == length && strncmp(earlier, value, length) == 0) return false;
    }
    return true;
}

/* Shown by the script, without which they could do nothing. */
static void write_filters(FILE *out, const ntk_run *run) {
    fputs("<form class=\"filters\" hidden>", out);
    for (int f = 0; f < FILTERS; f++) {
        fprintf(out, "<label>%s <select name=\"%s\"><option value=\"\">all</option>", filter_titles[f],
                filter_names[f]);
        for (size_t i = 0; i < run->claim_count; i++) {
            size_t length;
            const char *value = filter_value(&run->claims[i].result, f, &length);
            if (!is_first_of_its_value(run, f, i)) continue;
            fputs("<option>", out);
            ntk_markup_span(out, value, length);
            fputs("</option>", out);
        }
        fputs("</select></label>", out);
    }
    fputs("<output></output></form>\n", out);
}

/* The largest shares; what is left out is less than any that is shown. */
static ntk_status write_risk(FILE *out, const ntk_run *run) {
    enum { SHOWN = 12 };
    ntk_risk risk;
    NTK_TRY(ntk_run_risk(run, &risk));
    if (risk.count == 0)
        fputs("<section id=\"chance\"><h2>Chance</h2>\n<p>No check of this run has an interval: another "
              "seed would end as this one.</p></section>\n",
              out);
    else {
        fprintf(
            out,
            "<section id=\"chance\"><h2>Chance</h2>\n<p>Every check must hold at any seed. What another seed "
            "would do is told by the intervals: taking each one's estimate and standard error for the true "
            "ones, the chance that a new draw lands on the wrong side of its bound is a noncentral t "
            "probability. That any of the %zu intervals of this run does has at most the chance <b>%.2g</b>; "
            "%g is "
            "allowed.</p>\n<table><thead><tr><th>Largest shares</th><th>Check</th>"
            "<th>Chance</th></tr></thead><tbody>\n",
            risk.count, risk.total < 1 ? risk.total : 1.0, NTK_SUITE_FAMILY_ERROR);
        for (size_t i = 0; i < risk.count && i < SHOWN; i++) {
            const ntk_risk_share *share = &risk.shares[i];
            fputs("<tr><td><a href=\"#", out);
            anchor(out, share->claim->id);
            element(out, "\">", share->claim->id, "</a>");
            if (share->variant.control != NULL)
                element(out, " <span class=\"soft\">", share->variant.control->name,
                        share->variant.twin ? " (its twin)</span>" : "</span>");
            element(out, "</td><td data-name=\"Check\">", share->check->name, "</td>");
            fprintf(out, "<td class=\"number\" data-name=\"Chance\">%.1e</td></tr>\n", share->risk);
        }
        fputs("</tbody></table></section>\n", out);
    }
    ntk_risk_release(&risk);
    return NTK_OK;
}

static void write_head(FILE *out, const ntk_run *run, const size_t *order) {
    ntk_page_open(out, "ntk-verify: report");
    fputs("<header><h1>ntk-verify</h1>\n"
          "<div class=\"soft\">Theorems about neural tangent kernels, each tested numerically beside a "
          "control in which a hypothesis is removed and the test must fail. A finite run tests a "
          "statement; it does not prove an asymptotic one.</div>\n",
          out);
    write_counts(out, run);
    for (size_t i = 0; i < run->warning_count; i++)
        element(out, "<div class=\"REGRESSED\">Warning: ", run->warnings[i], "</div>\n");
    write_provenance(out, run);
    fputs("</header>\n<section id=\"theorems\"><h2>Theorems</h2>\n", out);
    write_filters(out, run);
    write_theorems(out, run, order);
    fputs("</section>\n<main>\n", out);
}

/* ---- one claim ------------------------------------------------------------------------------- */

static void write_statement(FILE *out, const ntk_claim *claim) {
    fputs("<blockquote>", out);
    ntk_mathml_html(out, claim->statement);
    fputs("</blockquote>\n", out);
    fputs("<h3>Hypotheses</h3><ul>", out);
    for (size_t i = 0; i < claim->hypothesis_count; i++) {
        fputs("<li>", out);
        ntk_mathml_html(out, claim->hypotheses[i]);
        fputs("</li>", out);
    }
    fputs("</ul>\n", out);
}

static void write_effect(FILE *out, const ntk_check_outcome *outcome) {
    if (outcome->has_metric && outcome->metric.is_estimate)
        fprintf(out,
                "<td class=\"number\" data-name=\"Detectable\">%.3g</td>"
                "<td class=\"number\" data-name=\"Chance\">%.0e</td>",
                outcome->metric.estimate.minimum_detectable_effect, outcome->risk);
    else
        fputs("<td class=\"soft\" colspan=\"2\">no interval</td>", out);
}

/* A reason that several rows have stands once, below the last of them. */
static void write_reason(FILE *out, int columns, const char *why, const char *next) {
    if (next != NULL && strcmp(why, next) == 0) return;
    fprintf(out, "<tr class=\"why\"><td colspan=\"%d\">", columns);
    element(out, "", why, "</td></tr>\n");
}

static void write_checks(FILE *out, const ntk_claim_result *result) {
    ntk_description text;
    fputs("<h3>Checks</h3><table><thead><tr><th>Check</th><th>Found</th><th>Wanted</th>"
          "<th>Detectable</th><th>Chance</th><th>Verdict</th></tr></thead><tbody>\n",
          out);
    for (size_t i = 0; i < result->claim->check_count; i++) {
        const ntk_check_outcome *outcome = &result->outcome->checks[i];
        element(out, "<tr><td>", outcome->check->name, "<br>");
        if (strcmp(outcome->check->name, outcome->check->metric) != 0)
            element(out, "<span class=\"soft mono\">", outcome->check->metric, "</span>");
        fputs("</td>", out);
        element(out, "<td data-name=\"Found\">", ntk_describe_found(outcome, text), "</td>");
        element(out, "<td data-name=\"Wanted\">", ntk_describe_wanted(outcome->check, text), "</td>");
        write_effect(out, outcome);
        fputs("<td>", out);
        verdict(out, outcome->verdict);
        fputs("</td></tr>\n", out);
        write_reason(out, 6, outcome->check->why,
                     i + 1 < result->claim->check_count ? outcome[1].check->why : NULL);
    }
    fputs("</tbody></table>\n<p class=\"soft\">Detectable: the distance from the bound that this check "
          "would notice with power 0.8 to 0.9. <a href=\"#chance\">Chance</a>: that another seed ends "
          "otherwise, as "
          "this interval tells it.</p>\n",
          out);
}

static void write_breaks(FILE *out, const ntk_check_outcome *checks, size_t count, const char *note) {
    ntk_description text;
    for (size_t b = 0; b < count; b++) {
        element(out, "<div>", checks[b].check->name, ": ");
        element(out, "", ntk_describe_found(&checks[b], text), "");
        element(out, " <span class=\"soft\">(", note, " ");
        element(out, "", ntk_describe_wanted(checks[b].check, text), ")</span></div>");
    }
}

/* What the same settings give with the hypothesis put back. */
static void write_twin(FILE *out, const ntk_control_outcome *outcome, const char *cause) {
    fputs("<h4>With the hypothesis put back</h4>", out);
    if (outcome->twin_is_claim) {
        fputs("<div class=\"soft\">that is the claim's own run, above</div>", out);
        return;
    }
    for (size_t i = 0; i < outcome->control->restore_count; i++) {
        element(out, i == 0 ? "<div class=\"mono\">" : ", ", outcome->control->restores[i].name, "=");
        element(out, "", outcome->control->restores[i].value, "");
    }
    fputs(" ", out);
    verdict(out, outcome->twin_verdict);
    fputs("</div>", out);
    if (cause != NULL)
        element(out, "its process ", cause, "");
    else
        write_breaks(out, outcome->twin, outcome->control->break_count, "must not be violated:");
}

static void write_control(FILE *out, const ntk_control_outcome *outcome, const char *cause,
                          const char *twin_cause) {
    element(out, "<tr><td>", outcome->control->name, "<br>");
    element(out, "<span class=\"soft\">", outcome->control->why, "</span></td>");
    element(out, "<td data-name=\"Removed\">", outcome->control->removes, "</td><td data-name=\"Breaks\">");
    if (cause != NULL)
        element(out, "its process ", cause, "");
    else
        write_breaks(out, outcome->breaks, outcome->control->break_count, "the claim wants");
    write_twin(out, outcome, twin_cause);
    fprintf(out, "</td><td><span class=\"verdict %s\">%s</span></td></tr>\n",
            outcome->broke ? "broke" : "whole", outcome->broke ? "broke" : "did not break");
}

static void write_controls(FILE *out, const ntk_claim_result *result) {
    const ntk_claim *claim = result->claim;
    fputs("<h3>Controls</h3>\n", out);
    if (claim->control_count == 0) {
        element(out, "<p>None: ", claim->no_control, "</p>\n");
        return;
    }
    fputs("<table><thead><tr><th>Control</th><th>What is removed</th><th>Which check "
          "breaks, "
          "and what it found</th><th></th></tr></thead><tbody>\n",
          out);
    for (size_t i = 0; i < claim->control_count; i++)
        write_control(out, &result->outcome->controls[i], result->control_causes[i], result->twin_causes[i]);
    fputs("</tbody></table>\n", out);
}

static void write_regression(FILE *out, const ntk_regression_outcome *outcome) {
    ntk_description text;
    const ntk_comparison *comparison = &outcome->comparison;
    const bool moved = comparison->compared && !comparison->agrees;
    element(out, "<tr><td class=\"mono\">", outcome->regression->metric, "</td>");
    element(out, "<td class=\"number\" data-name=\"Found\">",
            ntk_describe_number(comparison->found, comparison->expected, text), "</td>");
    element(out, "<td class=\"number\" data-name=\"Stored\">",
            ntk_describe_number(comparison->expected, comparison->found, text), "</td>");
    element(out,
            moved ? "<td class=\"REGRESSED\" data-name=\"Comparison\">" : "<td data-name=\"Comparison\">",
            ntk_describe_comparison(outcome, text), "");
    if (outcome->moved) element(out, "<br><b>MOVED</b>: ", ntk_describe_move(outcome, text), "");
    fputs("</td></tr>\n", out);
}

static void write_regressions(FILE *out, const ntk_claim_result *result) {
    if (result->claim->regression_count == 0) return;
    fputs("<h3>Stored results</h3><table><thead><tr><th>Metric</th><th>Found</th><th>Stored</th>"
          "<th>Comparison; why this tolerance</th></tr></thead><tbody>\n",
          out);
    for (size_t i = 0; i < result->claim->regression_count; i++) {
        const ntk_regression_outcome *outcome = &result->outcome->regressions[i];
        write_regression(out, outcome);
        write_reason(out, 4, outcome->regression->why,
                     i + 1 < result->claim->regression_count ? outcome[1].regression->why : NULL);
    }
    fputs("</tbody></table>\n", out);
}

/* *symbols: whether this is the first drawing of the page, which has the symbols of all. */
static void write_figure(FILE *out, const ntk_claim_result *result, bool *symbols) {
    char *content = NULL, *repaired = NULL;
    size_t size = 0;
    if (result->figure_warning != NULL)
        element(out, "<h3>Figure</h3><p class=\"REGRESSED\">", result->figure_warning, "</p>\n");
    if (result->figure == NULL || ntk_file_read(result->figure, &content, &size) != NTK_OK) return;
    if (ntk_utf8_repair(content, &repaired) == NTK_OK) {
        fputs("<figure><div class=\"drawing\" tabindex=\"0\">", out);
        ntk_svg_inline(out, repaired, *symbols, result->claim->caption);
        element(out, "</div><figcaption>", result->claim->caption, "</figcaption></figure>\n");
        *symbols = false;
    }
    ntk_release(repaired);
    ntk_release(content);
}

/* The text with {metric} replaced by what was found. */
static void write_measured(FILE *out, const char *text, const ntk_metrics *metrics) {
    fputs("<h3>What was measured</h3><p>", out);
    for (const char *open = strchr(text, '{'); open != NULL; open = strchr(text, '{')) {
        ntk_description name, number;
        const size_t length = strcspn(open + 1, "}");
        snprintf(name, sizeof name, "%.*s", (int)length, open + 1);
        const ntk_metric *metric = ntk_metrics_find(metrics, name);
        ntk_markup_span(out, text, (size_t)(open - text));
        element(out, "<b>", metric ? ntk_describe_metric(metric, number) : "no number", "</b>");
        text = open + 1 + length + (open[1 + length] == '}');
    }
    element(out, "", text, "</p>\n");
}

static void write_settings(FILE *out, const ntk_task *task) {
    const ntk_control *control = task->variant.control;
    ntk_description term;
    snprintf(term, sizeof term, "%.200s%s", control == NULL ? "claim" : control->name,
             task->variant.twin ? ", twin" : "");
    definition(out, term, task->settings);
}

/* Where it lies, and what runs it again. */
static void write_parameters(FILE *out, const ntk_run *run, const ntk_claim_run *claim) {
    const ntk_claim_result *result = &claim->result;
    fputs("<details><summary>Parameters in effect</summary><dl>\n", out);
    for (size_t t = 0; t < claim->task_count; t++) write_settings(out, &claim->tasks[t]);
    fputs("</dl></details>\n<dl>", out);
    element(out, "<dt>folder</dt><dd class=\"mono\">suites/", result->claim->id, "</dd>\n");
    char *command = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&command, &size);
    if (memory != NULL) ntk_run_print_again(run, claim, memory);
    if (memory != NULL && fclose(memory) == 0)
        element(out, "<dt>again</dt><dd class=\"mono\">", command, "</dd>");
    free(command);
    fputs("</dl>\n", out);
}

static void write_claim(FILE *out, const ntk_run *run, const ntk_claim_run *claim, bool *symbols) {
    const ntk_claim_result *result = &claim->result;
    ntk_description source;
    fputs("<section id=\"", out);
    anchor(out, result->claim->id);
    fputc('"', out);
    filter_keys(out, result);
    element(out, "><h2>", result->claim->title, "</h2>\n<div>");
    verdict(out, result->verdict);
    write_beside(out, result);
    element(out, " <span class=\"soft\">", ntk_describe_source(result->claim, source), ": ");
    element(out, "", ntk_wording_meaning(result->claim->wording), " \u00b7 ");
    element(out, "<span class=\"mono\">", result->claim->id, "</span></span></div>\n");
    write_statement(out, result->claim);
    if (result->cause != NULL) element(out, "<p class=\"ERROR\">The process ", result->cause, "</p>\n");
    if (result->outcome != NULL) {
        write_checks(out, result);
        write_controls(out, result);
    }
    write_figure(out, result, symbols);
    if (result->claim->measured != NULL)
        write_measured(out, result->claim->measured, &claim->tasks[0].metrics);
    if (result->outcome != NULL) write_regressions(out, result);
    element(out, "<h3>What a finite run can show</h3><p>", result->claim->limits, "</p>\n");
    write_parameters(out, run, claim);
    fputs("<p><a href=\"#theorems\">all theorems</a></p></section>\n", out);
}

/* ---- the page -------------------------------------------------------------------------------- */

/* What does not hold comes first; otherwise as the run has them. */
static void order_claims(const ntk_run *run, size_t *order) {
    size_t count = 0;
    for (int good = 0; good < 2; good++)
        for (size_t i = 0; i < run->claim_count; i++)
            if ((run->claims[i].result.verdict == NTK_VERDICT_HOLDS) == (good == 1)) order[count++] = i;
}

static ntk_status write_page(FILE *out, const ntk_run *run, const size_t *order) {
    bool symbols = true;
    write_head(out, run, order);
    for (size_t i = 0; i < run->claim_count; i++) write_claim(out, run, &run->claims[order[i]], &symbols);
    NTK_TRY(write_risk(out, run));
    fputs("</main>\n", out);
    ntk_page_close(out);
    return NTK_OK;
}

ntk_status ntk_report_write(const ntk_run *run, const char *path) {
    ntk_file *file;
    void *order;
    NTK_TRY(ntk_allocate(run->claim_count, sizeof(size_t), &order));
    ntk_status status = ntk_file_create(path, &file);
    if (status != NTK_OK) {
        ntk_release(order);
        return status;
    }
    order_claims(run, order);
    status = write_page(ntk_file_stream(file), run, order);
    ntk_release(order);
    if (status == NTK_OK) return ntk_file_commit(file);
    ntk_file_abandon(file);
    return status;
}
