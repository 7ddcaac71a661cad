/* The balls that a flow is proved never to leave, against where an integration in 77 digits goes,
 * from both sides, and networks of which nothing may be proved. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/data.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/tube.h>

#include "certify/tube.h"
#include "reference_flow.h"
#include "status.h"

enum { M = 6, N = 2, D = 2, P = M * (D + 1) };

typedef struct setting {
    ntk_architecture architecture;
    double theta[P], x[N * D], targets[N];
    ntk_tube_problem problem;
} setting;

/* A regulariser is one towards the start. */
static void make(setting *s, ntk_activation activation, ntk_loss loss, double lambda, double epsilon) {
    s->architecture = ntk_architecture_default();
    s->architecture.activation = activation;
    s->architecture.input_scale = NTK_INPUT_SCALE_NONE;
    ntk_stream stream = ntk_stream_create(5, "tests/tube-never", 0);
    assert_ok(ntk_data_sphere_separated(&stream, N, D, 0.6, s->x));
    ntk_stream_normal(&stream, P, s->theta);
    for (size_t i = 0; i < N; i++) s->targets[i] = i % 2 == 0 ? 1 - epsilon : epsilon;
    s->problem = (ntk_tube_problem){.architecture = &s->architecture,
                                    .loss = loss,
                                    .inputs = D,
                                    .width = M,
                                    .theta = s->theta,
                                    .points = N,
                                    .x = s->x,
                                    .targets = s->targets,
                                    .lambda = lambda,
                                    .centre = s->theta};
}

static ntk_tube *tube_of(const setting *s) {
    ntk_tube_options options = ntk_tube_options_default();
    options.bits = 64;
    options.order = 14;
    ntk_tube *tube = NULL;
    assert_ok(ntk_tube_create(&s->problem, &options, &tube));
    return tube;
}

/* ---- where it goes --------------------------------------------------------------------------- */

static double relative_change(const setting *s, const double *theta) {
    ntk_network *network = NULL;
    assert_ok(ntk_network_create(&s->architecture, D, M, 1, &network));
    double before[N * N], after[N * N], change = 0, size = 0;
    assert_ok(ntk_network_tangent_kernel(network, s->theta, N, s->x, before, N));
    assert_ok(ntk_network_tangent_kernel(network, theta, N, s->x, after, N));
    for (size_t k = 0; k < N * N; k++) {
        change += (after[k] - before[k]) * (after[k] - before[k]);
        size += before[k] * before[k];
    }
    ntk_network_destroy(network);
    return sqrt(change / size);
}

/* Later the flow is away from the end of the tube: within its bound, and beyond `least` of it. */
static void check_rest(ntk_loss loss, double lambda, double epsilon, double least) {
    setting s;
    make(&s, NTK_ERF, loss, lambda, epsilon);
    ntk_tube *tube = tube_of(&s);
    ntk_tube_state state;
    double margin, farthest = 0, theta[P];
    assert_ok(ntk_tube_never(tube, 0.9, 1000, &margin));
    assert_ok(ntk_tube_describe(tube, &state));
    cr_assert(margin > 0 && isfinite(state.rest) && state.rest > state.error, "%g %g", margin, state.rest);
    arb_ptr at = _arb_vec_init(P), early = _arb_vec_init(P);
    arb_t t;
    arb_init(t);
    for (int k = 0; k < 2; k++) {
        const double time = k == 0 ? state.s : 2 * state.s + 10;
        const ulong steps = (ulong)(time / 3) + 1;
        arb_set_d(t, time);
        reference_flow(&s.problem, t, steps, at);
        if (k == 0) {
            reference_flow(&s.problem, t, steps + 2, early);
            const double own = reference_distance(at, early, P);
            cr_assert(own < 1e-8, "the reference is good to %g only", own);
            cr_expect(reference_distance(tube->next, at, P) <= state.error + own);
        }
        farthest = fmax(farthest, reference_distance(tube->next, at, P));
        for (size_t c = 0; c < P; c++) theta[c] = arf_get_d(arb_midref(at + c), ARF_RND_NEAR);
        cr_expect(relative_change(&s, theta) < 0.9 - margin);
    }
    cr_expect(farthest <= state.rest && farthest > least * state.rest, "%g of %g", farthest, state.rest);
    _arb_vec_clear(at, P), _arb_vec_clear(early, P);
    arb_clear(t);
    ntk_tube_destroy(tube);
}

Test(tube_never, rest_holds_an_integration_in_77_digits_squared_loss) {
    check_rest(NTK_LOSS_SQUARED, 0, 0, 0.3);
}
Test(tube_never, rest_holds_an_integration_in_77_digits_soft_targets) {
    check_rest(NTK_LOSS_LOGISTIC, 0, 0.2, 0.3);
}
Test(tube_never, rest_holds_an_integration_in_77_digits_regularised) {
    check_rest(NTK_LOSS_LOGISTIC, 0.5, 0, 0.3);
}
Test(tube_never, rest_holds_an_integration_in_77_digits_regularised_squared_loss) {
    check_rest(NTK_LOSS_SQUARED, 0.5, 0, 0.3);
}

/* ---- the curvature on the ball --------------------------------------------------------------- */

/* The largest eigenvalue of sum_i g_i Hess f_i, by central differences of the network's gradients
 * with the weights g of theta. */
