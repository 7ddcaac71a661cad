/* Reductions of a grid's columns, and the metrics that they are emitted as. */
#include <math.h>

#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/metrics.h>
#include <ntk/memory.h>
#include <ntk/stats.h>
#include <ntk/status.h>

static double value_at(const ntk_grid *grid, ntk_place part, size_t k, size_t column) {
    return ntk_grid_row(grid, ntk_grid_place(grid, part, k))[column];
}

/* ---- numbers --------------------------------------------------------------------------------- */

double ntk_grid_mean(const ntk_grid *grid, ntk_place part, size_t column) {
    const size_t count = ntk_grid_count(grid, part);
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += value_at(grid, part, k, column);
    return sum / (double)count;
}

double ntk_grid_share_finite(const ntk_grid *grid, ntk_place part, size_t column) {
    const size_t count = ntk_grid_count(grid, part);
    size_t finite = 0;
    for (size_t k = 0; k < count; k++)
        if (isfinite(value_at(grid, part, k, column))) finite++;
    return (double)finite / (double)count;
}

bool ntk_grid_has(const ntk_grid *grid, size_t which, size_t column) {
    const ntk_place part = ntk_grid_case(which);
    for (size_t k = 0; k < ntk_grid_count(grid, part); k++)
        if (!isnan(value_at(grid, part, k, column))) return true;
    return false;
}

/* Whether sign * value is beyond sign * extreme; a NaN is beyond all numbers, and nothing is beyond
 * it. */
static bool is_beyond(double sign, double value, double extreme) {
    return !isnan(extreme) && !(sign * value <= sign * extreme);
}

static ntk_extreme extreme_of(const ntk_grid *grid, ntk_place part, size_t column, double sign) {
    ntk_extreme out = {value_at(grid, part, 0, column), ntk_grid_place(grid, part, 0)};
    for (size_t k = 1; k < ntk_grid_count(grid, part); k++) {
        const double value = value_at(grid, part, k, column);
        if (is_beyond(sign, value, out.value)) out = (ntk_extreme){value, ntk_grid_place(grid, part, k)};
    }
    return out;
}

ntk_extreme ntk_grid_largest(const ntk_grid *grid, ntk_place part, size_t column) {
    return extreme_of(grid, part, column, 1);
}

ntk_extreme ntk_grid_smallest(const ntk_grid *grid, ntk_place part, size_t column) {
    return extreme_of(grid, part, column, -1);
}

/* ---- intervals ------------------------------------------------------------------------------- */

ntk_status ntk_grid_interval(const ntk_grid *grid, ntk_place part, size_t column, ntk_estimate *out) {
    const size_t count = ntk_grid_count(grid, part);
    double *values;
    NTK_TRY(ntk_allocate_doubles(count, &values));
    for (size_t k = 0; k < count; k++) values[k] = value_at(grid, part, k, column);
    const ntk_status status = ntk_stats_mean(count, values, grid->level, out);
    ntk_release(values);
    return status;
}

/* A part by its samples and the levels of one axis. */
typedef struct lines {
    const ntk_grid *grid;
    ntk_place part; /* at the first level of that axis: its places are the samples */
    size_t along, levels, samples;
} lines;

static lines lines_of(const ntk_grid *grid, ntk_place part, size_t along) {
    part.at[along] = 0;
    return (lines){grid, part, along, grid->axes[along].count, ntk_grid_count(grid, part)};
}

static ntk_place place_on(const lines *self, size_t sample, size_t level) {
    ntk_place at = ntk_grid_place(self->grid, self->part, sample);
    at.at[self->along] = level;
    return at;
}

ntk_status ntk_grid_rate(const ntk_grid *grid, ntk_place part, size_t along, size_t column,
                         ntk_estimate *out) {
    const lines self = lines_of(grid, part, along);
    double *levels;
    NTK_TRY(ntk_allocate_doubles((1 + self.samples) * self.levels, &levels));
    double *values = levels + self.levels; /* (samples, levels) */
    for (size_t l = 0; l < self.levels; l++) {
        levels[l] = ntk_grid_number(grid, place_on(&self, 0, l), along);
        for (size_t s = 0; s < self.samples; s++)
            values[s * self.levels + l] = ntk_grid_row(grid, place_on(&self, s, l))[column];
    }
    const ntk_status status = ntk_stats_rate(self.levels, levels, self.samples, values, grid->level, out);
    ntk_release(levels);
    return status;
}

