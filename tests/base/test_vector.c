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
typedef void (*pair)(size_t n, const double *x, double *value, double *derivative);

static const ntk_vector_table *in_use;
static void relu_of(size_t n, const double *x, double *out) { in_use->relu(n, x, out, NULL); }
static void step_of(size_t n, const double *x, double *out) {
    double *other = malloc((n + 1) * sizeof *other);
    in_use->relu(n, x, other, out);
    for (size_t i = 0; i < n; i++) cr_assert(isnan(x[i]) ? isnan(other[i]) : other[i] == fmax(x[i], 0));
    free(other);
}

/* The value of a pair alone, and the derivative beside the same value. */
#define DEFINE_PAIR(function)                                                                                \
    static void function##_of(size_t n, const double *x, double *out) { in_use->function(n, x, out, NULL); } \
    static void slope_of_##function(size_t n, const double *x, double *out) {                                \
        double *other = malloc((n + 1) * sizeof *other), *alone = malloc((n + 1) * sizeof *alone);           \
        in_use->function(n, x, other, out);                                                                  \
        in_use->function(n, x, alone, NULL);                                                                 \
        for (size_t i = 0; i < n; i++)                                                                       \
            cr_assert(memcmp(other + i, alone + i, sizeof *other) == 0 || isnan(x[i]));                      \
        free(other), free(alone);                                                                            \
    }
DEFINE_PAIR(erf)
DEFINE_PAIR(gelu)
DEFINE_PAIR(tanh)
DEFINE_PAIR(sigmoid)
DEFINE_PAIR(softplus)
DEFINE_PAIR(sin)
DEFINE_PAIR(cos)

enum {
    EXP,
    LOG,
    RELU,
    STEP,
    ERF,
    ERF_SLOPE,
    GELU,
    GELU_SLOPE,
    TANH,
    TANH_SLOPE,
    SIGMOID,
    SIGMOID_SLOPE,
    SOFTPLUS,
    SOFTPLUS_SLOPE,
    SIN,
    SIN_SLOPE,
    COS,
    COS_SLOPE,
    FUNCTIONS
};
static const char *const names[FUNCTIONS] = {"exp",      "log",       "relu", "relu'", "erf",     "erf'",
                                             "gelu",     "gelu'",     "tanh", "tanh'", "sigmoid", "sigmoid'",
                                             "softplus", "softplus'", "sin",  "sin\'", "cos",     "cos\'"};

