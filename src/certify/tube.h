/* The state of a tube; its header for users is ntk/tube.h. */
#ifndef CERTIFY_TUBE_H
#define CERTIFY_TUBE_H

#include "certify/tube_series.h"

struct ntk_tube {
    tube_problem p;
    double target;     /* of a step's defect */
    size_t parameters; /* m d + m */
    arb_ptr begin;     /* theta_0: W (m, d), then a (m); exact */
    arb_ptr next;      /* where the next step begins, exact */
    /* The last step: y(tau) = sum_k taylor.{w, a}_k tau^k on [0, length]. */
    tube_series taylor;
    tube_series whole; /* coefficients of everything re-expanded at any tau of the step, for all
                        * parameters within `radius` of y(tau) */
    tube_series point; /* for values at one place */
    double length;
    mag_t radius;
    size_t steps;
    bool failed;                       /* a step could not be proved: its series stand in its
                                        * place */
    double s;                          /* at the end of the last step */
    arb_t from, t;                     /* physical time at the beginning and at the end of the last
                                        * step */
    mag_t error;                       /* E at the end of the last step; it covers that step */
    mag_t jump;                        /* between the end of the last step and `next` */
    mag_t expansion, defect;           /* sums of A and of D */
    mag_t last_defect, last_expansion; /* of the last step: a guess at the next one's */
    mag_t rest;                        /* the flow stays within this of the end of the last step;
                                        * infinite where that is not proved */
    double slack;                      /* what a remainder was larger than its guess */
    arb_ptr gram0;                     /* K_0, (n, n) */
    arb_t gram0_square;                /* ||K_0||_F^2 */
    arb_t drift_square;                /* R^2 at the end of the last step */
    arf_t largest_low, largest_high;   /* of R^2, over all of the past */
};

/* Component k of the parameters, or of the field: its series; w, then a. */
static inline arb_ptr ntk_tube_component(const tube_problem *p, arb_ptr w, arb_ptr a, size_t length,
                                         size_t k) {
    return k < p->m * p->d ? w + k * length : a + (k - p->m * p->d) * length;
}

/* An upper bound of the 2-norm of coefficient k of the field. */
void ntk_tube_field_norm(const tube_problem *p, const tube_series *s, size_t k, mag_t out);

/* y(tau) into the coefficients 0 of w and a. */
void ntk_tube_evaluate(const ntk_tube *tube, double tau, tube_series *out);

/* Encloses the physical time at tau of the last step. */
void ntk_tube_time(const ntk_tube *tube, double tau, arb_t out);

/* The part of it that passes from the beginning of that step. */
void ntk_tube_elapsed(const ntk_tube *tube, double tau, arb_t out);

/* A bound of the integral over the step [0, length] of max(mu - lambda, 0), mu the largest
 * eigenvalue of sum_i g_i Hess f_i within `radius` of y; taylor and whole are those of that step
 * (tube_curvature.c). */
void ntk_tube_curvature(ntk_tube *tube, double length, const mag_t radius, mag_t out);

/* A bound of that eigenvalue within `radius` of the end of the last step, infinite where there is
 * none. */
double ntk_tube_curvature_near(ntk_tube *tube, const mag_t radius);

/* K of the network in s, of which neurons are known at order 0; gram: (n, n). */
void ntk_tube_gram(const tube_problem *p, const tube_series *s, arb_ptr gram);

/* K at tau of the last step, for all parameters within the error of y(tau), into gram (n, n). */
void ntk_tube_gram_near(ntk_tube *tube, double tau, arb_ptr gram);

/* K along y(tau) of the last step as a polynomial in tau, its last coefficient a remainder that
 * holds for every tau: gram (n, n) series. */
void ntk_tube_gram_series(const ntk_tube *tube, arb_ptr gram);
/* And how far K is from that for parameters within the error of y(tau): reach (n, n). gram: that
 * polynomial. */
void ntk_tube_gram_reach(const ntk_tube *tube, arb_srcptr gram, mag_ptr reach);

/* Margins (outputs, where s is the time) of the flow's parameters at the end of the last step, in
 * the coefficients 0 of point.z; weights too. */
void ntk_tube_margins_at_end(ntk_tube *tube);

/* R^2 for all tau in [low, high] of the last step and all parameters within the error of y(tau):
 * for the flow's, therefore, and for each other. */
void ntk_tube_drift_square(ntk_tube *tube, double low, double high, arb_t out);

/* Whether its last step was proved: NTK_OK, or NTK_ERROR_NO_CONVERGENCE. */
ntk_status ntk_tube_usable(const ntk_tube *tube);

#endif
