/* The suite's own statistics, judged by simulation: samples whose law is known, the functions by
 * which claims are judged, and counts whose law follows from theory.
 *
 * Intervals. For n normal samples the t interval covers the mean with its level exactly, at every
 * n >= 2; so does that of an exponent (ntk_stats_rate) whose slopes are normal. For samples of a
 * skewed law, 1 with probability p and else 0, mean and deviation are functions of the number of
 * ones K, so that the coverage is a finite sum over the binomial law of K:
 *
 *     sum_k P(K = k) [|k/n - p| <= t_c sqrt(k (n - k) / (n^2 (n - 1)))].
 *
 * In N intervals those that cover are then Binomial(N, coverage).
 *
 * Decisions. Where the truth is the bound, each of the verdicts HOLDS and VIOLATED is given with
 * probability (1 - level)/2 by `at-most` and `at-least`, since one end of the interval decides; by
 * `equivalent` at one of its two ends at most so. A truth that is the minimum detectable effect
 * inside is found to be there with a probability of the noncentral t law (ntk_stats_risk).
 *
 * Two intervals of one mean, a stored and a fresh one. The squares of their standard errors are in
 * a ratio of Fisher's law; that they do not overlap takes one that misses.
 *
 * A family. k independent intervals at level 1 - e/k miss at least once with probability
 * 1 - (1 - e/k)^k <= e.
 *
 * Each count becomes a p-value, two-sided where its law is known and one-sided where it is bounded,
 * from exact binomial tails (ntk_stats_binomial); the least one of several is multiplied by their
 * number. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <ntk/lab/lab.h>

enum { LEVELS_MAX = 8, SIZES_MAX = 1 << 16 };

enum { LAW, SIZE, BLOCK, LEVEL }; /* axes; a unit runs through the levels */
typedef enum law { NORMAL, SKEWED, EXPONENT } law;

/* Counts of one unit. The verdicts are those of normal samples. */
enum {
    MISSES,
    MOST_HOLDS,
    MOST_VIOLATED,
    LEAST_HOLDS,
    LEAST_VIOLATED,
    EQUIVALENT_HOLDS,
    EQUIVALENT_VIOLATED,
    FOUND,  /* a truth inside, at the minimum detectable effect */
    SPREAD, /* pairs whose standard errors are too far apart */
    APART,  /* pairs that do not overlap */
    COUNTS
};
static const char columns[] = "misses most-holds most-violated least-holds least-violated "
                              "equivalent-holds equivalent-violated found spread apart";

static const ntk_parameter parameters[] = {
    NTK_CHOICES("laws", "normal skewed exponent", "normal|skewed|exponent",
                "of samples: normal; 0 or 1; values whose exponents in the width are normal"),
    NTK_INTEGERS("sizes", "2 8 16 64", 2, 10000, "samples of an interval"),
    NTK_REALS("levels", "0.9 0.99 0.999", 0.5, 0.999999, "confidence levels, at most 8"),
    NTK_INTEGER("intervals", 6000, 2, 10000000, "of each law, size and block; even"),
    NTK_INTEGER("blocks", 4, 1, 1000, "units that they are drawn in"),
    NTK_REAL("skewed-probability", 0.25, 0.001, 0.999, "that a sample of the skewed law is 1"),
    NTK_INTEGER("families", 2000, 1, 10000000, "families of each block; a run of the suite is one"),
    NTK_INTEGER("family-size", 8, 2, 10000, "samples of each of their intervals"),
    NTK_CHOICE("quantile", "student", "student|normal", "whose quantiles make the half-widths"),
    NTK_CHOICE("divisor", "n-less-one", "n-less-one|n", "of the squares in a standard deviation"),
    NTK_FLAG("shared-stream", false, "two of the samples come from one stream"),
    NTK_FLAG("half-widths", true, "verdicts look at intervals, not at values alone"),
    {0},
};

