/* The empirical NTK at initialisation is positive definite, and its smallest eigenvalue tends to that of
 * Theta (chen-2025).
 *
 * Theta_hat_0 = J J^T, J (n, p), is singular for p < n. At large width, by Weyl,
 *
 *     |lambda_min(Theta_hat_0) - lambda_min(Theta)| <= ||Theta_hat_0 - Theta||_2 = O(m^{-1/2}),
 *
 * and lambda_min(Theta) > 0 on distinct points of the sphere. For one hidden layer E Theta_hat_0 = Theta at
 * every width (an average of m independent matrices with that mean), and lambda_min is concave, so that by
 * Jensen E lambda_min(Theta_hat_0) <= lambda_min(Theta): the limit is reached from below.
 *
 * Each seed has its own points and one initialisation per width. Every stored Theta_hat_0 gets a certificate;
 * for the first seeds the error of its entries is enclosed as well, so that it speaks of the exact J J^T of
 * the stored parameters. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    {"architectures", NTK_PARAMETER_CHOICE_LIST, "depth-1-bias depth-2", 0, 0, "depth-1-bias|depth-2",
     "ReLU networks; bias variance 0 but for -bias"},
    {"widths", NTK_PARAMETER_INTEGER_LIST, "64 128 256", 1, 65536, NULL, "hidden widths, ascending"},
    {"seeds", NTK_PARAMETER_INTEGER, "100", 2, 1000000, NULL, "initialisations, each with its own points"},
    {"enclosed", NTK_PARAMETER_INTEGER, "4", 1, 1000000, NULL, "seeds whose entries are enclosed in balls"},
    {"points", NTK_PARAMETER_INTEGER, "20", 2, 1000, NULL, "points on the unit sphere"},
    {"inputs", NTK_PARAMETER_INTEGER, "10", 2, 10000, NULL, "input dimension"},
    {"max-cosine", NTK_PARAMETER_REAL, "0.8", 0.01, 1, NULL, "largest |cosine| between two points"},
    {"kernel-weight-variance", NTK_PARAMETER_REAL, "2", 0.01, 100, NULL,
     "of the kernel; 2, the networks', by rights"},
    {0}};

typedef struct finding {
    double ratio;  /* lambda_min(Theta_hat_0) / lambda_min(Theta), by an eigensolver */
    double stored; /* certified lower bound of lambda_min of the stored Theta_hat_0 */
    double error;  /* rigorous bound of ||stored - J J^T||_2; 0 where it was not enclosed */
} finding;

typedef struct study {
    const ntk_context *context;
    const char *const *architectures;
    const long *widths;
    size_t architecture_count, width_count, seeds, enclosed, n, d;
    finding *findings; /* (architectures, seeds, widths) */
} study;

static ntk_architecture architecture_of(const char *name) {
    ntk_architecture out = ntk_architecture_default();
    out.input_scale = NTK_INPUT_SCALE_NONE;
    out.depth = (size_t)(name[strlen("depth-")] - '0');
    out.bias_variance = strstr(name, "bias") ? 0.1 : 0;
    return out;
}

/* ---- one seed --------------------------------------------------------------------------------- */

/* Where no positive bound exists, the certificate's says so. */
static ntk_status certify(size_t n, const double *gram, ntk_certificate *out) {
    const ntk_status status = ntk_certify_positive_definite(n, gram, n, out);
    return status == NTK_ERROR_NOT_POSITIVE_DEFINITE ? NTK_OK : status;
}

static ntk_status examine(const study *self, const ntk_architecture *architecture, size_t width,
                          ntk_stream *weights, bool enclose, const double *x, double limit, finding *out) {
    const size_t n = self->n, d = self->d;
    double *theta = NULL, *gram = NULL;
    ntk_certificate certificate;
    ntk_network *network;
    NTK_TRY(ntk_network_create(architecture, d, width, 1, &network));
    ntk_status status = ntk_allocate_doubles(ntk_network_parameters(network), &theta);
    if (status == NTK_OK) status = ntk_allocate_doubles(n * n, &gram);
    if (status == NTK_OK) ntk_network_initialise(network, weights, theta);
    if (status == NTK_OK) status = ntk_network_tangent_kernel(network, theta, n, x, gram, n);
    if (status == NTK_OK) status = certify(n, gram, &certificate);
    if (status == NTK_OK)
        *out = (finding){.ratio = certificate.lambda_min / limit, .stored = certificate.lambda_min_bound};
    if (status == NTK_OK && enclose)
        status = ntk_certify_network_error(architecture, d, width, theta, n, x, gram, n, &out->error);
    ntk_release(gram);
    ntk_release(theta);
    ntk_network_destroy(network);
    return status;
}

/* x: (n, d), gram: (n, n), scratch. */
static ntk_status run_seed(const study *self, const ntk_stream *root, const char *name, bool enclose,
                           double *x, double *gram, finding *out) {
    const ntk_architecture architecture = architecture_of(name);
    ntk_architecture kernel = architecture;
    ntk_certificate limit;
    kernel.weight_variance = ntk_context_real(self->context, "kernel-weight-variance");
    ntk_stream points = ntk_stream_fork(root, "points");
    NTK_TRY(ntk_data_sphere_separated(&points, self->n, self->d,
                                      ntk_context_real(self->context, "max-cosine"), x));
    NTK_TRY(ntk_kernel_gram(&kernel, NTK_KERNEL_NTK, self->n, self->d, x, self->d, gram, self->n));
    NTK_TRY(certify(self->n, gram, &limit));
    for (size_t w = 0; w < self->width_count; w++) {
        char purpose[64];
        snprintf(purpose, sizeof purpose, "%s at width %ld", name, self->widths[w]);
        ntk_stream weights = ntk_stream_fork(root, purpose);
        NTK_TRY(examine(self, &architecture, (size_t)self->widths[w], &weights, enclose, x, limit.lambda_min,
                        &out[w]));
    }
    return NTK_OK;
}

