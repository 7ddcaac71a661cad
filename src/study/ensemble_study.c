/* A study of ensembles: its points, kernels and law, the networks of two widths, and tests of
 * values whose law is exact (ensemble_law.h). */
#include <ntk/lab/ensemble_study.h>

#include <math.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/flow.h>
#include <ntk/gaussian.h>
#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/ensemble.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>

const ntk_parameter ntk_ensemble_parameters[] = {
    NTK_INTEGERS("widths", "64 256", 2, 65536, "two hidden widths, ascending"),
    NTK_INTEGERS("members", "64 16", 2, 1000000, "trained networks of each width"),
    NTK_INTEGERS("initialisations", "64 64", 2, 10000000, "untrained ones beside them"),
    NTK_CHOICE("activation", "erf", "erf|gelu", "of the hidden layer"),
    NTK_INTEGER("test-points", 5, 1, 100, "test points on the unit sphere"),
    NTK_INTEGER("circle-points", 60, 0, 1000, "on a circle through two training points: for the figure"),
    NTK_REAL("near-angle", 0, 0, 1, "of test point j from training point j; 0: anywhere"),
    NTK_INTEGER("outputs", 3, 1, 100, "K, outputs of a network"),
    NTK_REAL("tolerance", 1e-3, 1e-13, 0.1, "of the integrator"),
    NTK_REAL("gradient-tolerance", 1e-5, 1e-12, 1, "gradient norm that counts as stationary"),
    NTK_REAL("log-horizon", 12, -10, 100, "log of the time at which flows end"),
    NTK_REAL("rare-scale", 1, 1, 3.16, "s: one network in ten draws numbers s times as large"),
    {0},
};

static ntk_status read_pair(const ntk_context *context, const char *name, size_t *out) {
    size_t count;
    const long *list = ntk_context_integers(context, name, &count);
    if (count != 2) return ntk_fail(NTK_ERROR_ARGUMENT, "ensemble study: %s should be two numbers", name);
    for (size_t w = 0; w < 2; w++) out[w] = (size_t)list[w];
    return NTK_OK;
}

ntk_status ntk_ensemble_read(const ntk_context *context, ntk_ensemble_options *out) {
    *out = (ntk_ensemble_options){.points = ntk_context_size(context, "points"),
                                  .test_points = ntk_context_size(context, "test-points"),
                                  .circle_points = ntk_context_size(context, "circle-points"),
                                  .inputs = ntk_context_size(context, "inputs"),
                                  .outputs = ntk_context_size(context, "outputs"),
                                  .max_cosine = ntk_context_real(context, "max-cosine"),
                                  .near_angle = ntk_context_real(context, "near-angle"),
                                  .rare_scale = ntk_context_real(context, "rare-scale"),
                                  .tolerance = ntk_context_real(context, "tolerance"),
                                  .gradient_tolerance = ntk_context_real(context, "gradient-tolerance"),
                                  .log_horizon = ntk_context_real(context, "log-horizon")};
    NTK_TRY(read_pair(context, "widths", out->widths));
    NTK_TRY(read_pair(context, "members", out->members));
    NTK_TRY(read_pair(context, "initialisations", out->initialisations));
    if (out->widths[0] >= out->widths[1])
        return ntk_fail(NTK_ERROR_ARGUMENT, "ensemble study: the widths should ascend");
    return ntk_activation_parse(ntk_context_choice(context, "activation"), &out->activation);
}

/* ---- the study ------------------------------------------------------------------------------- */

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

/* near <- cos(angle) x + sin(angle) e, e the direction orthogonal to x of the point that stands in
 * `near`. */
static void move_near(size_t d, const double *x, double angle, double *near) {
    const double cosine = ntk_dot(d, x, near), length = sqrt(1 - cosine * cosine);
    for (size_t i = 0; i < d; i++)
        near[i] = cos(angle) * x[i] + sin(angle) * (near[i] - cosine * x[i]) / length;
}

static ntk_status draw_points(ntk_ensemble_study *self, size_t d) {
    const ntk_stream root = ntk_context_stream(self->context, 0);
    ntk_stream stream = ntk_stream_fork(&root, "points");
    const size_t separated = self->points + self->test_points;
    const double angle = self->options.near_angle;
    NTK_TRY(ntk_data_sphere_separated(&stream, separated, d, self->options.max_cosine, self->x));
    for (size_t j = 0; j < self->test_points && angle > 0; j++)
        move_near(d, self->x + (j % self->points) * d, angle, self->x + (self->points + j) * d);
    draw_circle(d, self->x, self->x + d, self->circle_points, self->x + separated * d);
    return NTK_OK;
}