static map function_of(const ntk_vector_table *table, int function) {
    const map maps[FUNCTIONS] = {
        table->exp,  table->log,        relu_of, step_of,       erf_of,     slope_of_erf,
        gelu_of,     slope_of_gelu,     tanh_of, slope_of_tanh, sigmoid_of, slope_of_sigmoid,
        softplus_of, slope_of_softplus, sin_of,  slope_of_sin,  cos_of,     slope_of_cos};
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

/* Sums of seven terms, of which one does not count, over lengths with every kind of tail. */
Test(vector, weighted_sums_have_the_same_bits_on_every_instruction_set) {
    enum { N = 1000, TERMS = 7 };
    size_t count = 0;
    const ntk_vector_table *const *tables = ntk_vector_available(&count);
    double memory[TERMS + 3][N], weight[TERMS];
    const double *direction[TERMS];
    uint64_t state = 4;
    for (size_t j = 0; j < TERMS; j++) {
        weight[j] = j == 3 ? 0 : uniform(&state) - 0.5;
        direction[j] = memory[j];
        for (size_t i = 0; i < N; i++) memory[j][i] = j == 3 ? (double)NAN : uniform(&state) - 0.5;
    }
    double *base = memory[TERMS], *want = memory[TERMS + 1], *got = memory[TERMS + 2];
    for (size_t i = 0; i < N; i++) base[i] = uniform(&state);
    for (size_t n = N; n > N - 70; n--) {
        ntk_vector_scalar.combine(n, base, TERMS, weight, direction, want);
        for (size_t i = 0; i < n; i++) {
            double sum = base[i];
            for (size_t j = 0; j < TERMS; j++)
                if (j != 3) sum += weight[j] * direction[j][i];
            cr_assert(same(want[i], sum));
        }
        const double square = ntk_vector_scalar.combination_square(n, TERMS, weight, direction);
        for (size_t t = 0; t < count; t++) {
            if (n < N) got[n] = 42;
            tables[t]->combine(n, base, TERMS, weight, direction, got);
            cr_assert(memcmp(got, want, n * sizeof *got) == 0 && (n == N || got[n] == 42));
            cr_assert(same(tables[t]->combination_square(n, TERMS, weight, direction), square));
            tables[t]->multiply(n, weight[0], base, direction[1], got);
            for (size_t i = 0; i < n; i++) cr_assert(same(got[i], weight[0] * base[i] * direction[1][i]));
            cr_assert(n == N || got[n] == 42);
        }
    }
}

/* Eight products side by side, of matrices that are read along rows and along columns: each is the
 * plain sum, with every number of rows and columns beside a block's. */
static void check_products(const ntk_vector_table *table, size_t n, size_t q, size_t terms) {
    enum { SIDE = NTK_VECTOR_SIDE_BY_SIDE, MOST = 9 * 9 * SIDE };
    double a[MOST], b[MOST], got[MOST + 1];
    const size_t a_step[] = {terms, 1}, b_step[] = {1, q};
    uint64_t state = 7;
    for (size_t k = 0; k < MOST; k++) a[k] = uniform(&state) - 0.5, b[k] = uniform(&state) - 0.5;
    got[n * q * SIDE] = 42;
    table->products(n, q, terms, a, a_step, b, b_step, got);
    cr_assert(got[n * q * SIDE] == 42);
    for (size_t e = 0; e < n * q * SIDE; e++) {
        const size_t i = e / SIDE / q, j = e / SIDE % q, s = e % SIDE;
        double sum = 0;
        for (size_t k = 0; k < terms; k++) sum += a[(i * terms + k) * SIDE + s] * b[(k * q + j) * SIDE + s];
        cr_assert(same(got[e], sum), "%s: %zu x %zu x %zu", table->isa, n, q, terms);
    }
}

Test(vector, products_side_by_side_have_the_same_bits_on_every_instruction_set) {
    size_t count = 0;
    const ntk_vector_table *const *tables = ntk_vector_available(&count);
    for (size_t t = 0; t < count; t++)
        for (size_t n = 1; n <= 9; n++)
            for (size_t q = 1; q <= 5; q++)
                for (size_t terms = 0; terms <= 9; terms += 3) check_products(tables[t], n, q, terms);
}

/* Every length and every alignment from 0 to 20: vectors, tails and what stands beyond the end. */
/* Rows as they lie in a Gram matrix: running sums of the k = j mod 8, as in ntk_dot, and only the
 * lower triangle is written. */
static void check_gram(const ntk_vector_table *table, size_t n, size_t k) {
    enum { BESIDE = 2, SUMS = 8 };
    double a[9 * (41 + BESIDE)], got[9 * (9 + BESIDE)];
    const size_t lda = k + BESIDE, ldo = n + BESIDE;
    uint64_t state = 11;
    for (size_t e = 0; e < n * lda; e++) a[e] = uniform(&state) - 0.5;
    for (size_t e = 0; e < n * ldo; e++) got[e] = 42;
    table->gram(n, k, 1.7, a, lda, got, ldo);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < ldo; j++) {
            double s[SUMS] = {0};
            for (size_t t = 0; j <= i && t < k; t++) s[t % SUMS] += a[i * lda + t] * a[j * lda + t];
            const double sum = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
            cr_assert(same(got[i * ldo + j], j <= i ? 1.7 * sum : 42), "%s: %zu x %zu", table->isa, n, k);
        }
}

Test(vector, gram_matrices_are_dot_products_on_every_instruction_set) {
    size_t count = 0;
    const ntk_vector_table *const *tables = ntk_vector_available(&count);
    for (size_t t = 0; t < count; t++)
        for (size_t n = 1; n <= 9; n++)
            for (size_t k = 0; k <= 41; k++) check_gram(tables[t], n, k);
}

