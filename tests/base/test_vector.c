/* Every instruction set against the scalar functions, bit for bit, and the scalar ones against
 * ball arithmetic. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arb.h"
#include "base/vector.h"
#include "base/vector_table.h"

/* --- samples ---------------------------------------------------------------------------------- */

enum { SAMPLE = 100000 };

/* SplitMix64 (Steele, Lea, Flood, 2014): a source of bits that is not the library's. */
static uint64_t next_bits(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double as_double(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double uniform(uint64_t *state) { return (double)(next_bits(state) >> 11) * 0x1p-53; }

static const double special[] = {
    0.0,     -0.0,     DBL_TRUE_MIN, -DBL_TRUE_MIN, DBL_MIN,     -DBL_MIN,  1.0,    -1.0,   0.5,
    -0.5,    0.25,     2.0,          1 + 0x1p-52,   1 - 0x1p-53, 709.78,    -708.4, -745.1, 709.79,
    DBL_MAX, -DBL_MAX, 1e300,        -1e300,        INFINITY,    -INFINITY, NAN,    2.5,    -2.5,
    6.0,     20.0,     1e-300,       0x1p-1022 / 3, 1e9,         -1e9,      0x1p52, 0x1p53, 1e-8};

/* Specials, any bit pattern (denormals, NaNs, huge numbers), and the ranges where the functions
 * live, in turn, so that a vector holds lanes of very different size. */
static double *make_sample(void) {
    double *x = malloc(SAMPLE * sizeof *x);
    uint64_t state = 1;
    for (size_t i = 0; i < SAMPLE; i++) {
        const uint64_t kind = next_bits(&state) % 5;
        if (kind == 0)
            x[i] = special[next_bits(&state) % (sizeof special / sizeof *special)];
        else if (kind == 1)
            x[i] = as_double(next_bits(&state));
        else if (kind == 2)
            x[i] = 4 * uniform(&state) - 2;
        else if (kind == 3)
            x[i] = 1600 * uniform(&state) - 800;
        else
            x[i] = ldexp(uniform(&state) - 0.5, (int)(next_bits(&state) % 120) - 100);
    }
    return x;
}

/* --- the same bits ---------------------------------------------------------------------------- */

typedef void (*map)(size_t n, const double *x, double *out);

static const ntk_vector_table *in_use;
static void sine_of(size_t n, const double *x, double *out) {
    double *other = malloc((n + 1) * sizeof *other);
    in_use->sincospi(n, x, out, other);
    free(other);
}
static void cosine_of(size_t n, const double *x, double *out) {
    double *other = malloc((n + 1) * sizeof *other);
    in_use->sincospi(n, x, other, out);
    free(other);
}

static void relu_of(size_t n, const double *x, double *out) { in_use->relu(n, x, out, NULL); }
static void step_of(size_t n, const double *x, double *out) {
    double *other = malloc((n + 1) * sizeof *other);
    in_use->relu(n, x, other, out);
    for (size_t i = 0; i < n; i++) cr_assert(isnan(x[i]) ? isnan(other[i]) : other[i] == fmax(x[i], 0));
    free(other);
}

static void erf_of(size_t n, const double *x, double *out) { in_use->erf(n, x, out, NULL); }
static void gaussian_of(size_t n, const double *x, double *out) {
    double *other = malloc((n + 1) * sizeof *other), *alone = malloc((n + 1) * sizeof *alone);
    in_use->erf(n, x, other, out);
    in_use->erf(n, x, alone, NULL);
    for (size_t i = 0; i < n; i++) cr_assert(memcmp(other + i, alone + i, sizeof *other) == 0 || isnan(x[i]));
    free(other), free(alone);
}

enum { FUNCTIONS = 10 };
static const char *const names[FUNCTIONS] = {
    "exp", "log", "tanh", "erf", "sin", "cos", "erfc", "relu", "derivative of relu", "derivative of erf"};

static map function_of(const ntk_vector_table *table, int function) {
    const map maps[FUNCTIONS] = {table->exp, table->log,  table->tanh, erf_of,  sine_of,
                                 cosine_of,  table->erfc, relu_of,     step_of, gaussian_of};
    in_use = table;
    return maps[function];
}

/* Any NaN equals any other: its payload carries no meaning. */
static bool same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

Test(vector, every_instruction_set_gives_the_same_bits) {
    size_t count = 0;
    const ntk_vector_table *const *tables = ntk_vector_available(&count);
    double *x = make_sample(), *want = malloc(SAMPLE * sizeof *want), *got = malloc(SAMPLE * sizeof *got);
    for (int f = 0; f < FUNCTIONS; f++) {
        function_of(&ntk_vector_scalar, f)(SAMPLE, x, want);
        for (size_t t = 0; t < count; t++) {
            function_of(tables[t], f)(SAMPLE, x, got);
            for (size_t i = 0; i < SAMPLE; i++)
                cr_assert(same(got[i], want[i]), "%s(%a): %a with %s, %a with scalar", names[f], x[i], got[i],
                          tables[t]->isa, want[i]);
        }
    }
    free(x), free(want), free(got);
}

/* Every length and every alignment from 0 to 20: vectors, tails and what stands beyond the end. */
Test(vector, a_value_does_not_depend_on_its_place) {
    size_t count = 0;
    const ntk_vector_table *const *tables = ntk_vector_available(&count);
    double *x = make_sample(), want[64], got[64];
    for (int f = 0; f < FUNCTIONS; f++)
        for (size_t t = 0; t < count; t++) {
            const map function = function_of(tables[t], f);
            function(64, x, want);
            for (size_t offset = 0; offset <= 20; offset++)
                for (size_t n = 0; n <= 20; n++) {
                    got[n] = 42.0;
                    function(n, x + offset, got);
                    for (size_t i = 0; i < n; i++) cr_assert(same(got[i], want[offset + i]));
                    cr_assert(got[n] == 42.0, "%s writes past the end of %zu", names[f], n);
                }
        }
    free(x);
}

Test(vector, the_output_may_be_the_argument) {
    double *x = make_sample(), *want = malloc(SAMPLE * sizeof *want);
    ntk_vector_erf(SAMPLE, x, want, NULL);
    double *derivative = malloc(SAMPLE * sizeof *derivative);
    ntk_vector_erf(SAMPLE, x, x, derivative);
    for (size_t i = 0; i < SAMPLE; i++) cr_assert(same(x[i], want[i]));
    free(derivative);
    free(x), free(want);
}

/* --- accuracy --------------------------------------------------------------------------------- */

static void exact(arb_t value, int function, const arb_t x, slong precision) {
    switch (function) {
    case 0:
        arb_exp(value, x, precision);
        break;
    case 1:
        arb_log(value, x, precision);
        break;
    case 2:
        arb_tanh(value, x, precision);
        break;
    case 3:
        arb_hypgeom_erf(value, x, precision);
        break;
    case 4:
        arb_sin_pi(value, x, precision);
        break;
    case 5:
        arb_cos_pi(value, x, precision);
        break;
    case 6:
        arb_hypgeom_erfc(value, x, precision);
        break;
    default: /* 2 exp(-x^2) / sqrt(pi) */
        arb_mul(value, x, x, precision);
        arb_neg(value, value);
        arb_exp(value, value, precision);
        arb_mul_2exp_si(value, value, 1);
        arb_t root;
        arb_init(root);
        arb_const_sqrt_pi(root, precision);
        arb_div(value, value, root, precision);
        arb_clear(root);
    }
}

/* |got - f(x)| in units of the spacing of doubles at f(x). */
static double error_in_ulp(int function, double x, double got) {
    arb_t ball, difference;
    arb_init(ball);
    arb_init(difference);
    arb_set_d(ball, x);
    exact(ball, function, ball, 300);
    const double value = fabs(arf_get_d(arb_midref(ball), ARF_RND_NEAR));
    const int spacing = ilogb(fmax(value, DBL_MIN)) - 52;
    arb_set_d(difference, got);
    arb_sub(difference, difference, ball, 300);
    arb_mul_2exp_si(difference, difference, -spacing);
    const double error = fabs(arf_get_d(arb_midref(difference), ARF_RND_NEAR));
    arb_clear(difference);
    arb_clear(ball);
    return error;
}

typedef struct {
    int function;
    double low, high;
    double bound; /* ulp; in vector.h */
} range;

/* Those of a sign alone where the function is odd or even. Ends of ranges are where a function
 * changes its form, its result stops being normal, or overflows. */
static const range ranges[] = {{0, -708.39, 709.78271289338397, 1.0},
                               {0, -745.14, -708.39, 1.0},
                               {0, 709, 709.78271289338397, 1.0},
                               {0, -1, 1, 1.0},
                               {0, -1e-3, 1e-3, 1.0},
                               {1, 1e-9, 2, 1.0},
                               {1, 1e-9, 1e10, 1.0},
                               {1, 0.999, 1.001, 1.0},
                               {1, DBL_TRUE_MIN, 1e-310, 1.0},
                               {2, -20, 20, 1.0},
                               {2, -1e-3, 1e-3, 1.0},
                               {3, -6, 6, 1.5},
                               {3, -1, 1, 1.5},
                               {3, 0.999, 1.001, 1.5},
                               {3, 1, 2, 1.5},
                               {3, 5.8, 6.2, 1.5},
                               {3, -1e-3, 1e-3, 1.5},
                               {3, 0, 1e-307, 1.5},
                               {4, -2, 2, 3.5},
                               {4, -1e6, 1e6, 3.5},
                               {4, -1e-3, 1e-3, 3.5},
                               {5, -2, 2, 3.5},
                               {5, -1e6, 1e6, 3.5},
                               {6, -6, 26, 1.5},
                               {9, -26.6, 26.6, 2},
                               {9, 0, 1, 2},
                               {9, 26.6, 27.5, 2}};

Test(vector, errors_stay_within_the_stated_bounds) {
    enum { POINTS = 2000 };
    uint64_t state = 2;
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
        const range *here = &ranges[r];
        double x[POINTS], got[POINTS], worst = 0;
        for (size_t i = 0; i < POINTS; i++) x[i] = here->low + (here->high - here->low) * uniform(&state);
        x[0] = here->low, x[1] = here->high;
        for (size_t i = 2; i < 100; i++) x[i] = nextafter(x[i - 2], i % 2 ? -INFINITY : INFINITY);
        function_of(&ntk_vector_scalar, here->function)(POINTS, x, got);
        for (size_t i = 0; i < POINTS; i++) {
            const double error = error_in_ulp(here->function, x[i], got[i]);
            cr_assert(error <= here->bound, "%s(%.17g) = %.17g is off by %g ulp", names[here->function], x[i],
                      got[i], error);
            worst = fmax(worst, error);
        }
        cr_log_info("%s on [%g, %g]: %.3f ulp", names[here->function], here->low, here->high, worst);
    }
    flint_cleanup();
}

/* Any double at all: every exponent is as likely as another. The sample's other kinds are within
 * the ranges above. */
Test(vector, errors_stay_within_the_stated_bounds_for_any_double) {
    static const struct {
        int function;
        double bound;
    } any[] = {{0, 1}, {3, 1.5}, {9, 2}};
    enum { POINTS = 4096 };
    uint64_t state = 3;
    double x[POINTS], got[POINTS];
    for (size_t i = 0; i < POINTS; i++) x[i] = as_double(next_bits(&state));
    for (size_t f = 0; f < sizeof any / sizeof *any; f++) {
        function_of(&ntk_vector_scalar, any[f].function)(POINTS, x, got);
        for (size_t i = 0; i < POINTS; i++) {
            if (!(fabs(x[i]) < 1000)) continue; /* limits_are_exact */
            const double error = error_in_ulp(any[f].function, x[i], got[i]);
            if (any[f].function == 0 && x[i] > 709.78271289338397)
                cr_assert(got[i] == INFINITY);
            else
                cr_assert(error <= any[f].bound, "%s(%a) = %a is off by %g ulp", names[any[f].function], x[i],
                          got[i], error);
        }
    }
    flint_cleanup();
}

Test(vector, limits_are_exact) {
    const double x[] = {0.0, -INFINITY, INFINITY, NAN, -1.0};
    double out[5], slope[5];
    ntk_vector_exp(5, x, out);
    cr_assert(out[0] == 1 && out[1] == 0 && out[2] == INFINITY && isnan(out[3]));
    ntk_vector_log(5, x, out);
    cr_assert(out[0] == -INFINITY && isnan(out[1]) && out[2] == INFINITY && isnan(out[3]) && isnan(out[4]));
    ntk_vector_tanh(5, x, out);
    cr_assert(out[0] == 0 && out[1] == -1 && out[2] == 1 && isnan(out[3]));
    ntk_vector_erf(5, x, out, slope);
    cr_assert(out[0] == 0 && out[1] == -1 && out[2] == 1 && isnan(out[3]));
    cr_assert(slope[0] == 1.1283791670955126 && slope[1] == 0 && slope[2] == 0 && isnan(slope[3]));
    ntk_vector_erfc(5, x, out);
    cr_assert(out[0] == 1 && out[1] == 2 && out[2] == 0 && isnan(out[3]));
}

/* A payload must not reach the exponent of a result; -0 keeps its sign. */
Test(vector, every_nan_gives_a_nan_and_zero_keeps_its_sign) {
    const double x[] = {as_double(0x7ff0000000000001u),
                        as_double(0x7ff80000000007ffu),
                        as_double(0xfff8000000000400u),
                        as_double(0xffffffffffffffffu),
                        -0.0,
                        0.0};
    double out[6], slope[6];
    ntk_vector_exp(6, x, out);
    for (int i = 0; i < 4; i++) cr_assert(isnan(out[i]));
    ntk_vector_erf(6, x, out, slope);
    for (int i = 0; i < 4; i++) cr_assert(isnan(out[i]) && isnan(slope[i]));
    cr_assert(signbit(out[4]) && !signbit(out[5]));
}

Test(vector, exp_overflows_and_vanishes_where_it_should) {
    /* The last argument with a finite result, and the first whose result is nearer 0 than
     * 2^-1074. */
    const double x[] = {
        709.78271289338397, 709.78271289338409, -745.13321910194111, -745.13321910194123, DBL_MAX, -DBL_MAX};
    double out[6];
    ntk_vector_exp(6, x, out);
    cr_assert(isfinite(out[0]) && out[1] == INFINITY && out[4] == INFINITY);
    cr_assert(out[2] == DBL_TRUE_MIN && out[3] == 0 && out[5] == 0);
}

/* --- choice of the instruction set ------------------------------------------------------------ */

Test(vector, the_environment_lowers_the_instruction_set) {
    setenv("NTK_SIMD", "scalar", 1);
    cr_assert_str_eq(ntk_vector_isa(), "scalar");
}

Test(vector, an_unknown_instruction_set_is_ignored) {
    size_t count = 0;
    setenv("NTK_SIMD", "altivec", 1);
    cr_assert_str_eq(ntk_vector_isa(), ntk_vector_available(&count)[0]->isa);
}
