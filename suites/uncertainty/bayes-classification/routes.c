/* Predictive probabilities by every route, judged by the identities of predictive.c, and how far
 * apart they are. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/lab/context.h>
#include <ntk/lab/table.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/slice.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "predictive.h"

enum { LAPLACE_DRAWS = 1000, BINS = 10, NAME_SIZE = 64 };

const ntk_parameter ntk_routes_parameters[] = {
    NTK_INTEGER("members", 1024, 2, 100000, "solutions in the ensemble"),
    NTK_REAL("spread", 1, 0, 10, "f_0 of the ensemble in units of the prior's"),
    NTK_INTEGER("chains", 32, 2, 10000, "chains of the posterior"),
    NTK_INTEGER("burn-in", 500, 0, 1000000, "transitions before the first draw"),
    NTK_INTEGER("draws", 400, 8, 1000000, "draws per chain, an even number"),
    NTK_INTEGER("thinning", 5, 1, 10000, "transitions from draw to draw"),
    NTK_INTEGER("weighed", 20000, 1, 10000000, "weighed prior draws per chain"),
    NTK_REAL("lambda-factor", 1, 1e-3, 1e3, "lambda of posterior and solutions, relative"),
    {0},
};

ntk_routes_options ntk_routes_read(const ntk_context *context) {
    return (ntk_routes_options){.members = ntk_context_size(context, "members"),
                                .chains = ntk_context_size(context, "chains"),
                                .weighed = ntk_context_size(context, "weighed"),
                                .chain = {.burn_in = ntk_context_size(context, "burn-in"),
                                          .draws = ntk_context_size(context, "draws"),
                                          .thinning = ntk_context_size(context, "thinning")},
                                .spread = ntk_context_real(context, "spread"),
                                .lambda_factor = ntk_context_real(context, "lambda-factor")};
}

static size_t values(const ntk_routes *r) { return r->problem.q * r->problem.problem.outputs; }

void ntk_routes_release(ntk_routes *routes) {
    ntk_release(routes->posterior);
    ntk_release(routes->fitted);
    ntk_predictive_release(&routes->problem);
    *routes = (ntk_routes){0};
}

double ntk_routes_distance(const ntk_routes *routes, const double *probabilities) {
    return ntk_predictive_divergence(&routes->problem, routes->posterior, probabilities) /
           ntk_predictive_divergence(&routes->problem, routes->posterior, routes->mode);
}

/* ---- metrics --------------------------------------------------------------------------------- */

static ntk_status emit(ntk_context *context, const char *prefix, const char *name, double value) {
    return ntk_emit_scalar_as(context, value, "%s-%s", prefix, name);
}

static ntk_status emit_mean(ntk_context *context, const char *prefix, const char *name, size_t n,
                            const double *samples) {
    ntk_estimate mean;
    NTK_TRY(ntk_stats_mean(n, samples, ntk_context_level(context), &mean));
    return ntk_emit_estimate_as(context, &mean, "%s-%s", prefix, name);
}

/* estimates: (size); column: (n), both scratch. */
static ntk_status find_largest(double level, size_t n, size_t size, const double *samples,
                               ntk_estimate *estimates, double *column, ntk_estimate *largest) {
    const double each = ntk_stats_family_level(1 - level, size);
    for (size_t j = 0; j < size; ++j) {
        for (size_t i = 0; i < n; ++i) column[i] = samples[i * size + j];
        NTK_TRY(ntk_stats_mean(n, column, each, &estimates[j]));
    }
    return ntk_stats_largest(size, estimates, level, largest);
}

/* The largest |mean| of the components of independent samples (n, size), with an interval for all
 * at once. */
static ntk_status emit_largest(ntk_context *context, const char *prefix, const char *name, size_t n,
                               size_t size, const double *samples) {
    ntk_estimate largest;
    void *estimates = NULL;
    double *column = NULL;
    ntk_status status = ntk_allocate(size, sizeof(ntk_estimate), &estimates);
    if (status == NTK_OK) status = ntk_allocate_doubles(n, &column);
    if (status == NTK_OK)
        status = find_largest(ntk_context_level(context), n, size, samples, estimates, column, &largest);
    if (status == NTK_OK) status = ntk_emit_estimate_as(context, &largest, "%s-%s", prefix, name);
    ntk_release(column);
    ntk_release(estimates);
    return status;
}

/* ---- the posterior --------------------------------------------------------------------------- */

static ntk_status diagnose(ntk_context *context, const char *name, const ntk_predictive_chains *chains) {
    const double *traces[] = {chains->squares, chains->likelihoods};
    double worst_r_hat = 0, worst_size = INFINITY;
    for (size_t i = 0; i < 2; ++i) {
        double r_hat, size;
        NTK_TRY(ntk_stats_split_r_hat(chains->chains, chains->draws, traces[i], &r_hat));
        NTK_TRY(ntk_stats_effective_size(chains->chains, chains->draws, traces[i], &size));
        worst_r_hat = ntk_larger(worst_r_hat, r_hat);
        worst_size = ntk_smaller(worst_size, size);
    }
    NTK_TRY(emit(context, "split-r-hat", name, worst_r_hat));
    return emit(context, "effective-size", name, worst_size);
}

/* Chains are independent, so t intervals of their means need no autocorrelation. */
static ntk_status judge_square(ntk_context *context, const char *name, const ntk_predictive_chains *chains) {
    double *means = NULL;
    NTK_TRY(ntk_allocate_doubles(chains->chains, &means));
    for (size_t i = 0; i < chains->chains; ++i)
        for (size_t j = 0; j < chains->draws; ++j)
            means[i] += chains->squares[i * chains->draws + j] / (double)chains->draws;
    const ntk_status status = emit_mean(context, "posterior-square", name, chains->chains, means);
    ntk_release(means);
    return status;
}