static bool has_normal(const ntk_context *context, const char *const *words) {
    size_t count;
    const char *const *laws = ntk_context_choices(context, "laws", &count);
    bool found = false;
    (void)words;
    for (size_t i = 0; i < count; i++) found = found || strcmp(laws[i], "normal") == 0;
    return found;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("coverage-{laws}-{sizes}", "p-value of the intervals that cover, at all levels"),
    NTK_METRIC_WHEN("one-sided-{sizes}", "p-value of verdicts by at-most and at-least at their bound",
                    has_normal),
    NTK_METRIC_WHEN("equivalent-{sizes}", "p-value of too many verdicts at the end of the margin",
                    has_normal),
    NTK_METRIC_WHEN("power-{sizes}", "p-value of HOLDS at the minimum detectable effect", has_normal),
    NTK_METRIC_WHEN("spread-{sizes}", "p-value of standard errors of pairs that lie far apart", has_normal),
    NTK_METRIC_WHEN("apart-{sizes}", "p-value of too many disjoint intervals of one mean", has_normal),
    NTK_METRIC("family", "p-value of families with at least one interval that misses"),
    NTK_METRIC("skewed-excess-{sizes}", "misses of the skewed law at the suite's level, over its 2e-6"),
    {0},
};

/* ---- samples and intervals ------------------------------------------------------------------- */

typedef struct study {
    const ntk_context *context;
    ntk_grid grid, families;
    size_t intervals, family_count, family_size;
    double probability;
    bool normal_quantile, over_n, shared_stream, half_widths;
} study;

static const double widths[] = {16, 64, 256};
enum { WIDTHS = sizeof widths / sizeof *widths };
static const double exponent = -0.5;

static law law_of(const char *label) {
    return strcmp(label, "normal") == 0 ? NORMAL : strcmp(label, "skewed") == 0 ? SKEWED : EXPONENT;
}

static size_t numbers_of(law which, size_t n) { return which == EXPONENT ? WIDTHS * n : n; }

static double truth_of(const study *self, law which) {
    return which == NORMAL ? 0 : which == SKEWED ? self->probability : exponent;
}

/* values ~ e^{z} m^{-1/2} with independent z: the slopes are normal with the mean -1/2. */
static void draw(const study *self, law which, ntk_stream *stream, size_t n, double *out) {
    const size_t numbers = numbers_of(which, n), one = numbers / n;
    if (which == SKEWED)
        ntk_stream_uniform(stream, numbers, out);
    else
        ntk_stream_normal(stream, numbers, out);
    for (size_t k = 0; k < numbers && which != NORMAL; k++)
        out[k] =
            which == SKEWED ? out[k] < self->probability : exp(out[k]) * pow(widths[k % WIDTHS], exponent);
    if (self->shared_stream) memcpy(out + one, out, one * sizeof *out);
}

/* What claims use, and what a mistake would make of it. */
static ntk_status estimate(const study *self, law which, size_t n, const double *samples, double level,
                           ntk_estimate *out) {
    if (which == EXPONENT)
        NTK_TRY(ntk_stats_rate(WIDTHS, widths, n, samples, level, out));
    else
        NTK_TRY(ntk_stats_mean(n, samples, level, out));
    if (self->normal_quantile) {
        double z; /* with so many degrees Student's law is the normal one to 1e-5 */
        NTK_TRY(ntk_stats_t_quantile((1 + level) / 2, 1e6, &z));
        out->low = out->value - z * out->standard_error;
        out->high = out->value + z * out->standard_error;
    }
    if (self->over_n) {
        const double part = sqrt((double)(n - 1) / (double)n);
        out->low = out->value - part * (out->value - out->low);
        out->high = out->value + part * (out->high - out->value);
    }
    if (!self->half_widths) out->low = out->high = out->value;
    return NTK_OK;
}

/* ---- counts ---------------------------------------------------------------------------------- */

/* How far inside the bound a truth is found with probability 0.8 or 0.9, for deviation 1. */
static ntk_status detectable(size_t n, double level, ntk_estimate *out) {
    const double error = 1 / sqrt((double)n), degrees = (double)(n - 1);
    double critical, power;
    NTK_TRY(ntk_stats_t_quantile((1 + level) / 2, degrees, &critical));
    NTK_TRY(ntk_stats_t_quantile(0.9, degrees, &power));
    *out = (ntk_estimate){.low = -critical * error,
                          .high = critical * error,
                          .level = level,
                          .standard_error = error,
                          .degrees = degrees,
                          .minimum_detectable_effect = (critical + power) * error};
    return NTK_OK;
}