/* What lies beside the result stays, and a sum to which is added is taken as it is. */
static void check_few_inputs(const ntk_vector_table *table, size_t n, size_t q, size_t k, bool add) {
    enum { BEYOND = 3, MOST = 40 + BEYOND };
    double a[9 * NTK_VECTOR_FEW_INPUTS], w[MOST * NTK_VECTOR_FEW_INPUTS], before[9 * MOST], got[9 * MOST];
    const size_t ldo = q + BEYOND;
    uint64_t state = 13;
    for (size_t e = 0; e < n * k; e++) a[e] = uniform(&state) - 0.5;
    for (size_t e = 0; e < q * k; e++) w[e] = uniform(&state) - 0.5;
    for (size_t e = 0; e < n * ldo; e++) got[e] = before[e] = uniform(&state) - 0.5;
    for (size_t i = 0; !add && i < n; i++)
        for (size_t j = 0; j < q; j++) got[i * ldo + j] = NAN;
    table->few_inputs(n, q, k, 0.3, a, w, add, got, ldo);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < ldo; j++) {
            double sum = 0;
            for (size_t c = 0; j < q && c < k; c++) sum += a[i * k + c] * w[j * k + c];
            const double old = before[i * ldo + j], want = add ? old + 0.3 * sum : 0.3 * sum;
            cr_assert(same(got[i * ldo + j], j < q ? want : old), "%s: %zu x %zu x %zu", table->isa, n, q, k);
        }
}

Test(vector, rows_of_few_inputs_are_plain_sums_on_every_instruction_set) {
    size_t count = 0;
    const ntk_vector_table *const *tables = ntk_vector_available(&count);
    for (size_t t = 0; t < count; t++)
        for (size_t n = 1; n <= 9; n += 2)
            for (size_t q = 1; q <= 40; q += 3)
                for (size_t k = 1; k <= NTK_VECTOR_FEW_INPUTS; k += 5) {
                    check_few_inputs(tables[t], n, q, k, false);
                    check_few_inputs(tables[t], n, q, k, true);
                }
}

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

/* The argument of a pair in the place of its value, with and without the derivative beside it. */
static void expect_in_place(const char *isa, pair function, const double *x, double *const memory[4]) {
    double *place = memory[0], *slope = memory[1], *value = memory[2], *derivative = memory[3];
    function(SAMPLE, x, value, derivative);
    for (int both = 0; both < 2; both++) {
        memcpy(place, x, SAMPLE * sizeof *x);
        function(SAMPLE, place, place, both ? slope : NULL);
        for (size_t i = 0; i < SAMPLE; i++) {
            cr_assert(same(place[i], value[i]), "%a with %s", x[i], isa);
            cr_assert(!both || same(slope[i], derivative[i]), "derivative at %a with %s", x[i], isa);
        }
    }
}

Test(vector, the_output_may_be_the_argument) {
    size_t count = 0;
    const ntk_vector_table *const *tables = ntk_vector_available(&count);
    double *x = make_sample(), *memory[4];
    for (int k = 0; k < 4; k++) memory[k] = malloc(SAMPLE * sizeof *memory[k]);
    for (size_t t = 0; t < count; t++) {
        const ntk_vector_table *table = tables[t];
        const pair pairs[] = {table->erf,      table->gelu, table->tanh, table->sigmoid,
                              table->softplus, table->relu, table->sin,  table->cos};
        for (size_t f = 0; f < sizeof pairs / sizeof *pairs; f++)
            expect_in_place(table->isa, pairs[f], x, memory);
        memcpy(memory[0], x, SAMPLE * sizeof *x);
        table->exp(SAMPLE, x, memory[1]);
        table->exp(SAMPLE, memory[0], memory[0]);
        for (size_t i = 0; i < SAMPLE; i++) cr_assert(same(memory[0][i], memory[1][i]));
    }
    free(x);
    for (int k = 0; k < 4; k++) free(memory[k]);
}

/* --- accuracy --------------------------------------------------------------------------------- */

