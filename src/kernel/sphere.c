/* Expansions on the sphere. Notation of sphere.h; a_k, b_k and c_k are the coefficients mu_k of
 * the step s(t) = [t > 0], of t s(t), the ReLU, and of kappa_0.
 *
 * Multiplication by t. t P_k = [k P_{k-1} + (k+p-2) P_{k+1}] / (2k+p-2), so the coefficients v_k
 * of a function f and v'_k of t f(t) obey
 *
 *     v'_k = [k v_{k-1} + (k+p-2) v_{k+1}] / (2k+p-2).                                     (1)
 *
 * The step. s - 1/2 is odd: a_0 = 1/2 and a_k = 0 for even k >= 2. Its derivative is a point
 * mass at 0, so by Rodrigues' formula, integrated by parts once, a_k is proportional to the
 * value at 0 of a Legendre polynomial of R^{p+2} and degree k - 1; written out, for odd k and up
 * to the sign (-1)^{(k-1)/2},
 *
 *     |a_k| = Gamma(p/2) Gamma(k) / (sqrt(pi) 2^k Gamma((k+1)/2) Gamma((k+p)/2))
 *           = Gamma(p/2) Gamma(k/2) / (2 pi Gamma((k+p)/2)),
 *     |a_{k+2}| / |a_k| = k / (k+p).                                                       (2)
 *
 * ReLU. By (1) and (2), where the two terms have opposite signs and add up to a single one,
 *
 *     b_0 = a_1,   b_1 = 1 / (2p),   |b_k| = |a_{k-1}| / (k+p-1), k even,   b_k = 0, k >= 3 odd.
 *
 * Arc-cosine kernels. kappa_0(<x, y>) = 2 E[s(<w, x>) s(<w, y>)] for w ~ N(0, I); s does not see
 * |w|, so w may be uniform on the sphere, and E[P_k(<w, x>) P_l(<w, y>)] = [k = l] P_k(<x, y>) /
 * N(p, k) gives the squares of a_k. For kappa_1 = 2 E[relu relu] the norm contributes E|w|^2 =
 * p:
 *
 *     c_k = mu_k(kappa_0) = 2 a_k^2,      mu_k(kappa_1) = 2p b_k^2.                        (3)
 *
 * The NTK of one layer, u kappa_0 + kappa_1, by (1), (2) and (3): for even k >= 2
 *
 *     mu_k = c_{k-1} { [k + (k+p-2) r^2] / (2k+p-2) + p / (k+p-1)^2 },   r = (k-1) / (k+p-1),   (4)
 *     mu_0 = (1+p) c_1,      mu_1 = 1/p,      mu_k = 0 for odd k >= 3:
 *
 * u kappa_0 inherits c_0 = 1/2 and nothing else in k = 1, as c_2 = 0; and in odd k >= 3 nothing
 * at all. The constant and the exponent of the law are those of c_k: by (2) and Stirling's
 * formula
 *
 *     mu_k ~ c_k ~ C(p) k^{-p},     mu_k(kappa_1) ~ p C(p) k^{-p-2},
 *     C(p) = 2^{p-1} Gamma(p/2)^2 / pi^2.                                                  (5)
 *
 * Powers. |t|^alpha has moments instead: mu_0 = E|t|^alpha = Gamma(p/2) Gamma((alpha+1)/2) /
 * (sqrt(pi) Gamma((alpha+p)/2)), and for even k
 *
 *     mu_{k+2} / mu_k = (alpha - k) / (alpha + k + p),                                     (6)
 *
 * from (1 - t^2) P'' - (p-1) t P' + k (k+p-2) P = 0 tested against |t|^alpha: it vanishes beyond
 * the degree of a polynomial, and is (2) for alpha = 1, |t| = 2 relu(t) - t.
 *
 * Everything above is a product of quotients, free of cancellation; each step of a recurrence
 * adds a few roundings, k in all.
 *
 * Other kernels. In the angle theta a ReLU kernel of any depth is a smooth function on [0, pi],
 * ends included (its square-root kinks are kinks in u = cos theta), so that
 *
 *     mu_k = int_0^pi f(cos t) P_k(cos t) sin^{p-2} t dt / int_0^pi sin^{p-2} t dt
 *
 * converges geometrically under Gauss-Legendre quadrature once its order exceeds the frequency k
 * + p - 2 of the trigonometric polynomial that multiplies f. */
