/* The loss law along a tube: an equality for one point; W against the solver of inference/; both
 * sides against a quadrature in doubles; false under squared loss. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/hard_margin.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/tube.h>

#include "start.h"
#include "status.h"

TestSuite(tube_law, .init = start_linalg);

enum { M = 8, D = 3, PARAMETERS = M * D + M, MOST = 4 };

static ntk_architecture architecture;
static double theta[PARAMETERS], x[MOST * D];
static const double targets[MOST] = {1, 0, 0, 1};

static ntk_tube *create(size_t points, ntk_activation activation, ntk_loss loss) {
    ntk_stream stream = ntk_stream_create(3, "tests/tube-law", 0);
    ntk_stream_normal(&stream, PARAMETERS, theta);
    ntk_stream_normal(&stream, MOST * D, x);
    architecture = ntk_architecture_default();
    architecture.activation = activation;
    architecture.input_scale = NTK_INPUT_SCALE_NONE;
    const ntk_tube_problem problem = {.architecture = &architecture,
                                      .loss = loss,
                                      .inputs = D,
                                      .width = M,
                                      .theta = theta,
                                      .points = points,
                                      .x = x,
                                      .targets = targets};
    const ntk_tube_options options = {.bits = 64, .order = 14};
    ntk_tube *tube;
    assert_ok(ntk_tube_create(&problem, &options, &tube));
    return tube;
}

/* One point: |grad L| = (1 - e^{-L}) / W, so that d F(L) / dt = -1 / W^2 exactly. */
Test(tube_law, an_equality_for_one_point) {
    const ntk_activation activations[] = {NTK_ERF, NTK_GELU};
    const double times[] = {-1, 1, 3, 6};
    for (size_t a = 0; a < 2; a++) {
        ntk_tube_law law[4];
        ntk_tube *tube = create(1, activations[a], NTK_LOSS_LOGISTIC);
        assert_ok(ntk_tube_loss_law(tube, 4, times, law));
        for (size_t k = 0; k < 4; k++) {
            cr_expect(law[k].ratio.low <= 1 && law[k].ratio.high >= 1, "%g .. %g", law[k].ratio.low,
                      law[k].ratio.high);
            /* the upper end is of second order, the lower one of first */
            cr_expect(law[k].ratio.high < 1 + 1e-3 && law[k].ratio.low > 1 - 3e-2, "%g .. %g",
                      law[k].ratio.low - 1, law[k].ratio.high - 1);
            cr_expect(law[k].log_time.high >= times[k]);
        }
        ntk_tube_destroy(tube);
    }
}

static double margin_norm(const double *at) {
    double gram[MOST * MOST], a[MOST];
    ntk_network *network;
    ntk_hard_margin_result result;
    const ntk_inference_problem problem = {.loss = NTK_LOSS_LOGISTIC,
                                           .points = MOST,
                                           .outputs = 1,
                                           .order = MOST,
                                           .gram = gram,
                                           .targets = targets};
    assert_ok(ntk_network_create(&architecture, D, M, 1, &network));
    assert_ok(ntk_network_tangent_kernel(network, at, MOST, x, gram, MOST));
    assert_ok(ntk_inference_hard_margin(&problem, a, NULL, &result));
    ntk_network_destroy(network);
    return result.norm;
}

Test(tube_law, the_norm_is_that_of_another_solver) {
    const double times[] = {0, 2, 4};
    ntk_tube_law law[3];
    double at[PARAMETERS], distance;
    ntk_tube *tube = create(MOST, NTK_ERF, NTK_LOSS_LOGISTIC);
    assert_ok(ntk_tube_loss_law(tube, 3, times, law));
    assert_ok(ntk_tube_centre(tube, at, &distance));
    const double norm = margin_norm(at);
    cr_expect(norm >= law[2].margin_norm.low * (1 - 1e-9) && norm <= law[2].margin_norm.high * (1 + 1e-9),
              "%.12g in %.12g .. %.12g", norm, law[2].margin_norm.low, law[2].margin_norm.high);
    cr_expect(law[2].margin_norm.high - law[2].margin_norm.low < 1e-3 * norm);
    for (size_t k = 0; k < 3; k++) {
        cr_expect(law[k].ratio.high < 1, "%g", law[k].ratio.high);
        /* the lower end loses 3 |K'| eta of K, eta a 32nd part of a step: steps are about 1 here */
        cr_expect(law[k].left.low > 0 && law[k].left.high - law[k].left.low < 0.1 * law[k].left.high,
                  "%g .. %g", law[k].left.low, law[k].left.high);
        cr_expect(law[k].right.high - law[k].right.low < 1e-4 * law[k].right.high);
    }
    ntk_tube_destroy(tube);
}

Test(tube_law, false_under_squared_loss) {
    const double times[] = {0, 4};
    ntk_tube_law law[2];
    ntk_tube *tube = create(MOST, NTK_ERF, NTK_LOSS_SQUARED);
    assert_ok(ntk_tube_loss_law(tube, 2, times, law));
    cr_expect(law[1].ratio.low > 1, "%g", law[1].ratio.low);
    ntk_tube_destroy(tube);
}

Test(tube_law, misuse) {
    const double descending[] = {1, 0}, infinite[] = {INFINITY};
    ntk_tube_law law[2];
    ntk_tube *tube = create(1, NTK_ERF, NTK_LOSS_LOGISTIC);
    cr_expect_eq(ntk_tube_loss_law(tube, 2, descending, law), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_tube_loss_law(tube, 1, infinite, law), NTK_ERROR_ARGUMENT);
    assert_ok(ntk_tube_step(tube));
    cr_expect_eq(ntk_tube_loss_law(tube, 1, (const double[]){1}, law), NTK_ERROR_ARGUMENT);
    ntk_tube_destroy(tube);
}
