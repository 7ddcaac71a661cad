/* What experiments draw: streams that share nothing, normals that are normal, points apart.
 *
 *   streams     Of M uniforms of 52 bits, from streams of neighbouring units, purposes, labels and
 *               seeds, two agree by chance with probability M^2 / 2^53. Streams that overlap, at
 *               whatever place, have agreeing pairs by the thousand.
 *   normals     Z_1 ... Z_M: sum Z^2 is chi-square with M degrees of freedom, and by the inequality
 *               of Dvoretzky, Kiefer, Wolfowitz and Massart the empirical distribution is further
 *               than e from Phi with probability at most 2 e^{-2 M e^2}.
 *   purposes    The covariance of two independent streams of M normals tends to N(0, 1 / M).
 *   points      Of points that are kept apart no |cosine| exceeds what was asked for. For M points
 *               uniform on the sphere M d (d + 2) / 2 || sum_i x_i x_i^T / M - I / d ||_F^2 is, as
 *               M grows, chi-square with (d - 1)(d + 2) / 2 degrees of freedom. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGER("normals", 300000, 1000, 1e9, "normals whose law is tested"),
    NTK_INTEGER("width", 1000, 1, 100000, "of the network whose parameters are tested"),
    NTK_INTEGER("points", 60, 2, 10000, "that are kept apart"),
    NTK_REAL("largest-cosine", 0.7, 0.01, 1, "between them; the theory's"),
    NTK_REAL("cosine-error", 0, -0.9, 9, "relative error that is planted in it"),
    NTK_REAL("deviation-error", 0, -0.9, 9, "the same in the standard deviation of the normals"),
    NTK_REAL("stretch-error", 0, -0.9, 9, "the same in the first coordinate of points on the sphere"),
    NTK_REAL("shared-part", 0, 0, 0.9, "part of each purpose's normals that is the first purpose's"),
    NTK_CHOICE("streams", "apart", "apart|one-unit|one-purpose", "which units and purposes are drawn from"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("agreeing-draws", "pairs of equal uniforms in all streams together"),
    NTK_METRIC("normals-square-p", "two-sided p-value of the sum of squares of the normals"),
    NTK_METRIC("normals-law-p", "p-value of their distance to the normal law"),
    NTK_METRIC("parameters-square-p", "the same of the initial parameters of a network"),
    NTK_METRIC("purposes-p", "p-value of the correlations of streams of one unit"),
    NTK_METRIC("sphere-p", "p-value of the second moments of points on the sphere"),
    NTK_METRIC("separation", "largest |cosine| between points that keep apart, less what was asked for"),
    NTK_METRIC("norms", "largest distance of a point's norm to 1"),
    {0},
};

enum { UNITS = 32, PURPOSES = 4, SEEDS = 4, DRAWS = 64, STREAMS = UNITS * PURPOSES * SEEDS, D = 8 };

static const char *const purposes[PURPOSES] = {"", "weights", "data", "labels"};

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- streams --------------------------------------------------------------------------------- */

static ntk_stream stream_of(const ntk_context *context, size_t unit, size_t purpose) {
    if (ntk_context_is(context, "streams", "one-unit")) unit = 0;
    if (ntk_context_is(context, "streams", "one-purpose")) purpose = 1;
    const ntk_stream root = ntk_context_stream(context, unit);
    return purpose ? ntk_stream_fork(&root, purposes[purpose]) : root;
}

/* Seeds next to the base seed and labels next to each other, too: of unit 0, which is in none of
 * the others, whose streams have the claim's id. */
