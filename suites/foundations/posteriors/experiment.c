/* Posteriors and laws of ensembles in weight space. The library computes them from Gram matrices;
 * here the features are given, so that both sides of the same Gaussian are there: Theta = Phi
 * Phi^T, f = Phi w, w ~ N(0, I / (n lambda)), with Phi (n + q, p), n training points and q others.
 *
 *   regression  targets with noise of variance 1: with H = Phi_X^T Phi_X + n lambda I the posterior
 *               of w is N(H^{-1} Phi_X^T y, H^{-1}). In units in which the kernel is Theta and the
 *               noise n lambda the covariance is n lambda phi^T H^{-1} phi.
 *   ensemble    f_0 = Psi v, v ~ N(0, I): training ends at f_0(x) + phi^T H^{-1} Phi_X^T (y -
 *               f_0(X)), which is linear in v.
 *   Laplace     the curvature of -log posterior at given outputs f: H = n lambda I + sum_i phi_i
 *               phi_i^T sigma (1 - sigma), or with (x) (diag p - p p^T) for several classes;
 *               covariance phi^T H^{-1} phi, effective parameters tr (H - n lambda I) H^{-1}.
 *   prior       f = Phi_X w, w = Phi_X^T a: the prior's square is n lambda ||w||^2.
 *   sampler     N(0, C) times a Gaussian likelihood of noise s^2 is N(mu, V), V = (C^{-1} + I /
 *               s^2)^{-1}, mu = V y / s^2: ends of independent chains, whitened, are N(0, I).
 *   chain       two points with Theta_12 = 0: the posterior of the classifier is a product; mean
 *               and variance of its probabilities are integrals of one variable.
 *
 * Solves and integrals are done here; nothing of src/inference is used for them. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGER("chains", 1500, 4, 100000, "independent chains of each sampler"),
    NTK_REAL("lambda", 0.3, 1e-3, 100, "of prior and training"),
    NTK_REAL("lambda-error", 0, -0.9, 9, "relative error that is planted in lambda of the theory"),
    NTK_REAL("start-error", 0, -0.9, 9, "the same in the covariance of the initial outputs"),
    NTK_REAL("noise-error", 0, -0.9, 9, "the same in the noise of the sampler's likelihood"),
    NTK_REAL("target-error", 0, -9, 9, "added to the targets of the sampler's likelihood"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("regression-{mean,covariance}", "largest error of the posterior of kernel regression"),
    NTK_METRIC("ensemble-covariance", "largest error of the covariance of an ensemble's ends"),
    NTK_METRIC("laplace-{logistic,softmax}", "largest error of Laplace's covariance"),
    NTK_METRIC("degrees-{logistic,softmax}", "error of the effective number of parameters"),
    NTK_METRIC("prior-square", "relative error of the prior's square of given outputs"),
    NTK_METRIC("sampler-{mean,covariance}-p", "p-values of whitened draws, Gaussian likelihood"),
    NTK_METRIC("chain-probability-p", "p-value of the mean probability of draws of the classifier"),
    {0},
};

enum { N = 6, Q = 4, ALL = N + Q, P = 9, K = 3, PK = P * K, DIMENSIONS = 3 };

typedef struct study {
    ntk_context *context;
    ntk_table *errors;
    double lambda, planted; /* the library's, and that of the theory */
    double phi[ALL * P], psi[ALL * P], theta[ALL * ALL], start[ALL * ALL], y[N], f[N * K];
} study;

static ntk_status emit(const study *self, const char *name, double size, double error) {
    const char *labels[] = {name};
    const double row[] = {size, error};
    NTK_TRY(ntk_table_row(self->errors, labels, row));
    return ntk_emit_scalar(self->context, name, error);
}

/* ---- weight space ---------------------------------------------------------------------------- */

/* L L^T = n lambda I + sum_i phi_i phi_i^T (x) w_i, w_i (classes, classes). hessian: (p classes)
 * square; row a * classes + k. */
