#include <criterion/criterion.h>
#include <float.h>

#include <ntk/linalg.h>

#include "reference.h"

/* The order that the header states, spelt out: eight running sums, folded pairwise. volatile keeps
 * the compiler from another order or another precision. */
static double ordered_sum(size_t n, const double *term) {
    volatile double sum[8] = {0};
    for (size_t i = 0; i < n; i++) sum[i % 8] += term[i];
    for (size_t width = 4; width > 0; width /= 2)
        for (size_t j = 0; j < width; j++) sum[j] += sum[j + width];
    return sum[0];
}

enum { LONGEST = 1003 };

Test(reductions, sums_are_taken_in_the_stated_order) {
    double *x = make_matrix(1, LONGEST, LONGEST, 30), *y = make_matrix(1, LONGEST, LONGEST, 31);
    double products[LONGEST], squares[LONGEST], gaps[LONGEST];
    for (size_t i = 0; i < LONGEST; i++) {
        products[i] = x[i] * y[i];
        squares[i] = x[i] * x[i];
        gaps[i] = (x[i] - y[i]) * (x[i] - y[i]);
    }
    for (size_t n = 0; n <= LONGEST; n += n < 40 ? 1 : 321) {
        cr_assert(ntk_dot(n, x, y) == ordered_sum(n, products), "n = %zu", n);
        cr_assert(ntk_norm(n, x) == sqrt(ordered_sum(n, squares)), "n = %zu", n);
        cr_assert(ntk_distance(n, x, y) == sqrt(ordered_sum(n, gaps)), "n = %zu", n);
    }
    free(x), free(y);
}

Test(reductions, small_integers_are_summed_exactly) {
    double x[100], y[100];
    for (size_t i = 0; i < 100; i++) x[i] = (double)i, y[i] = 1.0;
    cr_assert(ntk_dot(100, x, y) == 4950);
    cr_assert(ntk_norm(5, (double[]){4, 2, 2, 1, 0}) == 5);
    cr_assert(ntk_distance(2, (double[]){1, 1}, (double[]){4, 5}) == 5);
    cr_assert(ntk_dot(0, NULL, NULL) == 0 && ntk_norm(0, NULL) == 0 && ntk_distance(0, NULL, NULL) == 0);
}

Test(reductions, nan_and_overflow_show) {
    cr_assert(isnan(ntk_dot(3, (double[]){1, (double)NAN, 0}, (double[]){0, 0, 0})));
    cr_assert(ntk_norm(1, (double[]){1e200}) == INFINITY);
}

Test(reductions, one_value_that_is_not_finite_is_found_anywhere) {
    const double bad[] = {(double)NAN, INFINITY, -INFINITY};
    double x[50];
    for (size_t i = 0; i < 50; i++) x[i] = i % 2 ? DBL_MAX : -DBL_MAX; /* large, but finite */
    for (size_t n = 0; n <= 50; n++) cr_assert(ntk_all_finite(n, x));
    for (size_t b = 0; b < 3; b++)
        for (size_t i = 0; i < 50; i++) {
            const double kept = x[i];
            x[i] = bad[b];
            for (size_t n = 0; n <= 50; n++) cr_assert(ntk_all_finite(n, x) == (n <= i));
            x[i] = kept;
        }
}

Test(reductions, an_extreme_is_nan_where_any_value_is) {
    const double nan = (double)NAN;
    cr_assert(ntk_larger(1, 2) == 2 && ntk_larger(2, 1) == 2 && ntk_larger(-INFINITY, -3) == -3);
    cr_assert(ntk_smaller(1, 2) == 1 && ntk_smaller(2, 1) == 1 && ntk_smaller(INFINITY, 3) == 3);
    const double others[] = {-INFINITY, -1, 0, 1, INFINITY};
    for (size_t i = 0; i < 5; i++) {
        cr_assert(isnan(ntk_larger(nan, others[i])) && isnan(ntk_larger(others[i], nan)), "%g", others[i]);
        cr_assert(isnan(ntk_smaller(nan, others[i])) && isnan(ntk_smaller(others[i], nan)), "%g", others[i]);
    }
}

Test(reductions, the_largest_difference_is_found_at_any_place_and_keeps_a_nan) {
    double x[7] = {0}, y[7] = {0};
    cr_assert(ntk_largest_difference(0, NULL, NULL) == 0 && ntk_largest_difference(7, x, y) == 0);
    for (size_t i = 0; i < 7; i++) {
        x[i] = -3, y[(i + 1) % 7] = -2;
        cr_assert(ntk_largest_difference(7, x, y) == 3, "place %zu", i);
        x[i] = (double)NAN;
        cr_assert(isnan(ntk_largest_difference(7, x, y)), "NaN at %zu", i);
        x[i] = 0, y[(i + 1) % 7] = 0;
    }
}