static ntk_status judge_streams(ntk_context *context) {
    const size_t own = (size_t)UNITS * PURPOSES * DRAWS, others = (size_t)SEEDS * SEEDS * DRAWS;
    double *draws = NULL, agreeing = 0;
    NTK_TRY(ntk_allocate_doubles(own + others, &draws));
    for (size_t s = 0; s < (size_t)UNITS * PURPOSES; s++) {
        ntk_stream stream = stream_of(context, s / PURPOSES, s % PURPOSES);
        ntk_stream_uniform(&stream, DRAWS, draws + s * DRAWS);
    }
    for (size_t s = 0; s < (size_t)SEEDS * SEEDS; s++) {
        const char label[] = {'a', (char)('a' + s / SEEDS), 0};
        ntk_stream stream = ntk_stream_create(s % SEEDS, label, 0);
        ntk_stream_uniform(&stream, DRAWS, draws + own + s * DRAWS);
    }
    qsort(draws, own + others, sizeof *draws, ascending);
    for (size_t k = 1; k < own + others; k++) agreeing += draws[k] == draws[k - 1];
    ntk_release(draws);
    return ntk_emit_scalar(context, "agreeing-draws", agreeing);
}

/* Of all pairs of purposes of one unit: smallest p-value times their number. */
static ntk_status judge_purposes(ntk_context *context) {
    enum { M = 4096, PAIRS = PURPOSES * (PURPOSES - 1) / 2 };
    const double shared = ntk_context_real(context, "shared-part");
    double *z = NULL, least = 1;
    NTK_TRY(ntk_allocate_doubles((size_t)PURPOSES * M, &z));
    for (size_t p = 0; p < PURPOSES; p++) {
        ntk_stream stream = stream_of(context, UNITS, p);
        ntk_stream_normal(&stream, M, z + p * M);
        for (size_t k = 0; k < M && p > 0; k++)
            z[p * M + k] = shared * z[k] + sqrt(1 - shared * shared) * z[p * M + k];
    }
    for (size_t p = 0; p < PURPOSES; p++)
        for (size_t q = 0; q < p; q++) {
            const double along = ntk_dot(M, z + p * M, z + q * M) / sqrt(M);
            double lower, upper;
            NTK_TRY(ntk_stats_normal(fabs(along), &lower, &upper));
            least = fmin(least, 2 * upper * PAIRS);
        }
    ntk_release(z);
    return ntk_emit_scalar(context, "purposes-p", least);
}

/* ---- normals --------------------------------------------------------------------------------- */

/* sup |F_M - Phi| over sorted z. */
static double distance_to_normal(size_t m, const double *z) {
    double out = 0;
    for (size_t k = 0; k < m; k++) {
        const double phi = 0.5 * erfc(-z[k] / sqrt(2));
        out = ntk_larger(out, fabs(phi - (double)k / (double)m));
        out = ntk_larger(out, fabs(phi - (double)(k + 1) / (double)m));
    }
    return out;
}

/* z scaled, and the p-value of its sum of squares. */
static ntk_status judge_square(size_t m, double deviation, double *z, double *p) {
    double square = 0, lower, upper;
    for (size_t k = 0; k < m; k++) {
        z[k] *= deviation;
        square += z[k] * z[k];
    }
    const ntk_status status = ntk_stats_chi_square(square, (double)m, &lower, &upper);
    *p = status == NTK_OK ? fmin(1, 2 * fmin(lower, upper)) : 0; /* a tail that underflows */
    return status == NTK_ERROR_NO_CONVERGENCE ? NTK_OK : status;
}

static ntk_status judge_parameters(ntk_context *context) {
    const double deviation = 1 + ntk_context_real(context, "deviation-error");
    const size_t width = ntk_context_size(context, "width");
    ntk_architecture architecture = ntk_architecture_default();
    ntk_stream stream = ntk_context_stream(context, UNITS + 4);
    ntk_network *network = NULL;
    double *theta = NULL, p;
    architecture.depth = 2;
    architecture.bias_variance = 0.25;
    NTK_TRY(ntk_network_create(&architecture, D, width, 1, &network));
    const size_t count = ntk_network_parameters(network);
    ntk_status status = ntk_allocate_doubles(count, &theta);
    if (status == NTK_OK) ntk_network_initialise(network, &stream, theta);
    if (status == NTK_OK) status = judge_square(count, deviation, theta, &p);
    ntk_release(theta);
    ntk_network_destroy(network);
    if (status != NTK_OK) return status;
    return ntk_emit_scalar(context, "parameters-square-p", p);
}

