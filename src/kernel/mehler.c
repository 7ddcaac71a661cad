/* Hermite (Mehler) expansion: how a Gram matrix gets a dual activation that has no closed form.
 *
 * Let p_k be the Hermite polynomials orthonormal for N(0, 1). Mehler's formula for the bivariate
 * normal law gives, for (u, v) ~ N(0, [[a, s], [s, c]]) and rho = s / sqrt(a c),
 *
 *     E[phi(u) phi(v)]   = sum_k h_k(a) h_k(c) rho^k,  h_k(a) = E[phi(sqrt(a) z) p_k(z)],
 *     E[phi'(u) phi'(v)] = sum_k g_k(a) g_k(c) rho^k,  g_k the same of phi', z ~ N(0, 1).
 *
 * The coefficients belong to single points: n K numbers, after which a pair costs two polynomials
 * in rho, of which parity leaves half: 3 K operations in registers (dual_lanes.inc). (g_k =
 * sqrt(k + 1) h_{k+1} / sqrt(a) would save half of the memory and lose the digits for small a.)
 *
 * Truncation. By Parseval sum_k h_k(a)^2 = E[phi(sqrt(a) z)^2], the diagonal. With t the part of it
 * that k >= K makes up, Cauchy-Schwarz bounds what a pair misses, relative to sqrt(E[phi(u)^2]
 * E[phi(v)^2]), by |rho|^K sqrt(t(a) t(c)): known for every pair. K is the least for which t is
 * negligible at the largest variance, or MAX_TERMS; then pairs with |rho| beyond the limit are left
 * to quadrature. With poles of phi at distance delta from the real line t ~ exp(-2 delta sqrt(2 K /
 * a)): for tanh (delta = pi/2) K is 64 for a = 1 and 512 do up to a = 9.
 *
 * Coefficients. The integral of an analytic function over the line is done best by the trapezoidal
 * rule; by Poisson summation its error is the Fourier transform of phi(sqrt(a) z) p_k(z) n(z) at 2
 * pi / h. That of p_k n is omega^k exp(-omega^2 / 2) / sqrt(k!), negligible beyond sqrt(k) + 9;
 * that of a function of sqrt(a) z with poles of order r as y^(r-1) e^-y / (r-1)!, y = delta omega /
 * sqrt(a): r is 4 for the square of tanh', and y = 46 makes that 2e-16 (38 would leave 3e-13). So
 * h = 2 pi / (sum of both). The integrand ends where n(z)^(1/2), a bound of p_k n, is below 1e-17:
 * |z| = 12.5. All points and all k are one matrix product. */
#include "kernel/mehler.h"

#include <float.h>
#include <math.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#define REACH 12.5
/* Relative truncation error of a pair that is allowed at most. The tails come from differences of
 * sums of some hundred terms, which are reliable to a tenth of this. */
#define TOLERANCE 1e-13
/* What the choice of K aims at; these tails are sums of small terms and have no rounding floor. */
#define AIM 1e-15

enum { MAX_TERMS = 512, TERMS_STEP = 8 };

struct ntk_mehler {
    ntk_activation activation;
    size_t terms, nodes;
    double *node;    /* (nodes) */
    double *density; /* (nodes): h n(z) */
    double *weight;  /* (MAX_TERMS, nodes): h n(z) p_k(z) */
};

/* Distance of the nearest pole from the real line. */
static double pole_distance(ntk_activation activation) {
    switch (activation) {
    case NTK_TANH:
        return M_PI / 2;
    case NTK_SIGMOID:
        return M_PI;
    case NTK_SOFTPLUS:
        return M_PI; /* a logarithmic branch point */
    default:
        return 0;
    }
}

/* Three-term recurrence sqrt(k + 1) p_{k+1} = z p_k - sqrt(k) p_{k-1}, started at h n(z). */
static void fill_weights(ntk_mehler *mehler, double step) {
    const size_t n = mehler->nodes;
    for (size_t j = 0; j < n; j++) {
        const double z = (double)j * step - REACH;
        double *w = mehler->weight + j;
        mehler->node[j] = z;
        mehler->density[j] = w[0] = step * exp(-0.5 * z * z) / sqrt(2 * M_PI);
        w[n] = z * w[0];
        for (size_t k = 1; k + 1 < MAX_TERMS; k++)
            w[(k + 1) * n] = (z * w[k * n] - sqrt((double)k) * w[(k - 1) * n]) / sqrt((double)(k + 1));
    }
}

/* What the terms from k on make up of sum, relative, where `missing` is left beyond the last
 * one. */
static size_t needed_terms(const double *coefficient, double diagonal, double missing) {
    double tail = missing;
    size_t terms = MAX_TERMS;
    while (terms > TERMS_STEP) {
        for (size_t k = terms - TERMS_STEP; k < terms; k++) tail += coefficient[k] * coefficient[k];
        if (!(tail <= AIM * diagonal)) break;
        terms -= TERMS_STEP;
    }
    return terms;
}

