/* Pairs that the vectorised recursion flags: those whose layers amplify rounding.
 *
 * The recursion starts from the inner product and forms rho = cos theta, whose error is a few eps
 * whatever the angle. That is an error of eps / theta of the angle, on which the kernels depend:
 * kappa_0 of ReLU has a square-root singularity at rho = +-1, and erf, GELU and their like turn
 * within angles of 1 / sqrt(S_xx). Here the angle itself is carried, as 1 - rho and 1 + rho
 * (angle.c), and every layer is written so that it neither cancels nor amplifies:
 *
 *     error of the angle after l layers <= some l eps,  in the first some eps times the angle.
 *
 * A layer, with q = sqrt(S_xx), r = sqrt(S_yy), M(rho) = E[phi(u) phi(v)], N = sqrt(S_xx S_yy) of
 * the next layer:
 *
 *     1 - rho_next = (N - w^2 M(rho) - b^2) / N
 *                  = {[N - w^2 M(1) - b^2] + w^2 [M(1) - M(rho)]} / N.
 *
 * Both brackets are non-negative: the first is what different norms take from the cosine, the
 * second what the angle takes.
 *
 * Homogeneous activations (ReLU and, with slope s, leaky ReLU and |x|): M(rho) = (1 + s^2) / 2 q r
 * [(1 - p) rho + p kappa_1(rho)], p = (1 - s)^2 / (1 + s^2), and N = sqrt((A q^2 + b^2)(A r^2 +
 * b^2)), A = w^2 (1 + s^2) / 2. For ReLU s = 0 and p = 1:
 *
 *     N - A q r - b^2 = A b^2 (q - r)^2 / (N + A q r + b^2),
 *     1 - (1 - p) rho - p kappa_1(rho) = (1 - rho) - p (sin theta - theta cos theta) / pi,
 *
 * the last bracket by its series for small theta. The gap q - r of the next layer is A (q^2 - r^2)
 * over the sum of the roots. Cost: O(d) operations, an arctangent and a few square roots a layer.
 *
 * Smooth activations: polar.c computes the second bracket (as an integral of E[phi' phi'] over the
 * angle) where the angle is small, and for the first, with F(q, r) = E[phi(q z) phi(r z)] and B =
 * w^2 F(q, r) + b^2,
 *
 *     N - B = (N^2 - B^2) / (N + B) = (w^4 [F(q,q) F(r,r) - F(q,r)^2] + w^2 b^2 [F(q,q) - 2
 *     F(q,r) + F(r,r)]) / (N + B).
 *
 * Where neither the angle nor N - w^2 M(rho) - b^2 is small, the latter is a difference of numbers
 * that are not near each other. It is small at any angle where phi(0) or b is large beside what phi
 * varies by: cos or sigmoid of small inputs. For an odd activation without biases an obtuse angle
 * is replaced by its supplement: both kernels change sign. For an even one (cos, |x|) whose first
 * layer has no biases the kernels do not.
 *
 * A residual network whose branches are weak keeps antiparallel inputs nearly so in all blocks: 1 +
 * rho, which follows the same average as 1 - rho (residual.c), is carried too,
 *
 *     1 -+ rho_next = (1 - q) (1 -+ rho) + q (1 -+ kappa_1),
 *
 * sums of non-negative terms, whose product is the squared sine.
 *
 * Other residual networks (residual.c): with a = alpha^2 w^2, c = a z b^2, E = E[phi(u) phi(v)] and
 * F
 * = F(q, r) as above, F = (1 + s^2) q r / 2 for homogeneous activations, the next covariance q r
 * rho + a E + c is the product of vectors of three parts, and
 *
 *     1 -+ rho_next = {R + q r (1 -+ rho) + a (F -+ E) + c (1 -+ 1)} / N,
 *     R = N - q r - a F - c = {a^2 [F(q,q) F(r,r) - F^2] + a [q^2 F(r,r) + r^2 F(q,q) - 2 q r F]
 *         + c (q - r)^2 + a c [F(q,q) - 2 F + F(r,r)]} / (N + q r + a F + c),
 *
 * whose second bracket is q r [F(q,q) - 2 F + F(r,r)] + (q - r)^2 F(r,r) - (q - r) r [F(q,q) -
 * F(r,r)]. For homogeneous activations R is c (1 + a (1 + s^2) / 2) (q - r)^2 over the same sum. */
#include "kernel/pair.h"

#include <math.h>

#include "kernel/angle.h"
#include "kernel/polar.h"
#include "kernel/residual.h"

/* sin theta - theta cos theta = sum_k (-1)^(k + 1) 2k theta^(2k + 1) / (2k + 1)!. */
static double excess(double theta, double sine, double cosine) {
    if (theta > 0.5) return sine - theta * cosine;
    double power = theta, sum = 0;
    for (int k = 1; k <= 9; k++) {
        power *= -theta * theta / (2 * k * (2 * k + 1));
        sum -= 2 * k * power;
    }
    return sum;
}

