/* Dual activations by quadrature, for every activation.
 *
 * In polar coordinates of the plane, with cos omega = rho = s / sqrt(a c),
 *
 *     E[f(u, v)] = (1 / 2 pi) int_0^{2 pi} dt int_0^inf dr r exp(-r^2 / 2) f(u, v),
 *     u = sqrt(a) r cos t,  v = sqrt(c) r cos(t - omega).
 *
 * An activation may have a kink (ReLU) or, for a large variance, a steep layer (tanh, erf) at 0.
 * The lines u = 0 and v = 0 are rays in these coordinates, t = +-pi/2 and t = omega +- pi/2, and
 * cut the plane into four sectors within which the integrand is smooth. In each sector both
 * coordinates use the double exponential rule (Takahasi & Mori 1974): the trapezoidal rule in tau
 * after x = 1 / (1 + exp(-pi sinh tau)). Its nodes crowd at the ends, where the layers are, and its
 * error falls as exp(-c / (h log(1/h))) whether or not the integrand is smooth there. For |rho| = 1
 * two sectors are empty, and nothing else changes.
 *
 * The step is halved until two results agree to 1e-13; their difference is the error estimate. It
 * is a cautious one: halving about squares the relative error. Reached: 1e-14 of sqrt(E[phi(u)^2]
 * E[phi(v)^2]) for variances from 1e-4 to 1e4, for sin, which oscillates, to 1e2; beyond, a failure
 * is reported. Cost: 4 (6.6 / h)^2 evaluations of phi and phi' at u and at v, with h = 1/32 as a
 * rule 2e5, some milliseconds. That is for single pairs; Gram matrices expand in Hermite
 * polynomials (mehler.c). */
#include <float.h>
#include <math.h>

#include <ntk/kernel.h>
#include <ntk/linalg.h>

#include "kernel/covariance.h"

enum {
    LEVELS = 5,         /* steps 1/4, 1/8, ..., 1/64 */
    MAX_NODES = 2 * 212 /* of the finest step */
};

#define TAU_END 3.3 /* the weight has fallen to 1e-17 there */
#define R_END   9.5 /* r^3 exp(-r^2/2) has fallen to 2e-17 there: phi grows linearly at most */

/* Differences below this, relative to the scale of the integral, are rounding noise of the sums. */
#define CONVERGED 1e-13
/* An estimate above this is reported as a failure. */
#define FAILED 1e-6

typedef struct {
    size_t count;
    double x[MAX_NODES], weight[MAX_NODES];        /* on [0, 1] */
    double r[MAX_NODES], radial_weight[MAX_NODES]; /* on [0, R_END], r exp(-r^2/2) included */
} rule;

/* Integrals over the plane, or a ray: f, f', and the squares that say how large these can be. */
typedef struct {
    double value, derivative;
    double uu, vv, duu, dvv;
} integrals;

static void make_rule(double step, rule *out) {
    const int half = (int)(TAU_END / step);
    out->count = 0;
    for (int i = -half; i <= half; i++) {
        const double tau = i * step;
        const double y = exp(-M_PI * sinh(tau)), x = 1 / (1 + y);
        const double weight = step * M_PI * cosh(tau) * y * x * x; /* x (1 - x) = y x^2 */
        const double r = R_END * x;
        out->x[out->count] = x;
        out->weight[out->count] = weight;
        out->r[out->count] = r;
        out->radial_weight[out->count++] = R_END * weight * r * exp(-0.5 * r * r);
    }
}

/* Adds `weight` times the radial integral at one angle. */
static void add_ray(ntk_activation activation, const rule *rule, double slope_u, double slope_v,
                    double weight, integrals *sum) {
    double u[MAX_NODES], v[MAX_NODES], du[MAX_NODES], dv[MAX_NODES];
    for (size_t i = 0; i < rule->count; i++) {
        u[i] = slope_u * rule->r[i];
        v[i] = slope_v * rule->r[i];
    }
    ntk_activation_evaluate(activation, rule->count, u, u, du);
    ntk_activation_evaluate(activation, rule->count, v, v, dv);
    /* A sum of its own for each ray keeps rounding at that of a few hundred terms. */
    integrals ray = {0};
    for (size_t i = 0; i < rule->count; i++) {
        const double w = weight * rule->radial_weight[i];
        ray.value += w * u[i] * v[i];
        ray.derivative += w * du[i] * dv[i];
        ray.uu += w * u[i] * u[i];
        ray.vv += w * v[i] * v[i];
        ray.duu += w * du[i] * du[i];
        ray.dvv += w * dv[i] * dv[i];
    }
    sum->value += ray.value;
    sum->derivative += ray.derivative;
    sum->uu += ray.uu;
    sum->vv += ray.vv;
    sum->duu += ray.duu;
    sum->dvv += ray.dvv;
}

static integrals integrate(ntk_activation activation, double a, double c, double omega, const rule *rule) {
    const double start[4] = {-M_PI / 2, omega - M_PI / 2, M_PI / 2, omega + M_PI / 2};
    const double length[4] = {omega, M_PI - omega, omega, M_PI - omega};
    integrals sum = {0};
    for (int sector = 0; sector < 4; sector++)
        for (size_t i = 0; i < rule->count && length[sector] > 0; i++) {
            const double t = start[sector] + length[sector] * rule->x[i];
            add_ray(activation, rule, sqrt(a) * cos(t), sqrt(c) * cos(t - omega),
                    length[sector] * rule->weight[i] / (2 * M_PI), &sum);
        }
    return sum;
}

/* sqrt(E[phi(u)^2] E[phi(v)^2]) and the same of the derivatives. */
static double value_scale(const integrals *i) { return sqrt(i->uu) * sqrt(i->vv); }
static double derivative_scale(const integrals *i) { return sqrt(i->duu) * sqrt(i->dvv); }

/* The larger difference of two results, each in units of its scale. */
static double relative_change(const integrals *coarse, const integrals *fine) {
    return ntk_larger(fabs(fine->value - coarse->value) / (value_scale(fine) + DBL_MIN),
                      fabs(fine->derivative - coarse->derivative) / (derivative_scale(fine) + DBL_MIN));
}

ntk_status ntk_dual_activation_quadrature(ntk_activation activation, double sxx, double syy, double sxy,
                                          double *value, double *derivative, double *error) {
    NTK_TRY(ntk_covariance_check(activation, sxx, syy, sxy));
    const double omega = ntk_covariance_angle(sxx, syy, sxy);
    rule rule;
    make_rule(0.25, &rule);
    integrals coarse, fine = integrate(activation, sxx, syy, omega, &rule);
    double change = INFINITY;
    for (int level = 1; level < LEVELS && !(change <= CONVERGED); level++) {
        coarse = fine;
        make_rule(ldexp(0.25, -level), &rule);
        fine = integrate(activation, sxx, syy, omega, &rule);
        change = relative_change(&coarse, &fine);
    }
    if (!(change <= FAILED))
        return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                        "quadrature of %s at variances %g, %g, covariance %g: last change %g",
                        ntk_activation_name(activation), sxx, syy, sxy, change);
    *value = fine.value;
    *derivative = fine.derivative;
    if (error) *error = fmax(change, 8 * DBL_EPSILON) * fmax(value_scale(&fine), derivative_scale(&fine));
    return NTK_OK;
}