static void describe_problem(ntk_ensemble_study *self, ntk_loss loss) {
    const ntk_ensemble_options *options = &self->options;
    self->problem = (ntk_ensemble_problem){.architecture = ntk_architecture_default(),
                                           .points = self->points,
                                           .all_points = self->all,
                                           .inputs = options->inputs,
                                           .outputs = options->outputs,
                                           .x = self->x,
                                           .targets = self->targets,
                                           .flow = ntk_flow_options_default(),
                                           .rare_scale = options->rare_scale};
    self->problem.architecture.input_scale = NTK_INPUT_SCALE_NONE; /* unit-sphere data */
    self->problem.flow.loss = loss;
    /* Where a flow ends is what counts, not its path: the stabilised method gets there in the
     * fewest evaluations, its first steps included. */
    self->problem.flow.integrator = NTK_INTEGRATOR_STABILISED;
    self->problem.flow.tolerance = options->tolerance;
    self->problem.flow.gradient_tolerance = options->gradient_tolerance;
    self->problem.flow.log_horizon = options->log_horizon;
    self->problem.architecture.activation = options->activation;
}

static ntk_status make_tables(ntk_ensemble_study *self) {
    NTK_TRY(
        ntk_emit_table(self->context, "deviations", "$law $kind width index value error", &self->deviations));
    NTK_TRY(ntk_emit_table(self->context, "quantiles", "$law width probability z", &self->quantiles));
    return ntk_emit_table(self->context, "circle", "$law angle mean deviation q1 q2 q3 q4 q5", &self->circle);
}

static ntk_status create(ntk_ensemble_study *self, ntk_loss loss) {
    const ntk_ensemble_options *options = &self->options;
    NTK_TRY(ntk_ensemble_read(self->context, &self->options));
    const size_t d = options->inputs, targets = options->points * options->outputs;
    self->points = options->points;
    self->test_points = options->test_points;
    self->circle_points = options->circle_points;
    self->others = self->test_points + self->circle_points;
    self->all = self->points + self->others;
    NTK_TRY(ntk_allocate_doubles(self->all * d, &self->x));
    NTK_TRY(ntk_allocate_doubles(self->all * self->all, &self->theta));
    NTK_TRY(ntk_allocate_doubles(self->all * self->all, &self->s));
    NTK_TRY(ntk_allocate_doubles(targets, &self->targets));
    NTK_TRY(draw_points(self, d));
    describe_problem(self, loss);
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

/* ---- the law --------------------------------------------------------------------------------- */

ntk_status ntk_ensemble_study_name_law(ntk_ensemble_study *study, const char *label, size_t copies,
                                       const double *basis) {
    const size_t others = study->others;
    release_law(&study->law);
    study->law = (ntk_ensemble_law){.label = label, .copies = copies, .basis = basis};
    NTK_TRY(ntk_allocate_doubles(others * study->points, &study->law.map));
    NTK_TRY(ntk_allocate_doubles(others * copies, &study->law.mean));
    return ntk_allocate_doubles(others * others, &study->law.covariance);
}

ntk_status ntk_ensemble_study_project(const ntk_ensemble_study *study, size_t rows, const double *values,
                                      double *out) {
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
    ntk_status status = ntk_ensemble_study_project(study, n, targets, projected);
    if (status == NTK_OK) status = ntk_gaussian_mean(n, others, law->copies, law->map, projected, law->mean);
    ntk_release(projected);
    return status;
}

/* ---- training -------------------------------------------------------------------------------- */

static ntk_status train_width(ntk_ensemble_study *study, size_t w, size_t columns,
                              ntk_ensemble_measure measure, void *argument) {
    const ntk_ensemble_options *options = &study->options;
    const size_t width = options->widths[w], members = options->members[w];
    const size_t further = options->initialisations[w];
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
    for (size_t w = 0; w < 2; w++) NTK_TRY(train_width(study, w, columns, measure, argument));
    return NTK_OK;
}

/* ---- values whose law is exact --------------------------------------------------------------- */

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