static ntk_status factor_hessian(const study *self, size_t classes, const double *w, double *hessian) {
    const size_t order = P * classes;
    memset(hessian, 0, order * order * sizeof *hessian);
    for (size_t r = 0; r < order; r++)
        for (size_t c = 0; c < order; c++) {
            double sum = r == c ? N * self->planted : 0;
            for (size_t i = 0; i < N; i++)
                sum += self->phi[i * P + r / classes] * self->phi[i * P + c / classes] *
                       w[(i * classes + r % classes) * classes + c % classes];
            hessian[r * order + c] = sum;
        }
    return ntk_cholesky(order, hessian, order);
}

/* Covariance over classes of phi^T w at a point: blocks of H^{-1} around phi. out: (classes,
 * classes). */
static ntk_status predict(size_t classes, const double *factor, const double *phi, double *out) {
    const size_t order = P * classes;
    double columns[PK * K] = {0};
    for (size_t a = 0; a < P; a++)
        for (size_t k = 0; k < classes; k++) columns[(a * classes + k) * classes + k] = phi[a];
    NTK_TRY(ntk_triangular_solve(NTK_NO_TRANSPOSE, order, classes, factor, order, columns, classes));
    for (size_t k = 0; k < classes; k++)
        for (size_t l = 0; l < classes; l++) {
            out[k * classes + l] = 0;
            for (size_t r = 0; r < order; r++)
                out[k * classes + l] += columns[r * classes + k] * columns[r * classes + l];
        }
    return NTK_OK;
}

/* A of the theory: phi_x^T H^{-1} Phi_X^T, (Q, N). */
static ntk_status linear_map(const study *self, const double *factor, double *map) {
    double columns[P * N];
    for (size_t a = 0; a < P; a++)
        for (size_t i = 0; i < N; i++) columns[a * N + i] = self->phi[i * P + a];
    NTK_TRY(ntk_cholesky_solve(P, N, factor, P, columns, N));
    for (size_t x = 0; x < Q; x++)
        for (size_t i = 0; i < N; i++) {
            map[x * N + i] = 0;
            for (size_t a = 0; a < P; a++) map[x * N + i] += self->phi[(N + x) * P + a] * columns[a * N + i];
        }
    return NTK_OK;
}

static ntk_status ones_hessian(const study *self, double *factor) {
    double w[N];
    for (size_t i = 0; i < N; i++) w[i] = 1;
    return factor_hessian(self, 1, w, factor);
}

/* ---- squared loss ---------------------------------------------------------------------------- */

static ntk_status judge_regression(const study *self) {
    const double ridge = N * self->lambda;
    double factor[P * P], map[Q * N], theirs[Q * N], mean[Q], covariance[Q * Q], columns[P * Q];
    double worst_mean = 0, worst = 0, size = 0;
    NTK_TRY(ones_hessian(self, factor));
    NTK_TRY(linear_map(self, factor, map));
    NTK_TRY(ntk_gaussian_map(N, Q, self->theta, ridge, theirs));
    NTK_TRY(ntk_gaussian_mean(N, Q, 1, theirs, self->y, mean));
    for (size_t x = 0; x < Q; x++)
        worst_mean = ntk_larger(worst_mean, fabs(mean[x] - ntk_dot(N, map + x * N, self->y)));
    NTK_TRY(emit(self, "regression-mean", ntk_norm(Q, mean), worst_mean));

    NTK_TRY(ntk_gaussian_posterior(N, Q, self->theta, ridge, covariance));
    for (size_t a = 0; a < P; a++)
        for (size_t x = 0; x < Q; x++) columns[a * Q + x] = self->phi[(N + x) * P + a];
    NTK_TRY(ntk_triangular_solve(NTK_NO_TRANSPOSE, P, Q, factor, P, columns, Q));
    for (size_t x = 0; x < Q; x++)
        for (size_t z = 0; z < Q; z++) {
            double wanted = 0;
            for (size_t a = 0; a < P; a++) wanted += columns[a * Q + x] * columns[a * Q + z];
            wanted *= N * self->planted;
            worst = ntk_larger(worst, fabs(covariance[x * Q + z] - wanted));
            size = fmax(size, fabs(wanted));
        }
    return emit(self, "regression-covariance", size, worst);
}

