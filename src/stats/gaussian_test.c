/* Tests of N(0, I_q) against n samples z_t.
 *
 * Mean. sqrt(n) times the sample mean is N(0, I), so n |mean|^2 ~ chi^2_q.
 *
 * Covariance. The scatter about the sample mean, W = sum (z_t - mean)(z_t - mean)^T, is Wishart
 * with nu = n - 1 degrees of freedom, and its Cholesky factor W = T T^T has independent entries
 * (Bartlett 1933; rows and columns from 0)
 *
 *     T_ii^2 ~ chi^2_{nu - i},        T_ij ~ N(0, 1), i > j:
 *
 * q (q + 1) / 2 exact two-sided tests, where the asymptotic law of tr (W/nu - I)^2 would be wrong
 * in the tails.
 *
 * Normality. With F_n the sample distribution function of one coordinate, P(sup |F_n - F| > e) <= 2
 * e^{-2 n e^2} at every n (Dvoretzky, Kiefer, Wolfowitz; the constant is Massart's): a p-value
 * without a table.
 *
 * p-values are combined by Bonferroni, which needs no independence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/stats.h>

static double two_sided(double lower, double upper) { return fmin(1, 2 * fmin(lower, upper)); }

static void column_means(size_t n, size_t q, const double *samples, double *mean) {
    memset(mean, 0, q * sizeof *mean);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < q; i++) mean[i] += samples[t * q + i] / (double)n;
}

/* A tail below the smallest double is 0: the samples are as far from the law as can be told. */
static ntk_status or_nothing(ntk_status status, bool above, double *lower, double *upper) {
    if (status != NTK_ERROR_NO_CONVERGENCE) return status;
    *lower = above;
    *upper = !above;
    return NTK_OK;
}

/* Also of an x beyond what the tail function takes: those have a smaller one still. */
static ntk_status chi_square(double x, double degrees, double *lower, double *upper) {
    const bool far = isfinite(x) && x > 1e8 && degrees < 1e7;
    return or_nothing(far ? NTK_ERROR_NO_CONVERGENCE : ntk_stats_chi_square(x, degrees, lower, upper),
                      x > degrees, lower, upper);
}

static ntk_status test_mean(size_t n, size_t q, const double *mean, double *p) {
    double lower;
    return chi_square((double)n * ntk_dot(q, mean, mean), (double)q, &lower, p);
}

/* centred: (n, q) scratch; factor: (q, q) scratch. */
static ntk_status test_covariance(size_t n, size_t q, const double *samples, const double *mean,
                                  double *centred, double *factor, double *p) {
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < q; i++) centred[t * q + i] = samples[t * q + i] - mean[i];
    NTK_TRY(ntk_syrk_transposed(q, n, 1, centred, q, 0, factor, q));
    NTK_TRY(ntk_cholesky(q, factor, q));
    double smallest = 1, lower, upper;
    for (size_t i = 0; i < q; i++)
        for (size_t j = 0; j <= i; j++) {
            const double entry = factor[i * q + j];
            NTK_TRY(i == j ? chi_square(entry * entry, (double)(n - 1 - i), &lower, &upper)
                           : or_nothing(ntk_stats_normal(entry, &lower, &upper), entry > 0, &lower, &upper));
            smallest = fmin(smallest, two_sided(lower, upper));
        }
    *p = fmin(1, smallest * (double)(q * (q + 1) / 2));
    return NTK_OK;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* column: (n) scratch. */
static void test_normality(size_t n, size_t q, const double *samples, double *column, double *p) {
    double largest = 0;
    for (size_t i = 0; i < q; i++) {
        for (size_t t = 0; t < n; t++) column[t] = samples[t * q + i];
        qsort(column, n, sizeof *column, ascending);
        for (size_t t = 0; t < n; t++) {
            const double law = 0.5 * erfc(-column[t] / sqrt(2));
            largest = fmax(largest, fmax(law - (double)t / (double)n, (double)(t + 1) / (double)n - law));
        }
    }
    *p = fmin(1, (double)q * 2 * exp(-2 * (double)n * largest * largest));
}

/* Quantiles at p = 1e-6: 4.9 of a two-sided normal; adding comparisons moves them by a few tenths.
 * Power 0.9 adds 1.3. */
static void state_power(size_t n, size_t q, ntk_gaussian_test *out) {
    const double z = sqrt(2 * log(1e6)) + 1.3, comparisons = (double)(q * (q + 1) / 2), N = (double)n;
    out->detectable_shift = (z + sqrt((double)q)) / sqrt(N);
    out->detectable_spread = (sqrt(2 * log(1e6 * comparisons)) + 1.3) / sqrt(2 * N);
    out->detectable_distance = (sqrt(log(2e6 * (double)q) / 2) + 0.65) / sqrt(N);
}

ntk_status ntk_stats_gaussian_test(size_t n, size_t q, const double *samples, ntk_gaussian_test *out) {
    *out = (ntk_gaussian_test){NAN, NAN, NAN, NAN, NAN, NAN};
    if (q == 0 || n <= q)
        return ntk_fail(NTK_ERROR_ARGUMENT, "test of a Gaussian law: %zu samples of %zu coordinates", n, q);
    if (!ntk_all_finite(n * q, samples))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "test of a Gaussian law: a sample is not finite");
    double *memory;
    NTK_TRY(ntk_allocate_doubles(n * q + q * q + q + n, &memory));
    double *centred = memory, *factor = centred + n * q, *mean = factor + q * q, *column = mean + q;
    ntk_gaussian_test found;
    column_means(n, q, samples, mean);
    ntk_status status = test_mean(n, q, mean, &found.mean);
    if (status == NTK_OK) status = test_covariance(n, q, samples, mean, centred, factor, &found.covariance);
    if (status == NTK_OK) {
        test_normality(n, q, samples, column, &found.normality);
        state_power(n, q, &found);
        *out = found;
    }
    ntk_release(memory);
    return status;
}
