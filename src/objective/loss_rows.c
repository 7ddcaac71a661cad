/* The formulas of loss.c for a chunk of rows: exponentials, logarithms, softplus and sigma of all
 * of them in one call each, with the errors that vector.h states.
 *
 * Whatever e^x is taken of here is within FAR of 0, so that no term and no slope is less than
 * e^-650, or the square of that of half as much. A comparison fails where an output is not a
 * number. */
#include "objective/loss_rows.h"

#include <math.h>

#include "base/vector.h"

enum { CHUNK = 256 }; /* numbers: four arrays of them are a quarter of a first-level cache */

#define FAR 650.0

/* A chunk of rows. */
typedef struct chunk {
    size_t rows, outputs;
    const double *f, *q; /* (rows, outputs) */
    double *slopes;      /* (rows, outputs) or NULL */
} chunk;

/* Adds losses to *sum, in the order of rows. */
typedef bool (*chunk_function)(const chunk *c, double *sum);

/* ---- squared --------------------------------------------------------------------------------- */

static bool squared(const chunk *c, double *sum) {
    for (size_t i = 0; i < c->rows; ++i) {
        double row = 0;
        for (size_t k = i * c->outputs; k < (i + 1) * c->outputs; ++k) {
            const double difference = c->f[k] - c->q[k];
            if (!(fabs(difference) < 1e140)) return false;
            if (c->slopes) c->slopes[k] = difference;
            row += difference * difference;
        }
        if (!(row > 1e-280)) return false;
        *sum += 0.5 * row;
    }
    return true;
}

/* ---- one output ------------------------------------------------------------------------------ */

/* Hard labels alone: softplus(x) and, but for the sign, sigma(x), x = -f or f. */
static bool logistic_of_classes(const chunk *c, double *sum) {
    double x[CHUNK], slope[CHUNK];
    for (size_t i = 0; i < c->rows; ++i) {
        if (!((c->q[i] == 0 || c->q[i] == 1) && fabs(c->f[i]) < 700)) return false;
        x[i] = c->q[i] == 1 ? -c->f[i] : c->f[i];
    }
    if (c->rows > 0) ntk_vector_softplus(c->rows, x, x, slope);
    for (size_t i = 0; i < c->rows; ++i) *sum += x[i];
    for (size_t i = 0; c->slopes && i < c->rows; ++i) c->slopes[i] = c->q[i] == 1 ? -slope[i] : slope[i];
    return true;
}

/* q softplus(-f) + (1 - q) softplus(f); where q is 0 or 1 that is what hard labels give. */
static bool logistic(const chunk *c, double *sum) {
    double below[CHUNK], above[CHUNK], falling[CHUNK], rising[CHUNK];
    const double before = *sum;
    if (logistic_of_classes(c, sum)) return true;
    *sum = before;
    for (size_t i = 0; i < c->rows; ++i) {
        if (!(fabs(c->f[i]) < 700)) return false;
        below[i] = -c->f[i];
    }
    ntk_vector_softplus(c->rows, c->f, above, rising);
    ntk_vector_softplus(c->rows, below, below, falling);
    for (size_t i = 0; i < c->rows; ++i) *sum += c->q[i] * below[i] + (1 - c->q[i]) * above[i];
    for (size_t i = 0; c->slopes && i < c->rows; ++i)
        c->slopes[i] = (1 - c->q[i]) * rising[i] - c->q[i] * falling[i];
    return true;
}

/* r^2, r = (1 - q) s(f) - q s(-f). */
static bool brier_of_one(const chunk *c, double *sum) {
    double low[CHUNK], high[CHUNK];
    for (size_t i = 0; i < c->rows; ++i) {
        if (!(fabs(c->f[i]) < FAR / 2)) return false;
        low[i] = -c->f[i];
    }
    ntk_vector_sigmoid(c->rows, c->f, high, NULL);
    ntk_vector_sigmoid(c->rows, low, low, NULL);
    for (size_t i = 0; i < c->rows; ++i) {
        const double residual = (1 - c->q[i]) * high[i] - c->q[i] * low[i];
        if (!(fabs(residual) > 1e-145)) return false;
        *sum += residual * residual;
        if (c->slopes) c->slopes[i] = 2 * residual * high[i] * low[i];
    }
    return true;
}

