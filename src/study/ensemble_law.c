/* Trained ensembles of two widths against a Gaussian law: whitening, statistics, extrapolation
 * (ensemble_law.h). */
#include <ntk/lab/ensemble_law.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/lab/context.h>
#include <ntk/lab/ensemble.h>
#include <ntk/lab/ensemble_study.h>
#include <ntk/lab/table.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/stats.h>
#include <ntk/status.h>

/* ---- outputs and their linear partners ------------------------------------------------------- */

typedef struct judge {
    const ntk_ensemble_study *study;
    const ntk_ensemble_law *law;
    size_t q, copies, statistics;
    double *factor;     /* (q, q), L */
    double *direction;  /* (q, copies), L^{-1} mean, of length 1 (or 0) */
    double *z[2];       /* per width: (members, q, copies), whitened outputs */
    double *partner[2]; /* the same of the linear partners */
    double *h[2];       /* per width: (members, statistics), h(z) */
    double *hp[2];      /* (members and untrained, statistics), h(z') */
} judge;

static size_t members_of(const judge *self, size_t w) { return self->study->ensembles[w].members; }
static size_t untrained_of(const judge *self, size_t w) { return self->study->initial[w].members; }

static ntk_status whiten_outputs(const judge *self, const double *end, double *z) {
    NTK_TRY(ntk_ensemble_study_project(self->study, self->q, end, z));
    for (size_t i = 0; i < self->q * self->copies; i++) z[i] -= self->law->mean[i];
    return ntk_triangular_solve(NTK_NO_TRANSPOSE, self->q, self->copies, self->factor, self->q, z,
                                self->copies);
}

/* A y is the law's mean, so that z' = L^{-1} (f_0(x) - A (f_0(X) - noise)). scratch: (n, K) and (n,
 * copies). */
static ntk_status whiten_partner(const judge *self, const double *start, const double *targets,
                                 double *scratch, double *z) {
    const size_t n = self->study->points, q = self->q, copies = self->copies;
    const size_t outputs = self->study->problem.outputs;
    double *projected = scratch + n * outputs;
    for (size_t i = 0; i < n * outputs; i++)
        scratch[i] = start[i] - (targets[i] - self->study->problem.targets[i]);
    NTK_TRY(ntk_ensemble_study_project(self->study, n, scratch, projected));
    NTK_TRY(ntk_ensemble_study_project(self->study, q, start + n * outputs, z));
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, q, copies, n, -1, self->law->map, n, projected,
                     copies, 1, z, copies));
    return ntk_triangular_solve(NTK_NO_TRANSPOSE, q, copies, self->factor, q, z, copies);
}

/* ---- statistics ------------------------------------------------------------------------------ */

/* Their order: q copies means and one along w, q (q + 1) / 2 covariances, q third moments,
 * kurtosis, the bounded one. */
typedef struct kind {
    const char *name;
    size_t first, count;
} kind;

enum { KINDS = 4 };

static void list_kinds(size_t q, size_t copies, kind *kinds) {
    const size_t pairs = q * (q + 1) / 2;
    kinds[0] = (kind){"mean", 0, q * copies + 1};
    kinds[1] = (kind){"covariance", q * copies + 1, pairs};
    kinds[2] = (kind){"normality", q * copies + 1 + pairs, q + 1};
    kinds[3] = (kind){"shape", q * copies + 1 + pairs + q + 1, 1};
}

static size_t statistic_count(size_t q, size_t copies) { return q * copies + 1 + q * (q + 1) / 2 + q + 2; }

/* |z|^4 and e^{-|z|^2/2}, centred and scaled to variance 1 under the law. */
static double kurtosis_of(size_t q, double square) {
    const double order = (double)q * (double)(q + 2);
    return (square * square - 2 * (double)(q + 2) * square + order) / sqrt(8 * order);
}

static double bounded_of(size_t q, double square) {
    const double half = 0.5 * (double)q;
    return (exp(-0.5 * square) - pow(2, -half)) / sqrt(pow(3, -half) - pow(2, -2 * half));
}