/* The margin of `equivalent` in deviations: at 8 samples and more its other end is out of reach. */
static const double margin = 1000;

static void count_verdicts(const ntk_estimate *e, double effect, double *row) {
    row[MOST_HOLDS] += ntk_decide_at_most(e, 0) == NTK_DECISION_HOLDS;
    row[MOST_VIOLATED] += ntk_decide_at_most(e, 0) == NTK_DECISION_VIOLATED;
    row[LEAST_HOLDS] += ntk_decide_at_least(e, 0) == NTK_DECISION_HOLDS;
    row[LEAST_VIOLATED] += ntk_decide_at_least(e, 0) == NTK_DECISION_VIOLATED;
    row[EQUIVALENT_HOLDS] += ntk_decide_equivalent(e, -margin, margin) == NTK_DECISION_HOLDS;
    row[EQUIVALENT_VIOLATED] += ntk_decide_equivalent(e, -margin, margin) == NTK_DECISION_VIOLATED;
    row[FOUND] += ntk_decide_at_most(e, effect) == NTK_DECISION_HOLDS;
}

/* The second of a pair beside the first; ratio: that of standard errors which chance allows. */
static void count_pair(const ntk_estimate *a, const ntk_estimate *b, double ratio, double *row) {
    row[SPREAD] +=
        a->standard_error > ratio * b->standard_error || b->standard_error > ratio * a->standard_error;
    row[APART] += a->low > b->high || b->low > a->high;
}

/* What one unit works with. */
typedef struct unit {
    law which;
    size_t n;
    double *samples;
    ntk_estimate before[LEVELS_MAX]; /* the first of a pair */
    double effects[LEVELS_MAX], ratios[LEVELS_MAX];
} unit;

static ntk_status prepare(const ntk_axis *levels, unit *u) {
    for (size_t l = 0; l < levels->count; l++) {
        ntk_estimate model;
        double ratio;
        NTK_TRY(detectable(u->n, levels->numbers[l], &model));
        NTK_TRY(ntk_stats_f_quantile((1 + levels->numbers[l]) / 2, model.degrees, model.degrees, &ratio));
        u->effects[l] = model.minimum_detectable_effect;
        u->ratios[l] = sqrt(ratio);
    }
    return NTK_OK;
}

static ntk_status count(const study *self, ntk_slot *slot, ntk_stream *stream, unit *u) {
    const ntk_axis *levels = &self->grid.axes[LEVEL];
    const double truth = truth_of(self, u->which);
    NTK_TRY(prepare(levels, u));
    memset(slot->values, 0, levels->count * COUNTS * sizeof *slot->values);
    for (size_t i = 0; i < self->intervals; i++) {
        draw(self, u->which, stream, u->n, u->samples);
        for (size_t l = 0; l < levels->count; l++) {
            double *row = slot->values + l * COUNTS;
            ntk_estimate e;
            NTK_TRY(estimate(self, u->which, u->n, u->samples, levels->numbers[l], &e));
            row[MISSES] += !(e.low <= truth && truth <= e.high);
            if (u->which == NORMAL) count_verdicts(&e, u->effects[l], row);
            if (u->which == NORMAL && i % 2 == 1) count_pair(&u->before[l], &e, u->ratios[l], row);
            u->before[l] = e;
        }
    }
    return NTK_OK;
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const ntk_axis *axes = self->grid.axes;
    const size_t *at = slot->at.at;
    unit u = {.which = law_of(ntk_grid_label(&self->grid, slot->at, LAW)),
              .n = (size_t)ntk_grid_number(&self->grid, slot->at, SIZE)};
    ntk_stream stream = ntk_context_stream(
        self->context, 1 + ((size_t)u.which * axes[BLOCK].count + at[BLOCK]) * SIZES_MAX + u.n);
    NTK_TRY(ntk_allocate_doubles(numbers_of(u.which, u.n), &u.samples));
    const ntk_status status = count(self, slot, &stream, &u);
    ntk_release(u.samples);
    return status;
}

/* ---- families -------------------------------------------------------------------------------- */

