/* The NTK is strictly positive definite on distinct points of the sphere (chen-2025): ReLU, at
 * least two hidden layers, or one with bias. Each case is a data set, an architecture and a size;
 * lambda_min(Theta) is bounded from below rigorously.
 *
 * Where the theorem stops: one hidden layer without bias on n/2 antipodal pairs. kappa_0(u) = 1/2 +
 * odd and kappa_1(u) = u/2 + even, so Theta(u) = u kappa_0 + kappa_1 = u + even. On the pairs the
 * even part has rank n/2 and the linear part rank min(d, n/2): the rank of Theta is exactly n/2 +
 * min(d, n/2).
 *
 * The certificate itself. Without biases Theta is homogeneous of degree one in each argument, so
 * that it is singular where one of the points is twice another: no lower bound of lambda_min may be
 * positive, whatever rounding says. One eigenvalue is 0 then, and a computed one is as often above
 * 0
 * as below.
 *
 * That leaves errors too small to be seen by a sign. Let B be the matrix that was factorised, A -
 * sI, and beta >= ||L L^T - B||_2 the bound of what its factor misses, built of e_ij >= |(L L^T -
 * B)_ij| that count gamma_j p_ij for rounding, P = |L| |L|^T (certify/cholesky.c). As p_ij >= |(L
 * L^T)_ij|
 * >= |b_ij| - e_ij, for i >= j counted from 1,
 *
 *     e_ij >= gamma_j p_ij >= gamma_j (|b_ij| - e_ij),        e_ij >= j u |b_ij|,
 *
 * gamma_j / (1 + gamma_j) being j u, and for E with the entries j u |b_ij|
 *
 *     beta >= ||E||_2 >= 1^T E 1 / n.
 *
 * A bound below that has left rounding out. */
#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICES("architectures", "depth-2 depth-3 depth-1-bias", "depth-1|depth-2|depth-3|depth-1-bias",
                "ReLU networks; bias variance 0 but for -bias"),
    NTK_CHOICE("exception", "depth-1", "depth-1|depth-2", "whose rank on antipodal pairs is predicted"),
    NTK_INTEGER("singular-draws", 32, 1, 10000, "point sets on which the kernel is singular"),
    NTK_INTEGER("singular-size", 24, 2, 400, "points of each, of which one is twice another"),
    NTK_REAL("stored-error", 0, 0, 1, "by which the stored diagonal is too large there, relative"),
    NTK_CHOICE("certificate", "proved", "proved|eigenvalue|factorisation|without-gamma|stored-matrix",
               "what bounds the eigenvalue there: the certificate; what an eigensolver finds; the shift "
               "of a factor that exists; its residual as computed; without the error of the entries"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("singular-bound", "largest lower bound on singular kernels, over their largest entry"),
    NTK_METRIC("residual-share", "smallest residual bound of theirs over what rounding makes of it"),
    {0},
};

static ntk_architecture architecture_of(const char *label, size_t d) {
    (void)d;
    ntk_architecture out = ntk_architecture_default();
    out.input_scale = NTK_INPUT_SCALE_NONE;
    out.depth = (size_t)(label[strlen("depth-")] - '0');
    out.bias_variance = strstr(label, "bias") ? 0.1 : 0;
    return out;
}

/* ---- certificates of singular kernels -------------------------------------------------------- */

enum { POINTS_DIMENSION = 10 };
static const double unit_roundoff = DBL_EPSILON / 2;

typedef struct singular {
    const ntk_context *context;
    ntk_grid grid;
    ntk_architecture architecture;
    size_t n;
} singular;

enum { BOUND, SHARE }; /* columns */

/* Points of the sphere, the last of them twice the first; the stored matrix. */
static ntk_status draw_singular(const singular *self, size_t draw, double *x, double *gram) {
    const size_t n = self->n, d = POINTS_DIMENSION;
    const ntk_stream root = ntk_context_stream(self->context, draw);
    ntk_stream stream = ntk_stream_fork(&root, "singular");
    NTK_TRY(ntk_data_sphere(&stream, n, d, x));
    for (size_t k = 0; k < d; k++) x[(n - 1) * d + k] = 2 * x[k];
    NTK_TRY(ntk_kernel_gram(&self->architecture, NTK_KERNEL_NTK, n, d, x, d, gram, n));
    for (size_t i = 0; i < n; i++) gram[i * n + i] *= 1 + ntk_context_real(self->context, "stored-error");
    return NTK_OK;
}

/* A certificate that takes what it computed for exact: ||L L^T - B||_F of the first shift below the
 * computed eigenvalue at which there is a factor. factor, product: (n, n) scratch. */
