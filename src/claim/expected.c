#include "claim/expected.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <ntk/file.h>
#include <ntk/lab/metrics.h>
#include <ntk/memory.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "experiment/support.h"
#include "experiment/tsv.h"

#define HEADER_WITHOUT_DEGREES "tier\tmetric\tvalue\tlow\thigh\tlevel"
static const char header[] = HEADER_WITHOUT_DEGREES "\tdegrees";
enum { COLUMN_TIER, COLUMN_METRIC, COLUMN_VALUE, COLUMN_LOW, COLUMN_HIGH, COLUMN_LEVEL, COLUMN_DEGREES };

const ntk_expected_row *ntk_expected_find(const ntk_expected *expected, ntk_tier tier, const char *metric) {
    for (size_t i = 0; i < expected->count; i++) {
        const ntk_expected_row *row = &expected->rows[i];
        if (row->tier == tier && strcmp(row->metric.name, metric) == 0) return row;
    }
    return NULL;
}

ntk_status ntk_expected_append(ntk_expected *expected, const ntk_expected_row *row) {
    void *rows = expected->rows;
    NTK_TRY(ntk_array_grow(&rows, expected->count, sizeof *row));
    expected->rows = rows;
    ntk_expected_row copy = *row;
    NTK_TRY(ntk_text_copy(row->metric.name, &copy.metric.name));
    expected->rows[expected->count++] = copy;
    return NTK_OK;
}

