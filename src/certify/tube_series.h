/* Taylor coefficients, in balls, of a network of one hidden layer along a path of its parameters,
 * and of the field F = -grad log L (or -grad P) there. The formulas stand in tube_series.c. */
#ifndef CERTIFY_TUBE_SERIES_H
#define CERTIFY_TUBE_SERIES_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/tube.h>

#include "base/arb.h"

/* What does not change along the path. */
typedef struct tube_problem {
    size_t d, m, n;
    size_t order; /* N: coefficients 0 .. N */
    slong bits;
    bool gelu;    /* else erf */
    bool squared; /* squared loss, else logistic */
    bool timed;   /* s is the time: not so for the logistic loss with hard targets alone */
    arb_ptr x;    /* (n, d), exact */
    arb_ptr dots; /* (n, n): s_1^2 <x_i, x_l> */
    mag_ptr size; /* (n): at least s_1 |x_i| */
    int *sign;    /* (n): 1 or -1, which class */
    arb_ptr goal; /* (n): the targets */
    double lambda;
    arb_ptr centre; /* (m d + m): c, exact, in the order of theta */
    arb_t s1, s2;   /* scales of the two layers */
    arb_t peak;     /* G(0) */
} tube_problem;

/* Each array holds N + 1 coefficients where it is said to hold a series. */
typedef struct tube_series {
    size_t length;              /* N + 1 */
    size_t stored;              /* numbers in `all` */
    arb_ptr all;                /* what the pointers below point into */
    arb_ptr w;                  /* (m, d) series: W */
    arb_ptr a;                  /* (m) series */
    arb_ptr fw;                 /* (m, d) series: the field's part for W */
    arb_ptr fa;                 /* (m) series: its part for a */
    arb_ptr h, dh, e, de, g, i; /* (m, n) series: pre-activations, their derivatives in time, the
                                 * exponent and its derivative, G(h), I(h) */
    arb_ptr phi, slope;         /* (m, n) series: phi(h), phi'(h) */
    arb_ptr pull;               /* (m, n) series: force_i phi'(h_ij) */
    arb_ptr back;               /* (m, d) series: sum_i x_i force_i phi'(h_ij) */
    arb_ptr z;                  /* (n) series: margins; outputs where s is the time */
    arb_ptr dz;                 /* (n) series: z' */
    arb_ptr b, bc;              /* (n) series: b, b (1 - b) */
    arb_ptr rho, rhoc;          /* (n) series: rho, rho (rho - 1 + b) */
    arb_ptr omega;              /* (n) series */
    arb_ptr pace;               /* (n) series: rho z' */
    arb_ptr excess;             /* (n) series: sum_k omega_k pace_k - pace_i */
    arb_ptr total;              /* series: sum_k omega_k pace_k */
    arb_ptr q;                  /* series: 1 / sum_i log(1 + e^{-z_i}), with n q = dt / ds */
    arb_ptr force;              /* (n) series: g_i */
} tube_series;

void ntk_tube_series_init(const tube_problem *p, tube_series *s);
void ntk_tube_series_clear(tube_series *s);

/* Coefficient 0 of everything from that of w and a, which come to stand for the set of all
 * parameters within `widen` of them. */
void ntk_tube_series_start(const tube_problem *p, tube_series *s, const mag_t widen);

/* Its parts, for a caller that knows more: pre-activations and activations; margins; b from the
 * margins, and rho, omega and q where s is not the time; the field. */
void ntk_tube_series_neurons(const tube_problem *p, tube_series *s, const mag_t widen);
void ntk_tube_series_margins(const tube_problem *p, tube_series *s, size_t k);
void ntk_tube_series_weights(const tube_problem *p, tube_series *s);
void ntk_tube_series_field(const tube_problem *p, tube_series *s, size_t k);

/* omega_i' and q' at coefficient 0, from those of z' and of the weights. excess, total and pace are
 * set. */
void ntk_tube_series_paces(const tube_problem *p, tube_series *s, size_t k);

/* Coefficient k >= 1 of everything, from w and a up to k and the rest up to k - 1. */
void ntk_tube_series_extend(const tube_problem *p, tube_series *s, size_t k);

/* Without the field: what the weights need. */
void ntk_tube_series_extend_margins(const tube_problem *p, tube_series *s, size_t k);

/* Logistic loss, for margins that come from elsewhere: b, rho, omega and q at order k >= 1, from z'
 * up to k - 1; and g at order k. */
void ntk_tube_series_extend_weights(const tube_problem *p, tube_series *s, size_t k);
void ntk_tube_series_forces(const tube_problem *p, tube_series *s, size_t k);

#endif
