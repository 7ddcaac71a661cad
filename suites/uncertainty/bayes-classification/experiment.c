/* The ensemble of solutions beside the Gaussian process posterior (plenk-2026): a trend, not a
 * theorem.
 *
 * Cross-entropy with (lambda / 2) ||theta - theta_0||^2 on n points. In the limit of infinite width
 * a trained network is f = f_0 + C_xX g(f(X)), g(f) = Q - softmax f, C = Theta / (n lambda): the
 * mode of a Gaussian process classifier with prior N(f_0, C) (classifier.h). A random f_0 makes f
 * random. With squared loss, f_0 ~ N(0, C) and noise on the targets, f would be a draw of the
 * posterior of the prior N(0, C); with a cross-entropy and no noise it is none.
 *
 * What is a theorem, for f_0 ~ N(0, C) (derived in predictive.c), d the effective number of
 * parameters:
 *
 *     posterior    E f = C E g(f),     E [f^T C^{-1} f - f^T g(f)] = n K
 *     ensemble                         E [f^T C^{-1} f - f^T g(f)] = n K - E d
 *
 * The ensemble lacks the spread that the noise of the labels leaves. The trend: its predictive
 * probabilities E softmax f(x) agree with the posterior's nevertheless, far better than those of
 * the single solution from f_0 = 0, the mode. Why they should for a weak prior, C of order c:
 * logits are O(c); a missing covariance enters through the second derivative of softmax, and its
 * part that treats all classes alike, which is the leading one, cancels at equal logits. The
 * ensemble lacks O(c^2) of the covariance, so its probabilities are off by O(c^3); the mode lacks
 * all of it, O(c), and is off by O(c^2).
 *
 * Networks of finite width start from f_0 = J z, z ~ N(0, I), of covariance Theta; n lambda = 1, so
 * C = Theta. Each is compared with the solution from its own start; the difference is O(m^{-1/2}),
 * like that of the kernels. */
#include <string.h>

#include <ntk/lab/lab.h>

#include "predictive.h"

static const ntk_parameter parameters[] = {
    NTK_INTEGER("points", 10, 4, 1000, "training points in the plane, an even number"),
    NTK_INTEGER("grid", 17, 2, 200, "new points: grid x grid"),
    NTK_INTEGER("digit-points", 0, 0, 5000, "training images; 0: no digits"),
    NTK_INTEGER("digit-tests", 300, 1, 5000, "new images"),
    NTK_REAL("digit-strength", 0.2, 1e-3, 1e3, "n lambda for the digits"),
    NTK_INTEGERS("digits", "3 5 8", 0, 9, "the digits that are the classes"),
    {0},
};

/* words: the last one says on which points. */
static bool is_run(const ntk_context *context, const char *const *words) {
    while (words[1] != NULL) words++;
    return strcmp(*words, "plane") == 0 || ntk_context_size(context, "digit-points") > 0;
}

static bool has_rate(const ntk_context *context, const char *const *words) {
    (void)words;
    size_t widths;
    ntk_context_integers(context, "widths", &widths);
    return widths > 1;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC_WHEN("{split-r-hat,effective-size}-{plane,digits}", "the worse of two traces", is_run),
    NTK_METRIC_WHEN("posterior-square-{plane,digits}", "of the chains; 1 by an identity", is_run),
    NTK_METRIC_WHEN("posterior-mean-{plane,digits}", "largest |residual| of E f = C E g(f)", is_run),
    NTK_METRIC_WHEN("ensemble-balance-{plane,digits}", "0 by an identity", is_run),
    NTK_METRIC_WHEN("ensemble-degrees-{plane,digits}", "what its square lacks of 1", is_run),
    NTK_METRIC_WHEN("{ensemble,laplace}-distance-{plane,digits}", "divergence from the posterior", is_run),
    NTK_METRIC("importance-plane", "largest difference of chains and weighed draws of the prior"),
    NTK_METRIC_WHEN("network-rate", "exponent in the width of the networks' gap", has_rate),
    {0},
};