static ntk_status run_unit(size_t unit, void *argument) {
    study *self = argument;
    const size_t seed = unit % self->seeds;
    const ntk_stream root = ntk_context_stream(self->context, seed);
    double *x = NULL, *gram = NULL;
    ntk_status status = ntk_allocate_doubles(self->n * self->d, &x);
    if (status == NTK_OK) status = ntk_allocate_doubles(self->n * self->n, &gram);
    if (status == NTK_OK)
        status = run_seed(self, &root, self->architectures[unit / self->seeds], seed < self->enclosed, x,
                          gram, &self->findings[unit * self->width_count]);
    ntk_release(x);
    ntk_release(gram);
    return status;
}

/* ---- reduction -------------------------------------------------------------------------------- */

static ntk_status emit_mean(ntk_context *context, const char *prefix, const char *architecture, size_t seeds,
                            const double *values) {
    ntk_estimate mean;
    char name[64];
    snprintf(name, sizeof name, "%s-%s", prefix, architecture);
    NTK_TRY(ntk_stats_mean(seeds, values, ntk_context_level(context), &mean));
    return ntk_emit_estimate(context, name, &mean);
}

/* Mean ratio at the narrowest and the widest networks, exponent of |ratio - 1|. values: (seeds, widths),
 * scratch. */
static ntk_status emit_ratios(ntk_context *context, const study *self, size_t a, double *values) {
    const finding *of = &self->findings[a * self->seeds * self->width_count];
    const char *name = self->architectures[a];
    size_t count;
    const double *widths = ntk_context_reals(context, "widths", &count);
    for (size_t s = 0; s < self->seeds; s++) values[s] = of[s * count].ratio;
    NTK_TRY(emit_mean(context, "narrowest-ratio", name, self->seeds, values));
    for (size_t s = 0; s < self->seeds; s++) values[s] = of[s * count + count - 1].ratio;
    NTK_TRY(emit_mean(context, "widest-ratio", name, self->seeds, values));
    for (size_t k = 0; k < self->seeds * count; k++) values[k] = fabs(of[k].ratio - 1);
    ntk_estimate exponent;
    char metric[64];
    snprintf(metric, sizeof metric, "error-exponent-%s", name);
    NTK_TRY(ntk_stats_rate(count, widths, self->seeds, values, ntk_context_level(context), &exponent));
    return ntk_emit_estimate(context, metric, &exponent);
}

/* Smallest certified bounds: of the stored matrices, and of the exact ones that were enclosed. A NaN is the
 * result. */
static ntk_status emit_bounds(ntk_context *context, const study *self) {
    double stored = INFINITY, exact = INFINITY;
    for (size_t k = 0; k < self->architecture_count * self->seeds * self->width_count; k++) {
        const finding *f = &self->findings[k];
        if (!(f->stored >= stored)) stored = f->stored;
        const bool enclosed = k / self->width_count % self->seeds < self->enclosed;
        if (enclosed && !(f->stored - f->error >= exact)) exact = f->stored - f->error;
    }
    NTK_TRY(ntk_emit_scalar(context, "stored-lambda-min", stored));
    return ntk_emit_scalar(context, "exact-lambda-min", exact);
}

static ntk_status emit(ntk_context *context, const study *self, double *scratch) {
    ntk_table *table;
    NTK_TRY(
        ntk_emit_table(context, "networks", "$architecture width seed ratio certified entry-error", &table));
    for (size_t a = 0; a < self->architecture_count; a++) {
        for (size_t k = 0; k < self->seeds * self->width_count; k++) {
            const finding *f = &self->findings[a * self->seeds * self->width_count + k];
            const double row[] = {(double)self->widths[k % self->width_count],
                                  (double)(k / self->width_count), f->ratio, f->stored, f->error};
            NTK_TRY(ntk_table_row(table, &self->architectures[a], row));
        }
        NTK_TRY(emit_ratios(context, self, a, scratch));
    }
    return emit_bounds(context, self);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
                  .seeds = (size_t)ntk_context_integer(context, "seeds"),
                  .enclosed = (size_t)ntk_context_integer(context, "enclosed"),
                  .n = (size_t)ntk_context_integer(context, "points"),
                  .d = (size_t)ntk_context_integer(context, "inputs")};
    self.architectures = ntk_context_choices(context, "architectures", &self.architecture_count);
    self.widths = ntk_context_integers(context, "widths", &self.width_count);
    const size_t units = self.architecture_count * self.seeds;
    double *scratch = NULL;
    ntk_status status =
        ntk_allocate(units * self.width_count, sizeof *self.findings, (void **)&self.findings);
    if (status == NTK_OK) status = ntk_allocate_doubles(self.seeds * self.width_count, &scratch);
    if (status == NTK_OK) status = ntk_map(units, run_unit, &self);
    if (status == NTK_OK) status = emit(context, &self, scratch);
    ntk_release(self.findings);
    ntk_release(scratch);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
