/* What many seeds say of the next one. */
#include <math.h>

#include <criterion/criterion.h>

#include "run/seeds.h"

static ntk_seeds_judgement rooms(size_t n, double mean, double deviation) {
    return (ntk_seeds_judgement){
        .margins = n, .mean = mean, .squares = deviation * deviation * (double)(n - 1)};
}

/* Student's law in closed form: P(T_2 <= -x) = (1 - x / sqrt(2 + x^2)) / 2, and with one degree
 * more P(T_3 <= -x) = 1/2 - (x s / (x^2 + 3) + atan(x / s)) / pi, s = sqrt(3). */
Test(seeds, the_chance_is_students_prediction_of_one_more) {
    ntk_seeds_judgement j = rooms(3, 5, 2);
    double x = 5 / (2 * sqrt(4.0 / 3));
    cr_expect_float_eq(ntk_seeds_chance(&j), 0.5 * (1 - x / sqrt(2 + x * x)), 1e-7);
    j = rooms(4, 3, 1.5);
    x = 3 / (1.5 * sqrt(1.25));
    cr_expect_float_eq(ntk_seeds_chance(&j), 0.5 - (x * sqrt(3) / (x * x + 3) + atan(x / sqrt(3))) / acos(-1),
                       1e-7);
    j = rooms(3, -5, 2);
    x = 5 / (2 * sqrt(4.0 / 3));
    cr_expect_float_eq(ntk_seeds_chance(&j), 0.5 * (1 + x / sqrt(2 + x * x)), 1e-7);
    j = rooms(2, 5, 2);
    cr_expect(isnan(ntk_seeds_chance(&j)));
}

/* 0 of n: 1 - 0.05^{1/n}; all of n: 1; 1 of 2: the root of (1 - p)^2 + 2 p (1 - p) = 0.05. */
Test(seeds, the_largest_rate_is_clopper_and_pearsons) {
    cr_expect_float_eq(ntk_seeds_largest_rate(0, 20), 1 - pow(0.05, 1.0 / 20), 1e-12);
    cr_expect_float_eq(ntk_seeds_largest_rate(1, 2), sqrt(0.95), 1e-12);
    cr_expect_eq(ntk_seeds_largest_rate(5, 5), 1);
}
