/* Trained ensembles of two widths against a Gaussian law (ensemble_law.h). */
#include <ntk/ensemble_law.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/data.h>
#include <ntk/gaussian.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>

/* ---- the study ----------------------------------------------------------------------------------------- */

/* Equal angles on the great circle through a and b, from a: cos t a + sin t e, e the direction of b
 * orthogonal to a. */
static void draw_circle(size_t d, const double *a, const double *b, size_t count, double *points) {
    const double cosine = ntk_dot(d, a, b), length = sqrt(1 - cosine * cosine);
    for (size_t k = 0; k < count; k++) {
        const double angle = 2 * M_PI * (double)k / (double)count;
        for (size_t i = 0; i < d; i++)
            points[k * d + i] = cos(angle) * a[i] + sin(angle) * (b[i] - cosine * a[i]) / length;
    }
}

/* near <- cos(angle) x + sin(angle) e, e the direction orthogonal to x of the point that stands in `near`. */
static void move_near(size_t d, const double *x, double angle, double *near) {
    const double cosine = ntk_dot(d, x, near), length = sqrt(1 - cosine * cosine);
    for (size_t i = 0; i < d; i++)
        near[i] = cos(angle) * x[i] + sin(angle) * (near[i] - cosine * x[i]) / length;
}

static ntk_status draw_points(ntk_ensemble_study *self, size_t d) {
    const ntk_stream root = ntk_context_stream(self->context, 0);
    ntk_stream stream = ntk_stream_fork(&root, "points");
    const size_t separated = self->points + self->test_points;
    const double angle = ntk_context_real(self->context, "near-angle");
    NTK_TRY(ntk_data_sphere_separated(&stream, separated, d, ntk_context_real(self->context, "max-cosine"),
                                      self->x));
    for (size_t j = 0; j < self->test_points && angle > 0; j++)
        move_near(d, self->x + (j % self->points) * d, angle, self->x + (self->points + j) * d);
    draw_circle(d, self->x, self->x + d, self->circle_points, self->x + separated * d);
    return NTK_OK;
}

static ntk_status describe_problem(ntk_ensemble_study *self, ntk_loss loss) {
    const ntk_context *context = self->context;
    self->problem = (ntk_ensemble_problem){.architecture = ntk_architecture_default(),
                                           .points = self->points,
                                           .all_points = self->all,
                                           .inputs = (size_t)ntk_context_integer(context, "inputs"),
                                           .outputs = (size_t)ntk_context_integer(context, "outputs"),
                                           .x = self->x,
                                           .targets = self->targets,
                                           .flow = ntk_flow_options_default(),
                                           .rare_scale = ntk_context_real(context, "rare-scale")};
    self->problem.architecture.input_scale = NTK_INPUT_SCALE_NONE; /* unit-sphere data */
    self->problem.flow.loss = loss;
    /* Where a flow ends is what counts, not its path: the stabilised method gets there in the fewest
     * evaluations, its first steps included. */
    self->problem.flow.integrator = NTK_INTEGRATOR_STABILISED;
    self->problem.flow.tolerance = ntk_context_real(context, "tolerance");
    self->problem.flow.gradient_tolerance = ntk_context_real(context, "gradient-tolerance");
    self->problem.flow.log_horizon = ntk_context_real(context, "log-horizon");
    return ntk_activation_parse(ntk_context_choice(context, "activation"),
                                &self->problem.architecture.activation);
}

static ntk_status make_tables(ntk_ensemble_study *self) {
    NTK_TRY(
        ntk_emit_table(self->context, "deviations", "$law $kind width index value error", &self->deviations));
    NTK_TRY(ntk_emit_table(self->context, "quantiles", "$law width probability z", &self->quantiles));
    return ntk_emit_table(self->context, "circle", "$law angle mean deviation q1 q2 q3 q4 q5", &self->circle);
}

static ntk_status create(ntk_ensemble_study *self, ntk_loss loss) {
    const ntk_context *context = self->context;
    const size_t d = (size_t)ntk_context_integer(context, "inputs");
    self->points = (size_t)ntk_context_integer(context, "points");
    self->test_points = (size_t)ntk_context_integer(context, "test-points");
    self->circle_points = (size_t)ntk_context_integer(context, "circle-points");
    self->others = self->test_points + self->circle_points;
    self->all = self->points + self->others;
    const size_t targets = self->points * (size_t)ntk_context_integer(context, "outputs");
    NTK_TRY(ntk_allocate_doubles(self->all * d, &self->x));
    NTK_TRY(ntk_allocate_doubles(self->all * self->all, &self->theta));
    NTK_TRY(ntk_allocate_doubles(self->all * self->all, &self->s));
    NTK_TRY(ntk_allocate_doubles(targets, &self->targets));
    NTK_TRY(draw_points(self, d));
    NTK_TRY(describe_problem(self, loss));
    NTK_TRY(make_tables(self));
    return ntk_kernel_gram_both(&self->problem.architecture, self->all, d, self->x, d, self->s, self->theta,
                                self->all);
}

