/* The distance between a stored Gram matrix and the exact NTK of its points, whose entries are
 * enclosed in balls (ball_gram.c). The bound is the Frobenius norm of the entrywise distances,
 * which is at least the 2-norm. */
#include <ntk/certify.h>

#include <math.h>

#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "base/arb.h"
#include "base/guard.h"
#include "certify/ball_dual.h"
#include "certify/ball_gram.h"

enum { PRECISION = BALL_DUAL_PRECISION };

typedef struct task {
    const ball_gram *exact;
    size_t ldg;
    const double *gram;
    double *row_error; /* (n), upper bounds of sum_j |gram_ij - Theta_ij|^2 over j <= i,
                        * off-diagonals twice */
} task;

/* Adds weight * |gram_ij - Theta_ij|^2 to the ball `sum`. */
static void add_distance(arb_t sum, const task *self, size_t i, size_t j, unsigned weight) {
    arb_t stored, nngp, theta;
    arb_init(stored);
    arb_init(nngp);
    arb_init(theta);
    ball_gram_entry(self->exact, i, j, nngp, theta);
    arb_set_d(stored, self->gram[i * self->ldg + j]);
    arb_sub(stored, stored, theta, PRECISION);
    arb_mul(stored, stored, stored, PRECISION);
    arb_addmul_ui(sum, stored, weight, PRECISION);
    arb_clear(stored);
    arb_clear(nngp);
    arb_clear(theta);
}

static double upper_bound(const arb_t ball) {
    arf_t upper;
    arf_init(upper);
    arb_get_ubound_arf(upper, ball, PRECISION);
    const double bound = arf_get_d(upper, ARF_RND_UP);
    arf_clear(upper);
    return bound;
}

static ntk_status row_error(size_t i, void *argument) {
    NTK_BALL_GUARD;
    task *self = argument;
    arb_t sum;
    arb_init(sum);
    for (size_t j = 0; j < i; j++) add_distance(sum, self, i, j, 2);
    add_distance(sum, self, i, i, 1);
    self->row_error[i] = upper_bound(sum);
    arb_clear(sum);
    flint_cleanup(); /* this thread's caches */
    return NTK_OK;
}

static double root_of_sum(size_t n, const double *terms) {
    arb_t sum, term;
    arb_init(sum);
    arb_init(term);
    for (size_t i = 0; i < n; i++) {
        arb_set_d(term, terms[i]);
        arb_add(sum, sum, term, PRECISION);
    }
    arb_sqrt(sum, sum, PRECISION);
    const double bound = upper_bound(sum);
    arb_clear(sum);
    arb_clear(term);
    return bound;
}

ntk_status ntk_certify_kernel_error(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                                    size_t ldx, const double *gram, size_t ldg, double *bound) {
    NTK_BALL_GUARD;
    ball_gram *exact = NULL;
    if (ldg < n) return ntk_fail(NTK_ERROR_SHAPE, "certify: n = %zu, ldg = %zu", n, ldg);
    NTK_TRY(ball_gram_create(architecture, n, d, x, ldx, PRECISION, NULL, &exact));
    task self = {.exact = exact, .ldg = ldg, .gram = gram};
    ntk_status status = ntk_allocate_doubles(n, &self.row_error);
    if (status == NTK_OK) status = ntk_map(n, row_error, &self);
    if (status == NTK_OK) *bound = root_of_sum(n, self.row_error);
    ntk_release(self.row_error);
    ball_gram_destroy(exact);
    if (status == NTK_OK && !isfinite(*bound))
        status = ntk_fail(NTK_ERROR_NOT_FINITE,
                          "certify: the kernel's distance to the stored matrix is not finite");
    return status;
}
