/* Enclosures of kernels in as many bits as it takes: what is not yet narrow is computed anew with
 * twice as many.
 *
 * Why bits are lost. In ball arithmetic a ReLU layer enlarges the error of a covariance by up to
 * 1 / sqrt(1 - rho^2) (the derivative of the angle; in E[phi phi] two such terms cancel, which
 * balls do not see), erf by 1 / (1 - u^2): at pairs 10^-8 apart 27 and 53 bits a layer. The number
 * of bits needed is therefore bounded for points that differ, and equal rows are taken as one
 * point, whose layers lose none. */
#include <ntk/enclosure.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/certify.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "base/arb.h"
#include "base/guard.h"
#include "certify/ball_dual.h"
#include "certify/ball_eigenvalue.h"
#include "certify/ball_gram.h"
#include "certify/interval.h"

/* Entries are wanted to 64 bits, so that an interval of doubles is as narrow as doubles are. Where
 * the exact value is 0 and the balls' midpoints are not, no number of bits is enough: then the
 * interval is 10^-300 wide or so at the last precision, and 0 in it. */
enum { FIRST_BITS = BALL_DUAL_PRECISION, MOST_BITS = 16 * FIRST_BITS, WANTED_BITS = 64, CHUNK = 16 };

/* ---- points ---------------------------------------------------------------------------------- */

static ntk_status check_points(size_t n, size_t d, const double *x, size_t ldx) {
    if (n == 0 || d == 0 || ldx < d)
        return ntk_fail(NTK_ERROR_SHAPE, "enclosure: n = %zu, d = %zu, ldx = %zu", n, d, ldx);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < d; k++)
            if (!isfinite(x[i * ldx + k]))
                return ntk_fail(NTK_ERROR_NOT_FINITE, "enclosure: coordinate %zu of point %zu", k, i);
    return NTK_OK;
}

/* j, or i where the rows are equal. */
static size_t partner(const double *x, size_t d, size_t ldx, size_t i, size_t j) {
    return memcmp(x + i * ldx, x + j * ldx, d * sizeof *x) == 0 ? i : j;
}

/* ---- entries --------------------------------------------------------------------------------- */

typedef struct {
    const ball_gram *exact;
    size_t d, ldx, count;
    const double *x;
    const size_t *pairs;
    ntk_interval *nngp, *ntk; /* NULL: not asked for */
    unsigned char *narrow;    /* (count) */
} entries;

static bool is_narrow(const arb_t ball) { return arb_rel_accuracy_bits(ball) >= WANTED_BITS; }

static ntk_status compute_chunk(size_t chunk, void *context) {
    NTK_BALL_GUARD;
    const entries *self = context;
    arb_t nngp, theta;
    arb_init(nngp);
    arb_init(theta);
    for (size_t k = chunk * CHUNK; k < (chunk + 1) * CHUNK && k < self->count; k++) {
        const size_t i = self->pairs[2 * k], j = self->pairs[2 * k + 1];
        if (self->narrow[k]) continue;
        ball_gram_entry(self->exact, i, partner(self->x, self->d, self->ldx, i, j), nngp, theta);
        if (self->nngp != NULL) self->nngp[k] = certify_interval_of(nngp);
        if (self->ntk != NULL) self->ntk[k] = certify_interval_of(theta);
        self->narrow[k] = (self->nngp == NULL || is_narrow(nngp)) && (self->ntk == NULL || is_narrow(theta));
    }
    arb_clear(nngp);
    arb_clear(theta);
    flint_cleanup(); /* this thread's caches */
    return NTK_OK;
}

static bool all_narrow(const entries *self) { return memchr(self->narrow, 0, self->count) == NULL; }

/* Points of the pairs that are left, and those that stand in for them. */
static void mark_needed(const entries *self, bool *needed) {
    for (size_t k = 0; k < self->count; k++) {
        if (self->narrow[k]) continue;
        const size_t i = self->pairs[2 * k], j = self->pairs[2 * k + 1];
        needed[i] = needed[partner(self->x, self->d, self->ldx, i, j)] = true;
    }
}

static ntk_status refine(const ntk_architecture *architecture, size_t n, bool *needed, entries *self) {
    for (slong bits = FIRST_BITS; bits <= MOST_BITS && !all_narrow(self); bits *= 2) {
        ball_gram *exact;
        memset(needed, 0, n);
        mark_needed(self, needed);
        NTK_TRY(ball_gram_create(architecture, n, self->d, self->x, self->ldx, bits, needed, &exact));
        self->exact = exact;
        const ntk_status status = ntk_map((self->count + CHUNK - 1) / CHUNK, compute_chunk, self);
        ball_gram_destroy(exact);
        NTK_TRY(status);
    }
    return NTK_OK;
}