/* ---- classes --------------------------------------------------------------------------------- */

/* Of the rows of a chunk: top = argmax f and softplus(r), r = log sum_{j != top} e^{f_j -
 * f_top}. */
typedef struct classes {
    size_t top[CHUNK];
    double base[CHUNK];
} classes;

/* e (rows, outputs) <- f_k - max_{j != top} f_j, -infinity at the top; r <- that maximum - f_top.
 * False where f reaches farther than `far`. */
static bool compare(const chunk *c, double far, classes *out, double *e, double *r) {
    const size_t K = c->outputs;
    for (size_t i = 0; i < c->rows; ++i) {
        const double *f = c->f + i * K;
        size_t top = 0;
        double second = -INFINITY, least = f[0];
        for (size_t k = 0; k < K; ++k) {
            if (!(fabs(f[k]) < 1e300)) return false;
            if (f[k] > f[top]) top = k;
            if (f[k] < least) least = f[k];
        }
        if (!(f[top] - least < far)) return false;
        for (size_t k = 0; k < K; ++k)
            if (k != top && f[k] > second) second = f[k];
        for (size_t k = 0; k < K; ++k) e[i * K + k] = k == top ? -INFINITY : f[k] - second;
        out->top[i] = top;
        r[i] = second - f[top];
    }
    return true;
}

static bool describe(const chunk *c, double far, classes *out) {
    const size_t K = c->outputs;
    double e[CHUNK], r[CHUNK], sum[CHUNK];
    if (!compare(c, far, out, e, r)) return false;
    ntk_vector_exp(c->rows * K, e, e);
    for (size_t i = 0; i < c->rows; ++i) {
        sum[i] = 0;
        for (size_t k = 0; k < K; ++k) sum[i] += e[i * K + k];
    }
    ntk_vector_log(c->rows, sum, sum);
    for (size_t i = 0; i < c->rows; ++i) r[i] += sum[i];
    ntk_vector_softplus(c->rows, r, out->base, NULL);
    return true;
}

/* p (rows, outputs): e^{(f_k - f_top) - softplus(r)}. */
static void probabilities(const chunk *c, const classes *rows, double *p) {
    const size_t K = c->outputs;
    for (size_t i = 0; i < c->rows; ++i) {
        const double *f = c->f + i * K;
        for (size_t k = 0; k < K; ++k) p[i * K + k] = (f[k] - f[rows->top[i]]) - rows->base[i];
    }
    ntk_vector_exp(c->rows * K, p, p);
}

/* r = p - q, where q is largest minus the sum of the others: there 1 - 1 would cancel. */
static void residuals(size_t K, const double *p, const double *q, double *r) {
    size_t truth = 0;
    double others = 0;
    for (size_t k = 1; k < K; ++k)
        if (q[k] > q[truth]) truth = k;
    for (size_t k = 0; k < K; ++k) {
        if (k == truth) continue;
        r[k] = p[k] - q[k];
        others += r[k];
    }
    r[truth] = -others;
}

static bool softmax(const chunk *c, double *sum) {
    const size_t K = c->outputs;
    classes rows;
    double p[CHUNK];
    if (!describe(c, FAR, &rows)) return false;
    for (size_t i = 0; i < c->rows; ++i) {
        const double *f = c->f + i * K, *q = c->q + i * K, top = f[rows.top[i]];
        double row = 0;
        for (size_t k = 0; k < K; ++k)
            if (q[k] > 0) row += q[k] * ((top - f[k]) + rows.base[i]);
        *sum += row;
    }
    if (!c->slopes) return true;
    probabilities(c, &rows, p);
    for (size_t i = 0; i < c->rows; ++i) residuals(K, p + i * K, c->q + i * K, c->slopes + i * K);
    return true;
}

