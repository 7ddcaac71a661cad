/* Models that a flow can drive: a network on fixed inputs, and a linear model given by its tangent
 * kernel.
 *
 * Linear model: f(theta) = f_0 + J (theta - theta_0). The flow never leaves theta_0 + range(J^T),
 * so it is carried in the coordinates a of theta - theta_0 = J^T a:
 *
 *     f = f_0 + Theta a,   Theta = J J^T,   ||theta - theta_0||^2 = a^T Theta a,
 *
 * and theta' = -J^T c - lambda (theta - theta_0) becomes a' = -c - lambda a. Where Theta is
 * singular to rounding, and c need not vanish in its kernel at the end (labels that contradict each
 * other), a would grow there for ever, unseen but for the rounding of Theta a. With a projection P
 * along that kernel, J^T P = J^T,
 *
 *     a' = -P c - lambda a
 *
 * is the same flow of theta with coordinates that come to rest. At other points the same
 * coordinates predict f_0 + Theta(., X) a. */
#include <ntk/models.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/network.h>
#include <ntk/status.h>

#include "inference/range.h"

/* ---- network --------------------------------------------------------------------------------- */

typedef struct network_context {
    ntk_network *network;
    size_t points;
    const double *x;
} network_context;

static ntk_status network_evaluate(void *context, const double *theta, double *f) {
    const network_context *c = context;
    return ntk_network_forward(c->network, theta, c->points, c->x, f);
}

static ntk_status network_pullback(void *context, const double *theta, const double *cotangent,
                                   double *gradient) {
    const network_context *c = context;
    return ntk_network_pullback(c->network, theta, c->points, c->x, cotangent, gradient);
}

static ntk_status network_tangent_kernel(void *context, const double *theta, double *gram) {
    const network_context *c = context;
    const size_t order = c->points * ntk_network_outputs(c->network);
    return ntk_network_tangent_kernel(c->network, theta, c->points, c->x, gram, order);
}

static ntk_status network_last_tangent_kernel(void *context, const double *theta, double *gram) {
    const network_context *c = context;
    const size_t order = c->points * ntk_network_outputs(c->network);
    return ntk_network_last_tangent_kernel(c->network, theta, c->points, c->x, gram, order);
}

static ntk_status network_sliding_kernel(void *context, const double *theta, const double *cotangent,
                                         double reach, double *gram) {
    const network_context *c = context;
    const size_t order = c->points * ntk_network_outputs(c->network);
    size_t sliding;
    return ntk_network_sliding_kernel(c->network, theta, c->points, c->x, cotangent, reach, gram, order,
                                      &sliding);
}

ntk_status ntk_model_network(ntk_network *network, size_t n, const double *x, ntk_model *out) {
    if (n == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "a model needs at least one input");
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(network_context), &memory));
    network_context *context = memory;
    *context = (network_context){.network = network, .points = n, .x = x};
    *out = (ntk_model){.dimension = ntk_network_parameters(network),
                       .points = n,
                       .outputs = ntk_network_outputs(network),
                       .context = context,
                       .evaluate = network_evaluate,
                       .pullback = network_pullback,
                       .tangent_kernel = network_tangent_kernel,
                       .last_tangent_kernel = network_last_tangent_kernel,
                       .sliding_kernel = network_sliding_kernel};
    return NTK_OK;
}

/* ---- linear model ---------------------------------------------------------------------------- */

typedef struct linear_context {
    size_t rows, order; /* of the kernel: qK outputs, nK coordinates; equal but for predictions */
    double *kernel;     /* (rows, order); these arrays follow the structure in the same
                         * allocation */
    double *f0;         /* (rows) */
    double *image;      /* (order) scratch */
    double *projection; /* (order, order): P, or NULL where the kernel is not singular */
} linear_context;

static ntk_status linear_evaluate(void *context, const double *a, double *f) {
    const linear_context *c = context;
    memcpy(f, c->f0, c->order * sizeof *f);
    return ntk_symv(c->order, 1, c->kernel, c->order, a, 1, f);
}

static ntk_status linear_pullback(void *context, const double *a, const double *cotangent, double *gradient) {
    (void)a;
    const linear_context *c = context;
    if (c->projection)
        return ntk_gemv(NTK_NO_TRANSPOSE, c->order, c->order, 1, c->projection, c->order, cotangent, 0,
                        gradient);
    memcpy(gradient, cotangent, c->order * sizeof *gradient);
    return NTK_OK;
}

static double linear_norm(void *context, const double *difference) {
    const linear_context *c = context;
    if (ntk_symv(c->order, 1, c->kernel, c->order, difference, 0, c->image) != NTK_OK) return NAN;
    const double square = ntk_dot(c->order, difference, c->image);
    /* A Gram matrix is positive semi-definite; rounding may make the form slightly negative. NaN
     * stays. */
    return square < 0 ? 0 : sqrt(square);
}

static ntk_status linear_tangent_kernel(void *context, const double *a, double *gram) {
    (void)a;
    const linear_context *c = context;
    memcpy(gram, c->kernel, c->order * c->order * sizeof *gram);
    return NTK_OK;
}

/* P = D V V^T D^{-1} with D, V of range.h: Theta P = Theta, and P a is a without what Theta does
 * not see. */
static ntk_status project_on(const ntk_range *range, double *projection) {
    const size_t order = range->order, rank = range->rank;
    if (rank > 0)
        NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, order, order, rank, 1, range->vectors, rank,
                         range->vectors, rank, 0, projection, order));
    for (size_t i = 0; i < order; ++i)
        for (size_t j = 0; j < order; ++j) projection[i * order + j] *= range->scale[i] / range->scale[j];
    return NTK_OK;
}

