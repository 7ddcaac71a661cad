/* Posterior and ensemble of a Gaussian process classifier, and what each obeys (classifier.h for C,
 * g, W).
 *
 * Posterior, density proportional to exp(l(f) - f^T C^{-1} f / 2), g = grad l. By parts, with any
 * smooth field v, E div v + v^T (g - C^{-1} f) = 0; for v constant and for v = f
 *
 *     E f = C E g(f),          E [f^T C^{-1} f - f^T g(f)] = N.
 *
 * Ensemble: f = f_0 + C g(f) with f_0 ~ N(0, C). The derivative of f by f_0 is (I + C W)^{-1}, so
 * by Stein's lemma
 *
 *     E f_0^T g(f) = -E tr C W (I + C W)^{-1} = -E d,          d = tr W (C^{-1} + W)^{-1},
 *
 * and f^T C^{-1} f - f^T g(f) = f^T C^{-1} f_0 = f_0^T C^{-1} f_0 + f_0^T g(f) has the mean N - E d
 * where the posterior has N: the ensemble spreads as the prior does in what the data do not decide,
 * and lacks the spread that the noise of the labels leaves in the d directions which they do. */
#include "predictive.h"

#include <math.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/classifier.h>
#include <ntk/inference_problem.h>
#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/definiteness.h>
#include <ntk/lab/map.h>
#include <ntk/laplace.h>
#include <ntk/linalg.h>
#include <ntk/logistic.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/posterior.h>
#include <ntk/random.h>
#include <ntk/slice.h>
#include <ntk/status.h>

static size_t unknowns(const ntk_predictive *p) { return p->problem.points * p->problem.outputs; }
static size_t values(const ntk_predictive *p) { return p->q * p->problem.outputs; }

/* The problem with the lambda that laws and solutions are computed with. */
static ntk_inference_problem solved_problem(const ntk_predictive *p, const double *f0) {
    ntk_inference_problem problem = p->problem;
    problem.lambda = p->lambda;
    problem.f0 = f0;
    return problem;
}

/* ---- the problem ----------------------------------------------------------------------------- */

void ntk_predictive_release(ntk_predictive *predictive) {
    ntk_release(predictive->gram);
    ntk_release(predictive->cross);
    ntk_release(predictive->diagonal);
    ntk_release(predictive->targets);
    ntk_release(predictive->start_gram);
    ntk_release(predictive->start_cross);
    ntk_release(predictive->start_diagonal);
    *predictive = (ntk_predictive){0};
}

/* A kernel times `scale` at the points trained on, between them and the new ones, and at the new
 * ones. */
static ntk_status fill(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t q,
                       size_t d, const double *x, double scale, double *gram, double *cross,
                       double *diagonal) {
    NTK_TRY(ntk_kernel_gram(architecture, type, n, d, x, d, gram, n));
    NTK_TRY(ntk_kernel_cross(architecture, type, q, n, d, x + n * d, d, x, d, cross, n));
    for (size_t i = 0; i < q; ++i)
        NTK_TRY(ntk_kernel_gram(architecture, type, 1, d, x + (n + i) * d, d, &diagonal[i], 1));
    for (size_t i = 0; i < n * n; ++i) gram[i] *= scale;
    for (size_t i = 0; i < q * n; ++i) cross[i] *= scale;
    for (size_t i = 0; i < q; ++i) diagonal[i] *= scale;
    return NTK_OK;
}

static ntk_status allocate(size_t n, ntk_predictive *out) {
    NTK_TRY(ntk_allocate_doubles(unknowns(out), &out->targets));
    NTK_TRY(ntk_allocate_doubles(n * n, &out->gram));
    NTK_TRY(ntk_allocate_doubles(out->q * n, &out->cross));
    NTK_TRY(ntk_allocate_doubles(out->q, &out->diagonal));
    NTK_TRY(ntk_allocate_doubles(n * n, &out->start_gram));
    NTK_TRY(ntk_allocate_doubles(out->q * n, &out->start_cross));
    return ntk_allocate_doubles(out->q, &out->start_diagonal);
}