static ntk_status judge_ensemble(const study *self) {
    double factor[P * P], map[Q * N], theirs[Q * N], ends[Q * P], covariance[Q * Q], worst = 0, size = 0;
    NTK_TRY(ones_hessian(self, factor));
    NTK_TRY(linear_map(self, factor, map));
    NTK_TRY(ntk_gaussian_map(N, Q, self->theta, N * self->lambda, theirs));
    NTK_TRY(ntk_gaussian_ensemble(N, Q, theirs, self->start, covariance));
    for (size_t x = 0; x < Q; x++)
        for (size_t a = 0; a < P; a++) {
            ends[x * P + a] = self->psi[(N + x) * P + a];
            for (size_t i = 0; i < N; i++) ends[x * P + a] -= map[x * N + i] * self->psi[i * P + a];
        }
    for (size_t x = 0; x < Q; x++)
        for (size_t z = 0; z < Q; z++) {
            const double wanted = ntk_dot(P, ends + x * P, ends + z * P);
            worst = ntk_larger(worst, fabs(covariance[x * Q + z] - wanted));
            size = fmax(size, fabs(wanted));
        }
    return emit(self, "ensemble-covariance", size, worst);
}

/* ---- classification -------------------------------------------------------------------------- */

/* Curvatures of the cross-entropies at f, (N, classes, classes). */
static void curvatures(const study *self, size_t classes, double *w) {
    for (size_t i = 0; i < N; i++) {
        double p[K], sum = 0;
        if (classes == 1) {
            const double sigma = 1 / (1 + exp(-self->f[i]));
            w[i] = sigma * (1 - sigma);
            continue;
        }
        for (size_t k = 0; k < K; k++) sum += p[k] = exp(self->f[i * K + k]);
        for (size_t k = 0; k < K; k++)
            for (size_t l = 0; l < K; l++)
                w[(i * K + k) * K + l] = (k == l) * p[k] / sum - p[k] / sum * p[l] / sum;
    }
}

/* tr (H - n lambda I) H^{-1} = order - n lambda tr H^{-1} */
static ntk_status effective(const study *self, size_t order, const double *factor, double *out) {
    double inverse[PK * PK] = {0}, trace = 0;
    for (size_t r = 0; r < order; r++) inverse[r * order + r] = 1;
    NTK_TRY(ntk_cholesky_solve(order, order, factor, order, inverse, order));
    for (size_t r = 0; r < order; r++) trace += inverse[r * order + r];
    *out = (double)order - N * self->planted * trace;
    return NTK_OK;
}

static ntk_inference_problem problem_of(const study *self, ntk_loss loss, const double *gram,
                                        const double *targets) {
    return (ntk_inference_problem){.loss = loss,
                                   .points = N,
                                   .outputs = loss == NTK_LOSS_LOGISTIC ? 1 : K,
                                   .order = N,
                                   .gram = gram,
                                   .targets = targets,
                                   .lambda = self->lambda};
}

/* theta of the training points, and what the others have with them. */
static void split(const study *self, double *gram, double *cross, double *diagonal) {
    for (size_t i = 0; i < N; i++) memcpy(gram + i * N, self->theta + i * ALL, N * sizeof *gram);
    for (size_t x = 0; x < Q; x++) {
        memcpy(cross + x * N, self->theta + (N + x) * ALL, N * sizeof *cross);
        diagonal[x] = self->theta[(N + x) * ALL + N + x];
    }
}