/* e^(-x^2 s) times factor. */
static void exact_gaussian(arb_t value, const arb_t x, double s, slong precision) {
    arb_mul(value, x, x, precision);
    arb_mul_2exp_si(value, value, (slong)log2(s));
    arb_neg(value, value);
    arb_exp(value, value, precision);
}

/* Phi(x) = erfc(-x / sqrt(2)) / 2. */
static void exact_normal(arb_t value, const arb_t x, slong precision) {
    arb_set_ui(value, 2);
    arb_rsqrt(value, value, precision);
    arb_mul(value, value, x, precision);
    arb_neg(value, value);
    arb_hypgeom_erfc(value, value, precision);
    arb_mul_2exp_si(value, value, -1);
}

/* x p(x) = x e^(-x^2 / 2) / sqrt(2 pi). */
static void exact_times_density(arb_t value, const arb_t x, slong precision) {
    arb_t root;
    arb_init(root);
    arb_const_pi(root, precision);
    arb_mul_2exp_si(root, root, 1);
    arb_rsqrt(root, root, precision);
    exact_gaussian(value, x, 0.5, precision);
    arb_mul(value, value, root, precision);
    arb_mul(value, value, x, precision);
    arb_clear(root);
}

/* 1 / (1 + e^-x). */
static void exact_sigmoid(arb_t value, const arb_t x, slong precision) {
    arb_neg(value, x);
    arb_exp(value, value, precision);
    arb_add_ui(value, value, 1, precision);
    arb_inv(value, value, precision);
}

static void exact(arb_t value, int function, const arb_t x, slong precision) {
    arb_t other;
    arb_init(other);
    switch (function) {
    case EXP:
        arb_exp(value, x, precision);
        break;
    case LOG:
        arb_log(value, x, precision);
        break;
    case ERF:
        arb_hypgeom_erf(value, x, precision);
        break;
    case ERF_SLOPE:
        exact_gaussian(value, x, 1, precision);
        arb_const_sqrt_pi(other, precision);
        arb_div(value, value, other, precision);
        arb_mul_2exp_si(value, value, 1);
        break;
    case GELU:
        exact_normal(value, x, precision);
        arb_mul(value, value, x, precision);
        break;
    case GELU_SLOPE:
        exact_normal(value, x, precision);
        exact_times_density(other, x, precision);
        arb_add(value, value, other, precision);
        break;
    case TANH:
        arb_tanh(value, x, precision);
        break;
    case TANH_SLOPE:
        arb_sech(value, x, precision);
        arb_mul(value, value, value, precision);
        break;
    case SIGMOID:
    case SOFTPLUS_SLOPE:
        exact_sigmoid(value, x, precision);
        break;
    case SIGMOID_SLOPE: /* s(x) s(-x) */
        exact_sigmoid(value, x, precision);
        arb_neg(other, x);
        exact_sigmoid(other, other, precision);
        arb_mul(value, value, other, precision);
        break;
    case SOFTPLUS:
        arb_exp(value, x, precision);
        arb_log1p(value, value, precision);
        break;
    case SIN:
        arb_sin(value, x, precision);
        break;
    case SIN_SLOPE:
    case COS:
        arb_cos(value, x, precision);
        break;
    case COS_SLOPE:
        arb_sin(value, x, precision);
        arb_neg(value, value);
        break;
    default:
        cr_assert_fail("no exact %s", names[function]);
    }
    arb_clear(other);
}

/* What the errors of `function` are measured by: its value; for the derivative of GELU, whose terms
 * cancel at x = -0.7518, the larger of them, Phi(x) and |x| p(x). */
static double magnitude(int function, double x, const arb_t value) {
    if (function != GELU_SLOPE) return fmax(fabs(arf_get_d(arb_midref(value), ARF_RND_NEAR)), DBL_MIN);
    arb_t argument, term;
    arb_init(argument);
    arb_init(term);
    arb_set_d(argument, x);
    exact_times_density(term, argument, 60);
    double size = fabs(arf_get_d(arb_midref(term), ARF_RND_NEAR));
    exact_normal(term, argument, 60);
    size = fmax(size, arf_get_d(arb_midref(term), ARF_RND_NEAR));
    arb_clear(argument);
    arb_clear(term);
    return fmax(size, DBL_MIN);
}