ntk_status ntk_grid_worst(const ntk_grid *grid, ntk_place part, size_t along, size_t column,
                          ntk_estimate *out) {
    const lines self = lines_of(grid, part, along);
    double *worst;
    NTK_TRY(ntk_allocate_doubles(self.samples, &worst));
    for (size_t s = 0; s < self.samples; s++)
        worst[s] = ntk_grid_smallest(grid, place_on(&self, s, NTK_ALL), column).value;
    const ntk_status status = ntk_stats_mean(self.samples, worst, grid->level, out);
    ntk_release(worst);
    return status;
}

/* The slope of one sample. scratch: (2, levels). */
static ntk_status slope_of(const lines *self, size_t sample, size_t against, double most, size_t column,
                           double *scratch, double *slope) {
    double *x = scratch, *y = scratch + self->levels, intercept;
    size_t n = 0;
    for (size_t l = 0; l < self->levels; l++) {
        const ntk_place at = place_on(self, sample, l);
        const double level = ntk_grid_number(self->grid, at, self->along);
        if (!(level <= most)) continue;
        x[n] = against == NTK_ROOT ? sqrt(level) : ntk_grid_row(self->grid, at)[against];
        y[n++] = ntk_grid_row(self->grid, at)[column];
    }
    return ntk_stats_slope(n, x, y, slope, &intercept);
}

ntk_status ntk_grid_slope(const ntk_grid *grid, ntk_place part, size_t along, size_t against, double most,
                          size_t column, ntk_estimate *out) {
    const lines self = lines_of(grid, part, along);
    double *slopes;
    NTK_TRY(ntk_allocate_doubles(self.samples + 2 * self.levels, &slopes));
    ntk_status status = NTK_OK;
    for (size_t s = 0; s < self.samples && status == NTK_OK; s++)
        status = slope_of(&self, s, against, most, column, slopes + self.samples, &slopes[s]);
    if (status == NTK_OK) status = ntk_stats_mean(self.samples, slopes, grid->level, out);
    ntk_release(slopes);
    return status;
}

/* ---- emission -------------------------------------------------------------------------------- */

enum { CASE, ALONG }; /* axes of a grid that is emitted */

/* A number that is none, and an estimate of such numbers, are emitted as what they are, so that the
 * other metrics of the study are judged all the same. */
static ntk_status emit_number(ntk_context *context, const ntk_grid *grid, double value, const char *prefix,
                              const char *label) {
    const ntk_estimate broken = ntk_metric_breakdown(grid->level);
    return !isnan(value) ? ntk_emit_scalar_as(context, value, "%s-%s", prefix, label)
                         : ntk_emit_estimate_as(context, &broken, "%s-%s", prefix, label);
}

static ntk_status unless_broken(const ntk_grid *grid, ntk_status status, ntk_estimate *estimate) {
    if (status != NTK_ERROR_NOT_FINITE) return status;
    *estimate = ntk_metric_breakdown(grid->level);
    return NTK_OK;
}

static ntk_status emit_extreme(ntk_context *context, const ntk_grid *grid, const char *prefix,
                               const char *label, const ntk_extreme *extreme) {
    NTK_TRY(emit_number(context, grid, extreme->value, prefix, label));
    for (size_t a = ALONG; a < NTK_GRID_AXES && grid->axes[a].name; a++)
        NTK_TRY(ntk_emit_scalar_as(context, ntk_grid_number(grid, extreme->at, a), "%s-%s-at-%s", prefix,
                                   label, grid->axes[a].name));
    return NTK_OK;
}

static double number_of(const ntk_grid *grid, ntk_place part, const ntk_reduction *it) {
    if (it->kind == NTK_REDUCE_LARGEST) return ntk_grid_largest(grid, part, it->column).value;
    if (it->kind == NTK_REDUCE_SMALLEST) return ntk_grid_smallest(grid, part, it->column).value;
    if (it->kind == NTK_REDUCE_SHARE_FINITE) return ntk_grid_share_finite(grid, part, it->column);
    part.at[ALONG] = grid->axes[ALONG].count - 1;
    return ntk_grid_mean(grid, part, it->column);
}