static ntk_status judge_laplace(const study *self, ntk_loss loss, const char *covariance_name,
                                const char *degrees_name) {
    const size_t classes = loss == NTK_LOSS_LOGISTIC ? 1 : K, square = classes * classes;
    double gram[N * N], cross[Q * N], diagonal[Q], targets[N * K], w[N * K * K], factor[PK * PK];
    double covariance[Q * K * K], wanted[K * K], degrees, true_degrees, worst = 0, size = 0;
    ntk_laplace *laplace = NULL;
    split(self, gram, cross, diagonal);
    for (size_t k = 0; k < N * K; k++) targets[k] = k % K == 0;
    const ntk_inference_problem problem = problem_of(self, loss, gram, targets);
    curvatures(self, classes, w);
    NTK_TRY(factor_hessian(self, classes, w, factor));
    NTK_TRY(effective(self, P * classes, factor, &true_degrees));
    NTK_TRY(ntk_laplace_create(&problem, self->f, &laplace));
    ntk_status status = ntk_laplace_covariance(laplace, Q, cross, diagonal, covariance);
    if (status == NTK_OK) status = ntk_laplace_degrees(laplace, &degrees);
    ntk_laplace_destroy(laplace);
    for (size_t x = 0; x < Q && status == NTK_OK; x++) {
        status = predict(classes, factor, self->phi + (N + x) * P, wanted);
        const double error = ntk_largest_difference(square, covariance + x * square, wanted);
        worst = ntk_larger(worst, error);
        size = fmax(size, wanted[0]);
    }
    NTK_TRY(status);
    NTK_TRY(emit(self, covariance_name, size, worst));
    return emit(self, degrees_name, true_degrees, fabs(degrees - true_degrees));
}

static ntk_status judge_prior(const study *self) {
    double gram[N * N], cross[Q * N], diagonal[Q], targets[N], a[N], w[P] = {0}, f[N], square;
    ntk_posterior *posterior = NULL;
    split(self, gram, cross, diagonal);
    for (size_t i = 0; i < N; i++) {
        targets[i] = i % 2 ? 1 : 0;
        a[i] = self->f[i];
        for (size_t k = 0; k < P; k++) w[k] += a[i] * self->phi[i * P + k];
    }
    for (size_t i = 0; i < N; i++) f[i] = ntk_dot(P, self->phi + i * P, w);
    const ntk_inference_problem problem = problem_of(self, NTK_LOSS_LOGISTIC, gram, targets);
    NTK_TRY(ntk_posterior_create(&problem, Q, cross, diagonal, &posterior));
    const ntk_status status = ntk_posterior_square(posterior, f, &square);
    ntk_posterior_destroy(posterior);
    NTK_TRY(status);
    const double wanted = N * self->planted * ntk_dot(P, w, w);
    return emit(self, "prior-square", 1, fabs(square / wanted - 1));
}

/* ---- samplers -------------------------------------------------------------------------------- */

/* Whoever has a law of his own so far from the stated one that a tail underflows has p = 0. */
static ntk_status unless_underflow(ntk_status status, double *p) {
    if (status != NTK_ERROR_NO_CONVERGENCE) return status;
    *p = 0;
    return NTK_OK;
}

/* A covariance C = L L^T, targets y and a noise; the posterior's mean and the factor of its
 * precision, R^T R = V^{-1}, with which draws are whitened. */
typedef struct sampler {
    const study *self;
    double factor[DIMENSIONS * DIMENSIONS], y[DIMENSIONS], noise;
    double mean[DIMENSIONS], precision[DIMENSIONS * DIMENSIONS];
    double *whitened; /* (chains, DIMENSIONS) */
} sampler;

static double gaussian_likelihood(const double *f, const void *context) {
    const sampler *s = context;
    const double distance = ntk_distance(DIMENSIONS, f, s->y);
    return -distance * distance / (2 * s->noise);
}

/* Transitions that forget the start: a chain is one draw, so that draws are independent. */
static const ntk_chain_options one_draw = {.burn_in = 60, .draws = 1, .thinning = 1};

static ntk_status keep(size_t draw, const double *f, void *context) {
    (void)draw;
    (void)f; /* the end of the chain is what is looked at */
    (void)context;
    return NTK_OK;
}

