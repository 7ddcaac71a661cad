/* The network written a second time, one number at a time in extended precision, from the
 * definition in architecture.h; it calls nothing of the library. And the cases that the tests run
 * through. */
#ifndef TESTS_NETWORK_REFERENCE_H
#define TESTS_NETWORK_REFERENCE_H

#include <ntk/network.h>

typedef struct reference_case {
    ntk_architecture architecture;
    size_t inputs, width, outputs, n;
} reference_case;

/* Dense: every activation, depth 1 to 3, one and three outputs, with and without biases, both input
 * scales, both parametrisations. Residual: one to three blocks, with and without the blocks'
 * contribution. */
extern const reference_case reference_cases[];
extern const size_t reference_case_count;

/* f: (n, K). Returned is the smallest |h| of any hidden neuron, the distance to the kink of
 * ReLU. */
long double reference_forward(const reference_case *shape, const double *theta, const double *x,
                              long double *f);

/* d f / d theta_p by central differences of the function above with the step `step`; derivative:
 * (n, K). */
void reference_difference(const reference_case *shape, const double *theta, size_t p, double step,
                          const double *x, double *derivative);

/* A network of the case with parameters and inputs drawn from a stream of its own: theta (p), x (n,
 * d). The test ends where memory does. */
typedef struct reference_draw {
    ntk_network *network;
    double *theta, *x;
    size_t parameters, rows; /* p, n K */
} reference_draw;
reference_draw reference_draw_create(const reference_case *shape);
void reference_draw_destroy(reference_draw *draw);

/* The largest |a_i - b_i| over the largest |b_i|; NaN where a number is not finite. */
double reference_relative_error(size_t n, const double *a, const double *b);

/* count doubles; the test ends where memory does. To be given to free. */
double *reference_doubles(size_t count);

#endif