ntk_status ntk_predictive_create(const ntk_architecture *architecture, const ntk_classification *data,
                                 double lambda, ntk_predictive_start start, ntk_predictive *out) {
    const size_t n = data->points, q = data->others, d = data->inputs;
    const ntk_kernel_type type = start == NTK_START_PRIOR ? NTK_KERNEL_NTK : NTK_KERNEL_NNGP;
    const double scale = start == NTK_START_PRIOR ? 1 / ((double)n * lambda) : 1;
    *out = (ntk_predictive){.lambda = lambda, .q = q};
    out->problem = (ntk_inference_problem){
        .loss = data->loss, .points = n, .outputs = data->outputs, .order = n, .lambda = lambda};
    ntk_status status = allocate(n, out);
    if (status == NTK_OK)
        status =
            fill(architecture, NTK_KERNEL_NTK, n, q, d, data->x, 1, out->gram, out->cross, out->diagonal);
    if (status == NTK_OK)
        status = fill(architecture, type, n, q, d, data->x, scale, out->start_gram, out->start_cross,
                      out->start_diagonal);
    if (status != NTK_OK) {
        ntk_predictive_release(out);
        return status;
    }
    memcpy(out->targets, data->targets, unknowns(out) * sizeof *out->targets);
    out->problem.gram = out->gram;
    out->problem.targets = out->targets;
    return NTK_OK;
}

/* gradient = g(f) = Q - p(f). Both (N). */
static void find_gradient(const ntk_predictive *p, const double *f, double *gradient) {
    ntk_bayes_probabilities(p->problem.loss, p->problem.points, p->problem.outputs, f, gradient);
    for (size_t i = 0; i < unknowns(p); ++i) gradient[i] = p->targets[i] - gradient[i];
}

/* ---- the posterior --------------------------------------------------------------------------- */

typedef struct sampling {
    const ntk_context *context;
    const ntk_predictive *predictive;
    const ntk_posterior *posterior; /* the law sampled */
    const ntk_posterior *claimed;   /* the law whose identities are evaluated */
    const ntk_chain_options *options;
    const char *purpose;
    double *means; /* (chains, M) */
    ntk_predictive_chains *out;
} sampling;

typedef struct chain {
    const sampling *all;
    size_t index;
    ntk_stream extension;
    double *f;              /* (N), the state */
    double *gradient, *fit; /* (N), g and C g */
    double *f_new, *p_new;  /* (M) */
} chain;

static ntk_status record_identities(chain *self, size_t draw, const double *f) {
    const ntk_predictive *p = self->all->predictive;
    const size_t n = p->problem.points, outputs = p->problem.outputs, size = n * outputs;
    const double scale = 1 / ((double)n * p->problem.lambda);
    double square = 0, *residual = self->all->out->residuals + self->index * size;
    double *fitted = self->all->out->fitted + self->index * size;
    find_gradient(p, f, self->gradient);
    NTK_TRY(ntk_posterior_square(self->all->claimed, f, &square));
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, n, outputs, n, scale, p->gram, n, self->gradient,
                     outputs, 0, self->fit, outputs));
    for (size_t i = 0; i < size; ++i) {
        const double deviation = sqrt(scale * p->gram[i / outputs * (n + 1)]);
        residual[i] += (f[i] - self->fit[i]) / deviation / (double)self->all->options->draws;
        fitted[i] += (p->targets[i] - self->gradient[i]) / (double)self->all->options->draws;
    }
    self->all->out->squares[self->index * self->all->options->draws + draw] =
        (square - ntk_dot(size, f, self->gradient)) / (double)size;
    return NTK_OK;
}

static ntk_status record(size_t draw, const double *f, void *context) {
    chain *self = context;
    const ntk_predictive *p = self->all->predictive;
    const ntk_inference_problem *problem = &p->problem;
    double *mean = self->all->means + self->index * values(p), loss = 0;
    NTK_TRY(record_identities(self, draw, f));
    ntk_loss_evaluate(problem->loss, problem->points, problem->outputs, f, problem->targets, &loss, NULL);
    self->all->out->likelihoods[self->index * self->all->options->draws + draw] =
        -(double)problem->points * loss;
    NTK_TRY(ntk_posterior_extend(self->all->posterior, &self->extension, f, self->f_new));
    ntk_bayes_probabilities(problem->loss, p->q, problem->outputs, self->f_new, self->p_new);
    for (size_t i = 0; i < values(p); ++i) mean[i] += self->p_new[i] / (double)self->all->options->draws;
    return NTK_OK;
}