static ntk_status sample(size_t unit, void *argument) {
    const sampler *s = argument;
    ntk_stream stream = ntk_context_stream(s->self->context, 1 + unit);
    double f[DIMENSIONS] = {0}, *z = s->whitened + unit * DIMENSIONS;
    const ntk_slice_target target = {.rows = DIMENSIONS,
                                     .columns = 1,
                                     .factor = s->factor,
                                     .log_likelihood = gaussian_likelihood,
                                     .context = s};
    NTK_TRY(ntk_slice_chain(&target, &one_draw, &stream, f, keep, NULL));
    for (size_t i = 0; i < DIMENSIONS; i++) {
        z[i] = 0; /* R^T is the lower triangle */
        for (size_t j = i; j < DIMENSIONS; j++)
            z[i] += s->precision[j * DIMENSIONS + i] * (f[j] - s->mean[j]);
    }
    return NTK_OK;
}

/* V^{-1} = C^{-1} + I / s^2, factored, and the mean. */
static ntk_status posterior_of(sampler *s, double noise) {
    double inverse[DIMENSIONS * DIMENSIONS] = {0};
    for (size_t i = 0; i < DIMENSIONS; i++) inverse[i * DIMENSIONS + i] = 1;
    NTK_TRY(ntk_cholesky_solve(DIMENSIONS, DIMENSIONS, s->factor, DIMENSIONS, inverse, DIMENSIONS));
    for (size_t i = 0; i < DIMENSIONS; i++) {
        inverse[i * DIMENSIONS + i] += 1 / noise;
        s->mean[i] = s->y[i] / noise;
    }
    memcpy(s->precision, inverse, sizeof inverse);
    NTK_TRY(ntk_cholesky(DIMENSIONS, s->precision, DIMENSIONS));
    return ntk_cholesky_solve(DIMENSIONS, 1, s->precision, DIMENSIONS, s->mean, 1);
}

static ntk_status judge_sampler(const study *self, size_t chains) {
    const double noise = 0.25;
    sampler s = {.self = self,
                 .factor = {1.5, 0, 0, 0.6, 1.2, 0, -0.3, 0.5, 1},
                 .y = {2, -1, 1.5},
                 .noise = noise * (1 + ntk_context_real(self->context, "noise-error"))};
    ntk_gaussian_test test = {0};
    NTK_TRY(posterior_of(&s, noise));
    for (size_t i = 0; i < DIMENSIONS; i++) s.y[i] += ntk_context_real(self->context, "target-error");
    NTK_TRY(ntk_allocate_doubles(chains * DIMENSIONS, &s.whitened));
    const ntk_slots slots = {s.whitened, DIMENSIONS};
    ntk_status status = ntk_map_units(chains, sample, &s, &slots, 1);
    if (status == NTK_OK)
        status = unless_underflow(ntk_stats_gaussian_test(chains, DIMENSIONS, s.whitened, &test), &test.mean);
    ntk_release(s.whitened);
    NTK_TRY(status);
    NTK_TRY(ntk_emit_scalar(self->context, "sampler-mean-p", test.mean));
    return ntk_emit_scalar(self->context, "sampler-covariance-p", test.covariance);
}

/* Two points whose kernel is diagonal; both of class 1. */
typedef struct pair {
    const study *self;
    const ntk_posterior *posterior;
    double *sums; /* (chains): sigma(f_1) + sigma(f_2) */
} pair;

static const double pair_kernel[] = {2, 0, 0, 5};

static double sigma(double f) { return 1 / (1 + exp(-f)); }

/* Mean and variance of sigma(f) where f has a density like sigma(f) times that of N(0, v): by the
 * trapezium rule, exact to rounding for analytic integrands that have died out at the ends. */
static void posterior_probability(double v, double *mean, double *variance) {
    double power[4] = {0};
    for (int k = -400; k <= 400; k++) {
        const double z = 0.025 * k, p = sigma(z * sqrt(v));
        double weight = exp(-z * z / 2);
        for (int j = 0; j < 4; j++, weight *= p) power[j] += weight;
    }
    *mean = power[2] / power[1];
    *variance = power[3] / power[1] - *mean * *mean;
}

