#include "zonal.h"

typedef struct integral {
    zonal_integrand f;
    void *parameters;
    size_t p, k;
    int mass; /* integrate sin^{p-2} alone */
} integral;

/* P_k(cos theta) = C_k^{(p-2)/2}(cos theta) / C_k^{(p-2)/2}(1). */
static void legendre(acb_t out, const integral *self, const acb_t theta, slong bits) {
    acb_t order, cosine, one;
    acb_init(order);
    acb_init(cosine);
    acb_init(one);
    if (self->p == 2) {
        acb_mul_ui(cosine, theta, self->k, bits);
        acb_cos(out, cosine, bits);
    } else {
        arb_set_ui(acb_realref(order), self->p - 2);
        acb_mul_2exp_si(order, order, -1);
        acb_set_ui(one, self->k); /* the degree */
        acb_cos(cosine, theta, bits);
        acb_hypgeom_gegenbauer_c(out, one, order, cosine, bits);
        acb_one(cosine);
        acb_hypgeom_gegenbauer_c(cosine, one, order, cosine, bits);
        acb_div(out, out, cosine, bits);
    }
    acb_clear(order);
    acb_clear(cosine);
    acb_clear(one);
}

static int integrand(acb_ptr out, const acb_t theta, void *argument, slong order, slong bits) {
    const integral *self = argument;
    acb_t factor;
    acb_init(factor);
    acb_sin(factor, theta, bits);
    acb_pow_ui(factor, factor, self->p - 2, bits);
    if (self->mass) {
        acb_set(out, factor);
    } else {
        self->f(out, theta, self->parameters, order, bits);
        acb_mul(out, out, factor, bits);
        legendre(factor, self, theta, bits);
        acb_mul(out, out, factor, bits);
    }
    acb_clear(factor);
    return 0;
}

void zonal_coefficient(arb_t out, zonal_integrand f, void *parameters, size_t p, size_t k, slong bits) {
    integral self = {f, parameters, p, k, 0};
    acb_t low, high, value, mass;
    mag_t tolerance;
    acb_init(low);
    acb_init(high);
    acb_init(value);
    acb_init(mass);
    mag_init(tolerance);
    mag_set_ui_2exp_si(tolerance, 1, -bits);
    acb_const_pi(high, bits + 32);
    acb_calc_integrate(value, integrand, &self, low, high, bits, tolerance, NULL, bits + 32);
    self.mass = 1;
    acb_calc_integrate(mass, integrand, &self, low, high, bits, tolerance, NULL, bits + 32);
    arb_div(out, acb_realref(value), acb_realref(mass), bits + 32);
    acb_clear(low);
    acb_clear(high);
    acb_clear(value);
    acb_clear(mass);
    mag_clear(tolerance);
}

/* theta = pi / (1 + e^{-pi sinh tau}) and dtheta/dtau, tau = i / 32. */
static void node(acb_t theta, arb_t weight, int i, slong bits) {
    arb_t tau, e, pi;
    arb_init(tau);
    arb_init(e);
    arb_init(pi);
    arb_const_pi(pi, bits);
    arb_set_si(tau, i);
    arb_mul_2exp_si(tau, tau, -5);
    arb_sinh_cosh(e, weight, tau, bits);
    arb_mul(e, e, pi, bits);
    arb_neg(e, e);
    arb_exp(e, e, bits);
    arb_add_ui(tau, e, 1, bits);
    acb_zero(theta);
    arb_div(acb_realref(theta), pi, tau, bits);
    arb_mul(weight, weight, e, bits); /* pi^2 cosh(tau) e / (1 + e)^2 */
    arb_mul(weight, weight, acb_realref(theta), bits);
    arb_mul(weight, weight, acb_realref(theta), bits);
    arb_clear(tau);
    arb_clear(e);
    arb_clear(pi);
}

void zonal_coefficient_between(arb_t out, zonal_integrand f, void *parameters, size_t p, size_t k) {
    const slong bits = 500;
    integral self = {f, parameters, p, k, 0};
    acb_t theta, value, sums[2];
    arb_t weight;
    acb_init(theta);
    acb_init(value);
    acb_init(sums[0]);
    acb_init(sums[1]);
    arb_init(weight);
    for (int i = -115; i <= 115; i++)
        for (self.mass = 0; self.mass < 2; self.mass++) {
            node(theta, weight, i, bits);
            integrand(value, theta, &self, 0, bits);
            acb_mul_arb(value, value, weight, bits);
            acb_add(sums[self.mass], sums[self.mass], value, bits);
        }
    arb_div(out, acb_realref(sums[0]), acb_realref(sums[1]), bits);
    acb_clear(theta);
    acb_clear(value);
    acb_clear(sums[0]);
    acb_clear(sums[1]);
    arb_clear(weight);
}

int zonal_holds(double low, double high, const arb_t number) {
    arf_t end;
    arf_init(end);
    arb_get_lbound_arf(end, number, 512);
    const int above = arf_cmp_d(end, low) >= 0;
    arb_get_ubound_arf(end, number, 512);
    const int below = arf_cmp_d(end, high) <= 0;
    arf_clear(end);
    return above && below && arb_is_finite(number);
}
