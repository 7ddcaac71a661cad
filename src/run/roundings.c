/* Let x be a metric under rounding to nearest and x_m under mode m. Its spread is max_m |x_m - x|:
 * what errors of the size of rounding, all to one side or shared out at random, make of it. An
 * algorithm that is stable on its data loses the digits of its condition number; one that is not
 * loses more. */
#include "run/roundings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "claim/expected.h"
#include "experiment/support.h"
#include "run/markup.h"
#include "run/page.h"
#include "run/runner.h"
#include "run/series.h"

/* ---- digits ---------------------------------------------------------------------------------- */

double ntk_roundings_spread(const ntk_roundings_metric *metric) {
    double spread = 0;
    if (metric->lost) return NAN;
    for (int k = 0; k < NTK_ROUNDING_COUNT; k++)
        if (isfinite(metric->values[k]))
            spread = fmax(spread, fabs(metric->values[k] - metric->nearest.estimate.value));
    return spread;
}

double ntk_roundings_digits(const ntk_roundings_metric *metric) {
    const double spread = ntk_roundings_spread(metric), value = fabs(metric->nearest.estimate.value);
    if (isnan(spread)) return NAN;
    if (spread == 0) return INFINITY;
    return value > spread ? log10(value / spread) : 0;
}

/* What gave nothing under a mode first, then the fewest digits; equals in their order. */
static int by_weakness(const void *a, const void *b) {
    const double p = ntk_roundings_digits(a), q = ntk_roundings_digits(b);
    const double x = isnan(p) ? -1 : p, y = isnan(q) ? -1 : q;
    if (x != y) return x < y ? -1 : 1;
    const ntk_roundings_metric *left = a, *right = b;
    const int order = strcmp(left->claim, right->claim);
    return order != 0 ? order : strcmp(left->nearest.name, right->nearest.name);
}

/* A word of the list, one that is too long for a mode cut with an ellipsis. */
static ntk_status parse_word(const char *text, size_t length, ntk_rounding *out) {
    enum { SHOWN = 32 };
    char word[SHOWN + sizeof "..."], detail[NTK_DETAIL_SIZE];
    snprintf(word, sizeof word, "%.*s%s", (int)(length > SHOWN ? SHOWN : length), text,
             length > SHOWN ? "..." : "");
    if (strcmp(word, "all") == 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "all stands alone: it is every mode already");
    if (ntk_rounding_parse(word, out) == NTK_OK) return NTK_OK;
    snprintf(detail, sizeof detail, "%s", ntk_error_detail());
    return ntk_fail(NTK_ERROR_ARGUMENT, "%s, and all", detail);
}

ntk_status ntk_roundings_parse(const char *text, bool *wanted) {
    memset(wanted, 0, NTK_ROUNDING_COUNT * sizeof *wanted);
    wanted[NTK_ROUNDING_NEAREST] = true;
    for (int k = 0; k < NTK_ROUNDING_COUNT; k++) wanted[k] = wanted[k] || strcmp(text, "all") == 0;
    while (strcmp(text, "all") != 0) {
        const size_t length = strcspn(text, ",");
        ntk_rounding rounding;
        NTK_TRY(parse_word(text, length, &rounding));
        wanted[rounding] = true;
        text += length;
        if (*text == '\0') break;
        text++;
    }
    return NTK_OK;
}

/* ---- metrics --------------------------------------------------------------------------------- */

static ntk_status add_metric(ntk_roundings *self, const char *claim, const ntk_metric *found) {
    void *memory = self->metrics;
    const ntk_status grown = ntk_array_grow(&memory, self->count, sizeof *self->metrics);
    if (grown != NTK_OK) return grown;
    self->metrics = memory;
    ntk_roundings_metric *metric = &self->metrics[self->count];
    *metric = (ntk_roundings_metric){.nearest = *found, .part = NAN};
    metric->nearest.name = NULL;
    for (int k = 0; k < NTK_ROUNDING_COUNT; k++) metric->values[k] = NAN;
    metric->values[NTK_ROUNDING_NEAREST] = found->estimate.value;
    metric->lost = !isfinite(found->estimate.value);
    self->count++;
    NTK_TRY(ntk_text_copy(claim, &metric->claim));
    return ntk_text_copy(found->name, &metric->nearest.name);
}

/* `worst-at-seed` says where `worst` is: a place, which has no digits. */
static bool is_place(const ntk_metrics *metrics, const char *name) {
    const char *at = strstr(name, "-at-");
    for (size_t i = 0; at != NULL && i < metrics->count; i++) {
        const char *other = metrics->items[i].name;
        if (strlen(other) == (size_t)(at - name) && strncmp(other, name, (size_t)(at - name)) == 0)
            return true;
    }
    return false;
}