static ntk_status judge_normals(ntk_context *context, ntk_table *table) {
    const size_t m = ntk_context_size(context, "normals");
    const double deviation = 1 + ntk_context_real(context, "deviation-error");
    ntk_stream stream = ntk_context_stream(context, UNITS + 1);
    double *z = NULL, square_p = NAN;
    NTK_TRY(ntk_allocate_doubles(m, &z));
    ntk_stream_normal(&stream, m, z);
    const ntk_status status = judge_square(m, deviation, z, &square_p);
    qsort(z, m, sizeof *z, ascending);
    const double distance = distance_to_normal(m, z), allowed = sqrt(log(2e6) / (2 * (double)m));
    ntk_status added = NTK_OK;
    for (size_t k = 1; k < 100; k++) {
        const double at = z[k * m / 100], phi = 0.5 * erfc(-at / sqrt(2));
        const double row[] = {at, phi, (double)k / 100, allowed};
        added = added == NTK_OK ? ntk_table_row(table, NULL, row) : added;
    }
    ntk_release(z);
    NTK_TRY(status);
    NTK_TRY(added);
    NTK_TRY(ntk_emit_scalar(context, "normals-square-p", square_p));
    const double p = 2 * exp(-2 * (double)m * distance * distance);
    return ntk_emit_scalar(context, "normals-law-p", fmin(1, p));
}

/* ---- points ---------------------------------------------------------------------------------- */

static ntk_status judge_sphere(ntk_context *context) {
    enum { M = 20000 };
    const double stretch = 1 + ntk_context_real(context, "stretch-error");
    double *x = NULL, moments[D * D] = {0}, square = 0, lower, upper;
    ntk_stream stream = ntk_context_stream(context, UNITS + 2);
    NTK_TRY(ntk_allocate_doubles((size_t)M * D, &x));
    ntk_status status = ntk_data_sphere(&stream, M, D, x);
    for (size_t i = 0; i < M; i++) x[i * D] *= stretch;
    if (status == NTK_OK) status = ntk_syrk_transposed(D, M, 1.0 / M, x, D, 0, moments, D);
    ntk_symmetrise(D, moments, D);
    ntk_release(x);
    NTK_TRY(status);
    for (size_t r = 0; r < D; r++)
        for (size_t c = 0; c < D; c++) {
            const double gap = moments[r * D + c] - (r == c) / (double)D;
            square += gap * gap;
        }
    NTK_TRY(ntk_stats_chi_square(square * M * D * (D + 2) / 2.0, (D - 1) * (D + 2) / 2.0, &lower, &upper));
    return ntk_emit_scalar(context, "sphere-p", upper);
}

static ntk_status judge_separation(ntk_context *context) {
    const size_t n = ntk_context_size(context, "points");
    const double asked = ntk_context_real(context, "largest-cosine");
    const double planted = asked * (1 + ntk_context_real(context, "cosine-error"));
    double *x = NULL, worst = 0, norms = 0;
    ntk_stream stream = ntk_context_stream(context, UNITS + 3);
    NTK_TRY(ntk_allocate_doubles(n * D, &x));
    const ntk_status status = ntk_data_sphere_separated(&stream, n, D, fmin(1, planted), x);
    for (size_t i = 0; i < n && status == NTK_OK; i++) {
        norms = ntk_larger(norms, fabs(ntk_norm(D, x + i * D) - 1));
        for (size_t j = 0; j < i; j++) worst = ntk_larger(worst, fabs(ntk_dot(D, x + i * D, x + j * D)));
    }
    ntk_release(x);
    NTK_TRY(status);
    NTK_TRY(ntk_emit_scalar(context, "separation", worst - asked));
    return ntk_emit_scalar(context, "norms", norms);
}

static ntk_status run(ntk_context *context) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "normals", "quantile phi part allowed", &table));
    NTK_TRY(judge_streams(context));
    NTK_TRY(judge_purposes(context));
    NTK_TRY(judge_normals(context, table));
    NTK_TRY(judge_parameters(context));
    NTK_TRY(judge_sphere(context));
    return judge_separation(context);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {parameters},
    .metrics = {metrics},
    .run = run,
};
