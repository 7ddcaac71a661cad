/* Solutions of training problems, against formulas written out from explicit Jacobians. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>
#include <ntk/kernel.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/solution.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/targets.h>

#include "eliminate.h"
#include "problems.h"

enum {
    TRAINED = 4,
    ALL = 7,
    WIDTH = 12,
    INPUTS = 5,
    MAX_SIZE = ALL * 3,
    MAX_PARAMETERS = WIDTH * (INPUTS + 3)
};

static ntk_training create(size_t classes, double epsilon) {
    ntk_training_options options = {.architecture = ntk_architecture_default(),
                                    .loss = classes == 2 ? NTK_LOSS_LOGISTIC : NTK_LOSS_SOFTMAX,
                                    .width = WIDTH,
                                    .points = TRAINED,
                                    .test_points = ALL - TRAINED,
                                    .inputs = INPUTS,
                                    .classes = classes,
                                    .max_cosine = 0.6,
                                    .epsilon = epsilon};
    options.architecture.activation = NTK_ERF;
    options.architecture.input_scale = NTK_INPUT_SCALE_NONE;
    assert_ok(ntk_linalg_start());
    const ntk_stream stream = ntk_stream_create(1, "test/solution", classes);
    ntk_training out;
    assert_ok(ntk_training_create(&options, &stream, &out));
    return out;
}

static ntk_loss loss_of(const ntk_training *training) {
    return training->outputs == 1 ? NTK_LOSS_LOGISTIC : NTK_LOSS_SOFTMAX;
}

/* Theta between output k of point i and output l of point j. */
static double entry(const ntk_training *training, ntk_training_kernel which, const double *jacobian, size_t i,
                    size_t k, size_t j, size_t l) {
    const size_t p = training->parameters, outputs = training->outputs;
    if (which == NTK_TRAINING_KERNEL_EMPIRICAL)
        return ntk_dot(p, jacobian + (i * outputs + k) * p, jacobian + (j * outputs + l) * p);
    double theta;
    assert_ok(ntk_kernel_cross(&training->architecture, NTK_KERNEL_NTK, 1, 1, INPUTS,
                               training->x + i * INPUTS, INPUTS, training->x + j * INPUTS, INPUTS, &theta,
                               1));
    return k == l ? theta : 0;
}

/* f_0(x) + Theta(x, X) a at all points. */
static void extend(const ntk_training *training, ntk_training_kernel which, const double *a, double *f) {
    const size_t outputs = training->outputs;
    double jacobian[MAX_SIZE * MAX_PARAMETERS];
    assert_ok(ntk_network_jacobian(training->network, training->theta0, ALL, training->x, jacobian));
    assert_ok(ntk_network_forward(training->network, training->theta0, ALL, training->x, f));
    for (size_t i = 0; i < ALL * outputs; i++)
        for (size_t j = 0; j < TRAINED * outputs; j++)
            f[i] +=
                a[j] * entry(training, which, jacobian, i / outputs, i % outputs, j / outputs, j % outputs);
}

/* -(softmax f - Q) / (n lambda), from the definition. */
static void coefficients(const ntk_training *training, double lambda, const double *f, double *a) {
    const size_t outputs = training->outputs;
    for (size_t i = 0; i < TRAINED; i++) {
        double sum = outputs == 1 ? 1 : 0;
        for (size_t k = 0; k < outputs; k++) sum += exp(f[i * outputs + k]);
        for (size_t k = 0; k < outputs; k++) {
            const size_t at = i * outputs + k;
            a[at] = (training->targets[at] - exp(f[at]) / sum) / (TRAINED * lambda);
        }
    }
}

/* The equation of the paper, on training and on test points. */
Test(solution, l2_satisfies_its_equation) {
    for (size_t classes = 2; classes <= 3; classes++)
        for (int which = 0; which < 2; which++) {
            ntk_training training = create(classes, 0);
            const ntk_solution_formula formula = {
                .kernel = (ntk_training_kernel)which, .loss = loss_of(&training), .lambda = 0.05};
            double f[MAX_SIZE], a[MAX_SIZE], wanted[MAX_SIZE];
            assert_ok(ntk_solution_predict(&training, &formula, f));
            coefficients(&training, 0.05, f, a);
            extend(&training, formula.kernel, a, wanted);
            for (size_t i = 0; i < ALL * training.outputs; i++) cr_assert_float_eq(f[i], wanted[i], 1e-8);
            ntk_training_release(&training);
        }
}

