#include "run/scan_figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "experiment/support.h"
#include "run/process.h"

/* What one figure needs to know of its axes. */
typedef struct look {
    const ntk_scan *scan;
    const char *metric;
    bool numbers;         /* the values of the first axis are numbers */
    double x_low, x_high; /* of these, or of their places */
    double y_low, y_high;
} look;

enum { FIGURE_SECONDS = 120, FIGURE_MEGABYTES = 2048 };

/* ---- ranges ---------------------------------------------------------------------------------- */

/* A value of the first axis as a number, or else its place, from 1. */
static double place_of(const look *self, size_t value) {
    double x;
    return self->numbers && ntk_text_real(self->scan->axes[0].values[value], &x) ? x : (double)(value + 1);
}

static void widen(double *low, double *high, double value) {
    if (!isfinite(value)) return;
    if (!(value >= *low)) *low = value;
    if (!(value <= *high)) *high = value;
}

/* The bounds of the checks that read the metric; returns how many there are of one check. */
static size_t bounds_of(const ntk_check *check, double bounds[2]) {
    bounds[0] = check->bound;
    bounds[1] = check->bound_high;
    switch (check->kind) {
    case NTK_CHECK_BETWEEN:
        return 2;
    case NTK_CHECK_EQUIVALENT:
        bounds[0] = check->bound - check->margin;
        bounds[1] = check->bound + check->margin;
        return 2;
    default:
        return 1;
    }
}

/* A bound is shown where the data stay readable beside it: their part of the axis is a tenth. */
static void include_bounds(look *self) {
    const ntk_claim *claim = &self->scan->claim;
    for (size_t i = 0; i < claim->check_count; i++) {
        double bounds[2];
        if (strcmp(claim->checks[i].metric, self->metric) != 0) continue;
        const size_t count = bounds_of(&claim->checks[i], bounds);
        for (size_t b = 0; b < count; b++) {
            double low = self->y_low, high = self->y_high;
            widen(&low, &high, bounds[b]);
            if (high - low > 10 * (self->y_high - self->y_low)) continue;
            self->y_low = low;
            self->y_high = high;
        }
    }
}

static void find_ranges(look *self) {
    const ntk_scan *scan = self->scan;
    self->numbers = true;
    for (size_t i = 0; i < scan->axes[0].count; i++) {
        double x;
        self->numbers = self->numbers && ntk_text_real(scan->axes[0].values[i], &x);
    }
    self->x_low = self->y_low = NAN;
    self->x_high = self->y_high = NAN;
    for (size_t i = 0; i < scan->axes[0].count; i++) widen(&self->x_low, &self->x_high, place_of(self, i));
    for (size_t p = 0; p < scan->point_count; p++) {
        const ntk_metric *metric = ntk_metrics_find(&scan->points[p].metrics, self->metric);
        if (metric == NULL) continue;
        widen(&self->y_low, &self->y_high, metric->estimate.value);
        if (metric->is_estimate) widen(&self->y_low, &self->y_high, metric->estimate.low);
        if (metric->is_estimate) widen(&self->y_low, &self->y_high, metric->estimate.high);
    }
    include_bounds(self);
}

/* ---- the script ------------------------------------------------------------------------------ */

/* Between single quotes, where only they mean something; "_" and "^" would be set as scripts. */
static void write_quoted(const char *text, FILE *out) {
    for (; *text != '\0'; text++)
        if (strchr("'_^{}@&~\\", *text) == NULL) fputc(*text, out);
}

static void write_axis(const char *axis, double low, double high, bool logarithmic, FILE *out) {
    const double room = low == high ? fmax(1, fabs(low)) / 2 : 0;
    fprintf(out, "eval %s_axis(\"%s\", %.17g, %.17g)\n", logarithmic ? "log" : "linear", axis, low - room,
            high + room);
}