ntk_status ntk_ensemble_study_create(ntk_context *context, ntk_loss loss, ntk_ensemble_study *out) {
    *out = (ntk_ensemble_study){.context = context};
    const ntk_status status = create(out, loss);
    if (status != NTK_OK) ntk_ensemble_study_release(out);
    return status;
}

ntk_status ntk_ensemble_study_conduct(ntk_context *context, ntk_loss loss,
                                      ntk_status (*compare)(ntk_ensemble_study *study)) {
    ntk_ensemble_study study;
    NTK_TRY(ntk_ensemble_study_create(context, loss, &study));
    const ntk_status status = compare(&study);
    ntk_ensemble_study_release(&study);
    return status;
}

void ntk_ensemble_study_sign_targets(ntk_ensemble_study *study) {
    const size_t outputs = study->problem.outputs;
    for (size_t i = 0; i < study->points; i++)
        for (size_t k = 0; k < outputs; k++) {
            double sign = 1;
            for (size_t shared = i & k; shared > 0; shared &= shared - 1) sign = -sign;
            study->targets[i * outputs + k] = sign;
        }
}

static void release_law(ntk_ensemble_law *law) {
    ntk_release(law->map);
    ntk_release(law->mean);
    ntk_release(law->covariance);
    *law = (ntk_ensemble_law){0};
}

void ntk_ensemble_study_release(ntk_ensemble_study *study) {
    release_law(&study->law);
    for (size_t w = 0; w < 2; w++) {
        ntk_ensemble_release(&study->ensembles[w]);
        ntk_ensemble_release(&study->initial[w]);
    }
    ntk_release(study->x);
    ntk_release(study->theta);
    ntk_release(study->s);
    ntk_release(study->targets);
    *study = (ntk_ensemble_study){0};
}

/* ---- the law ------------------------------------------------------------------------------------------- */

ntk_status ntk_ensemble_study_name_law(ntk_ensemble_study *study, const char *label, size_t copies,
                                       const double *basis) {
    const size_t others = study->others;
    release_law(&study->law);
    study->law = (ntk_ensemble_law){.label = label, .copies = copies, .basis = basis};
    NTK_TRY(ntk_allocate_doubles(others * study->points, &study->law.map));
    NTK_TRY(ntk_allocate_doubles(others * copies, &study->law.mean));
    return ntk_allocate_doubles(others * others, &study->law.covariance);
}

/* out (rows, copies) <- values (rows, K) in the law's directions. */
static ntk_status project(const ntk_ensemble_study *study, size_t rows, const double *values, double *out) {
    const size_t outputs = study->problem.outputs, copies = study->law.copies;
    if (study->law.basis)
        return ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, rows, copies, outputs, 1, values, outputs,
                        study->law.basis, copies, 0, out, copies);
    memcpy(out, values, rows * copies * sizeof *out);
    return NTK_OK;
}

ntk_status ntk_ensemble_study_solve_law(ntk_ensemble_study *study, double ridge, const double *targets) {
    const size_t n = study->points, others = study->others;
    const ntk_ensemble_law *law = &study->law;
    double *projected;
    NTK_TRY(ntk_gaussian_map(n, others, study->theta, ridge, law->map));
    NTK_TRY(ntk_allocate_doubles(n * law->copies, &projected));
    ntk_status status = project(study, n, targets, projected);
    if (status == NTK_OK) status = ntk_gaussian_mean(n, others, law->copies, law->map, projected, law->mean);
    ntk_release(projected);
    return status;
}

/* ---- training ------------------------------------------------------------------------------------------ */

static ntk_status train_width(ntk_ensemble_study *study, size_t w, size_t columns,
                              ntk_ensemble_measure measure, void *argument) {
    size_t count;
    const size_t width = (size_t)ntk_context_integers(study->context, "widths", &count)[w];
    const size_t members = (size_t)ntk_context_integers(study->context, "members", &count)[w];
    const size_t further = (size_t)ntk_context_integers(study->context, "initialisations", &count)[w];
    ntk_ensemble_problem without_circle = study->problem;
    without_circle.all_points = study->points + study->test_points;
    ntk_ensemble_release(&study->ensembles[w]);
    ntk_ensemble_release(&study->initial[w]);
    NTK_TRY(ntk_ensemble_train(study->context, &study->problem, width, members, columns, measure, argument,
                               &study->ensembles[w]));
    return ntk_ensemble_initialise(study->context, &without_circle, width, members, further,
                                   &study->initial[w]);
}

