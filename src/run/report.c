/* report.html: one file that needs nothing else, for a reader who asks of each theorem what was
 * tested, what was found, and what would have refuted it. */
#include "run/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
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
#include "run/identity.h"
#include "run/markup.h"
#include "run/state.h"
#include "run/utf8.h"

static const char style[] =
    ":root{--ink:#1d2126;--soft:#5b6570;--line:#dfe3e8;--page:#fbfbfa;--card:#fff;--good:#1b7f4d;--bad:#"
    "b3261e;"
    "--doubt:#9a6700;--link:#0b5cad}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e7eb;--soft:#9aa5b1;--line:#343a42;--page:#16191d;"
    "--card:#1e2227;--good:#5fcf95;--bad:#ff8a80;--doubt:#e6b450;--link:#7db7f0}}\n"
    "body{margin:0 auto;max-width:62rem;padding:2.5rem 1.5rem 4rem;background:var(--page);color:var(--ink);"
    "font:16px/1.55 system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}\n"
    "h1{font-size:1.7rem;margin:0 0 .2rem}h2{font-size:1.2rem;margin:0 0 .3rem}"
    "h3{font-size:.82rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:1.4rem 0 "
    ".4rem}\n"
    "a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}\n"
    ".soft{color:var(--soft)}.mono,code{font-family:ui-monospace,'DejaVu Sans "
    "Mono',monospace;font-size:.88em}\n"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}"
    "th{text-align:left;font-weight:600;color:var(--soft);border-bottom:1px solid var(--line);padding:.35rem "
    ".7rem "
    ".35rem 0}td{vertical-align:top;border-bottom:1px solid var(--line);padding:.4rem .7rem .4rem 0}"
    "td.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    ".scroll{overflow-x:auto}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.3rem 1.5rem;"
    "margin:1.6rem 0}\n"
    ".verdict{font-weight:600;font-size:.85rem;white-space:nowrap}.HOLDS,.broke{color:var(--good)}"
    ".VIOLATED,.ERROR,.VACUOUS,.whole{color:var(--bad)}.REGRESSED,.INCONCLUSIVE,.SKIPPED{color:var(--doubt)}"
    "\n"
    ".counts{display:flex;flex-wrap:wrap;gap:.5rem 1.6rem;margin:1.2rem 0;font-size:1.05rem}"
    ".counts b{font-size:1.5rem;margin-right:.35rem}\n"
    "blockquote{margin:.6rem 0;padding:.1rem 0 .1rem 1rem;border-left:3px solid var(--line)}\n"
    "figure{margin:1rem 0 0}figure svg{width:100%;height:auto;background:#fff;border-radius:6px}"
    "figcaption{color:var(--soft);font-size:.92rem;margin-top:.4rem}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;font-size:.9rem;margin:.4rem 0}"
    "dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"
    "h4{margin:.6rem 0 .1rem;font-size:.85rem;font-weight:600;color:var(--soft)}ul{margin:.3rem "
    "0;padding-left:1.2rem}details{margin-top:1rem}summary{cursor:pointer;color:var(--soft)}\n";

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
    snprintf(text, sizeof text, "%s tier, seed %" PRIu64 "%s", ntk_tier_text(run->options.tier),
             run->options.seed, run->options.seed == NTK_STORED_SEED ? " (that of the stored results)" : "");
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

static void write_theorems(FILE *out, const ntk_run *run) {
    fputs(
        "<div "
        "class=\"scroll\"><table><thead><tr><th>Theorem</th><th>Source</th><th>Verdict</th><th>Evidence</th>"
        "<th>Controls</th><th>Time</th></tr></thead><tbody>\n",
        out);
    for (size_t i = 0; i < run->claim_count; i++) {
        const ntk_claim_result *result = &run->claims[i].result;
        const ntk_claim *claim = result->claim;
        size_t broke = 0;
        for (size_t c = 0; result->outcome != NULL && c < claim->control_count; c++)
            broke += result->outcome->controls[c].broke;
        fputs("<tr><td><a href=\"#", out);
        anchor(out, claim->id);
        element(out, "\">", claim->title, "</a>");
        element(out, "<br><span class=\"soft mono\">", claim->id, "</span></td>");
        element(out, "<td>", claim->paper, "<br>");
        element(out, "<span class=\"soft\">", claim->result, "<br>");
        element(out, "(", ntk_wording_text(claim->wording), ")</span></td><td>");
        verdict(out, result->verdict);
        element(out, "</td><td>", result->outcome ? result->outcome->evidence : "none", "</td>");
        if (claim->control_count == 0)
            fputs("<td>none</td>", out);
        else
            fprintf(out, "<td>%zu of %zu broke</td>", broke, claim->control_count);
        fprintf(out, "<td class=\"number\">%.1f s</td></tr>\n", result->seconds);
    }
    fputs("</tbody></table></div>\n", out);
}