/* Whether pivots of the Cholesky factor are at the level of rounding: a look at less than the
 * spectrum. */
static ntk_status suspect_singular(size_t order, const double *gram, double *scratch, bool *suspect) {
    memcpy(scratch, gram, order * order * sizeof *scratch);
    const ntk_status status = ntk_cholesky(order, scratch, order);
    if (status == NTK_ERROR_SHAPE) return status;
    *suspect = status != NTK_OK;
    for (size_t i = 0; i < order && !*suspect; ++i) {
        const double pivot = scratch[i * (order + 1)];
        *suspect = !(pivot * pivot > 16 * (double)order * DBL_EPSILON * gram[i * (order + 1)]);
    }
    return NTK_OK;
}

/* *projection: (order, order), to be released, or NULL where it would be the identity. */
static ntk_status find_projection(size_t order, const double *gram, double **projection) {
    bool singular = false;
    ntk_range range = {0};
    NTK_TRY(ntk_allocate_doubles(order * order, projection));
    ntk_status status = suspect_singular(order, gram, *projection, &singular);
    if (status == NTK_OK && singular) status = ntk_range_create(order, gram, &range);
    singular = singular && range.rank < order;
    if (status == NTK_OK && singular) {
        memset(*projection, 0, order * order * sizeof **projection);
        status = project_on(&range, *projection);
    }
    ntk_range_release(&range);
    if (status == NTK_OK && singular) return NTK_OK;
    ntk_release(*projection);
    *projection = NULL;
    return status;
}

/* Context of a linear map of nK coordinates to `rows` outputs, with its copies of kernel, f0 and,
 * if there is one, projection. */
static ntk_status linear_context_create(size_t rows, size_t order, const double *kernel, const double *f0,
                                        const double *projection, linear_context **out) {
    const size_t header = NTK_ALIGNMENT / sizeof(double);
    _Static_assert(sizeof(linear_context) <= NTK_ALIGNMENT, "the arrays follow one aligned block");
    double *memory = NULL;
    const size_t extra = projection ? order * order : 0;
    NTK_TRY(ntk_allocate_doubles(header + rows * order + rows + order + extra, &memory));
    linear_context *context = (void *)memory;
    context->rows = rows;
    context->order = order;
    context->kernel = memory + header;
    context->f0 = context->kernel + rows * order;
    context->image = context->f0 + rows;
    context->projection = projection ? context->image + order : NULL;
    if (projection) memcpy(context->projection, projection, extra * sizeof *projection);
    memcpy(context->kernel, kernel, rows * order * sizeof *kernel);
    memcpy(context->f0, f0, rows * sizeof *f0);
    *out = context;
    return NTK_OK;
}

static ntk_status check_linear(size_t q, size_t n, size_t outputs, const double *kernel, const double *f0) {
    if (q == 0 || n == 0 || outputs == 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "a linear model needs points and outputs");
    const size_t largest = q > n ? q : n;
    if (outputs > (size_t)1 << 16 || largest > ((size_t)1 << 31) / outputs)
        return ntk_fail(NTK_ERROR_SHAPE, "a linear model of %zu points and %zu outputs is too large", largest,
                        outputs);
    if (!ntk_all_finite(q * outputs * n * outputs, kernel) || !ntk_all_finite(q * outputs, f0))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel or initial outputs of a linear model are not finite");
    return NTK_OK;
}

ntk_status ntk_model_linear(size_t n, size_t outputs, const double *gram, const double *f0, ntk_model *out) {
    NTK_TRY(check_linear(n, n, outputs, gram, f0));
    const size_t order = n * outputs;
    linear_context *context = NULL;
    double *projection;
    NTK_TRY(find_projection(order, gram, &projection));
    const ntk_status status = linear_context_create(order, order, gram, f0, projection, &context);
    ntk_release(projection);
    NTK_TRY(status);
    *out = (ntk_model){.dimension = order,
                       .points = n,
                       .outputs = outputs,
                       .context = context,
                       .evaluate = linear_evaluate,
                       .pullback = linear_pullback,
                       .norm = linear_norm,
                       .tangent_kernel = linear_tangent_kernel};
    return NTK_OK;
}

/* ---- prediction of a linear model ------------------------------------------------------------ */

static ntk_status prediction_evaluate(void *context, const double *a, double *f) {
    const linear_context *c = context;
    memcpy(f, c->f0, c->rows * sizeof *f);
    return ntk_gemv(NTK_NO_TRANSPOSE, c->rows, c->order, 1, c->kernel, c->order, a, 1, f);
}

/* In the coordinates a of the training points the gradient of another point's output has no
 * pullback. */
static ntk_status prediction_pullback(void *context, const double *a, const double *cotangent,
                                      double *gradient) {
    (void)context, (void)a, (void)cotangent, (void)gradient;
    return ntk_fail(NTK_ERROR_UNSUPPORTED, "predictions of a linear model are followed, not trained");
}

ntk_status ntk_model_linear_prediction(size_t q, size_t n, size_t outputs, const double *kernel,
                                       const double *f0, ntk_model *out) {
    NTK_TRY(check_linear(q, n, outputs, kernel, f0));
    linear_context *context = NULL;
    NTK_TRY(linear_context_create(q * outputs, n * outputs, kernel, f0, NULL, &context));
    *out = (ntk_model){.dimension = n * outputs,
                       .points = q,
                       .outputs = outputs,
                       .context = context,
                       .evaluate = prediction_evaluate,
                       .pullback = prediction_pullback};
    return NTK_OK;
}

void ntk_model_release(ntk_model *model) {
    if (!model) return;
    ntk_release(model->context);
    *model = (ntk_model){0};
}