static void write_axes(const look *self, FILE *out) {
    const ntk_scan_axis *axis = &self->scan->axes[0];
    write_axis("x", self->x_low, self->x_high,
               self->numbers && self->x_low > 0 && self->x_high >= 8 * self->x_low, out);
    write_axis("y", self->y_low, self->y_high, self->y_low > 0 && self->y_high >= 100 * self->y_low, out);
    for (size_t i = 0; !self->numbers && i < axis->count; i++) {
        fprintf(out, "set xtics %s('", i == 0 ? "" : "add ");
        write_quoted(axis->values[i], out);
        fprintf(out, "' %zu)\n", i + 1);
    }
    fprintf(out, "set xlabel '%s'\nset ylabel '%s'\n", axis->name, self->metric);
}

static void write_number(double x, const char *end, FILE *out) {
    char text[NTK_NUMBER_SIZE];
    fprintf(out, "%s%s", ntk_text_number(x, text), end);
}

/* The curve of those points whose other axes stand as they do in point `first`. */
static void write_curve(const look *self, size_t first, size_t stride, FILE *out) {
    const ntk_scan *scan = self->scan;
    fprintf(out, "$curve%zu << EOD\nx\tvalue\tlow\thigh\n", first + 1);
    for (size_t i = 0; i < scan->axes[0].count; i++) {
        const ntk_metric *metric = ntk_metrics_find(&scan->points[first + i * stride].metrics, self->metric);
        if (metric == NULL) continue;
        const ntk_estimate *e = &metric->estimate;
        write_number(place_of(self, i), "\t", out);
        write_number(e->value, "\t", out);
        write_number(metric->is_estimate ? e->low : e->value, "\t", out);
        write_number(metric->is_estimate ? e->high : e->value, "\n", out);
    }
    fputs("EOD\n", out);
}

static void write_title(const ntk_scan *scan, size_t point, FILE *out) {
    for (size_t a = 1; a < scan->axis_count; a++) {
        fprintf(out, "%s%s = ", a > 1 ? ", " : "", scan->axes[a].name);
        write_quoted(scan->points[point].settings[a].value, out);
    }
    if (scan->axis_count == 1) fputs("the claim, interval of each point", out);
}

/* Where one lies beyond the axis, the key says so. */
static void write_bound(const look *self, const ntk_check *check, double bound, FILE *out) {
    const char *beyond = bound > self->y_high  ? ", above the axis"
                         : bound < self->y_low ? ", below the axis"
                                               : "";
    fputs(", \\\n    ", out);
    if (beyond[0] != '\0')
        fputs("NaN", out);
    else
        fprintf(out, "%.17g", bound);
    fprintf(out, " with lines ls 100 title 'bound of %s: %g%s'", check->name, bound, beyond);
}

static void write_bounds(const look *self, FILE *out) {
    const ntk_claim *claim = &self->scan->claim;
    for (size_t i = 0; i < claim->check_count; i++) {
        double bounds[2];
        if (strcmp(claim->checks[i].metric, self->metric) != 0) continue;
        const size_t count = bounds_of(&claim->checks[i], bounds);
        for (size_t b = 0; b < count; b++) write_bound(self, &claim->checks[i], bounds[b], out);
    }
}