/* 1 - kappa_1. */
static double kappa_decrease(const ntk_angle *angle, double theta) {
    return angle->minus - excess(theta, angle->sine, angle->cosine) / M_PI;
}

/* 1 - E[phi phi](rho) / E[phi phi](1) of the slope s; p = (1 - s)^2 / (1 + s^2). Of an obtuse angle
 * by its supplement where the two terms would cancel. */
static double homogeneous_decrease(double slope, double p, const ntk_angle *angle, double theta) {
    if (!(p > 1 && angle->cosine < 0))
        return angle->minus - p * excess(theta, angle->sine, angle->cosine) / M_PI;
    const double rest = (1 + slope) * (1 + slope) / (1 + slope * slope); /* 2 - p */
    return rest + (p - 1) * angle->plus - p * excess(M_PI - theta, angle->sine, -angle->cosine) / M_PI;
}

/* What a pair has become after some layers. */
typedef struct pair_state {
    ntk_polar polar;
    double s, tangent; /* S and Theta */
} pair_state;

static pair_state start(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                        const ntk_points *columns, size_t j) {
    pair_state out = {.polar = {.q = sqrt(rows->variance[i]), .r = sqrt(columns->variance[j])}};
    out.polar.angle = ntk_angle_first(architecture, rows, i, columns, j, &out.polar.gap);
    out.s = out.tangent = out.polar.q * out.polar.r * out.polar.angle.cosine;
    return out;
}

/* One layer; Q and R: the deviations of the next. */
static void homogeneous_layer(double slope, double w2, double b2, double Q, double R, pair_state *pair) {
    const double A = 0.5 * (1 + slope * slope) * w2, p = (1 - slope) * (1 - slope) / (1 + slope * slope);
    const double size = A * pair->polar.q * pair->polar.r, N = Q * R;
    const double theta = ntk_angle_radians(&pair->polar.angle);
    const double decrease = homogeneous_decrease(slope, p, &pair->polar.angle, theta);
    pair->s = size * (1 - decrease) + b2;
    pair->tangent = pair->s + pair->tangent * (A * ((1 - p) + p * ((M_PI - theta) / M_PI)));
    const double gap = pair->polar.gap;
    const double radial = b2 > 0 ? A * b2 * (gap * gap) / (N + size + b2) : 0;
    const double next = A * gap * (pair->polar.q + pair->polar.r) / (Q + R);
    pair->polar = (ntk_polar){
        .q = Q, .r = R, .gap = next, .angle = ntk_angle_from_minus((size * decrease + radial) / N)};
}

/* The pair behind a smooth layer; Q and R: its deviations, s: its covariance. */
static ntk_polar next_polar(ntk_activation activation, double w2, double b2, double Q, double R, double s,
                            const ntk_polar *polar) {
    const double small = 1.0 / 32, N = Q * R; /* 1 - rho of angles below a quarter */
    ntk_polar out = {.q = Q, .r = R, .gap = Q - R};
    if (!(polar->angle.minus < small || N - s < small * N)) {
        out.angle = ntk_angle_from_minus((N - s) / N);
        return out;
    }
    double radial = 0;
    if (polar->gap != 0) {
        const ntk_polar_gap gap = ntk_polar_gap_of(activation, polar);
        radial = w2 * (w2 * gap.determinant + b2 * gap.square) / (N + w2 * gap.product + b2);
        out.gap = w2 * gap.difference / (Q + R);
    }
    out.angle = ntk_angle_from_minus((radial + w2 * ntk_polar_decrease(activation, polar)) / N);
    return out;
}

static void smooth_layer(ntk_activation activation, double w2, double b2, double Q, double R, bool is_last,
                         pair_state *pair) {
    const ntk_dual dual = ntk_polar_dual(activation, &pair->polar);
    pair->s = w2 * dual.value + b2;
    pair->tangent = pair->s + pair->tangent * (w2 * dual.derivative);
    if (!is_last) pair->polar = next_polar(activation, w2, b2, Q, R, pair->s, &pair->polar);
}

/* One block of a residual network that is not plain: what it adds to a covariance is `gain` times
 * E[phi phi] plus `constant`. */
typedef struct block {
    double gain, constant;    /* a, c */
    double value, derivative; /* E[phi phi], E[phi' phi'] */
    double decrease;          /* F - E */
    double product;           /* F */
} block;