ntk_status ntk_enclosure_entries(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                                 size_t ldx, size_t count, const size_t *pairs, ntk_interval *nngp,
                                 ntk_interval *ntk) {
    NTK_TRY(check_points(n, d, x, ldx));
    for (size_t k = 0; k < 2 * count; k++)
        if (pairs[k] >= n) return ntk_fail(NTK_ERROR_SHAPE, "enclosure: point %zu of %zu", pairs[k], n);
    void *flags;
    _Static_assert(sizeof(bool) == 1, "the flags of pairs and points share their memory");
    NTK_TRY(ntk_allocate(count + n, 1, &flags));
    entries self = {.d = d,
                    .ldx = ldx,
                    .count = count,
                    .x = x,
                    .pairs = pairs,
                    .nngp = nngp,
                    .ntk = ntk,
                    .narrow = flags};
    const ntk_status status = refine(architecture, n, (bool *)flags + count, &self);
    ntk_release(flags);
    return status;
}

/* ---- smallest eigenvalues -------------------------------------------------------------------- */

static ntk_status check_size(size_t n) {
    if (n > 0 && n <= NTK_ENCLOSURE_MOST_POINTS) return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE, "enclosure: smallest eigenvalues of 1 to %d points, not %zu",
                    (int)NTK_ENCLOSURE_MOST_POINTS, n);
}

/* An eigenvalue about 0 is resolved to this part of the largest K_ii: more bits would say no
 * more. */
enum { ZERO_BITS = 240 };

/* Exponent e with max a_ii < 2^e. */
static int size_of(const arb_mat_t a) {
    double largest = 0;
    int exponent;
    for (slong i = 0; i < arb_mat_nrows(a); i++)
        largest = fmax(largest, certify_interval_of(arb_mat_entry(a, i, i)).high);
    frexp(largest, &exponent);
    return exponent;
}

/* Narrow beside the eigenvalue itself, or so narrow about 0 that more bits would say no more. */
static bool is_resolved(const arb_t lambda, const arb_mat_t a) {
    if (is_narrow(lambda)) return true;
    mag_t small;
    mag_init(small);
    mag_set_ui_2exp_si(small, 1, size_of(a) - ZERO_BITS);
    const bool resolved = mag_cmp(arb_radref(lambda), small) < 0;
    mag_clear(small);
    return resolved;
}

/* Of a ball about 0 that is resolved, an interval that does not depend on how wide the ball has
 * happened to become (that differs between versions of Arb): twice the radius is less than 2^(e -
 * 239). */
static ntk_interval interval_of(const arb_t lambda, const arb_mat_t a) {
    if (is_narrow(lambda) || !arb_contains_zero(lambda) || !is_resolved(lambda, a))
        return certify_interval_of(lambda);
    const double end = ldexp(1, size_of(a) - ZERO_BITS + 1);
    return (ntk_interval){-end, end};
}

/* Fills the lower triangle. */
static ntk_status fill_gram(const ntk_architecture *architecture, ntk_kernel_type type, size_t d,
                            const double *x, size_t ldx, slong bits, arb_mat_t a) {
    const size_t n = (size_t)arb_mat_nrows(a);
    ball_gram *exact;
    arb_t other;
    NTK_TRY(ball_gram_create(architecture, n, d, x, ldx, bits, NULL, &exact));
    arb_init(other);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            arb_ptr entry = arb_mat_entry(a, (slong)i, (slong)j);
            const bool nngp = type == NTK_KERNEL_NNGP;
            ball_gram_entry(exact, i, partner(x, d, ldx, i, j), nngp ? entry : other, nngp ? other : entry);
        }
    arb_clear(other);
    ball_gram_destroy(exact);
    return NTK_OK;
}

static ntk_status refine_lambda(const ntk_architecture *architecture, ntk_kernel_type type, size_t d,
                                const double *x, size_t ldx, arb_mat_t a, arb_t lambda) {
    ntk_status status = NTK_ERROR_NO_CONVERGENCE;
    for (slong bits = FIRST_BITS; bits <= MOST_BITS; bits *= 2) {
        NTK_TRY(fill_gram(architecture, type, d, x, ldx, bits, a));
        status = ball_smallest_eigenvalue(a, bits, lambda);
        if (status == NTK_OK && is_resolved(lambda, a)) break;
        if (status != NTK_OK && status != NTK_ERROR_NO_CONVERGENCE) break;
    }
    return status;
}