/* Soft targets, infinite width: f_0 + Theta(x, X) Theta^{-1} (log Q - f_0) P, class by class. */
Test(solution, soft_targets_are_interpolated) {
    ntk_training training = create(3, 0.1);
    const ntk_solution_formula formula = {.kernel = NTK_TRAINING_KERNEL_LIMIT, .loss = NTK_LOSS_SOFTMAX};
    double f[MAX_SIZE], f0[MAX_SIZE], a[MAX_SIZE], wanted[MAX_SIZE];
    assert_ok(ntk_solution_predict(&training, &formula, f));
    assert_ok(ntk_network_forward(training.network, training.theta0, ALL, training.x, f0));
    for (size_t k = 0; k < 3; k++) {
        double gram[TRAINED * TRAINED], column[TRAINED];
        for (size_t i = 0; i < TRAINED; i++) {
            double mean = 0;
            for (size_t l = 0; l < 3; l++) mean += (log(training.targets[3 * i + l]) - f0[3 * i + l]) / 3;
            column[i] = log(training.targets[3 * i + k]) - f0[3 * i + k] - mean;
            for (size_t j = 0; j < TRAINED; j++)
                gram[i * TRAINED + j] = entry(&training, formula.kernel, NULL, i, 0, j, 0);
        }
        cr_assert(eliminate(TRAINED, gram, column));
        for (size_t i = 0; i < TRAINED; i++) a[3 * i + k] = column[i];
    }
    extend(&training, formula.kernel, a, wanted);
    for (size_t i = 0; i < ALL * 3; i++) cr_assert_float_eq(f[i], wanted[i], 1e-10);
    ntk_training_release(&training);
}

/* From its own end a flow has nowhere to go, and other targets than the problem's are heard. */
Test(solution, start_and_targets_can_be_given) {
    ntk_training training = create(3, 0.1);
    double f[MAX_SIZE], again[MAX_SIZE], targets[TRAINED * 3];
    ntk_solution_formula formula = {.kernel = NTK_TRAINING_KERNEL_EMPIRICAL, .loss = NTK_LOSS_SOFTMAX};
    assert_ok(ntk_targets_from_labels(NTK_LOSS_SOFTMAX, TRAINED, 3, training.labels, 0.2, targets));
    formula.targets = targets;
    assert_ok(ntk_solution_predict(&training, &formula, f));
    for (size_t i = 0; i < TRAINED; i++)
        cr_assert_float_eq(f[3 * i + training.labels[i]] - f[3 * i + (training.labels[i] + 1) % 3],
                           log(0.6 / 0.2), 1e-10);
    formula.f0 = f;
    assert_ok(ntk_solution_predict(&training, &formula, again));
    cr_assert(ntk_solution_distance(&training, 0, ALL, false, f, again) < 1e-10);
    ntk_training_release(&training);
}

Test(solution, norms_are_those_of_the_jacobian) {
    ntk_training training = create(3, 0);
    double jacobian[MAX_SIZE * MAX_PARAMETERS], norms[MAX_SIZE];
    assert_ok(ntk_network_jacobian(training.network, training.theta0, ALL, training.x, jacobian));
    assert_ok(ntk_solution_norms(&training, norms));
    for (size_t i = 0; i < ALL * 3; i++)
        cr_assert_float_eq(norms[i], ntk_norm(training.parameters, jacobian + i * training.parameters),
                           1e-12);
    ntk_training_release(&training);
}

/* At the parameters of the solution itself, theta_0 + J^T a, the objective's gradient vanishes and
 * the bound is the network's distance to its linearisation, which is attained; elsewhere it is an
 * upper bound. */
Test(solution, bound_is_attained_at_the_solution_and_holds_elsewhere) {
    for (size_t classes = 2; classes <= 3; classes++) {
        ntk_training training = create(classes, 0);
        const size_t size = ALL * training.outputs, p = training.parameters;
        const ntk_solution_formula formula = {
            .kernel = NTK_TRAINING_KERNEL_EMPIRICAL, .loss = loss_of(&training), .lambda = 0.05};
        double f[MAX_SIZE], a[MAX_SIZE], end[MAX_SIZE], bounds[MAX_SIZE], jacobian[MAX_SIZE * MAX_PARAMETERS];
        assert_ok(ntk_solution_predict(&training, &formula, f));
        coefficients(&training, 0.05, f, a);
        assert_ok(ntk_network_jacobian(training.network, training.theta0, ALL, training.x, jacobian));
        for (size_t j = 0; j < TRAINED * training.outputs; j++)
            for (size_t i = 0; i < p; i++) training.theta[i] += a[j] * jacobian[j * p + i];
        assert_ok(ntk_solution_bound(&training, formula.loss, 0.05, training.theta, bounds));
        assert_ok(ntk_network_forward(training.network, training.theta, ALL, training.x, end));
        for (size_t i = 0; i < size; i++) cr_assert_float_eq(bounds[i], fabs(end[i] - f[i]), 1e-8);

        unsigned state = 5;
        for (size_t i = 0; i < p; i++) training.theta[i] += 0.2 * pseudo_random(&state);
        assert_ok(ntk_solution_bound(&training, formula.loss, 0.05, training.theta, bounds));
        assert_ok(ntk_network_forward(training.network, training.theta, ALL, training.x, end));
        for (size_t i = 0; i < size; i++) cr_assert(fabs(end[i] - f[i]) <= bounds[i]);
        ntk_training_release(&training);
    }
}