static block homogeneous_block(const ntk_architecture *architecture, const ntk_polar *polar) {
    const double slope = ntk_dual_slope(architecture), half = 0.5 * (1 + slope * slope);
    const double p = (1 - slope) * (1 - slope) / (1 + slope * slope);
    const double theta = ntk_angle_radians(&polar->angle), product = half * polar->q * polar->r;
    const double decrease = product * homogeneous_decrease(slope, p, &polar->angle, theta);
    return (block){.value = product - decrease,
                   .derivative = half * ((1 - p) + p * ((M_PI - theta) / M_PI)),
                   .decrease = decrease,
                   .product = product};
}

static block smooth_block(ntk_activation activation, const ntk_polar *polar) {
    const ntk_dual dual = ntk_polar_dual(activation, polar);
    const double decrease = ntk_polar_decrease(activation, polar);
    return (block){.value = dual.value,
                   .derivative = dual.derivative,
                   .decrease = decrease,
                   .product = dual.value + decrease};
}

/* F(r, r) of the smaller deviation: from F(q,q) + F(r,r) and their difference, `grows`, where they
 * are of one size, else by itself. */
static double smallest_product(ntk_activation activation, double small, double large, const ntk_polar_gap *f,
                               double grows) {
    if (large < 2 * small) return 0.5 * (f->square + 2 * f->product - grows);
    const ntk_polar same = {.q = small, .r = small, .angle = ntk_angle_from_minus(0)};
    return ntk_polar_dual(activation, &same).value;
}

/* R, and *difference = Q^2 - R^2 of the deviations of the next block. */
static double radial_part(const ntk_architecture *architecture, const ntk_polar *polar, const block *b,
                          double N, double *difference) {
    const double gap = polar->gap, a = b->gain, c = b->constant, qr = polar->q * polar->r;
    const double squares = gap * (polar->q + polar->r), sum = N + qr + a * b->product + c;
    *difference = squares;
    if (gap == 0) return 0;
    if (ntk_dual_is_homogeneous(architecture->activation)) {
        const double slope = ntk_dual_slope(architecture), growth = 1 + a * 0.5 * (1 + slope * slope);
        *difference = growth * squares;
        return c * growth * (gap * gap) / sum;
    }
    const ntk_polar_gap f = ntk_polar_gap_of(architecture->activation, polar);
    /* With the smaller deviation for r: with the larger the terms are large beside their sum. */
    const double small = fmin(polar->q, polar->r), large = fmax(polar->q, polar->r);
    const double step = large - small, grows = gap > 0 ? f.difference : -f.difference;
    const double least = smallest_product(architecture->activation, small, large, &f, grows);
    const double mixed = qr * f.square + step * step * least - step * small * grows;
    *difference = squares + a * f.difference;
    return (a * a * f.determinant + a * mixed + c * (gap * gap) + a * c * f.square) / sum;
}

/* Q and R: the deviations of the next block. */
static ntk_polar behind_block(const ntk_architecture *architecture, const ntk_polar *polar, const block *b,
                              double Q, double R) {
    const double N = Q * R, qr = polar->q * polar->r, a = b->gain;
    double difference;
    const double radial = radial_part(architecture, polar, b, N, &difference);
    ntk_angle angle = {
        .minus = (radial + qr * polar->angle.minus + a * b->decrease) / N,
        .plus = (radial + qr * polar->angle.plus + a * (b->product + b->value) + 2 * b->constant) / N};
    angle.sine = sqrt(fmax(0, angle.minus * angle.plus));
    angle.cosine = 0.5 * (angle.plus - angle.minus);
    return (ntk_polar){.q = Q, .r = R, .gap = difference / (Q + R), .angle = angle};
}

static bool has_bias(const ntk_architecture *architecture) {
    for (size_t l = 1; l <= architecture->depth + 1; l++)
        if (ntk_architecture_bias_variance(architecture, l) > 0) return true;
    return false;
}

static bool is_odd(const ntk_architecture *architecture) {
    const ntk_activation activation = architecture->activation;
    return !has_bias(architecture) && (activation == NTK_ERF || activation == NTK_TANH ||
                                       activation == NTK_SIN || activation == NTK_LINEAR);
}

/* phi(h) does not see the sign of h, which is that of x; phi' changes with it, as Theta^1 does. */
static bool is_even(const ntk_architecture *architecture) {
    const ntk_activation activation = architecture->activation;
    const bool even =
        activation == NTK_COS || (ntk_dual_is_homogeneous(activation) && ntk_dual_slope(architecture) == -1);
    return even && architecture->depth > 0 && ntk_architecture_bias_variance(architecture, 1) == 0;
}