/* The largest shares; what is left out is less than any that is shown. */
static ntk_status write_risk(FILE *out, const ntk_run *run) {
    enum { SHOWN = 12 };
    ntk_risk risk;
    NTK_TRY(ntk_run_risk(run, &risk));
    if (risk.count > 0) {
        fprintf(
            out,
            "<section id=\"chance\"><h2>Chance</h2>\n<p>Every check must hold at any seed. What another seed "
            "would do is told by the intervals: taking each one's estimate and standard error for the true "
            "ones, the chance that a new draw lands on the wrong side of its bound is a noncentral t "
            "probability. Over the %zu intervals of this run these add up to <b>%.2g</b>; %g is "
            "allowed.</p>\n<div class=\"scroll\"><table><thead><tr><th>Largest shares</th><th>Check</th>"
            "<th>Chance</th></tr></thead><tbody>\n",
            risk.count, risk.total, NTK_SUITE_FAMILY_ERROR);
        for (size_t i = 0; i < risk.count && i < SHOWN; i++) {
            const ntk_risk_share *share = &risk.shares[i];
            fputs("<tr><td><a href=\"#", out);
            anchor(out, share->claim->id);
            element(out, "\">", share->claim->id, "</a>");
            if (share->variant.control != NULL)
                element(out, " <span class=\"soft\">", share->variant.control->name,
                        share->variant.twin ? " (its twin)</span>" : "</span>");
            element(out, "</td><td>", share->check->name, "</td>");
            fprintf(out, "<td class=\"number\">%.1e</td></tr>\n", share->risk);
        }
        fputs("</tbody></table></div></section>\n", out);
    }
    ntk_risk_release(&risk);
    return NTK_OK;
}

static void write_head(FILE *out, const ntk_run *run) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
          "<title>ntk-verify: report</title>\n<style>\n",
          out);
    fputs(style, out);
    fputs("</style></head><body>\n<header><h1>ntk-verify</h1>\n"
          "<div class=\"soft\">Theorems about neural tangent kernels, each tested numerically beside a "
          "control in "
          "which a hypothesis is removed and the test must fail. A finite run tests a statement; it does not "
          "prove "
          "an asymptotic one.</div>\n",
          out);
    write_counts(out, run);
    for (size_t i = 0; i < run->warning_count; i++)
        element(out, "<div class=\"REGRESSED\">Warning: ", run->warnings[i], "</div>\n");
    write_provenance(out, run);
    fputs("</header>\n<section>\n", out);
    write_theorems(out, run);
    fputs("</section>\n", out);
}

/* ---- one claim ------------------------------------------------------------------------------- */

static void write_statement(FILE *out, const ntk_claim *claim) {
    element(out, "<blockquote>", claim->statement, "</blockquote>\n");
    fputs("<h3>Hypotheses</h3><ul>", out);
    for (size_t i = 0; i < claim->hypothesis_count; i++) element(out, "<li>", claim->hypotheses[i], "</li>");
    fputs("</ul>\n", out);
}

static void write_effect(FILE *out, const ntk_check_outcome *outcome) {
    if (outcome->has_metric && outcome->metric.is_estimate)
        fprintf(out, "<td class=\"number\">%.3g</td><td class=\"number\">%.0e</td>",
                outcome->metric.estimate.minimum_detectable_effect, outcome->risk);
    else
        fputs("<td class=\"soft\" colspan=\"2\">no interval</td>", out);
}