Test(solution, distance_is_the_largest_and_may_be_centred) {
    const ntk_training training = {.outputs = 3}, single = {.outputs = 1};
    const double f[] = {1, 2, 3, 9, 9, 9}, g[] = {2, 3, 4.6, 9, 9, NAN}, one[] = {1, -4};
    const double zero[] = {0, 0};
    cr_assert_float_eq(ntk_solution_distance(&training, 0, 1, false, f, g), 1.6, 1e-15);
    cr_assert_float_eq(ntk_solution_distance(&training, 0, 1, true, f, g), 0.4, 1e-15);
    cr_assert(isnan(ntk_solution_distance(&training, 0, 2, false, f, g)));
    cr_assert(isnan(ntk_solution_distance(&training, 0, 2, true, f, g)));
    cr_assert_eq(ntk_solution_distance(&single, 0, 2, true, one, zero), 4,
                 "one output has no mean to take off");
    cr_assert_eq(ntk_solution_distance(&single, 0, 1, true, one, zero), 1);
}

Test(solution, mean_distance_is_what_centring_takes_off) {
    const ntk_training training = {.outputs = 3};
    const double f[] = {1, 2, 3, 9, 9, 9}, g[] = {2, 3, 4.6, 9, 9, NAN};
    cr_assert_float_eq(ntk_solution_mean_distance(&training, 0, 1, f, g), 1.2, 1e-15);
    cr_assert(isnan(ntk_solution_mean_distance(&training, 0, 2, f, g)));
}

/* Against the definition of each number; the gradient by central differences of the objective. */
Test(solution, comparison_is_made_of_its_parts) {
    ntk_training training = create(3, 0);
    const size_t size = ALL * 3;
    unsigned state = 3;
    for (size_t i = 0; i < training.parameters; i++) training.theta[i] += 0.1 * pseudo_random(&state);
    ntk_solution_formula formula = {
        .kernel = NTK_TRAINING_KERNEL_EMPIRICAL, .loss = NTK_LOSS_SOFTMAX, .lambda = 0.1};
    double empirical[MAX_SIZE], limit[MAX_SIZE], end[MAX_SIZE], bounds[MAX_SIZE], norms[MAX_SIZE];
    ntk_solution_comparison found;
    assert_ok(ntk_solution_compare(&training, NTK_LOSS_SOFTMAX, 0.05, 0.1, training.theta, &found));
    assert_ok(ntk_solution_predict(&training, &formula, empirical));
    formula.kernel = NTK_TRAINING_KERNEL_LIMIT;
    assert_ok(ntk_solution_predict(&training, &formula, limit));
    assert_ok(ntk_network_forward(training.network, training.theta, ALL, training.x, end));
    assert_ok(ntk_solution_bound(&training, NTK_LOSS_SOFTMAX, 0.05, training.theta, bounds));
    assert_ok(ntk_solution_norms(&training, norms));
    double ratio = 0, reach = 0, square = 0;
    for (size_t i = 0; i < size; i++) {
        ratio = fmax(ratio, fabs(end[i] - empirical[i]) / bounds[i]);
        reach = fmax(reach, norms[i]);
    }
    for (size_t i = 0; i < training.parameters; i++) {
        double objective[2], kept = training.theta[i];
        for (int side = 0; side < 2; side++) {
            training.theta[i] = kept + (side ? 1e-5 : -1e-5);
            assert_ok(ntk_network_forward(training.network, training.theta, TRAINED, training.x, end));
            ntk_loss_evaluate(NTK_LOSS_SOFTMAX, TRAINED, 3, end, training.targets, &objective[side], NULL);
            const double away = ntk_distance(training.parameters, training.theta, training.theta0);
            objective[side] += 0.05 / 2 * away * away;
        }
        training.theta[i] = kept;
        square += pow((objective[1] - objective[0]) / 2e-5, 2);
    }
    cr_assert_float_eq(found.error_empirical,
                       ntk_solution_distance(&training, 0, ALL, false, found.end, empirical), 1e-12);
    cr_assert_float_eq(found.error_limit, ntk_solution_distance(&training, 0, ALL, false, found.end, limit),
                       1e-12);
    cr_assert_float_eq(found.bound_ratio, ratio, 1e-10);
    cr_assert_float_eq(found.unfinished, reach * sqrt(square) / 0.05 / found.error_empirical,
                       1e-6 * found.unfinished);
    const double away = ntk_distance(training.parameters, training.theta, training.theta0);
    cr_assert_float_eq(found.relative_residual, sqrt(square) / (0.05 * away), 1e-6 * found.relative_residual);
    ntk_solution_comparison_release(&found);
    cr_assert_null(found.end);
    ntk_training_release(&training);
}

Test(solution, accuracy_counts_strict_winners) {
    size_t labels[] = {0, 1, 2, 1};
    const ntk_training training = {.outputs = 3, .labels = labels}, single = {.outputs = 1, .labels = labels};
    const double f[] = {3, 1, 2, /**/ 0, 5, 5, /**/ 0, 0, 1, /**/ 2, 1, NAN};
    const double sign[] = {-1, 0, 3, 2};
    cr_assert_eq(ntk_solution_accuracy(&training, 0, 4, f), 0.5);
    cr_assert_eq(ntk_solution_accuracy(&training, 2, 4, f), 0.5);
    cr_assert_eq(ntk_solution_accuracy(&single, 0, 2, sign), 0.5);
    cr_assert_eq(ntk_solution_accuracy(&single, 3, 4, sign), 1);
}