/* As if the value under nearest were the stored one. */
static double part_of_tolerance(const ntk_claim *claim, ntk_tier tier, const ntk_metric *nearest,
                                const ntk_metrics *found) {
    ntk_expected_row row = {.tier = tier, .metric = *nearest};
    const ntk_expected expected = {.rows = &row, .count = 1};
    for (size_t i = 0; i < claim->regression_count; i++) {
        if (strcmp(claim->regressions[i].metric, nearest->name) != 0) continue;
        const ntk_comparison c = ntk_regression_compare(&claim->regressions[i], &expected, tier, true, found);
        return c.reason == NULL ? c.part : NAN;
    }
    return NAN;
}

static void take_metric(ntk_roundings_metric *metric, ntk_rounding rounding, const ntk_claim *claim,
                        ntk_tier tier, const ntk_metrics *found) {
    const ntk_metric *now = ntk_metrics_find(found, metric->nearest.name);
    if (now == NULL || !isfinite(now->estimate.value)) {
        metric->lost = true;
        return;
    }
    metric->values[rounding] = now->estimate.value;
    const double part = part_of_tolerance(claim, tier, &metric->nearest, found);
    if (isnan(metric->part) || part > metric->part) metric->part = part;
}

/* Of a process that failed there are none. */
static ntk_status take_claim(ntk_roundings *self, const ntk_run *run, const ntk_claim_run *claim) {
    const ntk_metrics none = {0}, *found = &claim->tasks[0].metrics;
    const ntk_rounding rounding = run->options.rounding;
    if (claim->tasks[0].state != NTK_TASK_DONE) found = &none;
    for (size_t i = 0; rounding == NTK_ROUNDING_NEAREST && i < found->count; i++)
        if (!is_place(found, found->items[i].name))
            NTK_TRY(add_metric(self, claim->claim.id, &found->items[i]));
    for (size_t i = 0; rounding != NTK_ROUNDING_NEAREST && i < self->count; i++)
        if (strcmp(self->metrics[i].claim, claim->claim.id) == 0)
            take_metric(&self->metrics[i], rounding, &claim->claim, run->options.tier, found);
    const ntk_verdict verdict = claim->result.verdict;
    const bool refused = rounding != NTK_ROUNDING_NEAREST && verdict == NTK_VERDICT_SKIPPED;
    if (!refused && verdict > self->worst) self->worst = verdict;
    return NTK_OK;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static ntk_status create_file(const ntk_roundings *self, const char *name, ntk_file **out) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/%s", self->folder, name));
    const ntk_status status = ntk_file_create(path, out);
    ntk_release(path);
    return status;
}

static void write_row(const ntk_roundings *self, const ntk_roundings_metric *metric, FILE *stream) {
    char text[NTK_NUMBER_SIZE];
    fprintf(stream, "%s\t%s", metric->claim, metric->nearest.name);
    for (int k = 0; k < NTK_ROUNDING_COUNT; k++)
        if (self->wanted[k]) fprintf(stream, "\t%s", ntk_text_number(metric->values[k], text));
    fprintf(stream, "\t%s", ntk_text_number(ntk_roundings_spread(metric), text));
    fprintf(stream, "\t%s", ntk_text_number(ntk_roundings_digits(metric), text));
    fprintf(stream, "\t%s\n", ntk_text_number(metric->part, text));
}

static ntk_status write_table(const ntk_roundings *self) {
    ntk_file *file;
    NTK_TRY(create_file(self, "digits.tsv", &file));
    FILE *stream = ntk_file_stream(file);
    fputs("claim\tmetric", stream);
    for (int k = 0; k < NTK_ROUNDING_COUNT; k++)
        if (self->wanted[k]) fprintf(stream, "\t%s", ntk_rounding_text((ntk_rounding)k));
    fputs("\tspread\tdigits\tpart-of-tolerance\n", stream);
    for (size_t i = 0; i < self->count; i++) write_row(self, &self->metrics[i], stream);
    return ntk_file_commit(file);
}

static void write_cell(double value, const char *format, const char *name, FILE *out) {
    fprintf(out, "<td class=\"number\" data-name=\"%s\">", name);
    if (isnan(value))
        fputs("\u2013", out);
    else if (isinf(value))
        fputs("all", out);
    else
        fprintf(out, format, value);
    fputs("</td>", out);
}

static void write_page_row(const ntk_roundings_metric *metric, FILE *out) {
    fputs("<tr><td data-name=\"claim\">", out);
    ntk_markup_text(out, metric->claim);
    fputs("</td><td class=\"mono\" data-name=\"metric\">", out);
    ntk_markup_text(out, metric->nearest.name);
    fputs("</td>", out);
    write_cell(ntk_roundings_digits(metric), "%.1f", "digits", out);
    write_cell(metric->nearest.estimate.value, "%.6g", "to nearest", out);
    write_cell(ntk_roundings_spread(metric), "%.1e", "spread", out);
    write_cell(metric->part, "%.1e", "of its tolerance", out);
    fputs("</tr>\n", out);
}