/* h of one member's z (q, copies). */
static void evaluate_statistics(size_t q, size_t copies, const double *direction, const double *z,
                                double *h) {
    const double share = 1 / (double)copies;
    h[q * copies] = ntk_dot(q * copies, direction, z);
    double *covariance = h + q * copies + 1, *third = covariance + q * (q + 1) / 2, *kurtosis = third + q;
    memcpy(h, z, q * copies * sizeof *h);
    for (size_t i = 0; i < q; i++) {
        const double *zi = z + i * copies;
        for (size_t j = 0; j <= i; j++)
            *covariance++ = share * ntk_dot(copies, zi, z + j * copies) - (i == j ? 1 : 0);
        third[i] = 0;
        for (size_t k = 0; k < copies; k++) third[i] += share * (zi[k] * zi[k] - 3) * zi[k] / sqrt(6);
    }
    kurtosis[0] = kurtosis[1] = 0;
    for (size_t k = 0; k < copies; k++) {
        double square = 0;
        for (size_t i = 0; i < q; i++) square += z[i * copies + k] * z[i * copies + k];
        kurtosis[0] += share * kurtosis_of(q, square);
        kurtosis[1] += share * bounded_of(q, square);
    }
}

static ntk_status measure_members(const judge *self, size_t w, double *scratch) {
    const ntk_ensemble *ensemble = &self->study->ensembles[w];
    const size_t n = self->study->points, K = ensemble->outputs, row = self->q * self->copies;
    for (size_t i = 0; i < ensemble->members; i++) {
        const size_t all = i * ensemble->all_points * K;
        double *z = self->z[w] + i * row, *partner = self->partner[w] + i * row;
        NTK_TRY(whiten_outputs(self, ensemble->end + all + n * K, z));
        NTK_TRY(whiten_partner(self, ensemble->start + all, ensemble->targets + i * n * K, scratch, partner));
        evaluate_statistics(self->q, self->copies, self->direction, z, self->h[w] + i * self->statistics);
        evaluate_statistics(self->q, self->copies, self->direction, partner,
                            self->hp[w] + i * self->statistics);
    }
    return NTK_OK;
}

/* scratch: as of whiten_partner, and (q, copies). */
static ntk_status measure_untrained(const judge *self, size_t w, double *scratch) {
    const ntk_ensemble *initial = &self->study->initial[w];
    const size_t n = self->study->points, K = initial->outputs;
    double *h = self->hp[w] + members_of(self, w) * self->statistics, *z = scratch + n * (K + self->copies);
    for (size_t i = 0; i < initial->members; i++) {
        NTK_TRY(whiten_partner(self, initial->start + i * initial->all_points * K,
                               initial->targets + i * n * K, scratch, z));
        evaluate_statistics(self->q, self->copies, self->direction, z, h + i * self->statistics);
    }
    return NTK_OK;
}

/* ---- extrapolation --------------------------------------------------------------------------- */

/* Samples of four groups - for each width the trained, then the untrained networks - whose means
 * add up to e = sum_w weight_w d_w + sum_w part_w E_w h(z'), the last over all networks of a
 * width. */
static void extrapolation_samples(const judge *self, size_t statistic, double *samples) {
    const bool constant = statistic + 2 < self->statistics; /* E h(z') does not depend on the
                                                             * width */
    const double narrow = (double)self->study->ensembles[0].width;
    const double wide = (double)self->study->ensembles[1].width;
    const double weights[2] = {-narrow / (wide - narrow), wide / (wide - narrow)};
    double totals[2];
    for (size_t w = 0; w < 2; w++) totals[w] = (double)(members_of(self, w) + untrained_of(self, w));
    for (size_t w = 0; w < 2; w++) {
        const size_t members = members_of(self, w), untrained = untrained_of(self, w);
        const double part = constant ? totals[w] / (totals[0] + totals[1]) : weights[w];
        const double trained_share = part * (double)members / totals[w] - weights[w];
        const double untrained_share = part * (double)untrained / totals[w];
        const double *h = self->h[w] + statistic, *hp = self->hp[w] + statistic;
        for (size_t i = 0; i < members; i++, h += self->statistics, hp += self->statistics)
            *samples++ = weights[w] * *h + trained_share * *hp;
        for (size_t i = 0; i < untrained; i++, hp += self->statistics) *samples++ = untrained_share * *hp;
    }
}

static ntk_status add_deviation(const judge *self, const char *kind_name, size_t width, size_t index,
                                double value, double error) {
    const char *const labels[] = {self->law->label, kind_name};
    const double row[] = {(double)width, (double)index, value, error};
    return ntk_table_row(self->study->deviations, labels, row);
}