enum { ALARMS, FAMILY_MISSES }; /* families with at least one interval that misses; all that do */

static ntk_status run_families(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const double level = ntk_context_level(self->context);
    double *samples = NULL;
    ntk_stream root = ntk_context_stream(self->context, 0);
    char purpose[32];
    snprintf(purpose, sizeof purpose, "families %zu", slot->at.at[0]);
    ntk_stream stream = ntk_stream_fork(&root, purpose);
    NTK_TRY(ntk_allocate_doubles(self->family_size, &samples));
    ntk_status status = NTK_OK;
    slot->values[ALARMS] = slot->values[FAMILY_MISSES] = 0;
    for (size_t f = 0; f < self->family_count && status == NTK_OK; f++) {
        size_t misses = 0;
        for (size_t t = 0; t < NTK_SUITE_INTERVALS && status == NTK_OK; t++) {
            ntk_estimate e;
            draw(self, NORMAL, &stream, self->family_size, samples);
            status = estimate(self, NORMAL, self->family_size, samples, level, &e);
            if (status == NTK_OK) misses += !(e.low <= 0 && 0 <= e.high);
        }
        slot->values[ALARMS] += misses > 0;
        slot->values[FAMILY_MISSES] += (double)misses;
    }
    ntk_release(samples);
    return status;
}

/* ---- theory ---------------------------------------------------------------------------------- */

/* The chance that an interval of the skewed law misses: a sum over how many of n are 1. */
static ntk_status skewed_misses(double p, size_t n, double level, double *out) {
    const double N = (double)n;
    double critical;
    NTK_TRY(ntk_stats_t_quantile((1 + level) / 2, N - 1, &critical));
    *out = 0;
    for (size_t k = 0; k <= n; k++) {
        const double K = (double)k;
        const double half = critical * sqrt(K * (N - K) / (N * N * (N - 1)));
        const double weight =
            exp(lgamma(N + 1) - lgamma(K + 1) - lgamma(N - K + 1) + K * log(p) + (N - K) * log1p(-p));
        if (!(fabs(K / N - p) <= half)) *out += weight;
    }
    return NTK_OK;
}

static ntk_status misses_in_theory(const study *self, law which, size_t n, double level, double *out) {
    *out = 1 - level;
    return which == SKEWED ? skewed_misses(self->probability, n, level, out) : NTK_OK;
}

/* ---- p-values -------------------------------------------------------------------------------- */

/* The least of several p-values, and how many there were. */
typedef struct least_p {
    double value;
    size_t count;
} least_p;

static void include(least_p *all, double p) {
    if (all->count++ == 0 || !(p >= all->value)) all->value = p;
}

static double adjusted(const least_p *all) { return fmin(1, all->value * (double)all->count); }

/* P(X >= count): of what theory bounds from above. */
static ntk_status at_most(double found, double trials, double p, least_p *all) {
    double lower, upper = 1;
    if (found > 0) NTK_TRY(ntk_stats_binomial((size_t)found - 1, (size_t)trials, p, &lower, &upper));
    include(all, upper);
    return NTK_OK;
}

/* Both tails, doubled: of what theory knows. */
static ntk_status exactly(double found, double trials, double p, least_p *all) {
    least_p above = {0};
    double lower, upper;
    NTK_TRY(at_most(found, trials, p, &above));
    NTK_TRY(ntk_stats_binomial((size_t)found, (size_t)trials, p, &lower, &upper));
    include(all, fmin(1, 2 * fmin(lower, above.value)));
    return NTK_OK;
}

/* The counts that are no less likely than this in either tail: the whole numbers from *low to
 * *high. */
static ntk_status acceptance(double trials, double p, double error, double *low, double *high) {
    size_t below = 0, above = (size_t)(trials * p);
    double lower, upper;
    while (above > below) { /* the least k with P(X <= k) > error / 2 */
        const size_t middle = below + (above - below) / 2;
        NTK_TRY(ntk_stats_binomial(middle, (size_t)trials, p, &lower, &upper));
        if (lower > error / 2)
            above = middle;
        else
            below = middle + 1;
    }
    *low = (double)below;
    below = (size_t)(trials * p);
    above = (size_t)trials;
    while (above > below) { /* the least k with P(X > k) <= error / 2 */
        const size_t middle = below + (above - below) / 2;
        NTK_TRY(ntk_stats_binomial(middle, (size_t)trials, p, &lower, &upper));
        if (upper <= error / 2)
            above = middle;
        else
            below = middle + 1;
    }
    *high = (double)below;
    return NTK_OK;
}