static ntk_status judge(ntk_context *context, const char *name, const ntk_routes *routes,
                        const ntk_predictive_chains *chains) {
    NTK_TRY(diagnose(context, name, chains));
    NTK_TRY(judge_square(context, name, chains));
    const size_t size = routes->problem.problem.points * routes->problem.problem.outputs;
    return emit_largest(context, "posterior-mean", name, chains->chains, size, chains->residuals);
}

static ntk_status sample(ntk_context *context, const char *name, ntk_routes *routes) {
    ntk_predictive_chains chains;
    NTK_TRY(ntk_predictive_sample(context, &routes->problem, name, routes->options.chains,
                                  &routes->options.chain, &chains));
    memcpy(routes->posterior, chains.probabilities, values(routes) * sizeof(double));
    routes->fitted = chains.fitted;
    chains.fitted = NULL; /* taken over */
    const ntk_status status = judge(context, name, routes, &chains);
    ntk_predictive_chains_release(&chains);
    return status;
}

/* ---- the others ------------------------------------------------------------------------------ */

static ntk_status solve(ntk_context *context, const char *name, ntk_routes *routes) {
    const size_t count = routes->options.members;
    ntk_predictive_members members;
    NTK_TRY(ntk_predictive_solve(context, &routes->problem, name, count, routes->options.spread, &members));
    memcpy(routes->ensemble, members.probabilities, values(routes) * sizeof(double));
    ntk_status status = emit_mean(context, "ensemble-balance", name, count, members.balances);
    if (status == NTK_OK) status = emit_mean(context, "ensemble-degrees", name, count, members.degrees);
    ntk_predictive_members_release(&members);
    return status;
}

static ntk_status go(ntk_context *context, const char *name, ntk_routes *routes) {
    const size_t count = values(routes);
    NTK_TRY(ntk_allocate_doubles(4 * count, &routes->posterior));
    routes->ensemble = routes->posterior + count;
    routes->laplace = routes->ensemble + count;
    routes->mode = routes->laplace + count;
    NTK_TRY(sample(context, name, routes));
    NTK_TRY(solve(context, name, routes));
    NTK_TRY(ntk_predictive_laplace(context, &routes->problem, LAPLACE_DRAWS, routes->mode, routes->laplace));
    NTK_TRY(emit(context, "ensemble-distance", name, ntk_routes_distance(routes, routes->ensemble)));
    return emit(context, "laplace-distance", name, ntk_routes_distance(routes, routes->laplace));
}

ntk_status ntk_routes_compare(ntk_context *context, const char *name, ntk_predictive *problem,
                              ntk_routes *out) {
    *out = (ntk_routes){.problem = *problem, .options = ntk_routes_read(context)};
    *problem = (ntk_predictive){0};
    out->problem.lambda *= out->options.lambda_factor;
    const ntk_status status = go(context, name, out);
    if (status != NTK_OK) ntk_routes_release(out);
    return status;
}

ntk_status ntk_routes_weigh(ntk_context *context, const char *name, const ntk_routes *routes) {
    const size_t size = routes->problem.problem.points * routes->problem.problem.outputs;
    double *fitted = NULL;
    NTK_TRY(ntk_allocate_doubles(routes->options.chains * size, &fitted));
    ntk_status status = ntk_predictive_weigh(context, &routes->problem, name, routes->options.chains,
                                             routes->options.weighed, fitted);
    for (size_t i = 0; i < routes->options.chains * size; ++i) fitted[i] -= routes->fitted[i];
    if (status == NTK_OK)
        status = emit_largest(context, "importance", name, routes->options.chains, size, fitted);
    ntk_release(fitted);
    return status;
}

/* ---- reliability ----------------------------------------------------------------------------- */

typedef struct bin {
    double confidence, hits, count;
} bin;

static void fill_bins(const ntk_routes *routes, const double *probabilities, const size_t *labels,
                      bin *bins) {
    const size_t outputs = routes->problem.problem.outputs;
    for (size_t x = 0; x < routes->problem.q; ++x) {
        const double *p = probabilities + x * outputs;
        size_t top = 0;
        for (size_t k = 1; k < outputs; ++k)
            if (p[k] > p[top]) top = k;
        bin *b = &bins[p[top] < 1 ? (size_t)(p[top] * BINS) : BINS - 1];
        b->confidence += p[top];
        b->hits += labels[x] == top;
        b->count += 1;
    }
}

ntk_status ntk_routes_reliability(ntk_context *context, const char *name, const ntk_routes *routes,
                                  const size_t *labels) {
    const char *const titles[] = {"posterior", "ensemble", "laplace", "mode"};
    const double *probabilities[] = {routes->posterior, routes->ensemble, routes->laplace, routes->mode};
    char title[NAME_SIZE];
    ntk_table *table;
    snprintf(title, sizeof title, "reliability-%s", name);
    NTK_TRY(ntk_emit_table(context, title, "$route confidence accuracy count", &table));
    for (size_t route = 0; route < 4; ++route) {
        bin bins[BINS] = {{0}};
        fill_bins(routes, probabilities[route], labels, bins);
        for (size_t i = 0; i < BINS; ++i) {
            const double row[] = {bins[i].confidence / bins[i].count, bins[i].hits / bins[i].count,
                                  bins[i].count};
            if (bins[i].count > 0) NTK_TRY(ntk_table_row(table, &titles[route], row));
        }
    }
    return NTK_OK;
}
