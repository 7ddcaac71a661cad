#include "claim/expected.h"

#include <errno.h>
#include <math.h>
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

static const char header[] = "tier\tmetric\tvalue\tlow\thigh\tlevel";
enum { COLUMN_TIER, COLUMN_METRIC, COLUMN_VALUE, COLUMN_LOW, COLUMN_HIGH, COLUMN_LEVEL };

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

/* The interval of an estimate, which has three more fields than a plain number. */
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

ntk_status ntk_expected_read(const char *path, ntk_expected **out) {
    *out = NULL;
    struct stat info;
    if (stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return ntk_fail(NTK_ERROR_NOT_FOUND, "%s: no stored results", path);

    void *expected = NULL;
    NTK_TRY(ntk_allocate(1, sizeof **out, &expected));
    ntk_tsv tsv = {0};
    ntk_status status = ntk_tsv_read(path, header, &tsv);
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
                                 metric->estimate.level};
        fprintf(stream, "%s\t%s", ntk_tier_text(expected->rows[i].tier), metric->name);
        for (size_t f = 0; f < 4; f++) {
            char buffer[NTK_NUMBER_SIZE];
            fprintf(stream, "\t%s", f == 0 || metric->is_estimate ? ntk_text_number(fields[f], buffer) : "");
        }
        fputc('\n', stream);
    }
    return ntk_file_commit(file);
}

/* ---- comparing ------------------------------------------------------------------------------- */

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

static void measure(const ntk_regression *regression, const ntk_estimate *stored, const ntk_estimate *found,
                    ntk_comparison *out) {
    out->allowed = regression->tolerance;
    switch (regression->kind) {
    case NTK_TOLERANCE_EXACT:
        out->distance = exact_distance(stored->value, found->value);
        out->allowed = 0;
        break;
    case NTK_TOLERANCE_ULP:
        out->distance = ntk_ulp_distance(stored->value, found->value);
        break;
    case NTK_TOLERANCE_REL:
        out->distance = relative_distance(stored->value, found->value);
        break;
    case NTK_TOLERANCE_ABS:
        out->distance = fabs(found->value - stored->value);
        break;
    case NTK_TOLERANCE_STATISTICAL:
        out->distance = fabs(found->value - stored->value);
        out->allowed = regression->tolerance * facing_halves(stored, found);
        break;
    case NTK_TOLERANCE_COUNT:
        break;
    }
    out->agrees = isfinite(out->distance) && out->distance <= out->allowed;
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
    ntk_comparison comparison = {.expected = NAN, .found = NAN, .distance = NAN, .allowed = NAN};
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
    if (comparison.reason == NULL) measure(regression, &stored->estimate, &found->estimate, &comparison);
    return comparison;
}