#include <ntk/sphere.h>

#include <float.h>
#include <math.h>

#include <ntk/memory.h>

enum {
    DIMENSION_MAX = 1000000,
    QUADRATURE_DIMENSION_MAX = 4096,
    NODES_BEYOND = 40, /* of the rule, beyond the frequency */
    NEWTON_MAX = 100
};

static ntk_status check(const char *caller, size_t p, size_t count) {
    if (p >= 2 && p <= DIMENSION_MAX && count > 0) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "%s: p = %zu, not 2 .. %d, or no degrees are asked for", caller, p,
                    (int)DIMENSION_MAX);
}

/* ---- harmonics ------------------------------------------------------------------------------- */

/* Binomial coefficient (n + i over i) by integers as long as these are exact in a double. */
static double binomial(size_t n, size_t i) {
    if (i > n) {
        const size_t swap = n;
        n = i;
        i = swap;
    }
    double out = 1;
    for (size_t j = 1; j <= i; j++) {
        const double next = out * (double)(n + j);
        out = next < 0x1p53 ? rint(next / (double)j) : next / (double)j;
    }
    return out;
}

/* N(p, k) = (k+p-3 over k) (2k+p-2) / (p-2), which is 2 on the circle (k >= 1). */
ntk_status ntk_sphere_multiplicities(size_t p, size_t count, double *out) {
    NTK_TRY(check("ntk_sphere_multiplicities", p, count));
    out[0] = 1;
    for (size_t k = 1; k < count; k++) {
        if (p == 2) {
            out[k] = 2;
            continue;
        }
        const double product = binomial(k, p - 3) * (double)(2 * k + p - 2);
        out[k] = product < 0x1p53 ? rint(product / (double)(p - 2)) : product / (double)(p - 2);
    }
    return NTK_OK;
}

/* P_0 .. P_{count-1} at u. */
static void legendre(size_t p, size_t count, double u, double *out) {
    out[0] = 1;
    if (count > 1) out[1] = u;
    for (size_t k = 1; k + 1 < count; k++) {
        const double up = (double)(k + p - 2), down = (double)k;
        out[k + 1] = ((up + down) * u * out[k] - down * out[k - 1]) / up;
    }
}

ntk_status ntk_sphere_legendre(size_t p, size_t count, double u, double *out) {
    NTK_TRY(check("ntk_sphere_legendre", p, count));
    if (!(fabs(u) <= 1))
        return ntk_fail(NTK_ERROR_ARGUMENT, "ntk_sphere_legendre: u = %g, not in [-1, 1]", u);
    legendre(p, count, u, out);
    return NTK_OK;
}

/* ---- closed forms ---------------------------------------------------------------------------- */

/* E|t|^alpha; from the circle or S^2 on, as logarithms of large gamma functions would cancel. */
static double moment(size_t p, double alpha) {
    const double base = p % 2 ? 3 : 2;
    double out = exp(lgamma(base / 2) - lgamma((base + alpha) / 2) + lgamma((alpha + 1) / 2)) / sqrt(M_PI);
    for (double q = base; q < (double)p; q += 2) out *= q / (q + alpha);
    return out;
}

/* |a_1| = E[t s(t)] = E|t| / 2. */
static double first_step(size_t p) { return moment(p, 1) / 2; }

/* c_{k+2} from c_k, odd k. */
static double next_step(size_t p, size_t k, double c) {
    const double ratio = (double)k / (double)(k + p);
    return c * ratio * ratio;
}