static ntk_status write_page(const ntk_roundings *self) {
    ntk_file *file;
    NTK_TRY(create_file(self, "report.html", &file));
    FILE *out = ntk_file_stream(file);
    ntk_page_open(out, "Digits that survive rounding");
    fputs("<h1>Digits that survive rounding</h1>\n<p>The same claims, with the same seed, computed under ",
          out);
    for (int k = 0, told = 0; k < NTK_ROUNDING_COUNT; k++)
        if (self->wanted[k])
            fprintf(out, "%s<a href=\"%s/report.html\">%s</a>", told++ > 0 ? ", " : "",
                    ntk_rounding_text((ntk_rounding)k), ntk_rounding_text((ntk_rounding)k));
    fputs(". Digits: \u2212log<sub>10</sub> of the largest difference from rounding to nearest over the "
          "value; \u201call\u201d where no mode moved it, \u2013 where a mode gave none: certificates "
          "refuse, as they must. A metric that is itself a rounding error has none by nature; the last "
          "column says what the difference is beside the tolerance of the claim.</p>\n"
          "<section><table><thead><tr><th>Claim</th><th>Metric</th><th>Digits</th><th>To nearest</th>"
          "<th>Spread</th><th>Of its tolerance</th></tr></thead><tbody>\n",
          out);
    for (size_t i = 0; i < self->count; i++) write_page_row(&self->metrics[i], out);
    fputs("</tbody></table></section>\n", out);
    ntk_page_close(out);
    return ntk_file_commit(file);
}

/* ---- running --------------------------------------------------------------------------------- */

static ntk_status take(ntk_roundings *self, const ntk_run *run) {
    for (size_t i = 0; i < run->claim_count; i++) NTK_TRY(take_claim(self, run, &run->claims[i]));
    return NTK_OK;
}

static ntk_status run_mode(ntk_roundings *self, const ntk_suite *suite, const char *const *names,
                           size_t count, ntk_rounding rounding, ntk_roundings_observer *observer,
                           void *context) {
    char *folder;
    ntk_run_options options;
    ntk_run *run = NULL;
    NTK_TRY(ntk_text_format(&folder, "%s/%s", self->folder, ntk_rounding_text(rounding)));
    ntk_status status = ntk_series_run_options(&self->options, folder, &options);
    options.rounding = rounding;
    if (status == NTK_OK) status = ntk_run_create(suite, names, count, &options, &run);
    if (status == NTK_OK) status = ntk_run_execute(run);
    if (status == NTK_OK) status = take(self, run);
    if (status == NTK_OK && observer != NULL) observer(run, context);
    ntk_run_destroy(run);
    ntk_release(folder);
    return status;
}

/* What is wrong with the claims or the options is found by a plan without a folder. */
static ntk_status check(const ntk_suite *suite, const char *const *names, size_t count,
                        const ntk_run_options *options) {
    ntk_run *run;
    ntk_run_options planned = *options;
    planned.resume = false;
    NTK_TRY(ntk_run_prepare(suite, names, count, &planned, &run));
    ntk_run_destroy(run);
    return NTK_OK;
}

ntk_status ntk_roundings_execute(const ntk_suite *suite, const char *const *names, size_t count,
                                 const ntk_run_options *options, const bool *wanted,
                                 ntk_roundings_observer *observer, void *context, ntk_roundings **out) {
    void *memory;
    *out = NULL;
    NTK_TRY(check(suite, names, count, options));
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    ntk_roundings *self = *out = memory;
    self->options = *options;
    memcpy(self->wanted, wanted, sizeof self->wanted);
    NTK_TRY(ntk_series_name(options->out, "roundings", &self->folder));
    NTK_TRY(ntk_series_open(self->folder, options, "the roundings", "roundings that have begun"));
    for (int k = 0; k < NTK_ROUNDING_COUNT; k++)
        if (self->wanted[k]) NTK_TRY(run_mode(self, suite, names, count, (ntk_rounding)k, observer, context));
    if (self->count > 0) qsort(self->metrics, self->count, sizeof *self->metrics, by_weakness);
    NTK_TRY(write_table(self));
    return write_page(self);
}

void ntk_roundings_destroy(ntk_roundings *self) {
    if (self == NULL) return;
    for (size_t i = 0; i < self->count; i++) {
        ntk_release(self->metrics[i].claim);
        ntk_release(self->metrics[i].nearest.name);
    }
    ntk_release(self->metrics);
    ntk_release(self->folder);
    ntk_release(self);
}
