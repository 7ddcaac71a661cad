/* Columns that have arrived stand still: their steps are 0. */
#include "inference/conjugate.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/memory.h>

typedef struct iteration {
    const ntk_conjugate *system;
    double *r, *z, *p, *q;             /* (n, columns) */
    double *product, *before, *factor; /* (columns): r.z now and before, the step */
    bool *moving;                      /* (columns) */
} iteration;

/* out_k = sum_i x_ik y_ik. */
static void dots(const ntk_conjugate *s, const double *x, const double *y, double *out) {
    memset(out, 0, s->columns * sizeof *out);
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->columns; k++) out[k] += x[i * s->columns + k] * y[i * s->columns + k];
}

static bool settle(iteration *it, const double *wanted, double *excess) {
    const ntk_conjugate *s = it->system;
    bool any = false;
    *excess = 0;
    dots(s, it->r, it->r, it->factor);
    for (size_t k = 0; k < s->columns; k++) {
        it->moving[k] = it->moving[k] && sqrt(it->factor[k]) > wanted[k];
        if (it->moving[k]) *excess = fmax(*excess, sqrt(it->factor[k]) / wanted[k]);
        any = any || it->moving[k];
    }
    return any;
}

/* z = P^{-1} r, the products r.z, and the directions p = z + (r.z now / before) p. */
static ntk_status turn(iteration *it, bool first) {
    const ntk_conjugate *s = it->system;
    memcpy(it->before, it->product, s->columns * sizeof *it->before);
    NTK_TRY(s->precondition(s->context, it->r, it->z));
    dots(s, it->r, it->z, it->product);
    for (size_t k = 0; k < s->columns; k++) {
        if (it->moving[k] && isfinite(it->product[k]) && !(it->product[k] > 0))
            return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                            "conjugate gradients: the preconditioner is not positive definite, r.z is %g",
                            it->product[k]);
        if (it->moving[k] && !isfinite(it->product[k]))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "conjugate gradients: r.z is %g", it->product[k]);
        it->factor[k] = first || !it->moving[k] ? 0 : it->product[k] / it->before[k];
    }
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->columns; k++) {
            const size_t at = i * s->columns + k;
            it->p[at] = it->moving[k] ? it->z[at] + it->factor[k] * it->p[at] : 0;
        }
    return NTK_OK;
}

static ntk_status step(iteration *it, double *x) {
    const ntk_conjugate *s = it->system;
    NTK_TRY(s->apply(s->context, it->p, it->q));
    dots(s, it->p, it->q, it->factor);
    for (size_t k = 0; k < s->columns; k++) {
        const double curvature = it->factor[k];
        if (it->moving[k] && !(curvature > 0))
            return ntk_fail(isfinite(curvature) ? NTK_ERROR_NOT_POSITIVE_DEFINITE : NTK_ERROR_NOT_FINITE,
                            "conjugate gradients: the matrix is not positive definite, a direction has p.A p "
                            "= %g",
                            curvature);
        it->factor[k] = it->moving[k] ? it->product[k] / curvature : 0;
    }
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->columns; k++) {
            const size_t at = i * s->columns + k;
            x[at] += it->factor[k] * it->p[at];
            it->r[at] -= it->factor[k] * it->q[at];
        }
    return NTK_OK;
}

static ntk_status iterate(iteration *it, const double *wanted, size_t most, double *x, size_t *iterations) {
    const ntk_conjugate *s = it->system;
    bool first = true;
    double excess;
    for (size_t k = 0; k < s->columns; k++) it->moving[k] = true;
    for (; most > 0 && settle(it, wanted, &excess); most--, first = false) {
        if (s->watch) NTK_TRY(s->watch(s->context, excess));
        NTK_TRY(turn(it, first));
        NTK_TRY(step(it, x));
        ++*iterations;
    }
    return NTK_OK;
}

/* Each column by a power of two, so that its largest entry is about 1: squares then neither
 * underflow nor overflow, and the bits are those without. scale, wanted: (columns). */
static void scale_columns(const ntk_conjugate *s, const double *b, const double *wanted, double *r,
                          int *scale, double *scaled_wanted) {
    for (size_t k = 0; k < s->columns; k++) {
        double largest = 0;
        for (size_t i = 0; i < s->n; i++) largest = fmax(largest, fabs(b[i * s->columns + k]));
        scale[k] = largest > 0 && isfinite(largest) ? ilogb(largest) : 0;
        scaled_wanted[k] = ldexp(wanted[k], -scale[k]);
        for (size_t i = 0; i < s->n; i++) r[i * s->columns + k] = ldexp(b[i * s->columns + k], -scale[k]);
    }
}

static void unscale(const ntk_conjugate *s, const int *scale, double *x) {
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->columns; k++)
            x[i * s->columns + k] = ldexp(x[i * s->columns + k], scale[k]);
}

ntk_status ntk_conjugate_solve(const ntk_conjugate *system, const double *b, const double *wanted,
                               size_t most, double *x, size_t *iterations) {
    const size_t size = system->n * system->columns, columns = system->columns;
    double *memory = NULL;
    void *flags = NULL, *exponents = NULL;
    NTK_TRY(ntk_allocate_doubles(4 * size + 4 * columns, &memory));
    iteration it = {.system = system, .r = memory};
    it.z = it.r + size, it.p = it.z + size, it.q = it.p + size;
    it.product = it.q + size, it.before = it.product + columns, it.factor = it.before + columns;
    double *scaled_wanted = it.factor + columns;
    ntk_status status = ntk_allocate(columns, sizeof *it.moving, &flags);
    if (status == NTK_OK) status = ntk_allocate(columns, sizeof(int), &exponents);
    it.moving = flags;
    if (status == NTK_OK) {
        scale_columns(system, b, wanted, it.r, exponents, scaled_wanted);
        memset(x, 0, size * sizeof *x);
        status = iterate(&it, scaled_wanted, most, x, iterations);
        unscale(system, exponents, x);
    }
    ntk_release(exponents);
    ntk_release(flags);
    ntk_release(memory);
    return status;
}
