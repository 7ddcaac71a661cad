/* Networks of finite width beside the solutions of kernel logistic regression that they should
 * reach.
 *
 * Each network is trained from its own f_0, so it is compared with the solution from that f_0, on
 * the infinite-width kernel: what separates the two is O(m^{-1/2}), by the kernel's own fluctuation
 * at the start, and the chance of the start, which a mean over few networks does not remove, drops
 * out. */
#include <math.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/classifier.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/definiteness.h>
#include <ntk/lab/ensemble.h>
#include <ntk/lab/table.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "predictive.h"

const ntk_parameter ntk_network_route_parameters[] = {
    NTK_INTEGERS("widths", "64 256 1024", 2, 65536, "hidden widths, ascending"),
    NTK_INTEGER("networks", 64, 2, 100000, "networks per width"),
    NTK_CHOICE("start", "prior", "prior|network", "f_0 ~ N(0, C), or as networks are drawn"),
    {0},
};

ntk_predictive_start ntk_network_route_start(const ntk_context *context) {
    return ntk_context_is(context, "start", "prior") ? NTK_START_PRIOR : NTK_START_NETWORK;
}

static ntk_status measure(const ntk_ensemble_member *member, double *gap, void *argument) {
    const ntk_predictive *p = argument;
    const size_t outputs = p->problem.outputs, size = p->problem.points * outputs, count = p->q * outputs;
    double *network = NULL;
    NTK_TRY(ntk_allocate_doubles(3 * count, &network));
    double *solution = network + count, *start = solution + count;
    const ntk_status status = ntk_predictive_solution(p, member->start, NULL, solution);
    ntk_bayes_probabilities(p->problem.loss, p->q, outputs, member->end + size, network);
    ntk_bayes_probabilities(p->problem.loss, p->q, outputs, solution, solution);
    ntk_bayes_probabilities(p->problem.loss, p->q, outputs, member->start + size, start);
    *gap = ntk_distance(count, network, solution) / ntk_distance(count, solution, start);
    ntk_release(network);
    return status;
}

/* n lambda = 1, so that C = Theta is the covariance of a tangent start. A stationary point to a
 * gradient of 1e-4 is within 1e-4 / lambda of its limit in the parameters. */
static ntk_ensemble_problem describe(const ntk_context *context, const ntk_predictive *p,
                                     const ntk_architecture *architecture, const ntk_classification *data) {
    ntk_ensemble_problem problem = {.architecture = *architecture,
                                    .points = p->problem.points,
                                    .all_points = p->problem.points + p->q,
                                    .inputs = data->inputs,
                                    .outputs = p->problem.outputs,
                                    .x = data->x,
                                    .targets = p->targets,
                                    .flow = ntk_flow_options_default(),
                                    .tangent_start = ntk_network_route_start(context) == NTK_START_PRIOR};
    problem.flow.loss = p->problem.loss;
    problem.flow.lambda = p->problem.lambda;
    problem.flow.kinked = !ntk_activation_is_smooth(architecture->activation);
    /* What counts is where a flow ends, not its path. */
    if (!problem.flow.kinked) problem.flow.integrator = NTK_INTEGRATOR_STABILISED;
    problem.flow.tolerance = 1e-2;
    problem.flow.gradient_tolerance = 1e-4;
    return problem;
}

/* Mean over the members of their probabilities at the new points. */
static void average(const ntk_predictive *p, const ntk_ensemble *all, double *f, double *probabilities) {
    const size_t outputs = p->problem.outputs, count = p->q * outputs;
    memset(probabilities, 0, count * sizeof *probabilities);
    for (size_t i = 0; i < all->members; ++i) {
        ntk_bayes_probabilities(p->problem.loss, p->q, outputs,
                                all->end + (i * all->all_points + p->problem.points) * outputs, f);
        for (size_t x = 0; x < count; ++x) probabilities[x] += f[x] / (double)all->members;
    }
}

static ntk_status emit(ntk_context *context, size_t widths, const double *width, size_t networks,
                       const double *gaps) {
    ntk_estimate rate;
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "gaps", "width gap", &table));
    for (size_t i = 0; i < networks * widths; ++i)
        NTK_TRY(ntk_table_row(table, NULL, (double[]){width[i % widths], gaps[i]}));
    if (widths < 2) return NTK_OK;
    NTK_TRY(ntk_stats_rate(widths, width, networks, gaps, ntk_context_level(context), &rate));
    return ntk_emit_estimate(context, "network-rate", &rate);
}

/* gaps: (networks, widths); f: (M), scratch. */
static ntk_status train(ntk_context *context, ntk_predictive *p, const ntk_ensemble_problem *problem,
                        size_t widths, const double *width, size_t networks, double *gaps, double *f,
                        double *probabilities) {
    for (size_t w = 0; w < widths; ++w) {
        ntk_ensemble all;
        NTK_TRY(ntk_ensemble_train(context, problem, (size_t)width[w], networks, 1, measure, p, &all));
        for (size_t i = 0; i < networks; ++i) gaps[i * widths + w] = all.values[i];
        average(p, &all, f, probabilities);
        ntk_ensemble_release(&all);
    }
    return emit(context, widths, width, networks, gaps);
}

ntk_status ntk_network_route(ntk_context *context, const ntk_routes *routes,
                             const ntk_architecture *architecture, const ntk_classification *data,
                             double *probabilities) {
    ntk_predictive problem = routes->problem;
    const size_t networks = ntk_context_size(context, "networks");
    const double strength = (double)problem.problem.points * problem.problem.lambda;
    size_t widths;
    const double *width = ntk_context_reals(context, "widths", &widths);
    double *gaps = NULL;
    if (!(fabs(strength - 1) <= 1e-12))
        return ntk_fail(NTK_ERROR_ARGUMENT, "networks beside their solutions: n lambda is %g, not 1",
                        strength);
    const ntk_ensemble_problem ensemble = describe(context, &problem, architecture, data);
    NTK_TRY(ntk_allocate_doubles(networks * widths + problem.q * problem.problem.outputs, &gaps));
    const ntk_status status = train(context, &problem, &ensemble, widths, width, networks, gaps,
                                    gaps + networks * widths, probabilities);
    ntk_release(gaps);
    return status;
}