ntk_status ntk_enclosure_lambda_min(const ntk_architecture *architecture, ntk_kernel_type type, size_t n,
                                    size_t d, const double *x, size_t ldx, ntk_interval *out) {
    NTK_BALL_GUARD;
    NTK_TRY(check_points(n, d, x, ldx));
    NTK_TRY(check_size(n));
    arb_mat_t a;
    arb_t lambda;
    arb_mat_init(a, (slong)n, (slong)n);
    arb_init(lambda);
    const ntk_status status = refine_lambda(architecture, type, d, x, ldx, a, lambda);
    if (status == NTK_OK) *out = interval_of(lambda, a);
    arb_mat_clear(a);
    arb_clear(lambda);
    return status;
}

/* ---- of a stored matrix ---------------------------------------------------------------------- */

static ntk_status enclose_small(size_t n, const double *a, size_t lda, ntk_interval *out) {
    NTK_BALL_GUARD;
    arb_mat_t exact;
    arb_t lambda;
    arb_mat_init(exact, (slong)n, (slong)n);
    arb_init(lambda);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) arb_set_d(arb_mat_entry(exact, (slong)i, (slong)j), a[i * lda + j]);
    ntk_status status = NTK_OK;
    for (slong bits = FIRST_BITS; bits <= MOST_BITS; bits *= 2) {
        status = ball_smallest_eigenvalue(exact, bits, lambda);
        if (status != NTK_OK || is_resolved(lambda, exact)) break;
    }
    if (status == NTK_OK) *out = interval_of(lambda, exact);
    arb_mat_clear(exact);
    arb_clear(lambda);
    return status;
}

/* v^T A v / v^T v, rounded upwards; v: component i at v[i ld]. */
static ntk_status rayleigh_bound(size_t n, const double *a, size_t lda, const double *v, size_t ld,
                                 double *out) {
    NTK_BALL_GUARD;
    arb_t sum, square, total, x, y;
    arb_struct *all[] = {sum, square, total, x, y};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) arb_init(all[k]);
    for (size_t i = 0; i < n; i++) {
        arb_zero(sum);
        for (size_t j = 0; j <= i; j++) {
            arb_set_d(x, a[i * lda + j]);
            arb_set_d(y, i == j ? v[j * ld] : 2 * v[j * ld]);
            arb_addmul(sum, x, y, FIRST_BITS);
        }
        arb_set_d(x, v[i * ld]);
        arb_addmul(total, sum, x, FIRST_BITS);
        arb_addmul(square, x, x, FIRST_BITS);
    }
    arb_div(total, total, square, FIRST_BITS);
    *out = certify_interval_of(total).high;
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) arb_clear(all[k]);
    return NTK_OK;
}

/* The certificate of certify.h below, the quotient of LAPACK's eigenvector above. */
static ntk_status enclose_large(size_t n, const double *a, size_t lda, ntk_interval *out) {
    ntk_certificate certificate;
    double *vectors, *values = NULL;
    ntk_status status = ntk_certify_positive_definite(n, a, lda, &certificate);
    if (status != NTK_OK && status != NTK_ERROR_NOT_POSITIVE_DEFINITE) return status;
    NTK_TRY(ntk_allocate_doubles(n * n, &vectors));
    for (size_t i = 0; i < n; i++) memcpy(vectors + i * n, a + i * lda, (i + 1) * sizeof *a);
    status = ntk_allocate_doubles(n, &values);
    if (status == NTK_OK) status = ntk_eigen_symmetric(n, vectors, n, true, values);
    out->low = certificate.lambda_min_bound;
    if (status == NTK_OK) status = rayleigh_bound(n, a, lda, vectors, n, &out->high);
    ntk_release(values);
    ntk_release(vectors);
    return status;
}

ntk_status ntk_enclosure_matrix_lambda_min(size_t n, const double *a, size_t lda, ntk_interval *out) {
    if (n == 0 || lda < n) return ntk_fail(NTK_ERROR_SHAPE, "enclosure: n = %zu, lda = %zu", n, lda);
    for (size_t i = 0; i < n; i++)
        if (!ntk_all_finite(i + 1, a + i * lda))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "enclosure: row %zu of the matrix", i);
    return n <= NTK_ENCLOSURE_MOST_POINTS ? enclose_small(n, a, lda, out) : enclose_large(n, a, lda, out);
}