/* |got - f(x)| in units of the spacing of doubles there. */
static double error_in_ulp(int function, double x, double got) {
    enum { PRECISION = 200 };
    arb_t argument, ball, difference;
    arb_init(argument);
    arb_init(ball);
    arb_init(difference);
    arb_set_d(argument, x);
    exact(ball, function, argument, PRECISION);
    const int spacing = ilogb(magnitude(function, x, ball)) - 52;
    arb_set_d(difference, got);
    arb_sub(difference, difference, ball, PRECISION);
    arb_mul_2exp_si(difference, difference, -spacing);
    cr_assert(mag_cmp_2exp_si(arb_radref(difference), -20) < 0, "%s(%a) needs more digits", names[function],
              x);
    const double error = fabs(arf_get_d(arb_midref(difference), ARF_RND_NEAR));
    arb_clear(argument);
    arb_clear(difference);
    arb_clear(ball);
    return error;
}

/* In ulp: what vector.h states. */
static const double bounds[FUNCTIONS] = {
    [EXP] = 1.1,   [LOG] = 1.8,         [ERF] = 1.6,      [ERF_SLOPE] = 2,
    [GELU] = 10,   [GELU_SLOPE] = 8,    [TANH] = 3,       [TANH_SLOPE] = 5,
    [SIGMOID] = 3, [SIGMOID_SLOPE] = 5, [SOFTPLUS] = 2.5, [SOFTPLUS_SLOPE] = 3,
    [SIN] = 1.1,   [SIN_SLOPE] = 1.1,   [COS] = 1.1,      [COS_SLOPE] = 1.1};

/* The largest error at the points, each of which must stay within the bound. */
static double worst_error(int function, size_t n, const double *x) {
    double *got = malloc(n * sizeof *got), worst = 0;
    function_of(&ntk_vector_scalar, function)(n, x, got);
    for (size_t i = 0; i < n; i++) {
        const double error = error_in_ulp(function, x[i], got[i]);
        cr_assert(error <= bounds[function], "%s(%a) = %a is off by %g ulp", names[function], x[i], got[i],
                  error);
        worst = fmax(worst, error);
    }
    free(got);
    return worst;
}

typedef struct {
    int function;
    double low, high;
} range;

/* Ends of ranges are where a function changes its form, its result stops being normal, vanishes or
 * overflows. */
