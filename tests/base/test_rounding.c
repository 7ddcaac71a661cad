/* Rounding modes reach every unit, whoever works on it, and go no further. */
#include <fenv.h>
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/parallel.h>
#include <ntk/random.h>
#include <ntk/rounding.h>

#include "base/guard.h"
#include "base/rounding.h"
#include "base/vector.h"
#include "status.h"

enum { UNITS = 64 };

static void nearest_again(void) { ntk_rounding_end(); }
TestSuite(rounding, .fini = nearest_again);

static ntk_status note_mode(size_t unit, void *context) {
    ((int *)context)[unit] = fegetround();
    return NTK_OK;
}

/* What the processor does, not what it says that it does: 1/3 lies between two doubles. */
static ntk_status divide(size_t unit, void *context) {
    volatile double one = 1, three = 3;
    ((double *)context)[unit] = one / three;
    return NTK_OK;
}

Test(rounding, a_directed_mode_is_that_of_all_units_on_all_threads) {
    const double nearest = 1.0 / 3, above = nextafter(nearest, 1);
    const double wanted[] = {nearest, above, nearest, nearest}; /* 1/3 is rounded down to nearest */
    for (int k = 0; k <= NTK_ROUNDING_ZERO; k++)
        for (size_t workers = 1; workers <= 4; workers += 3) {
            double thirds[UNITS];
            assert_ok(ntk_set_workers(workers));
            assert_ok(ntk_map(UNITS, divide, thirds)); /* the pool's threads begin before the
                                                        * mode */
            assert_ok(ntk_rounding_begin((ntk_rounding)k, 1, "a/b"));
            assert_ok(ntk_map(UNITS, divide, thirds));
            ntk_rounding_end();
            for (size_t i = 0; i < UNITS; i++)
                cr_assert_eq(thirds[i], wanted[k], "%s", ntk_rounding_text((ntk_rounding)k));
            assert_ok(ntk_map(UNITS, divide, thirds));
            for (size_t i = 0; i < UNITS; i++) cr_assert_eq(thirds[i], nearest);
        }
}

/* Threads begin with their creator's mode, which may not be the one of a later map. */
Test(rounding, units_have_the_mode_of_who_begins_the_map) {
    static const int modes[] = {FE_UPWARD, FE_TONEAREST, FE_DOWNWARD};
    int noted[UNITS];
    assert_ok(ntk_set_workers(4));
    for (size_t k = 0; k < sizeof modes / sizeof *modes; k++) {
        fesetround(modes[k]);
        assert_ok(ntk_map(UNITS, note_mode, noted));
        fesetround(FE_TONEAREST);
        for (size_t i = 0; i < UNITS; i++) cr_assert_eq(noted[i], modes[k]);
    }
}

static void draw_modes(size_t workers, uint64_t seed, const char *label, int modes[2][UNITS]) {
    assert_ok(ntk_set_workers(workers));
    assert_ok(ntk_rounding_begin(NTK_ROUNDING_RANDOM, seed, label));
    for (int map = 0; map < 2; map++) assert_ok(ntk_map(UNITS, note_mode, modes[map]));
    ntk_rounding_end();
}

/* By seed, label, map and unit; not by who works. Each of the four is missed by 64 units with a
 * chance of 1e-8. */
Test(rounding, random_modes_are_drawn_for_units) {
    int alone[2][UNITS], shared[2][UNITS], other[2][UNITS];
    draw_modes(1, 7, "a/b", alone);
    draw_modes(5, 7, "a/b", shared);
    cr_expect_eq(memcmp(alone, shared, sizeof alone), 0);
    cr_expect_neq(memcmp(alone[0], alone[1], sizeof alone[0]), 0);
    draw_modes(1, 8, "a/b", other);
    cr_expect_neq(memcmp(alone, other, sizeof alone), 0);
    draw_modes(1, 7, "a/c", other);
    cr_expect_neq(memcmp(alone, other, sizeof alone), 0);
    const int four[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (int k = 0; k < 4; k++) {
        size_t count = 0;
        for (size_t i = 0; i < UNITS; i++)
            if (alone[0][i] == four[k]) count++;
        cr_expect_gt(count, 0);
    }
    cr_expect_eq(fegetround(), FE_TONEAREST);
}

static ntk_status map_inside(size_t unit, void *context) {
    int modes[4];
    (void)context;
    NTK_TRY(ntk_map(4, note_mode, modes));
    for (int i = 0; i < 4; i++)
        if (modes[i] != fegetround()) return ntk_fail(NTK_ERROR_DIVERGED, "unit %zu: another mode", unit);
    return NTK_OK;
}

/* So the number of a map does not depend on what other units have begun. */
Test(rounding, a_map_inside_a_unit_has_its_mode) {
    assert_ok(ntk_set_workers(3));
    assert_ok(ntk_rounding_begin(NTK_ROUNDING_RANDOM, 3, "a/b"));
    assert_ok(ntk_map(UNITS, map_inside, NULL));
}

static ntk_status mode_under_a_guard(int *mode) {
    NTK_BALL_GUARD;
    *mode = fegetround();
    return NTK_OK;
}

Test(rounding, balls_are_computed_to_nearest) {
    int mode;
    assert_ok(ntk_rounding_begin(NTK_ROUNDING_DOWN, 0, "a/b"));
    assert_ok(mode_under_a_guard(&mode));
    cr_expect_eq(mode, FE_TONEAREST);
    cr_expect_eq(fegetround(), FE_DOWNWARD);
    const int before = ntk_rounding_nearest();
    cr_expect_eq(fegetround(), FE_TONEAREST);
    ntk_rounding_restore(before);
    cr_expect_eq(fegetround(), FE_DOWNWARD);
}

Test(rounding, names) {
    ntk_rounding rounding;
    for (int k = 0; k < NTK_ROUNDING_COUNT; k++) {
        assert_ok(ntk_rounding_parse(ntk_rounding_text((ntk_rounding)k), &rounding));
        cr_expect_eq(rounding, (ntk_rounding)k);
    }
    assert_fails(ntk_rounding_parse("upward", &rounding), NTK_ERROR_ARGUMENT,
                 "nearest, up, down, zero, random");
    assert_fails(ntk_rounding_parse("", &rounding), NTK_ERROR_ARGUMENT, "no rounding");
}

/* Their reductions of arguments are right to nearest alone. The bits are the same in every mode;
 * those of a sum are not. */
Test(rounding, elementary_functions_and_draws_are_to_nearest) {
    enum { N = 64 };
    double x[N], wanted[4][N], found[4][N], sum;
    for (int i = 0; i < N; i++) x[i] = -40 + 80 * (i + 0.37) / N;
    ntk_stream stream = ntk_stream_create(1, "a", 0), again = stream;
    ntk_vector_exp(N, x, wanted[0]);
    ntk_vector_erf(N, x, wanted[1], wanted[2]);
    ntk_stream_normal(&stream, N, wanted[3]);
    sum = ntk_vector_combination_square(N, 1, &(double){0.3}, &(const double *){x});
    fesetround(FE_UPWARD);
    ntk_vector_exp(N, x, found[0]);
    ntk_vector_erf(N, x, found[1], found[2]);
    ntk_stream_normal(&again, N, found[3]);
    const double upwards = ntk_vector_combination_square(N, 1, &(double){0.3}, &(const double *){x});
    cr_expect_eq(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
    for (int k = 0; k < 4; k++) cr_expect_eq(memcmp(wanted[k], found[k], sizeof found[k]), 0, "%d", k);
    cr_expect_gt(upwards, sum);
    cr_expect_lt(upwards, sum * (1 + 1e-13));
}