void ntk_expected_destroy(ntk_expected *expected) {
    if (expected == NULL) return;
    for (size_t i = 0; i < expected->count; i++) ntk_release(expected->rows[i].metric.name);
    ntk_release(expected->rows);
    ntk_release(expected);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Degrees of freedom, NaN where the field is empty or the file has no such column. */
static ntk_status read_degrees(const ntk_tsv *tsv, size_t row, ntk_metric *metric) {
    metric->estimate.degrees = NAN;
    if (tsv->columns <= COLUMN_DEGREES) return NTK_OK;
    const char *text = ntk_tsv_field(tsv, row, COLUMN_DEGREES);
    if (*text == '\0') return NTK_OK;
    if (!metric->is_estimate) return ntk_tsv_fail(tsv, row, COLUMN_DEGREES, "empty, as field 'low' is");
    if (!ntk_text_real(text, &metric->estimate.degrees) || !(metric->estimate.degrees > 0))
        return ntk_tsv_fail(tsv, row, COLUMN_DEGREES, "a number of degrees of freedom, or empty");
    return NTK_OK;
}

/* The interval of an estimate, which has four more fields than a plain number. */
static ntk_status read_interval(const ntk_tsv *tsv, size_t row, ntk_metric *metric) {
    double *const fields[] = {&metric->estimate.low, &metric->estimate.high, &metric->estimate.level};
    metric->is_estimate = *ntk_tsv_field(tsv, row, COLUMN_LOW) != '\0';
    for (size_t i = 0; i < 3; i++) {
        const char *text = ntk_tsv_field(tsv, row, COLUMN_LOW + i);
        if (!metric->is_estimate && *text != '\0')
            return ntk_tsv_fail(tsv, row, COLUMN_LOW + i, "empty, as field 'low' is");
        if (metric->is_estimate && !ntk_text_real(text, fields[i]))
            return ntk_tsv_fail(tsv, row, COLUMN_LOW + i, "a finite number");
    }
    NTK_TRY(read_degrees(tsv, row, metric));
    if (!metric->is_estimate) return NTK_OK;
    if (metric->estimate.low > metric->estimate.value || metric->estimate.value > metric->estimate.high)
        return ntk_tsv_fail(tsv, row, COLUMN_VALUE, "inside its interval");
    if (!(metric->estimate.level > 0 && metric->estimate.level < 1))
        return ntk_tsv_fail(tsv, row, COLUMN_LEVEL, "a confidence level between 0 and 1");
    return NTK_OK;
}

static ntk_status read_row(const ntk_tsv *tsv, size_t index, ntk_expected *expected) {
    ntk_expected_row row = {0};
    if (ntk_tier_parse(ntk_tsv_field(tsv, index, COLUMN_TIER), &row.tier) != NTK_OK)
        return ntk_tsv_fail(tsv, index, COLUMN_TIER, "quick or full");
    row.metric.name = tsv->fields[index * tsv->columns + COLUMN_METRIC];
    if (!ntk_text_is_name(row.metric.name)) return ntk_tsv_fail(tsv, index, COLUMN_METRIC, "a metric's name");
    if (ntk_expected_find(expected, row.tier, row.metric.name) != NULL)
        return ntk_tsv_fail(tsv, index, COLUMN_METRIC, "given once only for a tier");
    if (!ntk_text_real(ntk_tsv_field(tsv, index, COLUMN_VALUE), &row.metric.estimate.value))
        return ntk_tsv_fail(tsv, index, COLUMN_VALUE, "a finite number");
    NTK_TRY(read_interval(tsv, index, &row.metric));
    return ntk_expected_append(expected, &row);
}

/* Whether its first line is the header that files had at first. */
static bool is_without_degrees(const char *path) {
    char line[sizeof HEADER_WITHOUT_DEGREES + 1] = "";
    FILE *stream = fopen(path, "r");
    if (stream == NULL) return false;
    const bool read = fgets(line, sizeof line, stream) != NULL;
    fclose(stream);
    return read && strcmp(line, HEADER_WITHOUT_DEGREES "\n") == 0;
}

ntk_status ntk_expected_read(const char *path, ntk_expected **out) {
    *out = NULL;
    struct stat info;
    if (stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return ntk_fail(NTK_ERROR_NOT_FOUND, "%s: no stored results", path);

    void *expected = NULL;
    NTK_TRY(ntk_allocate(1, sizeof **out, &expected));
    ntk_tsv tsv = {0};
    ntk_status status = ntk_tsv_read(path, is_without_degrees(path) ? HEADER_WITHOUT_DEGREES : header, &tsv);
    for (size_t row = 0; status == NTK_OK && row < tsv.rows; row++) status = read_row(&tsv, row, expected);
    ntk_tsv_release(&tsv);
    if (status == NTK_OK)
        *out = expected;
    else
        ntk_expected_destroy(expected);
    return status;
}

ntk_status ntk_expected_write(const char *path, const ntk_expected *expected) {
    ntk_file *file = NULL;
    NTK_TRY(ntk_file_create(path, &file));
    FILE *stream = ntk_file_stream(file);
    fprintf(stream, "%s\n", header);
    for (size_t i = 0; i < expected->count; i++) {
        const ntk_metric *metric = &expected->rows[i].metric;
        const double fields[] = {metric->estimate.value, metric->estimate.low, metric->estimate.high,
                                 metric->estimate.level, metric->estimate.degrees};
        fprintf(stream, "%s\t%s", ntk_tier_text(expected->rows[i].tier), metric->name);
        for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
            char buffer[NTK_NUMBER_SIZE];
            const bool filled = f == 0 || (metric->is_estimate && !isnan(fields[f]));
            fprintf(stream, "\t%s", filled ? ntk_text_number(fields[f], buffer) : "");
        }
        fputc('\n', stream);
    }
    return ntk_file_commit(file);
}

/* ---- distances ------------------------------------------------------------------------------- */

/* Doubles in their order as integers: neighbours differ by one, and both zeros are 2^63. */
static uint64_t position(double x) {
    const uint64_t half = UINT64_C(1) << 63;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & half ? half - (bits ^ half) : half + bits;
}

double ntk_ulp_distance(double a, double b) {
    const uint64_t i = position(a), j = position(b);
    return (double)(i > j ? i - j : j - i);
}

static double exact_distance(double a, double b) {
    if (memcmp(&a, &b, sizeof a) == 0) return 0;
    return fmax(1, ntk_ulp_distance(a, b)); /* the two zeros lie 0 ulp apart and are not the same
                                         * bits */
}

static double relative_distance(double stored, double found) {
    if (stored == 0) return found == 0 ? 0 : INFINITY;
    return fabs(found - stored) / fabs(stored);
}

/* The halves of the two intervals that face each other: what |found - stored| may be while they
 * overlap. */
static double facing_halves(const ntk_estimate *stored, const ntk_estimate *found) {
    const ntk_estimate *left = stored->value <= found->value ? stored : found;
    const ntk_estimate *right = left == stored ? found : stored;
    return (left->high - left->value) + (right->value - right->low);
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* One number beside the stored one. */
typedef struct quantity {
    const char *name;
    double stored, found, distance, allowed;
} quantity;

static bool agrees(const quantity *q) { return isfinite(q->distance) && q->distance <= q->allowed; }

/* Infinite where a number is none. */
static double part_of(const quantity *q) {
    if (!isfinite(q->distance) || isnan(q->allowed)) return INFINITY;
    return q->allowed > 0 ? q->distance / q->allowed : q->distance == 0 ? 0 : INFINITY;
}

static quantity compare_values(const ntk_regression *regression, const ntk_estimate *stored,
                               const ntk_estimate *found) {
    const double s = stored->value, f = found->value, tolerance = regression->tolerance;
    quantity out = {"value", s, f, NAN, tolerance};
    switch (regression->kind) {
    case NTK_TOLERANCE_EXACT:
        out.distance = exact_distance(s, f);
        out.allowed = 0;
        break;
    case NTK_TOLERANCE_ULP:
        out.distance = ntk_ulp_distance(s, f);
        break;
    case NTK_TOLERANCE_REL:
        out.distance = relative_distance(s, f);
        break;
    case NTK_TOLERANCE_ABS:
        out.distance = fabs(f - s);
        break;
    case NTK_TOLERANCE_STATISTICAL:
        out.distance = fabs(f - s);
        out.allowed = tolerance * facing_halves(stored, found);
        break;
    case NTK_TOLERANCE_COUNT:
        break;
    }
    return out;
}

/* Half-widths.
 *
 * Let h be the half-width t_c e of a mean of n samples, and let the samples move by d_k. The mean
 * moves by sum d_k / n, and h by at most t_c sd(d) / sqrt(n). A single sample that moves by d moves
 * the mean by d/n and sd(d) is then d / sqrt(n): h moves by at most t_c times as far as the mean.
 * Independent d_k of one size move the mean by d / sqrt(n) and h by t_c d / sqrt(n) at most, which
 * is the same. So where the value may move by delta the half-width may by t_c delta.
 *
 * That is more than some intervals are wide, where t_c is 5 to 14 and delta a wide tolerance. What
 * machines change is small beside what seeds change, or the interval would be one of rounding: no
 * more than a quarter of h itself is allowed, so that neither twice nor half the width agrees, nor
 * a factor of sqrt(2); but always delta, the tolerance of a number of this unit.
 *
 * With `statistical`, two independent samples of one normal law have half-widths whose squares over
 * those of t_c are in a ratio of Fisher's law. It is asked for at the level of the intervals, so
 * that its false alarms are as rare as theirs, with half of the degrees of freedom, as though the
 * samples had the excess kurtosis 2: the variance of sd^2 is sigma^4 (2/(n - 1) + kurtosis/n).
 */
static double larger_half(const ntk_estimate *e) { return fmax(e->high - e->value, e->value - e->low); }

/* How far the value may move, in the units of the metric. */
static double allowed_move(const ntk_regression *regression, double stored) {
    switch (regression->kind) {
    case NTK_TOLERANCE_ULP:
        return regression->tolerance * (nextafter(fabs(stored), INFINITY) - fabs(stored));
    case NTK_TOLERANCE_REL:
        return regression->tolerance * fabs(stored);
    case NTK_TOLERANCE_ABS:
        return regression->tolerance;
    default:
        return 0;
    }
}

/* t_c; NaN where it cannot be told, which agrees with nothing. */
static double critical_value(double level, double degrees) {
    double t = NAN;
    return ntk_stats_t_quantile((1 + level) / 2, degrees, &t) == NTK_OK ? t : NAN;
}

static double known_degrees(const ntk_estimate *estimate, const ntk_estimate *other) {
    return isnan(estimate->degrees) ? other->degrees : estimate->degrees;
}

/* NaN where the second is. */
static double least(double a, double b) { return a < b ? a : b; }

static double allowed_half_width(const ntk_regression *regression, const ntk_estimate *stored,
                                 const ntk_estimate *found) {
    const double move = allowed_move(regression, stored->value), quarter = larger_half(stored) / 4;
    if (move == 0) return 0;
    return least(fmax(move, quarter), critical_value(stored->level, known_degrees(stored, found)) * move);
}

/* The larger of two standard errors over the smaller, beside what chance allows; infinite where one
 * sample varies and the other does not. */
static void compare_statistically(const ntk_regression *regression, const ntk_estimate *stored,
                                  const ntk_estimate *found, quantity *out) {
    const double d_stored = known_degrees(stored, found), d_found = found->degrees;
    const double s = out->stored / critical_value(stored->level, d_stored);
    const double f = out->found / critical_value(stored->level, d_found), level = stored->level;
    double ratio = NAN;
    out->distance = s == f ? 1 : fmax(f / s, s / f);
    out->allowed = NAN;
    if (ntk_stats_f_quantile((1 + level) / 2, (f > s ? d_found : d_stored) / 2,
                             (f > s ? d_stored : d_found) / 2, &ratio) == NTK_OK)
        out->allowed = regression->tolerance * sqrt(ratio);
}

/* At the level of the stored one: another level is a decision, and no number has moved by it. */
static double half_width_at_its_level(const ntk_estimate *found, const ntk_estimate *stored) {
    if (found->level == stored->level) return larger_half(found);
    return larger_half(found) * critical_value(stored->level, found->degrees) /
           critical_value(found->level, found->degrees);
}

static quantity compare_half_widths(const ntk_regression *regression, const ntk_estimate *stored,
                                    const ntk_estimate *found) {
    const double s = larger_half(stored), f = half_width_at_its_level(found, stored);
    quantity out = {"half-width", s, f, fabs(f - s), NAN};
    if (regression->kind == NTK_TOLERANCE_STATISTICAL)
        compare_statistically(regression, stored, found, &out);
    else
        out.allowed = allowed_half_width(regression, stored, found);
    return out;
}

/* Degrees of freedom. Those of a mean count its samples, and are the same with every seed. Those of
 * several groups (stats/combine.c) are sums and ratios of v_g, squares of standard errors, of
 * degree 0:
 *
 *     nu = V^2 / sum_g v_g^2 / k_g,   |d nu| / nu <= 2 max |dv_g| / v_g + 2 max |dv_g| / v_g,
 *
 * 8 times the relative change of a standard error, to first order, which is that of half-widths
 * above. Another seed gives another nu. */
static bool is_count(double degrees) { return fabs(degrees - round(degrees)) <= 1e-9 * degrees; }

static quantity compare_degrees(const ntk_regression *regression, const ntk_estimate *stored,
                                const ntk_estimate *found) {
    const double s = stored->degrees, f = found->degrees, rounding = 1e-9 * s;
    quantity out = {"degrees of freedom", s, f, fabs(f - s), rounding};
    if (is_count(s) && is_count(f)) return out;
    if (regression->kind == NTK_TOLERANCE_STATISTICAL)
        out.allowed = INFINITY;
    else
        out.allowed += 8 * s * allowed_half_width(regression, stored, found) / larger_half(stored);
    return out;
}

/* The value first; of the others the first that does not agree, if any. */
static void measure(const ntk_regression *regression, const ntk_metric *stored, const ntk_metric *found,
                    ntk_comparison *out) {
    quantity all[3] = {compare_values(regression, &stored->estimate, &found->estimate)};
    size_t count = 1, shown = 0;
    if (stored->is_estimate)
        all[count++] = compare_half_widths(regression, &stored->estimate, &found->estimate);
    if (stored->is_estimate && !isnan(stored->estimate.degrees))
        all[count++] = compare_degrees(regression, &stored->estimate, &found->estimate);
    out->part = 0;
    for (size_t i = count; i-- > 0;) {
        if (!agrees(&all[i])) shown = i;
        const double part = part_of(&all[i]);
        if (part > out->part) out->part = part;
    }
    out->agrees = agrees(&all[shown]);
    out->quantity = all[shown].name;
    out->expected = all[shown].stored;
    out->found = all[shown].found;
    out->distance = all[shown].distance;
    out->allowed = all[shown].allowed;
}

static bool is_sound(const ntk_metric *metric) {
    const ntk_estimate *estimate = &metric->estimate;
    if (!isfinite(estimate->value)) return false;
    return !metric->is_estimate || (isfinite(estimate->low) && isfinite(estimate->high) &&
                                    estimate->low <= estimate->value && estimate->value <= estimate->high);
}

/* Why the two cannot be compared, or NULL. */
static const char *incomparable(const ntk_regression *regression, const ntk_metric *stored,
                                const ntk_metric *found) {
    if (stored == NULL) return "nothing is stored for this metric and tier";
    if (found == NULL) return "the metric was not emitted";
    if (!is_sound(stored)) return "the stored result is not finite";
    if (!is_sound(found)) return "the metric is not finite";
    if (stored->is_estimate != found->is_estimate) return "one side is an estimate, the other a plain number";
    if (regression->kind == NTK_TOLERANCE_STATISTICAL && !found->is_estimate)
        return "a statistical comparison needs estimates";
    return NULL;
}

ntk_comparison ntk_regression_compare(const ntk_regression *regression, const ntk_expected *expected,
                                      ntk_tier tier, bool stored_seed, const ntk_metrics *metrics) {
    ntk_comparison comparison = {
        .quantity = "value", .expected = NAN, .found = NAN, .distance = NAN, .allowed = NAN, .part = NAN};
    const ntk_expected_row *row =
        expected == NULL ? NULL : ntk_expected_find(expected, tier, regression->metric);
    const ntk_metric *stored = row == NULL ? NULL : &row->metric;
    const ntk_metric *found = metrics == NULL ? NULL : ntk_metrics_find(metrics, regression->metric);
    if (stored != NULL) comparison.expected = stored->estimate.value;
    if (found != NULL) comparison.found = found->estimate.value;

    comparison.compared =
        stored_seed || !regression->depends_on_seed || regression->kind == NTK_TOLERANCE_STATISTICAL;
    if (!comparison.compared) return comparison;
    comparison.reason = incomparable(regression, stored, found);
    if (comparison.reason == NULL) measure(regression, stored, found, &comparison);
    return comparison;
}