static ntk_status run_chain(size_t unit, void *argument) {
    const sampling *all = argument;
    const size_t size = unknowns(all->predictive), count = values(all->predictive);
    const ntk_stream root = ntk_context_stream(all->context, unit);
    ntk_stream stream = ntk_stream_fork(&root, all->purpose);
    chain self = {.all = all, .index = unit, .extension = ntk_stream_fork(&stream, "new points")};
    NTK_TRY(ntk_allocate_doubles(3 * size + 2 * count, &self.f));
    self.gradient = self.f + size;
    self.fit = self.gradient + size;
    self.f_new = self.fit + size;
    self.p_new = self.f_new + count;
    ntk_status status = ntk_posterior_prior(all->posterior, &stream, self.f);
    if (status == NTK_OK)
        status = ntk_posterior_chain(all->posterior, all->options, &stream, self.f, record, &self);
    ntk_release(self.f);
    return status;
}

void ntk_predictive_chains_release(ntk_predictive_chains *chains) {
    ntk_release(chains->probabilities);
    ntk_release(chains->residuals);
    ntk_release(chains->fitted);
    ntk_release(chains->squares);
    ntk_release(chains->likelihoods);
    *chains = (ntk_predictive_chains){0};
}

/* mean (size) = the mean of the rows (count, size). */
static void average(size_t count, size_t size, const double *rows, double *mean) {
    for (size_t i = 0; i < count; ++i)
        for (size_t j = 0; j < size; ++j) mean[j] += rows[i * size + j] / (double)count;
}

static ntk_status allocate_chains(const ntk_predictive *p, ntk_predictive_chains *out) {
    NTK_TRY(ntk_allocate_doubles(values(p), &out->probabilities));
    NTK_TRY(ntk_allocate_doubles(out->chains * unknowns(p), &out->residuals));
    NTK_TRY(ntk_allocate_doubles(out->chains * unknowns(p), &out->fitted));
    NTK_TRY(ntk_allocate_doubles(out->chains * out->draws, &out->squares));
    return ntk_allocate_doubles(out->chains * out->draws, &out->likelihoods);
}

ntk_status ntk_predictive_sample(const ntk_context *context, const ntk_predictive *predictive,
                                 const char *purpose, size_t chains, const ntk_chain_options *options,
                                 ntk_predictive_chains *out) {
    const ntk_inference_problem law = solved_problem(predictive, NULL);
    ntk_posterior *posterior = NULL, *claimed = NULL;
    sampling all = {
        .context = context, .predictive = predictive, .options = options, .purpose = purpose, .out = out};
    *out = (ntk_predictive_chains){.chains = chains, .draws = options->draws};
    ntk_status status = allocate_chains(predictive, out);
    if (status == NTK_OK) status = ntk_allocate_doubles(chains * values(predictive), &all.means);
    if (status == NTK_OK)
        status =
            ntk_posterior_create(&law, predictive->q, predictive->cross, predictive->diagonal, &posterior);
    if (status == NTK_OK) status = ntk_posterior_create(&predictive->problem, 0, NULL, NULL, &claimed);
    all.posterior = posterior;
    all.claimed = claimed;
    const ntk_slots slots[] = {{all.means, values(predictive)},
                               {out->residuals, unknowns(predictive)},
                               {out->fitted, unknowns(predictive)},
                               {out->squares, out->draws},
                               {out->likelihoods, out->draws}};
    if (status == NTK_OK) status = ntk_map_units(chains, run_chain, &all, slots, 5);
    if (status == NTK_OK) average(chains, values(predictive), all.means, out->probabilities);
    ntk_posterior_destroy(posterior);
    ntk_posterior_destroy(claimed);
    ntk_release(all.means);
    if (status != NTK_OK) ntk_predictive_chains_release(out);
    return status;
}

/* ---- the posterior by weighing --------------------------------------------------------------- */

typedef struct weighing {
    const ntk_context *context;
    const ntk_predictive *predictive;
    const ntk_posterior *prior;
    const char *purpose;
    size_t draws;
    double *fitted; /* (batches, N) */
} weighing;

/* Weights are likelihoods relative to 1, their largest value: a mean over many draws is not ruled
 * by a few. f, p: (N), scratch; sum: (N). */