/* ---- judgement ------------------------------------------------------------------------------- */

static const double suite_error = NTK_SUITE_FAMILY_ERROR / NTK_SUITE_INTERVALS;

/* Of one law and size. */
typedef struct findings {
    least_p coverage, one_sided, equivalent, power, spread, apart;
} findings;

static ntk_status judge_verdicts(size_t n, double level, double trials, const double *row, findings *out) {
    const double half = (1 - level) / 2, pairs = floor(trials / 2);
    ntk_estimate model;
    NTK_TRY(detectable(n, level, &model));
    const double missed = ntk_stats_risk(&model, model.minimum_detectable_effect);
    for (size_t c = MOST_HOLDS; c <= LEAST_VIOLATED; c++)
        NTK_TRY(exactly(row[c], trials, half, &out->one_sided));
    NTK_TRY(at_most(row[EQUIVALENT_HOLDS], trials, half, &out->equivalent));
    NTK_TRY(at_most(row[EQUIVALENT_VIOLATED], trials, half, &out->equivalent));
    NTK_TRY(exactly(row[FOUND], trials, 1 - missed, &out->power));
    NTK_TRY(exactly(row[SPREAD], pairs, 1 - level, &out->spread));
    return at_most(row[APART], pairs, 2 * (1 - level), &out->apart);
}

static ntk_status judge_level(const study *self, ntk_table *table, ntk_place part, size_t l, findings *out) {
    const ntk_grid *grid = &self->grid;
    const double level = grid->axes[LEVEL].numbers[l];
    const law which = law_of(ntk_grid_label(grid, part, LAW));
    const size_t n = (size_t)ntk_grid_number(grid, part, SIZE);
    const double trials = (double)self->intervals * (double)grid->axes[BLOCK].count;
    double row[COUNTS], expected, low, high;
    part.at[LEVEL] = l;
    for (size_t c = 0; c < COUNTS; c++)
        row[c] = round(ntk_grid_mean(grid, part, c) * (double)grid->axes[BLOCK].count);
    NTK_TRY(misses_in_theory(self, which, n, level, &expected));
    NTK_TRY(exactly(row[MISSES], trials, expected, &out->coverage));
    NTK_TRY(acceptance(trials, expected, suite_error, &low, &high));
    const char *label = ntk_grid_label(grid, part, LAW);
    const double numbers[] = {(double)n,          level,        trials,        row[MISSES] / trials,
                              expected,           low / trials, high / trials, row[EQUIVALENT_HOLDS] / trials,
                              row[FOUND] / trials};
    NTK_TRY(ntk_table_row(table, &label, numbers));
    return which == NORMAL ? judge_verdicts(n, level, trials, row, out) : NTK_OK;
}

static ntk_status emit_findings(ntk_context *context, law which, const char *label, size_t n,
                                const findings *found) {
    NTK_TRY(ntk_emit_scalar_as(context, adjusted(&found->coverage), "coverage-%s-%zu", label, n));
    if (which != NORMAL) return NTK_OK;
    NTK_TRY(ntk_emit_scalar_as(context, adjusted(&found->one_sided), "one-sided-%zu", n));
    NTK_TRY(ntk_emit_scalar_as(context, adjusted(&found->equivalent), "equivalent-%zu", n));
    NTK_TRY(ntk_emit_scalar_as(context, adjusted(&found->power), "power-%zu", n));
    NTK_TRY(ntk_emit_scalar_as(context, adjusted(&found->spread), "spread-%zu", n));
    return ntk_emit_scalar_as(context, adjusted(&found->apart), "apart-%zu", n);
}

