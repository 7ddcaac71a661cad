/* The margin form of the loss law (ours; any number of classes, no lambda_min).
 *
 * Let l_i be the loss of point i, p_ij the probability of its wrong class j and m_ij = f_{i,y_i} -
 * f_{i,j} the margin over it (logistic: j is the other class, m_i = (2 q_i - 1) f_i). Then
 *
 *     -grad L = (1/n) sum_ij p_ij grad m_ij,         sum_j p_ij = 1 - e^{-l_i}.
 *
 * Let w_hat be the shortest w with <w, grad m_ij> >= 1 for all of them, the hard margin of Theta_t
 * (hard_margin.h). Since 1 - e^{-x} is subadditive and the l_i sum to n L,
 *
 *     ||grad L|| ||w_hat|| >= <-grad L, w_hat> >= (1/n) sum_i (1 - e^{-l_i}) >= (1/n) (1 -
 *     e^{-nL}).
 *
 * With x = n L this is -dx/dt = n ||grad L||^2 >= (1 - e^{-x})^2 / (n ||w_hat||^2), and F'(x) =
 * (1 - e^{-x})^{-2} for F(x) = x + log(1 - e^{-x}) - 1/(e^x - 1):
 *
 *     int_0^t ds / ||w_hat_s||^2 <= n (F(n L_0) - F(n L_t)).
 *
 * Because ||w_hat||^2 <= n / lambda_min(Theta) for one output, it contains the law with lambda_min
 * (trajectory.c); and late in a flow, where the weights of the points are nearly those of the hard
 * margin, it is nearly an equality.
 *
 * Quadrature. The integrand g = ||w_hat||^{-2} changes slowly with u = log t: between observations
 * log g is the cubic in u that has its values and, at both ends, the derivative of the parabola
 * through three neighbours, and g e^u du is integrated by Gauss and Legendre's rule. Before the
 * first observation g is taken to be what it is there. */
#include <math.h>
#include <stdbool.h>

#include <ntk/linalg.h>
#include <ntk/trajectory.h>

static double log_integrand(const ntk_trajectory *path, size_t i) {
    return -2 * log(path->points[i].kernel_margin_norm);
}

/* d log g / du at point i of at least three. */
static double slope_at(const ntk_trajectory *path, size_t i) {
    const size_t last = path->count - 1, middle = i == 0 ? 1 : i == last ? last - 1 : i;
    const double u0 = path->points[middle - 1].log_time, u1 = path->points[middle].log_time;
    const double u2 = path->points[middle + 1].log_time, u = path->points[i].log_time;
    const double left = (log_integrand(path, middle) - log_integrand(path, middle - 1)) / (u1 - u0);
    const double right = (log_integrand(path, middle + 1) - log_integrand(path, middle)) / (u2 - u1);
    return left + (right - left) * (2 * u - u0 - u1) / (u2 - u0);
}

/* e^{-u_i} times the integral of g from t_{i-1} to t_i. */
static double integrate_step(const ntk_trajectory *path, size_t i) {
    static const double nodes[] = {0.04691007703066800, 0.23076534494715846, 0.5, 0.76923465505284154,
                                   0.95308992296933200};
    static const double weights[] = {0.11846344252809454, 0.23931433524968324, 0.28444444444444444,
                                     0.23931433524968324, 0.11846344252809454};
    const double h = path->points[i].log_time - path->points[i - 1].log_time;
    const double a = log_integrand(path, i - 1), b = log_integrand(path, i);
    if (a == -INFINITY || b == -INFINITY) return isnan(a + b) ? NAN : 0; /* at least that */
    double p = h * slope_at(path, i - 1) - (b - a), q = (b - a) - h * slope_at(path, i);
    if (!isfinite(p)) p = 0; /* a neighbour has no value */
    if (!isfinite(q)) q = 0;
    double sum = 0;
    for (size_t k = 0; k < 5; k++) {
        const double s = nodes[k];
        const double log_g = (1 - s) * a + s * b + s * (1 - s) * ((1 - s) * p + s * q);
        sum += weights[k] * exp(log_g - (1 - s) * h);
    }
    return h * sum;
}

double ntk_trajectory_loss_potential(double sum) { return sum + log(-expm1(-sum)) - 1 / expm1(sum); }

/* log(F(x_0) - F(x)) for x <= x_0, from log x: x may be e^-1000. */
static double log_gain(double x0, double log_x) {
    const double f0 = ntk_trajectory_loss_potential(x0), x = exp(log_x);
    if (log_x > -20) return log(f0 - x - log(-expm1(-x)) + 1 / expm1(x));
    /* -F(x) = 1/x - 1/2 - log x + O(x) */
    return -log_x + log1p(x * (f0 - 0.5 - log_x));
}

double ntk_trajectory_margin_ratio(const ntk_trajectory *path, size_t points) {
    const double n = (double)points;
    double left = 0, worst = -INFINITY; /* left: times e^{-u} */
    if (path->count < 3) return NAN;
    for (size_t i = 0; i < path->count; i++) {
        const ntk_trajectory_point *here = &path->points[i];
        if (i == 0)
            left = exp(log_integrand(path, 0));
        else
            left = left * exp(here[-1].log_time - here->log_time) + integrate_step(path, i);
        const double right = log(n) + log_gain(n * path->initial_loss, log(n) + here->log_loss);
        worst = ntk_larger(worst, exp(log(left) + here->log_time - right));
    }
    return worst;
}