ntk_status ntk_ensemble_study_train(ntk_ensemble_study *study, size_t columns, ntk_ensemble_measure measure,
                                    void *argument) {
    size_t widths, members, further;
    const long *width = ntk_context_integers(study->context, "widths", &widths);
    ntk_context_integers(study->context, "members", &members);
    ntk_context_integers(study->context, "initialisations", &further);
    if (widths != 2 || members != 2 || further != 2 || width[0] >= width[1])
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "ensemble study: two ascending widths, two numbers of members and "
                        "two of initialisations are needed");
    for (size_t w = 0; w < 2; w++) NTK_TRY(train_width(study, w, columns, measure, argument));
    return NTK_OK;
}

/* ---- values whose law is exact ------------------------------------------------------------------------- */

static ntk_status emit_test(const ntk_ensemble_study *study, const char *name,
                            const ntk_gaussian_test *test) {
    const struct {
        const char *kind;
        double value;
    } tests[] = {{"mean", test->mean}, {"covariance", test->covariance}, {"normality", test->normality}};
    for (size_t k = 0; k < 3; k++)
        NTK_TRY(ntk_emit_scalar_as(study->context, tests[k].value, "%s-%s-p", name, tests[k].kind));
    NTK_TRY(ntk_emit_scalar(study->context, "detectable-shift", test->detectable_shift));
    NTK_TRY(ntk_emit_scalar(study->context, "detectable-spread", test->detectable_spread));
    return ntk_emit_scalar(study->context, "detectable-distance", test->detectable_distance);
}

ntk_status ntk_ensemble_study_test_values(const ntk_ensemble_study *study, const char *name) {
    const ntk_ensemble *narrow = &study->ensembles[0], *wide = &study->ensembles[1];
    const size_t columns = narrow->columns, members = narrow->members + wide->members;
    double *samples;
    ntk_gaussian_test test;
    NTK_TRY(ntk_allocate_doubles(members * columns, &samples));
    memcpy(samples, narrow->values, narrow->members * columns * sizeof *samples);
    memcpy(samples + narrow->members * columns, wide->values, wide->members * columns * sizeof *samples);
    const ntk_status status = ntk_stats_gaussian_test(members, columns, samples, &test);
    ntk_release(samples);
    NTK_TRY(status);
    return emit_test(study, name, &test);
}

/* ---- outputs and their linear partners ----------------------------------------------------------------- */

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
    NTK_TRY(project(self->study, self->q, end, z));
    for (size_t i = 0; i < self->q * self->copies; i++) z[i] -= self->law->mean[i];
    return ntk_triangular_solve(NTK_NO_TRANSPOSE, self->q, self->copies, self->factor, self->q, z,
                                self->copies);
}

/* A y is the law's mean, so that z' = L^{-1} (f_0(x) - A (f_0(X) - noise)). scratch: (n, K) and (n, copies).
 */
static ntk_status whiten_partner(const judge *self, const double *start, const double *targets,
                                 double *scratch, double *z) {
    const size_t n = self->study->points, q = self->q, copies = self->copies;
    const size_t outputs = self->study->problem.outputs;
    double *projected = scratch + n * outputs;
    for (size_t i = 0; i < n * outputs; i++)
        scratch[i] = start[i] - (targets[i] - self->study->problem.targets[i]);
    NTK_TRY(project(self->study, n, scratch, projected));
    NTK_TRY(project(self->study, q, start + n * outputs, z));
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, q, copies, n, -1, self->law->map, n, projected,
                     copies, 1, z, copies));
    return ntk_triangular_solve(NTK_NO_TRANSPOSE, q, copies, self->factor, q, z, copies);
}

/* ---- statistics ---------------------------------------------------------------------------------------- */

/* Their order: q copies means and one along w, q (q + 1) / 2 covariances, q third moments, kurtosis, the
 * bounded one. */
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

/* ---- extrapolation ------------------------------------------------------------------------------------- */

/* Samples of four groups - for each width the trained, then the untrained networks - whose means add up to e
 * = sum_w weight_w d_w + sum_w part_w E_w h(z'), the last over all networks of a width. */
static void extrapolation_samples(const judge *self, size_t statistic, double *samples) {
    const bool constant = statistic + 2 < self->statistics; /* E h(z') does not depend on the width */
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

/* ---- what the figure draws ----------------------------------------------------------------------------- */

enum { QUANTILE_ROWS = 400 };

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* All whitened values of one width in order; every value in the tails, where single ones matter, and about
 * QUANTILE_ROWS in all. Overwrites z[w]. */
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
        NTK_TRY(
            project(self->study, 1, wide->end + (i * wide->all_points + point) * wide->outputs, projected));
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

/* ---- the judgement ------------------------------------------------------------------------------------- */

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