static ntk_status add_weighed(const weighing *all, ntk_stream *stream, double *f, double *p, double *sum) {
    const ntk_inference_problem *problem = &all->predictive->problem;
    const size_t size = unknowns(all->predictive);
    double mass = 0, loss = 0;
    for (size_t draw = 0; draw < all->draws; ++draw) {
        NTK_TRY(ntk_posterior_prior(all->prior, stream, f));
        ntk_loss_evaluate(problem->loss, problem->points, problem->outputs, f, problem->targets, &loss, NULL);
        const double weight = exp(-(double)problem->points * loss);
        ntk_bayes_probabilities(problem->loss, problem->points, problem->outputs, f, p);
        for (size_t i = 0; i < size; ++i) sum[i] += weight * p[i];
        mass += weight;
    }
    for (size_t i = 0; i < size; ++i) sum[i] /= mass;
    return NTK_OK;
}

static ntk_status run_batch(size_t unit, void *argument) {
    const weighing *all = argument;
    const size_t size = unknowns(all->predictive);
    const ntk_stream root = ntk_context_stream(all->context, unit),
                     own = ntk_stream_fork(&root, all->purpose);
    ntk_stream stream = ntk_stream_fork(&own, "weighed");
    double *f = NULL;
    NTK_TRY(ntk_allocate_doubles(2 * size, &f));
    const ntk_status status = add_weighed(all, &stream, f, f + size, all->fitted + unit * size);
    ntk_release(f);
    return status;
}

ntk_status ntk_predictive_weigh(const ntk_context *context, const ntk_predictive *predictive,
                                const char *purpose, size_t batches, size_t draws, double *fitted) {
    ntk_posterior *prior = NULL;
    memset(fitted, 0, batches * unknowns(predictive) * sizeof *fitted);
    NTK_TRY(ntk_posterior_create(&predictive->problem, 0, NULL, NULL, &prior));
    weighing all = {.context = context,
                    .predictive = predictive,
                    .prior = prior,
                    .purpose = purpose,
                    .draws = draws,
                    .fitted = fitted};
    const ntk_slots slots = {fitted, unknowns(predictive)};
    const ntk_status status = ntk_map_units(batches, run_batch, &all, &slots, 1);
    ntk_posterior_destroy(prior);
    return status;
}

/* ---- the ensemble ---------------------------------------------------------------------------- */

ntk_status ntk_predictive_solution(const ntk_predictive *predictive, const double *start, double *at_points,
                                   double *f) {
    const ntk_inference_problem problem = solved_problem(predictive, start);
    ntk_logistic_result result;
    double *a = NULL;
    NTK_TRY(ntk_allocate_doubles(unknowns(predictive), &a));
    ntk_status status = ntk_inference_logistic(&problem, NULL, a, at_points, &result);
    if (status == NTK_OK)
        status = ntk_inference_predict(&problem, predictive->q, predictive->cross,
                                       start ? start + unknowns(predictive) : NULL, a, f);
    ntk_release(a);
    return status;
}

typedef struct solving {
    const ntk_context *context;
    const ntk_predictive *predictive;
    const ntk_posterior *start; /* only its prior, N(0, covariance of the start), is drawn from */
    const char *purpose;
    double spread;
    double *each; /* (members, M) */
    ntk_predictive_members *out;
} solving;

/* From the start (N + M) drawn; f, gradient: (N), scratch. */
static ntk_status solve(const solving *all, size_t unit, const double *start, double *f, double *gradient) {
    const ntk_predictive *p = all->predictive;
    const size_t size = unknowns(p);
    double *each = all->each + unit * values(p), *degrees = &all->out->degrees[unit];
    ntk_laplace *curvature = NULL;
    NTK_TRY(ntk_predictive_solution(p, start, f, each));
    ntk_bayes_probabilities(p->problem.loss, p->q, p->problem.outputs, each, each);
    NTK_TRY(ntk_laplace_create(&p->problem, f, &curvature));
    const ntk_status status = ntk_laplace_degrees(curvature, degrees);
    ntk_laplace_destroy(curvature);
    find_gradient(p, f, gradient);
    *degrees /= (double)size;
    all->out->balances[unit] = ntk_dot(size, start, gradient) / (double)size + *degrees;
    return status;
}

static ntk_status run_member(size_t unit, void *argument) {
    const solving *all = argument;
    const size_t size = unknowns(all->predictive), count = values(all->predictive);
    const ntk_stream root = ntk_context_stream(all->context, unit);
    ntk_stream stream = ntk_stream_fork(&root, all->purpose);
    double *start = NULL;
    NTK_TRY(ntk_allocate_doubles(3 * size + count, &start));
    ntk_status status = ntk_posterior_prior(all->start, &stream, start);
    if (status == NTK_OK) status = ntk_posterior_extend(all->start, &stream, start, start + size);
    for (size_t i = 0; i < size + count; ++i) start[i] *= all->spread;
    double *f = start + size + count;
    if (status == NTK_OK) status = solve(all, unit, start, f, f + size);
    ntk_release(start);
    return status;
}