ntk_status ntk_sphere_arc_cosine(size_t p, unsigned degree, size_t count, double *mu) {
    NTK_TRY(check("ntk_sphere_arc_cosine", p, count));
    if (degree > 1)
        return ntk_fail(NTK_ERROR_ARGUMENT, "ntk_sphere_arc_cosine: degree %u, not 0 or 1", degree);
    const double step = first_step(p);
    double c = 2 * step * step; /* c_k, k odd, or c_{k-1}, k even */
    for (size_t k = 0; k < count; k++) {
        const double n = (double)(k + p - 1);
        if (degree == 0) {
            mu[k] = k == 0 ? 0.5 : k % 2 ? c : 0;
            if (k % 2) c = next_step(p, k, c);
        } else {
            mu[k] = k == 0 ? (double)p * c : k == 1 ? 0.5 / (double)p : k % 2 ? 0 : (double)p * c / (n * n);
            if (k >= 2 && k % 2 == 0) c = next_step(p, k - 1, c);
        }
    }
    return NTK_OK;
}

ntk_status ntk_sphere_shallow(size_t p, size_t count, double *mu) {
    NTK_TRY(check("ntk_sphere_shallow", p, count));
    const double step = first_step(p), dimension = (double)p;
    double c = 2 * step * step;
    mu[0] = (1 + dimension) * c;
    if (count > 1) mu[1] = 1 / dimension;
    for (size_t k = 2; k < count; k++) {
        mu[k] = 0;
        if (k % 2) continue;
        const double down = (double)k, up = (double)(k + p - 2), n = (double)(k + p - 1);
        const double r = (double)(k - 1) / n;
        mu[k] = c * ((down + up * r * r) / (down + up) + dimension / (n * n));
        c *= r * r;
    }
    return NTK_OK;
}

ntk_status ntk_sphere_power(size_t p, double alpha, size_t count, double *mu) {
    NTK_TRY(check("ntk_sphere_power", p, count));
    if (!(alpha > -1 && alpha < HUGE_VAL))
        return ntk_fail(NTK_ERROR_ARGUMENT, "ntk_sphere_power: exponent %g, not above -1", alpha);
    double even = moment(p, alpha);
    for (size_t k = 0; k < count; k++) {
        mu[k] = k % 2 ? 0 : even;
        if (k % 2) even *= (alpha - (double)(k - 1)) / (alpha + (double)(k - 1) + (double)p);
    }
    return NTK_OK;
}

/* ---- quadrature ------------------------------------------------------------------------------ */

/* Gauss-Legendre rule on [0, pi]. theta, weight: (n). Newton's method from Tricomi's
 * approximation. */
static ntk_status gauss_rule(size_t n, double *theta, double *weight) {
    for (size_t i = 0; i < (n + 1) / 2; i++) {
        double x = cos(M_PI * ((double)i + 0.75) / ((double)n + 0.5)), slope = 1, step = 1;
        for (int iteration = 0; iteration < NEWTON_MAX && fabs(step) > 2 * DBL_EPSILON; iteration++) {
            double previous = 0, value = 1;
            for (size_t k = 0; k < n; k++) {
                const double next =
                    ((double)(2 * k + 1) * x * value - (double)k * previous) / (double)(k + 1);
                previous = value;
                value = next;
            }
            slope = (double)n * (previous - x * value) / (1 - x * x);
            step = value / slope;
            x -= step;
        }
        if (!(fabs(step) <= 1e-13))
            return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "Gauss-Legendre rule of order %zu: node %zu", n, i);
        weight[i] = weight[n - 1 - i] = M_PI / ((1 - x * x) * slope * slope);
        theta[i] = M_PI / 2 * (1 - x);
        theta[n - 1 - i] = M_PI / 2 * (1 + x);
    }
    return NTK_OK;
}

/* work: (4 nodes + count). */
static ntk_status project(ntk_zonal_function evaluate, const void *argument, size_t p, size_t count,
                          size_t nodes, double *work, double *mu) {
    double *theta = work, *weight = work + nodes, *values = work + 2 * nodes, *p_k = work + 3 * nodes;
    NTK_TRY(gauss_rule(nodes, theta, weight));
    NTK_TRY(evaluate(nodes, theta, values, argument));
    double mass = 0;
    for (size_t k = 0; k < count; k++) mu[k] = 0;
    for (size_t i = 0; i < nodes; i++) {
        const double density = weight[i] * pow(sin(theta[i]), (double)(p - 2));
        mass += density;
        legendre(p, count, cos(theta[i]), p_k);
        for (size_t k = 0; k < count; k++) mu[k] += density * values[i] * p_k[k];
    }
    for (size_t k = 0; k < count; k++) mu[k] /= mass;
    return NTK_OK;
}