static const range ranges[] = {{EXP, -708.39, 709.78271289338397},
                               {EXP, -745.14, -708.39},
                               {EXP, 709, 709.78271289338397},
                               {EXP, -1, 1},
                               {EXP, -1e-3, 1e-3},
                               {LOG, 0x1p-20, 2},
                               {LOG, 0.70, 0.72},
                               {LOG, 0.999, 1.001},
                               {LOG, 1.40, 1.42},
                               {LOG, 1.63, 1.67},
                               {LOG, 2.70, 2.72},
                               {LOG, 1, 1e300},
                               {LOG, 0x1p-1074, 1e-307},
                               {ERF, -6.5, 6.5},
                               {ERF, -1, 1},
                               {ERF, 0.999, 1.001},
                               {ERF, -1e-3, 1e-3},
                               {ERF, 0, 1e-307},
                               {ERF_SLOPE, -26.6, 26.6},
                               {ERF_SLOPE, 0, 1},
                               {ERF_SLOPE, 26.6, 27.5},
                               {GELU, -2, 2},
                               {GELU, -0.501, -0.499},
                               {GELU, -37.6, 10},
                               {GELU, -39, -37.5},
                               {GELU, -1e-3, 1e-3},
                               {GELU, 0, 1e-307},
                               {GELU_SLOPE, -2, 2},
                               {GELU_SLOPE, -37.6, 10},
                               {GELU_SLOPE, -39, -37.5},
                               {TANH, -1, 1},
                               {TANH, -20, 20},
                               {TANH, 0.17, 0.18},
                               {TANH, -1e-3, 1e-3},
                               {TANH, 0, 1e-307},
                               {TANH_SLOPE, -1, 1},
                               {TANH_SLOPE, -354.8, 354.8},
                               {TANH_SLOPE, 354, 373},
                               {SIGMOID, -1, 1},
                               {SIGMOID, -708, 40},
                               {SIGMOID, -746, -708},
                               {SIGMOID_SLOPE, -1, 1},
                               {SIGMOID_SLOPE, -708, 708},
                               {SIGMOID_SLOPE, -746, -708},
                               {SOFTPLUS, -1, 1},
                               {SOFTPLUS, -708, 40},
                               {SOFTPLUS, -746, -708},
                               {SOFTPLUS_SLOPE, -1, 1},
                               {SOFTPLUS_SLOPE, -708, 40},
                               {SOFTPLUS_SLOPE, -746, -708},
                               {SIN, -1, 1},
                               {SIN, 0.78, 0.79},
                               {SIN, -1e-7, 1e-7},
                               {SIN, 3.141, 3.142},
                               {SIN, -1024, 1024},
                               {SIN, 1020, 1030},
                               {SIN, -1e6, 1e6},
                               {SIN_SLOPE, -1024, 1024},
                               {SIN_SLOPE, 1.57, 1.571},
                               {COS, -1, 1},
                               {COS, 0.78, 0.79},
                               {COS, 1.57, 1.571},
                               {COS, -1024, 1024},
                               {COS_SLOPE, -1024, 1024}};

Test(vector, errors_stay_within_the_stated_bounds) {
    enum { POINTS = 1000 };
    uint64_t state = 2;
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
        const range *here = &ranges[r];
        double x[POINTS];
        for (size_t i = 0; i < POINTS; i++) x[i] = here->low + (here->high - here->low) * uniform(&state);
        x[0] = here->low, x[1] = here->high;
        const double worst = worst_error(here->function, POINTS, x);
        cr_log_info("%s on [%g, %g]: %.3f ulp", names[here->function], here->low, here->high, worst);
    }
    flint_cleanup();
}

/* Any double at all, every exponent as likely as another, up to where ball arithmetic would
 * overflow; limits_are_exact has what lies beyond. */
Test(vector, errors_stay_within_the_stated_bounds_for_any_double) {
    enum { POINTS = 2000 };
    uint64_t state = 3;
    double x[POINTS];
    for (size_t i = 0; i < POINTS;) {
        x[i] = as_double(next_bits(&state));
        i += fabs(x[i]) < 700;
    }
    for (int f = 0; f < FUNCTIONS; f++) {
        for (size_t i = 0; f == LOG && i < POINTS; i++) x[i] = fabs(x[i]);
        if (bounds[f] > 0) worst_error(f, POINTS, x);
    }
    flint_cleanup();
}

/* Points of large errors out of long searches. Each is what a test of random points would not find,
 * and beyond what a count of roundings of average size allows. */
Test(vector, errors_stay_within_the_stated_bounds_where_they_are_largest) {
    static const struct {
        int function;
        double x, least; /* least: the error there, rounded down */
    } points[] = {{LOG, 0x1.d822d828bdc52p+2, 1.4},          {GELU, -0x1.2be4e019aa567p+5, 6.0},
                  {GELU, -0x1.241bacc10e6b8p+5, 5.1},        {TANH, 0x1.d6b7211923b6p+1, 2.4},
                  {TANH_SLOPE, 0x1.8f2c95f413bacp+1, 4.0},   {TANH_SLOPE, 0x1.7a66f1bafef4cp+2, 3.6},
                  {SIGMOID, -0x1.b8a909a4bf016p+1, 2.2},     {SIGMOID_SLOPE, 0x1.62cb140cf9ebep+2, 3.8},
                  {SIGMOID_SLOPE, 0x1.bf8d2de534a5p+3, 3.5}, {SOFTPLUS_SLOPE, -0x1.b8a909a4bf016p+1, 2.2}};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        const double error = worst_error(points[i].function, 1, &points[i].x);
        cr_assert(error >= points[i].least, "%s(%a): %g ulp", names[points[i].function], points[i].x, error);
    }
    flint_cleanup();
}