void ntk_predictive_members_release(ntk_predictive_members *members) {
    ntk_release(members->probabilities);
    ntk_release(members->degrees);
    ntk_release(members->balances);
    *members = (ntk_predictive_members){0};
}

static ntk_status allocate_members(const ntk_predictive *p, ntk_predictive_members *out) {
    NTK_TRY(ntk_allocate_doubles(values(p), &out->probabilities));
    NTK_TRY(ntk_allocate_doubles(out->members, &out->degrees));
    return ntk_allocate_doubles(out->members, &out->balances);
}

ntk_status ntk_predictive_solve(const ntk_context *context, const ntk_predictive *predictive,
                                const char *purpose, size_t members, double spread,
                                ntk_predictive_members *out) {
    ntk_posterior *start = NULL;
    ntk_inference_problem start_problem =
        predictive->problem; /* with n lambda = 1 its prior covariance is the kernel */
    start_problem.gram = predictive->start_gram;
    start_problem.lambda = 1 / (double)predictive->problem.points;
    solving all = {
        .context = context, .predictive = predictive, .purpose = purpose, .spread = spread, .out = out};
    *out = (ntk_predictive_members){.members = members};
    ntk_status status = allocate_members(predictive, out);
    if (status == NTK_OK) status = ntk_allocate_doubles(members * values(predictive), &all.each);
    if (status == NTK_OK)
        status = ntk_posterior_create(&start_problem, predictive->q, predictive->start_cross,
                                      predictive->start_diagonal, &start);
    all.start = start;
    const ntk_slots slots[] = {{all.each, values(predictive)}, {out->degrees, 1}, {out->balances, 1}};
    if (status == NTK_OK) status = ntk_map_units(members, run_member, &all, slots, 3);
    if (status == NTK_OK) average(members, values(predictive), all.each, out->probabilities);
    ntk_posterior_destroy(start);
    ntk_release(all.each);
    if (status != NTK_OK) ntk_predictive_members_release(out);
    return status;
}

/* ---- the Laplace approximation --------------------------------------------------------------- */

/* f, at_points: (M), (N); covariance: (q, K, K), all scratch. */
static ntk_status approximate(const ntk_context *context, const ntk_predictive *p, size_t draws, double *f,
                              double *at_points, double *covariance, double *mode, double *laplace) {
    const size_t outputs = p->problem.outputs;
    const ntk_inference_problem problem = solved_problem(p, NULL);
    const ntk_stream root = ntk_context_stream(context, 0), stream = ntk_stream_fork(&root, "Laplace");
    ntk_laplace *gaussian = NULL;
    NTK_TRY(ntk_predictive_solution(p, NULL, at_points, f));
    ntk_bayes_probabilities(problem.loss, p->q, outputs, f, mode);
    NTK_TRY(ntk_laplace_create(&problem, at_points, &gaussian));
    const ntk_status status = ntk_laplace_covariance(gaussian, p->q, p->cross, p->diagonal, covariance);
    ntk_laplace_destroy(gaussian);
    NTK_TRY(status);
    return ntk_bayes_average(problem.loss, p->q, outputs, f, covariance, draws, &stream, laplace);
}

ntk_status ntk_predictive_laplace(const ntk_context *context, const ntk_predictive *predictive, size_t draws,
                                  double *mode, double *laplace) {
    const size_t size = unknowns(predictive), count = values(predictive);
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(size + count + count * predictive->problem.outputs, &memory));
    const ntk_status status =
        approximate(context, predictive, draws, memory + size, memory, memory + size + count, mode, laplace);
    ntk_release(memory);
    return status;
}

/* ---- comparison ------------------------------------------------------------------------------ */

/* p log(p / other), 0 at p = 0. */
static double term(double p, double other) { return p > 0 ? p * log(p / other) : 0; }

double ntk_predictive_divergence(const ntk_predictive *predictive, const double *p, const double *other) {
    double sum = 0;
    for (size_t i = 0; i < values(predictive); ++i) {
        sum += term(p[i], other[i]);
        if (predictive->problem.loss == NTK_LOSS_LOGISTIC) sum += term(1 - p[i], 1 - other[i]);
    }
    return sum / (double)predictive->q;
}