static void write_script(const look *self, FILE *out) {
    const ntk_scan *scan = self->scan;
    const size_t stride = scan->point_count / scan->axes[0].count;
    fprintf(out, "# %s over %s, written by `ntk scan`.\n", scan->claim.id, scan->axes[0].name);
    for (size_t c = 0; c < stride; c++) write_curve(self, c, stride, out);
    fprintf(out, "eval figure('1', '%zu', '1')\neval panel(1, '%s')\n", stride + 2, scan->claim.id);
    write_axes(self, out);
    fputs("plot ", out);
    for (size_t c = 0; c < stride; c++) {
        fprintf(out, "%s$curve%zu using 'x':'value' with lines ls %zu notitle, \\\n", c > 0 ? "    " : "",
                c + 1, c % 10 + 1);
        fprintf(out, "    $curve%zu using 'x':'value':'low':'high' with yerrorbars ls %zu title '", c + 1,
                c % 10 + 1);
        write_title(scan, c, out);
        fprintf(out, "'%s", c + 1 < stride ? ", \\\n" : "");
    }
    write_bounds(self, out);
    fputs("\neval finish\n", out);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static ntk_status write_variables(const ntk_scan *scan, const char *format, char **out) {
    char quoted[2][4096] = {"", ""};
    const char *const texts[] = {scan->folder, format};
    for (int i = 0; i < 2; i++)
        for (const char *c = texts[i]; *c != '\0'; c++)
            ntk_text_append(quoted[i], sizeof *quoted, *c == '\'' ? "''" : (const char[]){*c, '\0'});
    return ntk_text_format(
        out, "data = '%s'; output = '%s/figure.%s'; format = '%s'; width = 'screen'; tier = '%s'", quoted[0],
        quoted[0], quoted[1], quoted[1], ntk_tier_text(scan->options.tier));
}

static ntk_status run_gnuplot(const ntk_scan *scan, const char *script, ntk_process *process) {
    static const char *const formats[] = {"svg", "png"};
    const char *arguments[16] = {"gnuplot"};
    char *variables[2] = {0}, *out = NULL, *error = NULL;
    size_t count = 1;
    ntk_status status = ntk_text_format(&out, "%s/gnuplot-stdout.txt", scan->folder);
    if (status == NTK_OK) status = ntk_text_format(&error, "%s/gnuplot-stderr.txt", scan->folder);
    for (int f = 0; f < 2 && status == NTK_OK; f++) {
        status = write_variables(scan, formats[f], &variables[f]);
        const char *const next[] = {"-e",   variables[f], scan->suite->style,
                                    script, "-e",         "unset output; reset"};
        memcpy(arguments + count, next, sizeof next);
        count += sizeof next / sizeof *next;
    }
    if (status == NTK_OK) {
        const char *const environment[] = {"LC_ALL=C.UTF-8", NULL};
        const ntk_process_options options = {arguments,      environment,      out, error,
                                             FIGURE_SECONDS, FIGURE_MEGABYTES, NULL};
        status = ntk_process_start(&options, process);
    }
    ntk_process *const processes[] = {process};
    while (status == NTK_OK && process->ending == NTK_ENDING_NONE) ntk_process_wait(processes, 1, 0.1);
    if (out != NULL) unlink(out);
    ntk_release(out);
    ntk_release(error);
    for (int f = 0; f < 2; f++) ntk_release(variables[f]);
    return status;
}

/* gnuplot ends with status 0 after many a complaint: what it says counts. */
static ntk_status judge_drawing(const ntk_scan *scan, const ntk_process *process, char **warning) {
    char *path, *said = NULL, ending[128];
    NTK_TRY(ntk_text_format(&path, "%s/gnuplot-stderr.txt", scan->folder));
    ntk_status status = ntk_process_last_words(path, &said);
    const bool good = process->ending == NTK_ENDING_EXIT && process->code == 0;
    if (status == NTK_OK && (!good || said[0] != '\0')) {
        ntk_process_describe(process, ending, sizeof ending);
        status = ntk_text_format(warning, "gnuplot %s%s%s", ending, said[0] != '\0' ? ": " : "", said);
    } else
        unlink(path);
    ntk_release(said);
    ntk_release(path);
    return status;
}

ntk_status ntk_scan_draw(const ntk_scan *scan, const char *metric, char **warning) {
    look self = {.scan = scan, .metric = metric};
    char *script;
    ntk_file *file;
    *warning = NULL;
    find_ranges(&self);
    if (isnan(self.y_low)) return ntk_text_format(warning, "no point has a finite %s to draw", metric);
    NTK_TRY(ntk_text_format(&script, "%s/figure.gp", scan->folder));
    ntk_status status = ntk_file_create(script, &file);
    if (status == NTK_OK) {
        write_script(&self, ntk_file_stream(file));
        status = ntk_file_commit(file);
    }
    ntk_process process;
    if (status == NTK_OK) status = run_gnuplot(scan, script, &process);
    if (status == NTK_OK)
        status = judge_drawing(scan, &process, warning);
    else if (status == NTK_ERROR_IO)
        status = ntk_text_format(warning, "no figure: %s", ntk_error_detail());
    ntk_release(script);
    return status;
}
