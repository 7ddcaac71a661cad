/* The coefficient of 1/m in the mean of the empirical NTK of ReLU networks without biases (ours).
 *
 * Two points; h^l ~ N(0, S^l) in the limit. Of layer l let G = G^l(x_i, x_j) = (2/m) sum_k a_k(x_i)
 * a_k(x_j), a = relu(h^l), and K = K^l(x, x') the mean over the output weights of the empirical NTK
 * of the network that ends there. Both are averages over neurons that are independent given the
 * layer below; with y = (G_11, G_12, G_22, K) and Y the limit of y^{l-1},
 *
 *     E[y^l | layers below] = F(y^{l-1}) + (0, 0, 0, R^l) / m + ...,
 *     F = (G_11, P, G_22, P + kappa_0(r) K),
 *     P = sqrt(G_11 G_22) kappa_1(r),  r = G_12 / sqrt(G_11 G_22).
 *
 * So with b^l = lim m (E y^l - Y^l), C^l = lim m Cov y^l, J and H the derivatives of F at Y,
 *
 *     b^l = J b^{l-1} + <H, C^{l-1}> / 2 + (0, 0, 0, R^l),      C^l = V^l + J C^{l-1} J^T,
 *
 * V^l the covariance of a neuron's own share, 2 a a' and for K 2 a a' + 2 phi' phi'' Theta^l,
 * Theta^l the NTK of h^l. The coefficient is b^L_K; b^1 = 0.
 *
 * R^l: a neuron's weights W into layer l also carry its gradient back, and its two derivatives phi'
 * depend on them. With w^2 = 2, G and all of layer l - 1 given and a_k = (a_k(x), a_k(x')),
 *
 *     E[W_k W_k' phi' phi''] = delta_kk' E[phi' phi''] + (2/m) a_k^T M a_k',
 *     M = G^{-1} E[h h^T phi' phi''] G^{-1} - E[phi' phi''] G^{-1}.
 *
 * The second term meets the tangent kernel of h_k(x) and h_k'(x'): Theta^{l-1} for k = k', and for
 * k
 * != k' one of mean h_k^T Q h_k' / m given both. Hence, moments of layer l - 1,
 *
 *     R^l = 8 [Theta^{l-1} tr(M B) + tr(M U Q^{l-1} U'^T)],
 *     Q^l = 4 G^{-1} [Theta^{l-1} B + U Q^{l-1} U'^T] G^{-1},     Q^1 = 0,
 *     B = E[a a^T phi' phi''],  U = E[a h^T phi'],  U' = E[a h^T phi''],
 *
 * phi' that of x, phi'' that of x'. All moments are those of a normal pair on a quadrant. Here
 * S^l = (1, rho; rho, 1) at every layer, the diagonal being kept. */
#include "coefficient.h"

#include <math.h>

enum { G11, G12, G22, K, SIZE };

/* E[u^i v^j; u > 0, v > 0] of N(0, (1, rho; rho, 1)). */
typedef struct quadrant {
    double one, uu, uv, uuuv, uuvv;
} quadrant;

static quadrant moments(double rho) {
    const double pi = acos(-1), s = sqrt((1 - rho) * (1 + rho)), angle = pi - acos(rho);
    quadrant q = {.one = angle / (2 * pi)};
    q.uu = (angle + rho * s) / (2 * pi);
    q.uv = (rho * angle + s) / (2 * pi);
    /* E[u g(u, v)] = E[dg/du] + rho E[dg/dv] */
    q.uuuv = 2 * q.uv + rho * q.uu;
    q.uuvv = q.uu + 2 * rho * q.uv;
    return q;
}

/* Covariance of a neuron's share of y, Theta the NTK below. */
static void share_covariance(const quadrant *q, double theta, double V[SIZE][SIZE]) {
    const double mean[SIZE] = {1, 2 * q->uv, 1, 2 * q->uv + 2 * q->one * theta};
    const double second[SIZE][SIZE] = {{6, 4 * q->uuuv, 4 * q->uuvv, 4 * (q->uuuv + theta * q->uu)},
                                       {0, 4 * q->uuvv, 4 * q->uuuv, 4 * (q->uuvv + theta * q->uv)},
                                       {0, 0, 6, 4 * (q->uuuv + theta * q->uu)},
                                       {0, 0, 0, 4 * (q->uuvv + 2 * theta * q->uv + theta * theta * q->one)}};
    for (int i = 0; i < SIZE; i++)
        for (int j = i; j < SIZE; j++) V[i][j] = V[j][i] = second[i][j] - mean[i] * mean[j];
}

/* First and second derivatives of P and of P + kappa_0(r) theta at G = (1, rho; rho, 1), K =
 * theta. */