static ntk_status certify_without_rounding(size_t n, const double *gram, double *factor, double *product,
                                           ntk_certificate *c) {
    ntk_status status = NTK_ERROR_NOT_POSITIVE_DEFINITE;
    for (double back = unit_roundoff * gram[n * n - 1]; status == NTK_ERROR_NOT_POSITIVE_DEFINITE;
         back *= 4) {
        c->shift = c->lambda_min - back;
        memset(factor, 0, n * n * sizeof *factor);
        for (size_t i = 0; i < n; i++) {
            memcpy(factor + i * n, gram + i * n, (i + 1) * sizeof *factor);
            factor[i * n + i] -= c->shift;
        }
        status = ntk_cholesky(n, factor, n);
    }
    NTK_TRY(status);
    NTK_TRY(ntk_syrk(n, n, 1, factor, n, 0, product, n));
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            const double b = gram[i * n + j] - (i == j ? c->shift : 0), miss = product[i * n + j] - b;
            squares += (i == j ? 1 : 2) * miss * miss;
        }
    c->residual_bound = sqrt(squares);
    c->lambda_min_bound = c->shift - c->residual_bound;
    return NTK_OK;
}

/* What the parameter `certificate` puts in the place of the proved bounds. */
static ntk_status mistake(const ntk_context *context, size_t n, const double *gram, double *scratch,
                          ntk_certificate *c, double *entries) {
    if (ntk_context_is(context, "certificate", "without-gamma"))
        return certify_without_rounding(n, gram, scratch, scratch + n * n, c);
    if (ntk_context_is(context, "certificate", "eigenvalue")) {
        c->lambda_min_bound = c->lambda_min;
        c->residual_bound = *entries = 0;
    }
    if (ntk_context_is(context, "certificate", "factorisation")) {
        c->lambda_min_bound = c->shift;
        c->residual_bound = 0;
    }
    if (ntk_context_is(context, "certificate", "stored-matrix")) *entries = 0;
    return NTK_OK;
}

/* 1^T E 1 / n. */
static double least_residual(size_t n, const double *gram, double shift) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            sum += (i == j ? 1 : 2) * (double)(j + 1) * unit_roundoff *
                   fabs(gram[i * n + j] - (i == j ? shift : 0));
    return sum / (double)n;
}

/* memory: points, and three matrices. */
static ntk_status certify_singular(const singular *self, ntk_slot *slot, double *memory) {
    const size_t n = self->n, d = POINTS_DIMENSION;
    double *x = memory, *gram = x + n * d, *scratch = gram + n * n, entries;
    ntk_certificate c;
    NTK_TRY(draw_singular(self, slot->at.at[0], x, gram));
    const ntk_status status = ntk_certify_positive_definite(n, gram, n, &c);
    if (status != NTK_ERROR_NOT_POSITIVE_DEFINITE) NTK_TRY(status); /* c is filled all the same */
    NTK_TRY(ntk_certify_kernel_error(&self->architecture, n, d, x, d, gram, n, &entries));
    NTK_TRY(mistake(self->context, n, gram, scratch, &c, &entries));
    slot->values[BOUND] = nextafter(c.lambda_min_bound - entries, -INFINITY) / gram[n * n - 1];
    slot->values[SHARE] = c.residual_bound / least_residual(n, gram, c.shift);
    return NTK_OK;
}

static ntk_status run_singular(const void *argument, ntk_slot *slot) {
    const singular *self = argument;
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(self->n * (POINTS_DIMENSION + 3 * self->n), &memory));
    const ntk_status status = certify_singular(self, slot, memory);
    ntk_release(memory);
    return status;
}

static ntk_status refuse_singular(ntk_context *context) {
    singular self = {.context = context,
                     .grid = {.axes = {ntk_axis_of_count(context, "draw", "singular-draws")},
                              .columns = "bound residual-share"},
                     .architecture = architecture_of("depth-2", POINTS_DIMENSION),
                     .n = ntk_context_size(context, "singular-size")};
    NTK_TRY(ntk_grid_run(&self.grid, run_singular, &self));
    ntk_status status = ntk_grid_emit_table(context, &self.grid, "singular");
    if (status == NTK_OK)
        status = ntk_emit_scalar(context, "singular-bound",
                                 ntk_grid_largest(&self.grid, ntk_grid_whole(), BOUND).value);
    if (status == NTK_OK)
        status = ntk_emit_scalar(context, "residual-share",
                                 ntk_grid_smallest(&self.grid, ntk_grid_whole(), SHARE).value);
    ntk_grid_release(&self.grid);
    return status;
}

static ntk_status run(ntk_context *context) {
    NTK_TRY(ntk_definiteness_certify(context, architecture_of));
    NTK_TRY(ntk_definiteness_exception(context, "depth-2", architecture_of));
    return refuse_singular(context);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, ntk_definiteness_parameters, parameters},
    .metrics = {ntk_definiteness_metrics, ntk_definiteness_exception_metrics, metrics},
    .run = run,
};