/* h(z) - h(z') at one width: its mean and standard error. */
static ntk_status tabulate_difference(const judge *self, const kind *which, size_t index, size_t w) {
    const double members = (double)members_of(self, w);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < members_of(self, w); i++) {
        const size_t at = i * self->statistics + which->first + index;
        const double difference = self->h[w][at] - self->hp[w][at];
        sum += difference;
        squares += difference * difference;
    }
    const double mean = sum / members;
    return add_deviation(self, which->name, self->study->ensembles[w].width, index, mean,
                         sqrt(fmax(squares / members - mean * mean, 0) / (members - 1)));
}

/* samples: (networks of both widths) scratch; estimates: (statistics of the kind) scratch. */
static ntk_status judge_kind(const judge *self, const kind *which, double *samples, ntk_estimate *estimates) {
    const double suite = ntk_context_level(self->study->context);
    const double level = ntk_stats_family_level(1 - suite, which->count);
    const size_t counts[4] = {members_of(self, 0), untrained_of(self, 0), members_of(self, 1),
                              untrained_of(self, 1)};
    ntk_estimate largest;
    for (size_t t = 0; t < which->count; t++) {
        extrapolation_samples(self, which->first + t, samples);
        NTK_TRY(ntk_stats_sum_of_means(4, counts, samples, level, &estimates[t]));
        NTK_TRY(add_deviation(self, which->name, 0, t, estimates[t].value,
                              estimates[t].high - estimates[t].value));
        for (size_t w = 0; w < 2; w++) NTK_TRY(tabulate_difference(self, which, t, w));
    }
    NTK_TRY(ntk_stats_largest(which->count, estimates, suite, &largest));
    return ntk_emit_estimate_as(self->study->context, &largest, "%s-deviation-%s", which->name,
                                self->law->label);
}

/* distances: (members, widths). */
static ntk_status emit_coupling(const judge *self, double *distances) {
    const size_t row = self->q * self->copies;
    const size_t pairs =
        members_of(self, 0) < members_of(self, 1) ? members_of(self, 0) : members_of(self, 1);
    double widths[2];
    for (size_t w = 0; w < 2; w++) {
        widths[w] = (double)self->study->ensembles[w].width;
        for (size_t i = 0; i < pairs; i++)
            distances[2 * i + w] =
                ntk_distance(row, self->z[w] + i * row, self->partner[w] + i * row) / sqrt((double)row);
    }
    ntk_estimate exponent;
    NTK_TRY(ntk_stats_rate(2, widths, pairs, distances, ntk_context_level(self->study->context), &exponent));
    return ntk_emit_estimate_as(self->study->context, &exponent, "coupling-exponent-%s", self->law->label);
}

static ntk_status emit_gradient_norm(const judge *self) {
    double largest = 0;
    for (size_t w = 0; w < 2; w++)
        for (size_t i = 0; i < members_of(self, w); i++)
            largest = ntk_larger(largest, self->study->ensembles[w].gradient_norms[i]);
    return ntk_emit_scalar_as(self->study->context, largest, "gradient-norm-%s", self->law->label);
}

/* ---- what the figure draws ------------------------------------------------------------------- */

enum { QUANTILE_ROWS = 400 };

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* All whitened values of one width in order; every value in the tails, where single ones matter,
 * and about QUANTILE_ROWS in all. Overwrites z[w]. */
static ntk_status tabulate_quantiles(const judge *self, size_t w) {
    const size_t count = members_of(self, w) * self->q * self->copies, step = count / QUANTILE_ROWS + 1;
    qsort(self->z[w], count, sizeof(double), ascending);
    for (size_t i = 0; i < count; i++) {
        if (i >= step && i + step < count && i % step != 0) continue;
        const double row[] = {(double)self->study->ensembles[w].width, ((double)i + 0.5) / (double)count,
                              self->z[w][i]};
        NTK_TRY(ntk_table_row(self->study->quantiles, &self->law->label, row));
    }
    return NTK_OK;
}

/* First copy of the outputs of all members of the larger width at circle point c, in order. values:
 * (members). */
static ntk_status sort_outputs(const judge *self, size_t c, double *projected, double *values) {
    const ntk_ensemble *wide = &self->study->ensembles[1];
    const size_t point = self->study->points + self->q + c;
    for (size_t i = 0; i < wide->members; i++) {
        NTK_TRY(ntk_ensemble_study_project(
            self->study, 1, wide->end + (i * wide->all_points + point) * wide->outputs, projected));
        values[i] = projected[0];
    }
    qsort(values, wide->members, sizeof(double), ascending);
    return NTK_OK;
}