static void write_checks(FILE *out, const ntk_claim_result *result) {
    ntk_description text;
    fputs("<h3>Checks</h3><div class=\"scroll\"><table><thead><tr><th>Check</th><th>Found</th><th>Wanted</th>"
          "<th>Detectable</th><th>Chance</th><th>Verdict</th></tr></thead><tbody>\n",
          out);
    for (size_t i = 0; i < result->claim->check_count; i++) {
        const ntk_check_outcome *outcome = &result->outcome->checks[i];
        element(out, "<tr><td>", outcome->check->name, "<br>");
        if (strcmp(outcome->check->name, outcome->check->metric) != 0)
            element(out, "<span class=\"soft mono\">", outcome->check->metric, "</span>");
        fputs("</td>", out);
        element(out, "<td>", ntk_describe_found(outcome, text), "</td>");
        element(out, "<td>", ntk_describe_wanted(outcome->check, text), "<br>");
        element(out, "<span class=\"soft\">", outcome->check->why, "</span></td>");
        write_effect(out, outcome);
        fputs("<td>", out);
        verdict(out, outcome->verdict);
        fputs("</td></tr>\n", out);
    }
    fputs("</tbody></table></div>\n<p class=\"soft\">Detectable: the distance from the bound that this check "
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
    element(out, "<td>", outcome->control->removes, "</td><td>");
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
    fputs("<div class=\"scroll\"><table><thead><tr><th>Control</th><th>What is removed</th><th>Which check "
          "breaks, "
          "and what it found</th><th></th></tr></thead><tbody>\n",
          out);
    for (size_t i = 0; i < claim->control_count; i++)
        write_control(out, &result->outcome->controls[i], result->control_causes[i], result->twin_causes[i]);
    fputs("</tbody></table></div>\n", out);
}

static void write_regressions(FILE *out, const ntk_claim_result *result) {
    ntk_description text;
    if (result->claim->regression_count == 0) return;
    fputs("<h3>Stored results</h3><div class=\"scroll\"><table><thead><tr><th>Metric</th><th>Comparison</th>"
          "<th>Why this tolerance</th></tr></thead><tbody>\n",
          out);
    for (size_t i = 0; i < result->claim->regression_count; i++) {
        const ntk_regression_outcome *outcome = &result->outcome->regressions[i];
        const bool moved = outcome->comparison.compared && !outcome->comparison.agrees;
        element(out, "<tr><td class=\"mono\">", outcome->regression->metric, "</td>");
        element(out, moved ? "<td class=\"REGRESSED\">" : "<td>", ntk_describe_comparison(outcome, text),
                "</td>");
        element(out, "<td class=\"soft\">", outcome->regression->why, "</td></tr>\n");
    }
    fputs("</tbody></table></div>\n", out);
}

/* gnuplot names its symbols alike in every drawing; in one document each drawing's names get a
 * prefix. */
static void write_svg(FILE *out, const char *svg, const char *id) {
    static const char *const references[] = {" id=\"", " id='", "href=\"#", "href='#", "url(#"};
    while (*svg != '\0') {
        const char *matched = NULL;
        for (size_t r = 0; r < sizeof references / sizeof *references && matched == NULL; r++)
            if (strncmp(svg, references[r], strlen(references[r])) == 0) matched = references[r];
        if (matched == NULL)
            fputc(*svg++, out);
        else {
            fputs(matched, out);
            anchor(out, id);
            fputc('-', out);
            svg += strlen(matched);
        }
    }
}

static void write_figure(FILE *out, const ntk_claim_result *result) {
    char *content = NULL;
    size_t size = 0;
    if (result->figure_warning != NULL)
        element(out, "<h3>Figure</h3><p class=\"REGRESSED\">", result->figure_warning, "</p>\n");
    if (result->figure == NULL || ntk_file_read(result->figure, &content, &size) != NTK_OK) return;
    const char *svg = strstr(content, "<svg"); /* past the XML declaration */
    char *repaired = NULL;
    if (svg != NULL && ntk_utf8_repair(svg, &repaired) == NTK_OK) {
        fputs("<figure>", out);
        write_svg(out, repaired, result->claim->id);
        element(out, "<figcaption>", result->claim->caption, "</figcaption></figure>\n");
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

static void write_claim(FILE *out, const ntk_run *run, const ntk_claim_run *claim) {
    const ntk_claim_result *result = &claim->result;
    ntk_description source;
    fputs("<section id=\"", out);
    anchor(out, result->claim->id);
    element(out, "\"><h2>", result->claim->title, "</h2>\n<div>");
    verdict(out, result->verdict);
    element(out, " <span class=\"soft\">", ntk_describe_source(result->claim, source), ": ");
    element(out, "", ntk_wording_meaning(result->claim->wording), " \u00b7 ");
    element(out, "<span class=\"mono\">", result->claim->id, "</span></span></div>\n");
    write_statement(out, result->claim);
    if (result->cause != NULL) element(out, "<p class=\"ERROR\">The process ", result->cause, "</p>\n");
    if (result->outcome != NULL) {
        write_checks(out, result);
        write_controls(out, result);
    }
    write_figure(out, result);
    if (result->claim->measured != NULL)
        write_measured(out, result->claim->measured, &claim->tasks[0].metrics);
    if (result->outcome != NULL) write_regressions(out, result);
    element(out, "<h3>What a finite run can show</h3><p>", result->claim->limits, "</p>\n");
    fputs("<details><summary>Parameters in effect</summary><dl>\n", out);
    for (size_t t = 0; t < claim->task_count; t++) write_settings(out, &claim->tasks[t]);
    fprintf(out, "</dl><p class=\"mono\">ntk run %s --tier %s --seed %" PRIu64 "</p></details>\n</section>\n",
            result->claim->id, ntk_tier_text(run->options.tier), run->options.seed);
}

ntk_status ntk_report_write(const ntk_run *run, const char *path) {
    ntk_file *file;
    NTK_TRY(ntk_file_create(path, &file));
    FILE *out = ntk_file_stream(file);
    write_head(out, run);
    for (size_t i = 0; i < run->claim_count; i++) write_claim(out, run, &run->claims[i]);
    const ntk_status status = write_risk(out, run);
    fputs("</body></html>\n", out);
    if (status == NTK_OK) return ntk_file_commit(file);
    ntk_file_abandon(file);
    return status;
}