static void differentiate(double rho, double theta, double J[SIZE][SIZE], double HP[SIZE][SIZE],
                          double HK[SIZE][SIZE]) {
    const double pi = acos(-1), s = sqrt((1 - rho) * (1 + rho)), kappa = 1 - acos(rho) / pi;
    const double slope = 1 / (pi * s), bend = rho / (pi * s * s * s); /* of kappa_0 */
    const double r[SIZE] = {-rho / 2, 1, -rho / 2, 0};
    const double rr[SIZE][SIZE] = {
        {0.75 * rho, -0.5, 0.25 * rho, 0}, {-0.5, 0, -0.5, 0}, {0.25 * rho, -0.5, 0.75 * rho, 0}, {0}};
    const double p[SIZE][SIZE] = {{(rho * rho - s * s) / 4, -rho / 2, (rho * rho + s * s) / 4, 0},
                                  {-rho / 2, 1, -rho / 2, 0},
                                  {(rho * rho + s * s) / 4, -rho / 2, (rho * rho - s * s) / 4, 0},
                                  {0}};
    for (int i = 0; i < SIZE; i++) {
        J[G11][i] = i == G11, J[G22][i] = i == G22;
        J[G12][i] = i == K ? 0 : i == G12 ? kappa : s / (2 * pi);
        J[K][i] = J[G12][i] + slope * r[i] * theta + (i == K ? kappa : 0);
        for (int j = 0; j < SIZE; j++) {
            HP[i][j] = p[i][j] / (pi * s);
            HK[i][j] = HP[i][j] + theta * (bend * r[i] * r[j] + slope * rr[i][j]) +
                       slope * ((i == K) * r[j] + (j == K) * r[i]);
        }
    }
}

/* b and C, of the layer below, become those of this one. */
static void propagate(double J[SIZE][SIZE], double HP[SIZE][SIZE], double HK[SIZE][SIZE],
                      double V[SIZE][SIZE], double b[SIZE], double C[SIZE][SIZE]) {
    double mean[SIZE] = {0}, JC[SIZE][SIZE] = {{0}};
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            mean[i] += J[i][j] * b[j];
            mean[G12] += HP[i][j] * C[i][j] / 2;
            mean[K] += HK[i][j] * C[i][j] / 2;
            for (int k = 0; k < SIZE; k++) JC[i][j] += J[i][k] * C[k][j];
        }
    for (int i = 0; i < SIZE; i++) {
        b[i] = mean[i];
        for (int j = 0; j < SIZE; j++) {
            C[i][j] = V[i][j];
            for (int k = 0; k < SIZE; k++) C[i][j] += JC[i][k] * J[j][k];
        }
    }
}

/* ---- what the weights carry forward and back: 2 x 2 matrices --------------------------------- */

typedef struct pair {
    double at[2][2];
} pair;

static pair multiply(pair a, pair b) {
    pair c;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) c.at[i][j] = a.at[i][0] * b.at[0][j] + a.at[i][1] * b.at[1][j];
    return c;
}

static pair transpose(pair a) { return (pair){{{a.at[0][0], a.at[1][0]}, {a.at[0][1], a.at[1][1]}}}; }

static double trace(pair a) { return a.at[0][0] + a.at[1][1]; }

/* Theta B + U Q U'^T, moments of the layer below, where the correlation is rho. */
static pair carry(const quadrant *q, double rho, double theta, pair Q) {
    const pair U = {{{0.5, rho / 2}, {q->uv, q->uu}}}, V = {{{q->uu, q->uv}, {rho / 2, 0.5}}};
    pair sum = multiply(multiply(U, Q), transpose(V));
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) sum.at[i][j] += theta * (i == j ? q->uu : q->uv);
    return sum;
}

static pair inverse(double rho) {
    const double determinant = (1 - rho) * (1 + rho);
    return (pair){{{1 / determinant, -rho / determinant}, {-rho / determinant, 1 / determinant}}};
}

double mean_bias_coefficient(size_t depth, double rho) {
    double b[SIZE] = {0}, C[SIZE][SIZE], J[SIZE][SIZE], HP[SIZE][SIZE], HK[SIZE][SIZE], V[SIZE][SIZE];
    double theta = rho; /* of h^l, S^1 at first */
    pair Q = {{{0}}};
    quadrant below = moments(rho);
    share_covariance(&below, theta, C);
    for (size_t l = 2; l <= depth; l++) {
        const double next = 2 * below.uv; /* the correlation of layer l */
        const double next_theta = next + 2 * below.one * theta;
        const quadrant here = moments(next);
        const pair carried = carry(&below, rho, theta, Q), G = inverse(next);
        pair M = {{{here.uu, here.uv}, {here.uv, here.uu}}};
        M = multiply(multiply(G, M), G);
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++) M.at[i][j] -= here.one * G.at[i][j];
        share_covariance(&here, next_theta, V);
        differentiate(next, next_theta, J, HP, HK);
        propagate(J, HP, HK, V, b, C);
        b[K] += 8 * trace(multiply(M, carried));
        Q = multiply(multiply(G, carried), G);
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++) Q.at[i][j] *= 4;
        rho = next, theta = next_theta, below = here;
    }
    return b[K];
}