static ntk_status walk(size_t unit, void *argument) {
    const pair *p = argument;
    const ntk_stream root = ntk_context_stream(p->self->context, 1 + unit);
    ntk_stream stream = ntk_stream_fork(&root, "pair");
    double f[2] = {0};
    NTK_TRY(ntk_posterior_chain(p->posterior, &one_draw, &stream, f, keep, NULL));
    p->sums[unit] = sigma(f[0]) + sigma(f[1]);
    return NTK_OK;
}

/* The mean of so many bounded numbers is normal as far as is looked at. */
static ntk_status probability_of(const study *self, size_t chains, const double *sums, double *p) {
    const double scale = 1 / (2 * self->planted);
    double mean[2], variance[2], lower, upper, sum = 0;
    posterior_probability(pair_kernel[0] * scale, &mean[0], &variance[0]);
    posterior_probability(pair_kernel[3] * scale, &mean[1], &variance[1]);
    for (size_t c = 0; c < chains; c++) sum += sums[c] - mean[0] - mean[1];
    NTK_TRY(ntk_stats_normal(fabs(sum) / sqrt((double)chains * (variance[0] + variance[1])), &lower, &upper));
    *p = 2 * upper;
    return NTK_OK;
}

static ntk_status judge_chain(const study *self, size_t chains) {
    const double targets[] = {1, 1};
    ntk_inference_problem problem = problem_of(self, NTK_LOSS_LOGISTIC, pair_kernel, targets);
    pair walker = {.self = self};
    ntk_posterior *posterior = NULL;
    double p = NAN;
    problem.points = problem.order = 2;
    NTK_TRY(ntk_posterior_create(&problem, 0, NULL, NULL, &posterior));
    walker.posterior = posterior;
    ntk_status status = ntk_allocate_doubles(chains, &walker.sums);
    const ntk_slots slots = {walker.sums, 1};
    if (status == NTK_OK) status = ntk_map_units(chains, walk, &walker, &slots, 1);
    if (status == NTK_OK) status = unless_underflow(probability_of(self, chains, walker.sums, &p), &p);
    ntk_release(walker.sums);
    ntk_posterior_destroy(posterior);
    NTK_TRY(status);
    return ntk_emit_scalar(self->context, "chain-probability-p", p);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void outer(const double *features, double scale, double *gram) {
    for (size_t i = 0; i < ALL; i++)
        for (size_t j = 0; j < ALL; j++)
            gram[i * ALL + j] = scale * ntk_dot(P, features + i * P, features + j * P);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context, .lambda = ntk_context_real(context, "lambda")};
    const size_t chains = ntk_context_size(context, "chains");
    ntk_stream stream = ntk_context_stream(context, 0);
    self.planted = self.lambda * (1 + ntk_context_real(context, "lambda-error"));
    ntk_stream_normal(&stream, ALL * P, self.phi);
    ntk_stream_normal(&stream, ALL * P, self.psi);
    ntk_stream_normal(&stream, N, self.y);
    ntk_stream_normal(&stream, N * K, self.f);
    outer(self.phi, 1, self.theta);
    outer(self.psi, 1 + ntk_context_real(context, "start-error"), self.start);
    NTK_TRY(ntk_emit_table(context, "errors", "$law size error", &self.errors));
    NTK_TRY(judge_regression(&self));
    NTK_TRY(judge_ensemble(&self));
    NTK_TRY(judge_laplace(&self, NTK_LOSS_LOGISTIC, "laplace-logistic", "degrees-logistic"));
    NTK_TRY(judge_laplace(&self, NTK_LOSS_SOFTMAX, "laplace-softmax", "degrees-softmax"));
    NTK_TRY(judge_prior(&self));
    NTK_TRY(judge_sampler(&self, chains));
    return judge_chain(&self, chains);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {parameters},
    .metrics = {metrics},
    .run = run,
};