static void dense_pair(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                       const ntk_points *columns, size_t j, double *nngp, double *ntk) {
    pair_state pair = start(architecture, rows, i, columns, j);
    const double slope = ntk_dual_slope(architecture);
    double sign = 1;
    if (is_even(architecture) && pair.polar.angle.cosine < 0) {
        pair.polar.angle = ntk_angle_supplement(pair.polar.angle);
        pair.s = pair.tangent = -pair.s;
    }
    if (is_odd(architecture) && pair.polar.angle.cosine < 0) {
        sign = -1;
        pair.polar.angle = ntk_angle_supplement(pair.polar.angle);
        pair.s = pair.tangent = -pair.s;
    }
    for (size_t l = 0; l < rows->depth; l++) {
        const double Q = sqrt(rows->variance[(l + 1) * rows->stride + i]);
        const double R = sqrt(columns->variance[(l + 1) * columns->stride + j]);
        const double w2 = ntk_architecture_weight_variance(architecture, l + 2);
        const double b2 = ntk_architecture_bias_variance(architecture, l + 2);
        if (ntk_dual_is_homogeneous(architecture->activation))
            homogeneous_layer(slope, w2, b2, Q, R, &pair);
        else
            smooth_layer(architecture->activation, w2, b2, Q, R, l + 1 == rows->depth, &pair);
        if (!(Q * R > 0)) break; /* the kernel has underflowed to 0 */
    }
    *nngp = sign * pair.s;
    *ntk = sign * pair.tangent;
}

static void residual_pair(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                          const ntk_points *columns, size_t j, double *nngp, double *ntk) {
    const double share = ntk_residual_share(architecture);
    const pair_state pair = start(architecture, rows, i, columns, j);
    ntk_angle angle = pair.polar.angle;
    double tangent = angle.plus - angle.minus; /* t_0 = 2 rho_0 */
    for (size_t l = 0; l < rows->depth; l++) {
        const double theta = ntk_angle_radians(&angle), decrease = kappa_decrease(&angle, theta);
        const double gain = (M_PI - theta) / M_PI * tangent + 2 * (1 - decrease);
        tangent = (1 - share) * tangent + share * gain;
        angle.minus = (1 - share) * angle.minus + share * decrease;
        angle.plus = (1 - share) * angle.plus + share * (2 - decrease);
        angle.sine = sqrt(angle.minus * angle.plus);
        angle.cosine = 0.5 * (angle.plus - angle.minus);
    }
    const double scale = sqrt(rows->variance[rows->depth * rows->stride + i]) *
                         sqrt(columns->variance[columns->depth * columns->stride + j]);
    *nngp = scale * angle.cosine;
    *ntk = scale * tangent;
}

/* p and U of residual.c are the state's s and tangent. */
static void skips_pair(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                       const ntk_points *columns, size_t j, double *nngp, double *ntk) {
    const ntk_skips *skips = &rows->skips;
    const double late = skips->weight * (skips->bias - skips->started);
    pair_state pair = start(architecture, rows, i, columns, j);
    const bool flip = is_odd(architecture) && pair.polar.angle.cosine < 0;
    if (flip) pair.polar.angle = ntk_angle_supplement(pair.polar.angle);
    if (flip) pair.s = -pair.s;
    pair.tangent = pair.s / skips->weight - skips->started;
    for (size_t l = 0; l < rows->depth; l++) {
        block b = ntk_dual_is_homogeneous(architecture->activation)
                      ? homogeneous_block(architecture, &pair.polar)
                      : smooth_block(architecture->activation, &pair.polar);
        b.gain = skips->gain * skips->weight;
        b.constant = b.gain * skips->started;
        const double through = b.derivative * (skips->weight * pair.tangent + pair.s + late);
        pair.tangent += skips->gain * (through + b.value + skips->bias);
        pair.s += b.gain * b.value + b.constant;
        const double Q = sqrt(rows->variance[(l + 1) * rows->stride + i]);
        const double R = sqrt(columns->variance[(l + 1) * columns->stride + j]);
        if (!(Q * R > 0)) break; /* an input is 0, and stays so where phi(0) = 0 and biases are */
        if (l + 1 < rows->depth) pair.polar = behind_block(architecture, &pair.polar, &b, Q, R);
    }
    const double sign = flip ? -1 : 1, covariance = pair.s / skips->weight - skips->started;
    *nngp = sign * covariance;
    *ntk = sign * (pair.tangent + covariance);
}

ntk_status ntk_pair_kernel(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                           const ntk_points *columns, size_t j, double *nngp, double *ntk) {
    if (ntk_residual_is_plain(architecture))
        residual_pair(architecture, rows, i, columns, j, nngp, ntk);
    else if (architecture->family == NTK_RESIDUAL)
        skips_pair(architecture, rows, i, columns, j, nngp, ntk);
    else
        dense_pair(architecture, rows, i, columns, j, nngp, ntk);
    if (!(isfinite(*nngp) && isfinite(*ntk)))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel of inputs %zu and %zu overflows", i, j);
    return NTK_OK;
}
