/* Uniform approximation of least norm, for all errors at once.
 *
 * At points x_1 .. x_n let f be given. For an error e > 0 the problem
 *
 *     minimise |g|_H^2 / 2     subject to |f(x_i) - g(x_i)| <= e for all i
 *
 * has the solution g = sum beta_i K(., x_i) with, for r = f - K beta,
 *
 *     |r_i| <= e for all i;     r_i = e s_i, s_i = sign(beta_i), where beta_i != 0
 *
 * (the optimality conditions of a convex problem, sufficient as well). On the active set A =
 * {beta_i != 0} they say K_AA beta_A = f_A - e s_A, so while A and s stay beta_A is linear in e:
 * as e falls by h,
 *
 *     beta_A += h d,     d = K_AA^{-1} s_A,     r -= h K_.A d,     r_A = (e - h) s_A.
 *
 * The path is followed from e = max |f|, beta = 0 down to the next event: a point outside A
 * whose |r_i| meets the falling e joins A with the sign of r_i, or a beta_i of A reaches 0 and i
 * leaves. (The dual is the lasso, and this its homotopy: Osborne, Presnell, Turlach 2000.) The
 * residual is computed anew at each knot. |g|_H^2 = beta^T K beta = beta^T (f - r). */
#include "homotopy.h"

#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

typedef struct path {
    size_t n;
    const double *gram, *f;
    double error;      /* e */
    double *beta;      /* (n) */
    double *residual;  /* (n) */
    double *change;    /* (n), K_.A d */
    double *direction; /* (n), d: the first `count`, in the order of `active` */
    double *sign;      /* (n), likewise */
    double *factor;    /* (n, n) */
    size_t *active;    /* (n) */
    size_t count;
    size_t left; /* the point that left at the last knot, which cannot join at once; n: none */
} path;

/* ---- the state ------------------------------------------------------------------------------- */

static ntk_status create(path *p, size_t n) {
    double **const vectors[] = {&p->residual, &p->change, &p->direction, &p->sign};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        NTK_TRY(ntk_allocate_doubles(n, vectors[i]));
    NTK_TRY(ntk_allocate_doubles(n * n, &p->factor));
    return ntk_allocate(n, sizeof *p->active, (void **)&p->active);
}

static void release(path *p) {
    ntk_release(p->residual);
    ntk_release(p->change);
    ntk_release(p->direction);
    ntk_release(p->sign);
    ntk_release(p->factor);
    ntk_release(p->active);
}

/* out <- K_.A v_A, v in the order of `active`. */
static void apply(const path *p, const double *v, double *out) {
    memset(out, 0, p->n * sizeof *out);
    for (size_t a = 0; a < p->count; a++)
        for (size_t i = 0; i < p->n; i++) out[i] += v[a] * p->gram[p->active[a] * p->n + i];
}

static bool is_active(const path *p, size_t i) {
    for (size_t a = 0; a < p->count; a++)
        if (p->active[a] == i) return true;
    return false;
}

static void join(path *p, size_t i) {
    p->sign[p->count] = p->residual[i] > 0 ? 1 : -1;
    p->active[p->count++] = i;
}

static void leave(path *p, size_t a) {
    p->beta[p->active[a]] = 0;
    p->left = p->active[a];
    p->count--;
    for (size_t b = a; b < p->count; b++) {
        p->active[b] = p->active[b + 1];
        p->sign[b] = p->sign[b + 1];
    }
}

/* ---- a step ---------------------------------------------------------------------------------- */

/* d and K_.A d */
static ntk_status direct(path *p) {
    const size_t count = p->count;
    for (size_t a = 0; a < count; a++) {
        for (size_t b = 0; b <= a; b++)
            p->factor[a * count + b] = p->gram[p->active[a] * p->n + p->active[b]];
        p->direction[a] = p->sign[a];
    }
    NTK_TRY(ntk_cholesky(count, p->factor, count));
    NTK_TRY(ntk_cholesky_solve(count, 1, p->factor, count, p->direction, 1));
    apply(p, p->direction, p->change);
    return NTK_OK;
}

/* How far e falls until a point outside A meets it, s r_i - h s c_i = e - h; *who: that point. */
static double next_join(const path *p, size_t *who) {
    double first = INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        if (i == p->left || is_active(p, i)) continue;
        for (int s = -1; s <= 1; s += 2) {
            const double slope = 1 - s * p->change[i], gap = p->error - s * p->residual[i];
            if (!(slope > 0) || !(gap / slope < first)) continue;
            first = fmax(0, gap / slope);
            *who = i;
        }
    }
    return first;
}

/* How far until a coefficient of A reaches 0; *which: its position. */
static double next_leave(const path *p, size_t *which) {
    double first = INFINITY;
    for (size_t a = 0; a < p->count; a++) {
        const double step = -p->beta[p->active[a]] / p->direction[a];
        if (!(step > 0 && step < first)) continue;
        first = step;
        *which = a;
    }
    return first;
}

static void advance(path *p, double step) {
    for (size_t a = 0; a < p->count; a++) p->beta[p->active[a]] += step * p->direction[a];
    p->error -= step;
    /* in the order of active */
    for (size_t a = 0; a < p->count; a++) p->change[a] = p->beta[p->active[a]];
    memcpy(p->direction, p->change, p->count * sizeof *p->direction);
    apply(p, p->direction, p->residual);
    for (size_t i = 0; i < p->n; i++) p->residual[i] = p->f[i] - p->residual[i];
}

/* From a knot to the next, or to the last error; *done then. */
static ntk_status step(path *p, double last, bool *done) {
    size_t who = p->n, which = p->n;
    NTK_TRY(direct(p));
    const double joining = next_join(p, &who), leaving = next_leave(p, &which), rest = p->error - last;
    *done = rest <= joining && rest <= leaving;
    advance(p, *done ? rest : fmin(joining, leaving));
    p->left = p->n;
    if (*done) return NTK_OK;
    if (leaving < joining)
        leave(p, which);
    else
        join(p, who);
    return NTK_OK;
}

static ntk_status follow(path *p, double last, size_t most, approximation *curve, size_t *count) {
    size_t top = 0;
    memcpy(p->residual, p->f, p->n * sizeof *p->f);
    for (size_t i = 1; i < p->n; i++)
        if (fabs(p->f[i]) > fabs(p->f[top])) top = i;
    p->error = fabs(p->f[top]);
    if (!(last > 0 && last < p->error))
        return ntk_fail(NTK_ERROR_ARGUMENT, "approximation: an error of %g, not between 0 and %g", last,
                        p->error);
    join(p, top);
    curve[0] = (approximation){p->error, 0};
    *count = 1;
    for (bool done = false; !done;) {
        NTK_TRY(step(p, last, &done));
        double square = 0;
        for (size_t i = 0; i < p->n; i++) square += p->beta[i] * (p->f[i] - p->residual[i]);
        if (*count == most) return ntk_fail(NTK_ERROR_SHAPE, "approximation: more than %zu knots", most);
        curve[(*count)++] = (approximation){p->error, sqrt(fmax(0, square))};
    }
    return NTK_OK;
}

ntk_status approximation_curve(size_t n, const double *gram, const double *f, double error, size_t most,
                               approximation *curve, size_t *count, double *beta) {
    path p = {.n = n, .gram = gram, .f = f, .beta = beta, .left = n};
    if (n == 0 || most == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "approximation: %zu points", n);
    memset(beta, 0, n * sizeof *beta);
    ntk_status status = create(&p, n);
    if (status == NTK_OK) status = follow(&p, error, most, curve, count);
    release(&p);
    return status;
}