static ntk_architecture architecture_of(ntk_activation activation, size_t depth, double bias_variance) {
    ntk_architecture architecture = ntk_architecture_default();
    architecture.activation = activation;
    architecture.depth = depth;
    architecture.bias_variance = bias_variance;
    architecture.input_scale = NTK_INPUT_SCALE_NONE;
    return architecture;
}

/* The problem of these data with n lambda = strength, by every route. */
static ntk_status compare(ntk_context *context, const char *name, const ntk_architecture *architecture,
                          const ntk_classification *data, double strength, ntk_routes *routes) {
    ntk_predictive problem;
    NTK_TRY(ntk_predictive_create(architecture, data, strength / (double)data->points,
                                  ntk_network_route_start(context), &problem));
    return ntk_routes_compare(context, name, &problem, routes);
}

/* ---- the plane ------------------------------------------------------------------------------- */

static ntk_status emit_plane(ntk_context *context, const ntk_classification *data, const ntk_routes *r,
                             const double *networks) {
    const double *x = data->x;
    ntk_table *points, *map;
    NTK_TRY(ntk_emit_table(context, "points", "x y label", &points));
    NTK_TRY(ntk_emit_table(context, "map", "x y posterior ensemble laplace mode networks", &map));
    for (size_t i = 0; i < data->points; i++, x += 2)
        NTK_TRY(ntk_table_row(points, NULL, (double[]){x[0], x[1], data->targets[i]}));
    for (size_t i = 0; i < data->others; i++, x += 2)
        NTK_TRY(ntk_table_row(
            map, NULL,
            (double[]){x[0], x[1], r->posterior[i], r->ensemble[i], r->laplace[i], r->mode[i], networks[i]}));
    return NTK_OK;
}

/* networks: (others) scratch. */
static ntk_status compare_plane(ntk_context *context, const ntk_classification *data, double *networks) {
    const ntk_architecture architecture = architecture_of(NTK_ERF, 1, 1);
    ntk_routes routes;
    NTK_TRY(compare(context, "plane", &architecture, data, 1, &routes));
    ntk_status status = ntk_routes_weigh(context, "plane", &routes);
    if (status == NTK_OK) status = ntk_network_route(context, &routes, &architecture, data, networks);
    if (status == NTK_OK) status = emit_plane(context, data, &routes, networks);
    ntk_routes_release(&routes);
    return status;
}

static ntk_status run_plane(ntk_context *context) {
    const size_t n = ntk_context_size(context, "points");
    const size_t grid = ntk_context_size(context, "grid");
    ntk_classification data;
    double *networks = NULL;
    NTK_TRY(ntk_classification_plane(n, grid, &data));
    ntk_status status = ntk_allocate_doubles(data.others, &networks);
    if (status == NTK_OK) status = compare_plane(context, &data, networks);
    ntk_release(networks);
    ntk_classification_release(&data);
    return status;
}

/* ---- digits ---------------------------------------------------------------------------------- */

static ntk_status compare_digits(ntk_context *context, const ntk_classification *data) {
    const ntk_architecture architecture = architecture_of(NTK_RELU, 2, 0.1);
    const double strength = ntk_context_real(context, "digit-strength");
    ntk_routes routes;
    NTK_TRY(compare(context, "digits", &architecture, data, strength, &routes));
    const ntk_status status = ntk_routes_reliability(context, "digits", &routes, data->labels + data->points);
    ntk_routes_release(&routes);
    return status;
}

static ntk_status run_digits(ntk_context *context) {
    const size_t n = ntk_context_size(context, "digit-points");
    const size_t q = ntk_context_size(context, "digit-tests");
    ntk_classification data;
    if (n == 0) return NTK_OK;
    NTK_TRY(ntk_classification_digits(context, n, q, &data));
    const ntk_status status = compare_digits(context, &data);
    ntk_classification_release(&data);
    return status;
}

static ntk_status run(ntk_context *context) {
    NTK_TRY(run_plane(context));
    return run_digits(context);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, ntk_routes_parameters, ntk_network_route_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
