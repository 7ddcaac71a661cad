/* The chance that a fresh interval does not clear a bound.
 *
 * An estimate x with standard error e, nu degrees of freedom and critical value t_c clears a bound
 * at the distance D (positive on the good side) when T = (distance of x from the bound) / e > t_c.
 * For normal samples with true distance D and true standard error s, T has the noncentral t law
 * with nu degrees of freedom and noncentrality delta = D / s, so that the chance of not clearing it
 * is, with S = e / s, nu S^2 ~ chi^2_nu,
 *
 *     P(T <= t_c) = E[Phi(t_c S - delta)] = integral of Phi(t_c s - delta) p(s) ds,
 *     p(s) proportional to s^(nu-1) exp(-nu s^2 / 2).
 *
 * In u = log s the integrand is analytic and decays at least exponentially at both ends, where the
 * trapezoidal rule converges geometrically; all terms are positive, so that the smallest of
 * probabilities keeps its relative accuracy, and the same sum over p alone is its normalisation.
 *
 * The step must resolve both factors. p has the width 1 / sqrt(2 nu); Phi rises from 0 to 1 where
 * t_c e^u is delta, within 1 / delta, and nowhere that p reaches faster than 1 / (t_c e^u). Of a
 * Gaussian of width w a step h leaves an error of exp(-2 pi^2 (w/h)^2): e^-120 for h = 0.4 w. */
#include <math.h>

#include <ntk/stats.h>

/* Density of u = log S up to a factor; 1 at u = 0, where it is largest. */
static double density(double u, double degrees) { return exp(degrees * (u - expm1(2 * u) / 2)); }

/* At one degree of freedom and a critical value of 1e5 a step of 1 / delta. */
static const double most_terms = 1 << 22;

double ntk_stats_risk(const ntk_estimate *estimate, double distance) {
    const double error = estimate->standard_error, degrees = estimate->degrees;
    if (!(error >= 0 && degrees > 0 && isfinite(distance) && isfinite(estimate->high))) return NAN;
    if (error == 0) return distance >= 0 ? 0 : 1;
    const double critical = (estimate->high - estimate->value) / error, delta = distance / error;
    const double deviation = 1 / sqrt(2 * degrees); /* of u, about */
    const double from = -14 * deviation - 50 / degrees, to = 14 * deviation;
    const double steepest = fmin(fabs(delta), fabs(critical) * exp(to));
    const double finest = (to - from) / most_terms;
    const double step = fmax(finest, fmin(0.125 * deviation, 0.4 / fmax(steepest, 1e-300)));
    const size_t count = (size_t)ceil((to - from) / step);
    double sum = 0, whole = 0;
    for (size_t i = 0; i <= count; i++) {
        const double u = from + (double)i * step;
        const double weight = density(u, degrees);
        whole += weight;
        sum += weight * erfc((delta - critical * exp(u)) / sqrt(2)) / 2;
    }
    return sum / whole;
}