static ntk_status tabulate_circle(const judge *self, double *projected, double *values) {
    const ntk_ensemble_study *study = self->study;
    static const double probabilities[5] = {0.025, 0.25, 0.5, 0.75, 0.975};
    for (size_t c = 0; c < study->circle_points; c++) {
        NTK_TRY(sort_outputs(self, c, projected, values));
        const size_t at = self->q + c;
        const double variance = self->law->covariance[at * study->others + at];
        double row[8] = {2 * M_PI * (double)c / (double)study->circle_points,
                         self->law->mean[at * self->copies], sqrt(fmax(variance, 0))};
        for (size_t p = 0; p < 5; p++)
            row[3 + p] = values[(size_t)(probabilities[p] * (double)members_of(self, 1))];
        NTK_TRY(ntk_table_row(study->circle, &self->law->label, row));
    }
    return NTK_OK;
}

/* ---- the judgement --------------------------------------------------------------------------- */

static void judge_release(judge *self) {
    ntk_release(self->factor);
    ntk_release(self->direction);
    for (size_t w = 0; w < 2; w++) {
        ntk_release(self->z[w]);
        ntk_release(self->partner[w]);
        ntk_release(self->h[w]);
        ntk_release(self->hp[w]);
    }
}

static ntk_status judge_create(const ntk_ensemble_study *study, judge *out) {
    const ntk_ensemble_law *law = &study->law;
    const size_t q = study->test_points;
    *out = (judge){.study = study, .law = law, .q = q, .copies = law->copies};
    out->statistics = statistic_count(q, law->copies);
    NTK_TRY(ntk_allocate_doubles(q * q, &out->factor));
    for (size_t i = 0; i < q; i++)
        memcpy(out->factor + i * q, law->covariance + i * study->others, q * sizeof(double));
    NTK_TRY(ntk_cholesky(q, out->factor, q));
    NTK_TRY(ntk_allocate_doubles(q * law->copies, &out->direction));
    memcpy(out->direction, law->mean, q * law->copies * sizeof(double));
    NTK_TRY(
        ntk_triangular_solve(NTK_NO_TRANSPOSE, q, law->copies, out->factor, q, out->direction, law->copies));
    const double length = ntk_norm(q * law->copies, out->direction);
    for (size_t i = 0; i < q * law->copies && length > 0; i++) out->direction[i] /= length;
    for (size_t w = 0; w < 2; w++) {
        NTK_TRY(ntk_allocate_doubles(members_of(out, w) * q * law->copies, &out->z[w]));
        NTK_TRY(ntk_allocate_doubles(members_of(out, w) * q * law->copies, &out->partner[w]));
        NTK_TRY(ntk_allocate_doubles(members_of(out, w) * out->statistics, &out->h[w]));
        NTK_TRY(
            ntk_allocate_doubles((members_of(out, w) + untrained_of(out, w)) * out->statistics, &out->hp[w]));
    }
    return NTK_OK;
}

static ntk_status judge_run(judge *self, double *scratch, ntk_estimate *estimates) {
    kind kinds[KINDS];
    list_kinds(self->q, self->copies, kinds);
    for (size_t w = 0; w < 2; w++) {
        NTK_TRY(measure_members(self, w, scratch));
        NTK_TRY(measure_untrained(self, w, scratch));
    }
    for (size_t k = 0; k < KINDS; k++) NTK_TRY(judge_kind(self, &kinds[k], scratch, estimates));
    NTK_TRY(emit_coupling(self, scratch));
    NTK_TRY(emit_gradient_norm(self));
    for (size_t w = 0; w < 2; w++) NTK_TRY(tabulate_quantiles(self, w));
    return tabulate_circle(self, scratch, scratch + self->copies);
}

ntk_status ntk_ensemble_study_judge(const ntk_ensemble_study *study) {
    judge self;
    double *scratch = NULL;
    void *estimates = NULL;
    ntk_status status = judge_create(study, &self);
    size_t networks = 0;
    for (size_t w = 0; w < 2; w++) networks += members_of(&self, w) + untrained_of(&self, w);
    const size_t outputs = study->all * (study->problem.outputs + study->law.copies);
    if (status == NTK_OK) status = ntk_allocate_doubles(2 * networks + outputs, &scratch);
    if (status == NTK_OK) status = ntk_allocate(self.statistics, sizeof(ntk_estimate), &estimates);
    if (status == NTK_OK) status = judge_run(&self, scratch, estimates);
    ntk_release(estimates);
    ntk_release(scratch);
    judge_release(&self);
    return status;
}