/* Results with a fraction above 15/16: next below a power of two an ulp is least beside the result,
 * and an error counts most. Arguments of 1 to 40 and of every binade below 1. */
Test(vector, errors_stay_within_the_stated_bounds_next_below_powers_of_two) {
    enum { POINTS = 9000 };
    uint64_t state = 5;
    double *x = malloc(POINTS * sizeof *x);
    for (int f = 0; f < FUNCTIONS; f++) {
        if (bounds[f] == 0) continue;
        const map function = function_of(&ntk_vector_scalar, f);
        size_t found = 0;
        for (size_t tried = 0; found < POINTS && tried < 200 * POINTS; tried++) {
            const double size =
                tried % 2 ? 1 + 39 * uniform(&state) : ldexp(uniform(&state), -(int)(tried % 16));
            double y;
            int exponent;
            x[found] = f == LOG || next_bits(&state) % 2 ? size : -size;
            function(1, x + found, &y);
            found += frexp(y, &exponent) > 15. / 16 || frexp(-y, &exponent) > 15. / 16;
        }
        cr_log_info("%s: %.3f ulp in %zu points", names[f], worst_error(f, found, x), found);
        cr_assert(found == POINTS);
    }
    free(x);
    flint_cleanup();
}

/* 0, -infinity, infinity, NaN, and 1000, where all is as in the limit. */
Test(vector, limits_are_exact) {
    const double x[] = {0.0, -INFINITY, INFINITY, NAN, -1000, 1000};
    static const struct {
        int function;
        double at[6];
    } limits[] = {{EXP, {1, 0, INFINITY, NAN, 0, INFINITY}},
                  {LOG, {-INFINITY, NAN, INFINITY, NAN, NAN, 0x1.ba18a998fffap+2}},
                  {ERF, {0, -1, 1, NAN, -1, 1}},
                  {ERF_SLOPE, {1.1283791670955126, 0, 0, NAN, 0, 0}},
                  {GELU, {0, 0, INFINITY, NAN, 0, 1000}},
                  {GELU_SLOPE, {0.5, 0, 1, NAN, 0, 1}},
                  {TANH, {0, -1, 1, NAN, -1, 1}},
                  {TANH_SLOPE, {1, 0, 0, NAN, 0, 0}},
                  {SIGMOID, {0.5, 0, 1, NAN, 0, 1}},
                  {SIGMOID_SLOPE, {0.25, 0, 0, NAN, 0, 0}},
                  {SOFTPLUS, {0.69314718055994540, 0, INFINITY, NAN, 0, 1000}},
                  {SOFTPLUS_SLOPE, {0.5, 0, 1, NAN, 0, 1}}};
    double out[6];
    for (size_t f = 0; f < sizeof limits / sizeof *limits; f++) {
        function_of(&ntk_vector_scalar, limits[f].function)(6, x, out);
        for (int i = 0; i < 6; i++)
            cr_assert(isnan(limits[f].at[i]) ? isnan(out[i]) : out[i] == limits[f].at[i], "%s(%g) = %.17g",
                      names[limits[f].function], x[i], out[i]);
    }
}

/* A payload must not reach the exponent of a result; -0 keeps its sign. */
Test(vector, every_nan_gives_a_nan_and_zero_keeps_its_sign) {
    const double x[] = {as_double(0x7ff0000000000001u),
                        as_double(0x7ff80000000007ffu),
                        as_double(0xfff8000000000400u),
                        as_double(0xffffffffffffffffu),
                        -0.0,
                        0.0};
    double out[6];
    for (int f = 0; f < FUNCTIONS; f++) {
        function_of(&ntk_vector_scalar, f)(6, x, out);
        for (int i = 0; i < 4; i++) cr_assert(isnan(out[i]), "%s(NaN) = %g", names[f], out[i]);
        if (f == ERF || f == GELU || f == TANH || f == SIN) cr_assert(signbit(out[4]) && !signbit(out[5]));
    }
}