/* 2 p_k (r_k - sum_j p_j r_j), at the top minus the sum of the others (loss.c). */
static void brier_slopes(size_t K, size_t top, const double *p, const double *r, double *slopes) {
    double mean = 0, others = 0;
    for (size_t k = 0; k < K; ++k) mean += p[k] * r[k];
    for (size_t k = 0; k < K; ++k) {
        if (k == top) continue;
        slopes[k] = 2 * p[k] * (r[k] - mean);
        others += slopes[k];
    }
    slopes[top] = -others;
}

static bool brier_of_classes(const chunk *c, double *sum) {
    const size_t K = c->outputs;
    classes rows;
    double p[CHUNK], r[CHUNK];
    if (!describe(c, FAR / 2, &rows)) return false;
    probabilities(c, &rows, p);
    for (size_t i = 0; i < c->rows; ++i) {
        double row = 0;
        residuals(K, p + i * K, c->q + i * K, r);
        for (size_t k = 0; k < K; ++k) row += r[k] * r[k];
        if (!(row > 1e-290)) return false;
        *sum += row;
        if (c->slopes) brier_slopes(K, rows.top[i], p + i * K, r, c->slopes + i * K);
    }
    return true;
}

static bool brier(const chunk *c, double *sum) {
    return c->outputs == 1 ? brier_of_one(c, sum) : brier_of_classes(c, sum);
}

/* ---- poisson --------------------------------------------------------------------------------- */

double loss_exponential_series(double u) {
    double sum = 0, term = u * u / 2;
    for (int k = 3; k < 21; ++k) { /* from u^2/2 to u^19/19!: the rest is below 2^-59 of the sum */
        sum += term;
        term *= u / k;
    }
    return sum;
}

/* q h(u) and q (e^u - 1), u = f - log q; e^f where q = 0. Beyond |u| = 1 the difference e^u - 1 - u
 * is at least a fourth of its largest term, and e^u - 1 more. */
static bool poisson(const chunk *c, double *sum) {
    const size_t count = c->rows * c->outputs;
    double u[CHUNK], e[CHUNK];
    ntk_vector_log(count, c->q, u);
    for (size_t k = 0; k < count; ++k) {
        u[k] = c->q[k] == 0 ? c->f[k] : c->f[k] - u[k];
        const bool fits = c->q[k] == 0 || (c->q[k] > 1e-20 && c->q[k] < 1e20 && fabs(u[k]) > 1e-130);
        if (!(fits && fabs(u[k]) < 600)) return false;
    }
    ntk_vector_exp(count, u, e);
    for (size_t i = 0; i < c->rows; ++i) {
        double row = 0;
        for (size_t k = i * c->outputs; k < (i + 1) * c->outputs; ++k) {
            const bool near = fabs(u[k]) < 1, none = c->q[k] == 0;
            const double h = near ? loss_exponential_series(u[k]) : (e[k] - 1) - u[k];
            row += none ? e[k] : c->q[k] * h;
            if (c->slopes) c->slopes[k] = 2 * (none ? e[k] : c->q[k] * (near ? u[k] + h : e[k] - 1));
        }
        *sum += 2 * row;
    }
    return true;
}

/* ---- all rows -------------------------------------------------------------------------------- */

bool loss_rows(ntk_loss loss, size_t n, size_t outputs, const double *f, const double *q, double *sum,
               double *slopes) {
    static const chunk_function functions[] = {[NTK_LOSS_SQUARED] = squared,
                                               [NTK_LOSS_LOGISTIC] = logistic,
                                               [NTK_LOSS_SOFTMAX] = softmax,
                                               [NTK_LOSS_BRIER] = brier,
                                               [NTK_LOSS_POISSON] = poisson};
    const size_t most = CHUNK / outputs;
    *sum = 0;
    if (!((size_t)loss < sizeof functions / sizeof *functions)) return false;
    for (size_t first = 0, rows; first < n; first += rows) {
        rows = n - first < most ? n - first : most;
        const size_t at = first * outputs;
        const chunk c = {rows, outputs, f + at, q + at, slopes ? slopes + at : NULL};
        if (rows == 0 || !functions[loss](&c, sum)) return false;
    }
    return true;
}