static ntk_status judge_intervals(ntk_context *context, const study *self) {
    const ntk_grid *grid = &self->grid;
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "coverage",
                           "$law size level trials misses expected low high holds-at-margin found", &table));
    for (size_t w = 0; w < grid->axes[LAW].count; w++)
        for (size_t s = 0; s < grid->axes[SIZE].count; s++) {
            ntk_place part = ntk_grid_case(w);
            findings found = {0};
            part.at[SIZE] = s;
            for (size_t l = 0; l < grid->axes[LEVEL].count; l++)
                NTK_TRY(judge_level(self, table, part, l, &found));
            const char *label = ntk_grid_label(grid, part, LAW);
            NTK_TRY(emit_findings(context, law_of(label), label, (size_t)ntk_grid_number(grid, part, SIZE),
                                  &found));
        }
    return NTK_OK;
}

static ntk_status judge_families(ntk_context *context, const study *self) {
    const double blocks = (double)self->families.axes[0].count, trials = blocks * (double)self->family_count;
    const double alarms = round(blocks * ntk_grid_mean(&self->families, ntk_grid_whole(), ALARMS));
    const double expected = -expm1(NTK_SUITE_INTERVALS * log1p(-suite_error));
    least_p p = {0};
    ntk_table *table;
    NTK_TRY(exactly(alarms, trials, expected, &p));
    NTK_TRY(ntk_emit_table(context, "families", "families alarms expected", &table));
    const double row[] = {trials, alarms, trials * expected};
    NTK_TRY(ntk_table_row(table, NULL, row));
    return ntk_emit_scalar(context, "family", p.value);
}

/* Where the mean is that of a skewed law the level of the suite is not kept. */
static ntk_status emit_excess(ntk_context *context, const study *self) {
    const ntk_axis *sizes = &self->grid.axes[SIZE];
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "skewed", "size misses nominal", &table));
    for (size_t s = 0; s < sizes->count; s++) {
        const size_t n = (size_t)sizes->numbers[s];
        double misses;
        NTK_TRY(skewed_misses(self->probability, n, ntk_context_level(context), &misses));
        const double row[] = {(double)n, misses, suite_error};
        NTK_TRY(ntk_table_row(table, NULL, row));
        NTK_TRY(ntk_emit_scalar_as(context, misses / suite_error, "skewed-excess-%zu", n));
    }
    return NTK_OK;
}

static ntk_status compute(ntk_context *context, study *self) {
    NTK_TRY(ntk_grid_run(&self->grid, run_unit, self));
    NTK_TRY(ntk_grid_run(&self->families, run_families, self));
    NTK_TRY(judge_intervals(context, self));
    NTK_TRY(judge_families(context, self));
    return emit_excess(context, self);
}

static ntk_status run(ntk_context *context) {
    const double level = ntk_context_level(context);
    study self = {.context = context,
                  .grid = {.axes = {ntk_axis_of_choices(context, "law", "laws"),
                                    ntk_axis_of_numbers(context, "size", "sizes"),
                                    ntk_axis_of_count(context, "block", "blocks"),
                                    ntk_axis_of_numbers(context, "level", "levels")},
                           .columns = columns,
                           .level = level},
                  .families = {.axes = {ntk_axis_of_count(context, "block", "blocks")},
                               .columns = "alarms misses",
                               .level = level},
                  .intervals = ntk_context_size(context, "intervals"),
                  .family_count = ntk_context_size(context, "families"),
                  .family_size = ntk_context_size(context, "family-size"),
                  .probability = ntk_context_real(context, "skewed-probability"),
                  .normal_quantile = ntk_context_is(context, "quantile", "normal"),
                  .over_n = ntk_context_is(context, "divisor", "n"),
                  .shared_stream = ntk_context_flag(context, "shared-stream"),
                  .half_widths = ntk_context_flag(context, "half-widths")};
    self.grid.axes[LEVEL].inside = true;
    if (self.grid.axes[LEVEL].count > LEVELS_MAX || self.intervals % 2 != 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu levels and %zu intervals: at most %d, and an even number",
                        self.grid.axes[LEVEL].count, self.intervals, LEVELS_MAX);
    const ntk_status status = compute(context, &self);
    ntk_grid_release(&self.grid);
    ntk_grid_release(&self.families);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {parameters},
    .metrics = {metrics},
    .run = run,
};