static double curvature_at(const setting *s, const double *theta) {
    ntk_network *network = NULL;
    double f[N], c[N], moved[P], side[2][P], hessian[P * P], values[P], value;
    assert_ok(ntk_network_create(&s->architecture, D, M, 1, &network));
    assert_ok(ntk_network_forward(network, theta, N, s->x, f));
    ntk_loss_evaluate(s->problem.loss, N, 1, f, s->targets, &value, c);
    for (size_t k = 0; k < P; k++) {
        const double h = 1e-5;
        for (int up = 0; up < 2; up++) {
            for (size_t l = 0; l < P; l++) moved[l] = theta[l] + (l == k ? (up ? h : -h) : 0);
            assert_ok(ntk_network_pullback(network, moved, N, s->x, c, side[up]));
        }
        for (size_t l = 0; l < P; l++) hessian[k * P + l] = (side[0][l] - side[1][l]) / (2 * h);
    }
    assert_ok(ntk_eigen_symmetric(P, hessian, P, false, values));
    ntk_network_destroy(network);
    return values[P - 1];
}

static void check_curvature(ntk_activation activation, double lambda, double epsilon) {
    setting s;
    make(&s, activation, NTK_LOSS_LOGISTIC, lambda, epsilon);
    ntk_tube *tube = tube_of(&s);
    ntk_stream stream = ntk_stream_create(6, "tests/tube-never", 0);
    mag_t radius;
    mag_init(radius);
    mag_set_d(radius, 0.01);
    for (int step = 0; step < 4; step++) {
        assert_ok(ntk_tube_step(tube));
        const double bound = ntk_tube_curvature_near(tube, radius);
        double most = 0, theta[P], shift[P], distance;
        assert_ok(ntk_tube_centre(tube, theta, &distance));
        for (int k = 0; k < 8; k++) {
            double norm = 0, moved[P];
            ntk_stream_normal(&stream, P, shift);
            for (size_t c = 0; c < P; c++) norm = hypot(norm, shift[c]);
            for (size_t c = 0; c < P; c++) moved[c] = theta[c] + 0.0099 * shift[c] / norm;
            most = fmax(most, curvature_at(&s, moved));
        }
        cr_expect(bound > 0.999 * most && bound < 1.5 * most, "step %d: %g for %g", step, bound, most);
    }
    mag_clear(radius);
    ntk_tube_destroy(tube);
}

Test(tube_never, curvature_bounds_the_hessian_on_the_ball) {
    check_curvature(NTK_ERF, 0.5, 0);
    check_curvature(NTK_GELU, 0, 0.2);
}

/* ---- what is not proved ---------------------------------------------------------------------- */

/* Just below the largest change that is seen, nothing is proved. */
static void check_threshold(ntk_loss loss, double lambda, double epsilon) {
    setting s;
    make(&s, NTK_GELU, loss, lambda, epsilon);
    ntk_tube *tube = tube_of(&s);
    ntk_tube_state state;
    double margin = NAN;
    assert_ok(ntk_tube_never(tube, 0.9, 1000, &margin));
    assert_ok(ntk_tube_describe(tube, &state));
    cr_expect(margin > 0 && margin < 0.9 - state.largest_drift.low, "%g", margin);
    ntk_tube_destroy(tube);
    tube = tube_of(&s);
    assert_ok(ntk_tube_never(tube, 0.99 * state.largest_drift.low, 1000, &margin));
    cr_expect(margin <= 0);
    cr_expect_eq(ntk_tube_never(tube, -1, 1000, &margin), NTK_ERROR_ARGUMENT);
    ntk_tube_destroy(tube);
}

Test(tube_never, proves_no_more_than_there_is) {
    check_threshold(NTK_LOSS_SQUARED, 0, 0);
    check_threshold(NTK_LOSS_LOGISTIC, 0.5, 0);
    check_threshold(NTK_LOSS_LOGISTIC, 0, 0.2);
}

/* At the start the curvature of a narrow network exceeds a small lambda: no ball holds the flow,
 * however small the gradient were. */
Test(tube_never, a_small_lambda_holds_nothing_at_first) {
    setting s;
    make(&s, NTK_ERF, NTK_LOSS_LOGISTIC, 0.05, 0);
    ntk_tube *tube = tube_of(&s);
    ntk_tube_state state;
    double margin;
    assert_ok(ntk_tube_never(tube, 1e9, 1e-9, &margin)); /* one step */
    assert_ok(ntk_tube_describe(tube, &state));
    cr_expect_eq(state.steps, 1);
    cr_expect(ntk_tube_curvature_near(tube, tube->error) > 0.05);
    cr_expect(margin <= 0 && isinf(state.rest), "%g %g", margin, state.rest);
    ntk_tube_destroy(tube);
}

/* Targets of 0 and 1 are at infinity: one of them is enough. */
Test(tube_never, refuses_a_loss_without_minimum) {
    setting s;
    double margin;
    make(&s, NTK_ERF, NTK_LOSS_LOGISTIC, 0, 0);
    ntk_tube *tube = tube_of(&s);
    cr_expect_eq(ntk_tube_never(tube, 0.5, 1000, &margin), NTK_ERROR_ARGUMENT);
    ntk_tube_destroy(tube);
    s.targets[1] = 0.2;
    tube = tube_of(&s);
    cr_expect_eq(ntk_tube_never(tube, 0.5, 1000, &margin), NTK_ERROR_ARGUMENT);
    ntk_tube_destroy(tube);
}