static ntk_status estimate_of(const ntk_grid *grid, ntk_place part, const ntk_reduction *it,
                              ntk_estimate *out) {
    const double most = it->most > 0 ? it->most : INFINITY;
    switch (it->kind) {
    case NTK_REDUCE_RATE:
        return ntk_grid_rate(grid, part, ALONG, it->column, out);
    case NTK_REDUCE_WORST:
        return ntk_grid_worst(grid, part, ALONG, it->column, out);
    case NTK_REDUCE_SLOPE:
        return ntk_grid_slope(grid, part, ALONG, it->against, most, it->column, out);
    default:
        part.at[ALONG] = it->kind == NTK_REDUCE_INTERVAL_AT_FIRST ? 0 : grid->axes[ALONG].count - 1;
        return ntk_grid_interval(grid, part, it->column, out);
    }
}

static const char *const kinds[] = {"kinked", "smooth"};

static ntk_status emit_largest_by_kind(ntk_context *context, const ntk_grid *grid, const ntk_reduction *it) {
    ntk_extreme largest[2];
    bool found[2] = {false, false};
    for (size_t c = 0; c < grid->axes[CASE].count; c++) {
        const bool kind = ntk_grid_is_smooth(grid, c);
        const ntk_extreme of_case = ntk_grid_largest(grid, ntk_grid_case(c), it->column);
        if (!found[kind] || is_beyond(1, of_case.value, largest[kind].value)) largest[kind] = of_case;
        found[kind] = true;
    }
    for (size_t kind = 2; kind-- > 0;)
        if (found[kind]) NTK_TRY(emit_extreme(context, grid, it->prefix, kinds[kind], &largest[kind]));
    return NTK_OK;
}

static ntk_status emit_rates(ntk_context *context, const ntk_grid *grid, const ntk_reduction *it) {
    ntk_estimate highest[2];
    bool found[2] = {false, false};
    for (size_t c = 0; c < grid->axes[CASE].count; c++) {
        const bool kind = ntk_grid_is_smooth(grid, c);
        ntk_estimate rate;
        NTK_TRY(unless_broken(grid, ntk_grid_rate(grid, ntk_grid_case(c), ALONG, it->column, &rate), &rate));
        NTK_TRY(ntk_emit_estimate_as(context, &rate, "%s-%s", it->prefix, grid->axes[CASE].labels[c]));
        if (!found[kind] || is_beyond(1, rate.high, highest[kind].high)) highest[kind] = rate;
        found[kind] = true;
    }
    for (size_t kind = 2; kind-- > 0;)
        if (found[kind])
            NTK_TRY(ntk_emit_estimate_as(context, &highest[kind], "%s-%s", it->prefix, kinds[kind]));
    return NTK_OK;
}

static ntk_status emit_case(ntk_context *context, const ntk_grid *grid, size_t which,
                            const ntk_reduction *it) {
    const char *label = grid->axes[CASE].labels[which];
    const ntk_place part = ntk_grid_case(which);
    ntk_extreme extreme;
    ntk_estimate estimate;
    switch (it->kind) {
    case NTK_REDUCE_OWN:
        return it->own(context, grid, which);
    case NTK_REDUCE_LARGEST_BY_KIND:
        return which > 0 ? NTK_OK : emit_largest_by_kind(context, grid, it);
    case NTK_REDUCE_RATES:
        return which > 0 ? NTK_OK : emit_rates(context, grid, it);
    case NTK_REDUCE_LARGEST_AT:
        extreme = ntk_grid_largest(grid, part, it->column);
        return emit_extreme(context, grid, it->prefix, label, &extreme);
    case NTK_REDUCE_SMALLEST_AT:
        extreme = ntk_grid_smallest(grid, part, it->column);
        return emit_extreme(context, grid, it->prefix, label, &extreme);
    case NTK_REDUCE_RATE:
    case NTK_REDUCE_WORST:
    case NTK_REDUCE_SLOPE:
    case NTK_REDUCE_INTERVAL_AT_FIRST:
    case NTK_REDUCE_INTERVAL_AT_LAST:
        NTK_TRY(unless_broken(grid, estimate_of(grid, part, it, &estimate), &estimate));
        return ntk_emit_estimate_as(context, &estimate, "%s-%s", it->prefix, label);
    default:
        return emit_number(context, grid, number_of(grid, part, it), it->prefix, label);
    }
}

ntk_status ntk_grid_emit(ntk_context *context, const ntk_grid *grid, const ntk_reduction *list) {
    for (size_t c = 0; c < grid->axes[CASE].count; c++)
        for (const ntk_reduction *it = list; it->prefix; it++)
            if (!it->when || it->when(grid, c, it->column)) NTK_TRY(emit_case(context, grid, c, it));
    return NTK_OK;
}