static ntk_status choose_terms(ntk_mehler *mehler, double variance) {
    double value[MAX_TERMS], derivative[MAX_TERMS], tail = 0;
    ntk_dual dual;
    mehler->terms = MAX_TERMS;
    NTK_TRY(ntk_mehler_expand(mehler, 1, &variance, value, derivative, &dual, &tail));
    const size_t for_value = needed_terms(value, dual.value, tail * dual.value);
    const size_t for_derivative = needed_terms(derivative, dual.derivative, tail * dual.derivative);
    mehler->terms = for_value > for_derivative ? for_value : for_derivative;
    return NTK_OK;
}

static ntk_status allocate_and_choose(ntk_mehler *mehler, double max_variance) {
    const double bandwidth =
        sqrt((double)MAX_TERMS) + 9 + 46 * sqrt(max_variance) / pole_distance(mehler->activation);
    const double step = 2 * M_PI / bandwidth;
    mehler->nodes = (size_t)ceil(2 * REACH / step) + 1;
    NTK_TRY(ntk_allocate_doubles(mehler->nodes, &mehler->node));
    NTK_TRY(ntk_allocate_doubles(mehler->nodes, &mehler->density));
    NTK_TRY(ntk_allocate_doubles(mehler->nodes * MAX_TERMS, &mehler->weight));
    fill_weights(mehler, step);
    return choose_terms(mehler, max_variance);
}

ntk_status ntk_mehler_create(ntk_activation activation, double max_variance, ntk_mehler **out) {
    if (!(pole_distance(activation) > 0))
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "no Hermite expansion for the activation %s",
                        ntk_activation_name(activation));
    if (!(max_variance <= NTK_MEHLER_LARGEST))
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "Hermite expansion of %s: variance %g, supported are up to %g",
                        ntk_activation_name(activation), max_variance, NTK_MEHLER_LARGEST);
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_mehler), &memory));
    ntk_mehler *mehler = memory;
    mehler->activation = activation;
    const ntk_status status = allocate_and_choose(mehler, max_variance);
    if (status != NTK_OK) {
        ntk_mehler_destroy(mehler);
        return status;
    }
    *out = mehler;
    return NTK_OK;
}

void ntk_mehler_destroy(ntk_mehler *mehler) {
    if (mehler == NULL) return;
    ntk_release(mehler->node);
    ntk_release(mehler->density);
    ntk_release(mehler->weight);
    ntk_release(mehler);
}

size_t ntk_mehler_terms(const ntk_mehler *mehler) { return mehler->terms; }

/* E[f^2] - sum of squares, relative; f: (nodes), coefficient: (K), apart by ld. */
static double missing(const ntk_mehler *mehler, const double *f, const double *coefficient, size_t ld,
                      double *diagonal) {
    double sum = 0;
    *diagonal = 0;
    for (size_t j = 0; j < mehler->nodes; j++) *diagonal += mehler->density[j] * f[j] * f[j];
    for (size_t k = 0; k < mehler->terms; k++) sum += coefficient[k * ld] * coefficient[k * ld];
    const double tail = *diagonal - sum;
    return tail <= 0.1 * TOLERANCE * *diagonal ? 0 : tail / *diagonal;
}

ntk_status ntk_mehler_expand(const ntk_mehler *mehler, size_t n, const double *variance, double *value,
                             double *derivative, ntk_dual *dual, double *tail) {
    const size_t nodes = mehler->nodes;
    double *f = NULL, *df;
    NTK_TRY(ntk_allocate_doubles(2 * n * nodes, &f));
    df = f + n * nodes;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < nodes; j++) f[i * nodes + j] = sqrt(variance[i]) * mehler->node[j];
    ntk_activation_evaluate(mehler->activation, n * nodes, f, f, df);
    ntk_status status = ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, mehler->terms, n, nodes, 1, mehler->weight,
                                 nodes, f, nodes, 0, value, n);
    if (status == NTK_OK)
        status = ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, mehler->terms, n, nodes, 1, mehler->weight, nodes,
                          df, nodes, 0, derivative, n);
    for (size_t i = 0; i < n && status == NTK_OK; i++) {
        const double tail_value = missing(mehler, f + i * nodes, value + i, n, &dual[i].value);
        const double tail_derivative =
            missing(mehler, df + i * nodes, derivative + i, n, &dual[i].derivative);
        tail[i] = ntk_larger(tail_value, tail_derivative);
    }
    ntk_release(f);
    return status;
}

double ntk_mehler_limit(const ntk_mehler *mehler, double tail) {
    return tail <= TOLERANCE ? INFINITY : pow(TOLERANCE / tail, 1 / (double)mehler->terms);
}
