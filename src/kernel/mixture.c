/* Dual activations of tanh, sigmoid and softplus at any variance.
 *
 * Let Lambda have the logistic law, P(Lambda < x) = s(x) = 1 / (1 + e^-x). It is a mixture of
 * centred normal laws over their scale: Lambda = 2 K Z with Z standard normal and K of the
 * Kolmogorov law (Andrews and Mallows 1974). Since the density of Lambda is even,
 *
 *     sigmoid(x)  = E 1[x + Lambda > 0],
 *     softplus(x) = E max(x + Lambda, 0)   (both sides have derivative s and vanish at -infinity),
 *     tanh(x)     = 2 s(2x) - 1 = E sign(x + Lambda / 2).
 *
 * Given the scales sigma and tau of two independent noises, u + sigma Z and v + tau Z' are normal
 * with the covariance [[a + sigma^2, s], [s, c + tau^2]]. Let r be its correlation. The dual
 * activations are those of step, ReLU and sign (dual.c), averaged over sigma and tau:
 *
 *                E[phi phi]                                                     E[phi' phi']
 *     sigmoid    (pi/2 + arcsin r) / (2 pi)                                     density
 *     softplus   sqrt((a + sigma^2)(c + tau^2)) (r psi + sqrt(1 - r^2)) / (2 pi)  psi / (2 pi)
 *     tanh       (2 / pi) arcsin r                                              4 density
 *
 * with psi = pi - arccos r and density = 1 / (2 pi sqrt((a + sigma^2)(c + tau^2)(1 - r^2))) at 0 of
 * the two. Only terms of one sign are added, and with alpha = sigma^2 / (a + sigma^2), gamma =
 * tau^2 / (c + tau^2)
 *
 *     1 - r^2 = alpha + gamma (1 - alpha) + (1 - alpha)(1 - gamma) sin^2 theta
 *
 * has no cancellation: nothing is lost at any variance or angle.
 *
 * Quadrature. In x = log K the integrands are analytic in a strip of half-width pi/4 (where the
 * density stops to decay) and vanish at both ends faster than any exponential: the trapezoidal rule
 * of step h is off by about e^(-pi^2 / (2h)), 3e-20 for h = 0.11. Nodes of weight below 1e-18 are
 * left out. The density of the Kolmogorov law, for k above and below 1, is
 *
 *     8 k sum_j (-1)^(j-1) j^2 e^(-2 j^2 k^2)
 *     sqrt(2 pi) sum_j (g_j / k^2 - 1) / k^2  e^(-g_j / (2 k^2)),     g_j = (2j - 1)^2 pi^2 / 4. */
#include "kernel/mixture.h"

#include <math.h>
#include <pthread.h>

enum { MOST_NODES = 48, SERIES = 12 };

#define STEP       0.11
#define LOWEST     0.12 /* the density is below 1e-70 there */
#define NEGLIGIBLE 1e-18

typedef struct rule {
    int count;
    double scale[MOST_NODES], weight[MOST_NODES]; /* of K */
} rule;

static double density(double k) {
    double sum = 0;
    for (int j = 1; j <= SERIES; j++) {
        const double g = (2 * j - 1) * (2 * j - 1) * M_PI * M_PI / 4;
        if (k > 1)
            sum += 8 * k * (j % 2 ? 1 : -1) * j * j * exp(-2 * j * j * k * k);
        else
            sum += sqrt(2 * M_PI) * (g / (k * k) - 1) / (k * k) * exp(-g / (2 * k * k));
    }
    return sum;
}

static rule nodes; /* filled once */
static pthread_once_t nodes_made = PTHREAD_ONCE_INIT;

static void make_nodes(void) {
    for (int i = 0; nodes.count < MOST_NODES && i < 64; i++) {
        const double k = LOWEST * exp(STEP * i), weight = STEP * k * density(k);
        if (!(weight > NEGLIGIBLE)) continue;
        nodes.scale[nodes.count] = k;
        nodes.weight[nodes.count++] = weight;
    }
}

/* One point with one noise: the variance with it, and the parts of both in it. */
typedef struct noisy {
    double deviation, noise, signal; /* sqrt(a + sigma^2), sigma^2 / that squared, a / that
                                      * squared */
} noisy;

static noisy add_noise(double q, double sigma) {
    const double deviation = hypot(q, sigma);
    const double noise = sigma / deviation, signal = q / deviation;
    return (noisy){deviation, noise * noise, signal * signal};
}

static ntk_dual component(ntk_activation activation, const noisy *x, const noisy *y, const ntk_angle *angle) {
    const double both = sqrt(x->signal) * sqrt(y->signal), r = both * angle->cosine;
    const double sine = sqrt(x->noise + y->noise * x->signal + both * angle->sine * (both * angle->sine));
    const double product = x->deviation * y->deviation;
    const double arcsine = atan2(r, sine);
    const double at_zero = 1 / (2 * M_PI * product * sine);
    if (activation == NTK_TANH) return (ntk_dual){M_2_PI * arcsine, 4 * at_zero};
    const double psi = M_PI_2 + arcsine;
    if (activation == NTK_SIGMOID) return (ntk_dual){psi / (2 * M_PI), at_zero};
    return (ntk_dual){product * ((r * psi + sine) / (2 * M_PI)), psi / (2 * M_PI)};
}

ntk_dual ntk_mixture_dual(ntk_activation activation, double q, double r, const ntk_angle *angle) {
    pthread_once(&nodes_made, make_nodes);
    const double unit = activation == NTK_TANH ? 1 : 2;
    ntk_dual sum = {0, 0};
    for (int i = 0; i < nodes.count; i++) {
        const noisy x = add_noise(q, unit * nodes.scale[i]);
        ntk_dual inner = {0, 0};
        for (int k = 0; k < nodes.count; k++) {
            const noisy y = add_noise(r, unit * nodes.scale[k]);
            const ntk_dual one = component(activation, &x, &y, angle);
            inner.value += nodes.weight[k] * one.value;
            inner.derivative += nodes.weight[k] * one.derivative;
        }
        sum.value += nodes.weight[i] * inner.value;
        sum.derivative += nodes.weight[i] * inner.derivative;
    }
    return sum;
}