/* Next to multiples of pi / 2, where all of the argument is reduced away: the doubles next to each,
 * up to where one by one begins and beyond. */
Test(vector, circular_functions_next_to_their_zeros) {
    enum { POINTS = 2 * 700 };
    double x[POINTS];
    for (size_t i = 0; i < POINTS; i += 2) {
        x[i] = (double)((long double)(i / 2 + 1) * 1.57079632679489661923132169163975144L);
        x[i + 1] = nextafter(x[i], 0);
    }
    for (int f = SIN; f <= COS_SLOPE; f++) worst_error(f, POINTS, x);
    flint_cleanup();
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

/* --- normals ---------------------------------------------------------------------------------- */

enum { PAIRS = 2000 };

/* Words whose uniforms are anything, next to 0 and 1, and next to the eighths of a turn. */
static void make_words(uint64_t *words /* (2 PAIRS) */) {
    uint64_t state = 5;
    for (size_t i = 0; i < 2 * PAIRS; i++) {
        words[i] = next_bits(&state);
        const uint64_t eighth = (words[i] >> 3 & 7) << 61, near = (words[i] >> 6 & 0xff) << 12;
        if (i % 5 == 1) words[i] = eighth + near;
        if (i % 5 == 2) words[i] = eighth - near;
    }
}

Test(vector, normals_have_the_same_bits_on_every_instruction_set_and_in_every_place) {
    size_t count = 0;
    const ntk_vector_table *const *tables = ntk_vector_available(&count);
    static uint64_t words[2 * PAIRS];
    static double want[2 * PAIRS], got[2 * PAIRS + 1];
    make_words(words);
    ntk_vector_scalar.normal(PAIRS, words, want);
    for (size_t t = 0; t < count; t++)
        for (size_t n = 0; n < 40; n++) {
            const size_t pairs = n == 0 ? PAIRS : n - 1;
            got[2 * pairs] = 42;
            tables[t]->normal(pairs, words, got);
            cr_assert(memcmp(got, want, 2 * pairs * sizeof *got) == 0, "%s, %zu", tables[t]->isa, pairs);
            cr_assert(got[2 * pairs] == 42);
        }
}

/* value <- (k + 1/2) 2^-52, k the upper 52 bits. */
static void exact_uniform(arb_t value, uint64_t word) {
    arb_set_ui(value, word >> 12);
    arb_mul_2exp_si(value, value, 1);
    arb_add_ui(value, value, 1, 200);
    arb_mul_2exp_si(value, value, -53);
}

Test(vector, normals_are_those_of_their_uniforms) {
    static uint64_t words[2 * PAIRS];
    static double got[2 * PAIRS];
    make_words(words);
    ntk_vector_scalar.normal(PAIRS, words, got);
    arb_t radius, value, part[2];
    arb_init(radius), arb_init(value), arb_init(part[0]), arb_init(part[1]);
    double worst = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        exact_uniform(radius, words[2 * i]);
        arb_log(radius, radius, 200);
        arb_mul_si(radius, radius, -2, 200);
        arb_sqrt(radius, radius, 200);
        exact_uniform(value, words[2 * i + 1]);
        arb_mul_2exp_si(value, value, 1);
        arb_sin_cos_pi(part[1], part[0], value, 200);
        for (size_t k = 0; k < 2; k++) {
            arb_mul(value, radius, part[k], 200);
            const int spacing = ilogb(arf_get_d(arb_midref(value), ARF_RND_NEAR)) - 52;
            arb_set_d(part[k], got[2 * i + k]);
            arb_sub(value, part[k], value, 200);
            arb_mul_2exp_si(value, value, -spacing);
            worst = fmax(worst, fabs(arf_get_d(arb_midref(value), ARF_RND_NEAR)));
        }
    }
    cr_assert(worst <= 5, "%g ulp", worst);
    cr_log_info("normals: %.3f ulp", worst);
    arb_clear(radius), arb_clear(value), arb_clear(part[0]), arb_clear(part[1]);
    flint_cleanup();
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