ntk_status ntk_sphere_project(ntk_zonal_function evaluate, const void *argument, size_t p, size_t count,
                              size_t nodes, double *mu) {
    NTK_TRY(check("ntk_sphere_project", p, count));
    if (p > QUADRATURE_DIMENSION_MAX || nodes == 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "ntk_sphere_project: %zu nodes, p = %zu (at most %d)", nodes, p,
                        (int)QUADRATURE_DIMENSION_MAX);
    double *work;
    NTK_TRY(ntk_allocate_doubles(3 * nodes + count, &work));
    const ntk_status status = project(evaluate, argument, p, count, nodes, work, mu);
    ntk_release(work);
    return status;
}

typedef struct network {
    const ntk_architecture *architecture;
    ntk_kernel_type type;
    size_t p;
} network;

/* Points of the plane stand for those of the sphere; where the first layer divides by the
 * dimension, 2 in place of p, their norm makes up for it. */
static ntk_status evaluate_network(size_t n, const double *theta, double *values, const void *argument) {
    const network *self = argument;
    const bool divided = self->architecture->input_scale == NTK_INPUT_SCALE_DIMENSION;
    const double norm = divided ? sqrt(2 / (double)self->p) : 1;
    const double pole[2] = {norm, 0};
    double *points;
    NTK_TRY(ntk_allocate_doubles(2 * n, &points));
    for (size_t i = 0; i < n; i++) {
        points[2 * i] = norm * cos(theta[i]);
        points[2 * i + 1] = norm * sin(theta[i]);
    }
    const ntk_status status =
        ntk_kernel_cross(self->architecture, self->type, 1, n, 2, pole, 2, points, 2, values, n);
    ntk_release(points);
    return status;
}

/* By two orders of the rule; the error is their difference and rounding. */
static ntk_status project_twice(ntk_zonal_function evaluate, const void *argument, size_t p, size_t count,
                                double *mu, double *error) {
    const size_t nodes = count + p + NODES_BEYOND;
    double *coarse, size = 0, difference = 0;
    NTK_TRY(ntk_allocate_doubles(count, &coarse));
    ntk_status status = ntk_sphere_project(evaluate, argument, p, count, nodes, coarse);
    if (status == NTK_OK) status = ntk_sphere_project(evaluate, argument, p, count, nodes + nodes / 2, mu);
    for (size_t k = 0; k < count && status == NTK_OK; k++) {
        size = fmax(size, fabs(mu[k]));
        difference = fmax(difference, fabs(mu[k] - coarse[k]));
    }
    if (status == NTK_OK && error) *error = difference + 16 * DBL_EPSILON * size;
    ntk_release(coarse);
    return status;
}

ntk_status ntk_sphere_network(const ntk_architecture *architecture, ntk_kernel_type type, size_t p,
                              size_t count, double *mu, double *error) {
    NTK_TRY(check("ntk_sphere_network", p, count));
    const network self = {architecture, type, p};
    return project_twice(evaluate_network, &self, p, count, mu, error);
}

/* |x - y| = 2 sin(theta / 2) */
static ntk_status evaluate_laplace(size_t n, const double *theta, double *values, const void *argument) {
    const double scale = *(const double *)argument;
    for (size_t i = 0; i < n; i++) values[i] = exp(-2 * scale * sin(theta[i] / 2));
    return NTK_OK;
}

ntk_status ntk_sphere_laplace(size_t p, double scale, size_t count, double *mu, double *error) {
    NTK_TRY(check("ntk_sphere_laplace", p, count));
    if (!(scale > 0 && scale < HUGE_VAL))
        return ntk_fail(NTK_ERROR_ARGUMENT, "ntk_sphere_laplace: scale %g, not positive", scale);
    return project_twice(evaluate_laplace, &scale, p, count, mu, error);
}
