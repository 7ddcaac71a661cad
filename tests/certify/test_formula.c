/* Formulas: what a text means, what it may not say, and Taylor coefficients that enclose. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include <criterion/criterion.h>

#include "certify/formula.h"
#include "status.h"

static double value_of(const char *text, double x) {
    ntk_formula *f;
    ntk_interval value;
    assert_ok(ntk_formula_create(&f));
    assert_ok(ntk_formula_number(f, "c", 0.25));
    assert_ok(ntk_formula_define(f, "y", "2*x + c"));
    assert_ok(ntk_formula_define(f, "result", text));
    assert_ok(ntk_formula_evaluate(f, "result", x, &value));
    ntk_formula_destroy(f);
    cr_assert(value.high - value.low <= 4 * DBL_EPSILON * fabs(value.high) + DBL_MIN, "%s: [%g, %g]", text,
              value.low, value.high);
    return value.low / 2 + value.high / 2;
}

Test(formula, means_what_it_says) {
    const double x = 0.375, y = 2 * x + 0.25;
    const struct {
        const char *text;
        double value;
    } cases[] = {
        {"1 - 2 - 3", -4},
        {"12 / 2 / 3", 2},
        {"1 + 2*3^2", 19},
        {"-2^2", -4},
        {"2*-3", -6},
        {"(1 - 4)^3", -27},
        {"x^0", 1},
        {"y", y},
        {"y*c - x", y * 0.25 - x},
        {"sqrt(x) + exp(x) - log(x)", sqrt(x) + exp(x) - log(x)},
        {"sin(x)/cos(x)", tan(x)},
        {"asin(x) + atan(y) + erf(y)", asin(x) + atan(y) + erf(y)},
        {"cos(pi)", -1},
        {"0.1*10 - 1 + .5", NAN},
        {"cos(angle(2*x))", (cos(2 * x) * (M_PI - 2 * x) + sin(2 * x)) / M_PI},
        {"angle(0)", 0},
        {"angle(pi) - pi/2 + 1", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (isnan(cases[i].value)) continue; /* below: not a text */
        const double found = value_of(cases[i].text, x);
        cr_expect(fabs(found - cases[i].value) <= 8 * DBL_EPSILON * fmax(1, fabs(cases[i].value)),
                  "%s: %.17g, not %.17g", cases[i].text, found, cases[i].value);
    }
}

/* One tenth is no double: ten times it minus one is 0 to 192 bits, not to 53. */
Test(formula, decimal_numbers_are_exact) {
    ntk_formula *f;
    ntk_interval value;
    assert_ok(ntk_formula_create(&f));
    assert_ok(ntk_formula_define(f, "tenth", "10*0.1 - 1"));
    assert_ok(ntk_formula_number(f, "double", 0.1));
    assert_ok(ntk_formula_define(f, "other", "10*double - 1"));
    assert_ok(ntk_formula_evaluate(f, "tenth", 0, &value));
    cr_expect(value.low <= 0 && 0 <= value.high && value.high - value.low < 1e-50);
    assert_ok(ntk_formula_evaluate(f, "other", 0, &value));
    cr_expect(value.low > 1e-17);
    ntk_formula_destroy(f);
}

Test(formula, says_what_is_wrong_and_where) {
    const struct {
        const char *name, *text, *wrong;
    } cases[] = {
        {"a", "1 +", "column 4: a number, a name or ( is missing"},
        {"a", "sin x", "column 5: a function is followed by ("},
        {"a", "sin(x", ") is missing"},
        {"a", "2 x", "column 3: not understood"},
        {"a", "b", "column 1: an unknown name"},
        {"a", "1.2.3", "not a number"},
        {"a", ".5", "a number, a name or ( is missing"},
        {"a", "x^y", "an exponent is a whole number"},
        {"a", "x^1001", "an exponent above 1000"},
        {"sin", "1", "has a meaning already"},
        {"x", "1", "has a meaning already"},
        {"taken", "1", "defined already"},
        {"A", "1", "is no name"},
        {"1a", "1", "is no name"},
        {"", "1", "is no name"},
    };
    ntk_formula *f;
    assert_ok(ntk_formula_create(&f));
    assert_ok(ntk_formula_define(f, "taken", "x"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(ntk_formula_define(f, cases[i].name, cases[i].text), NTK_ERROR_ARGUMENT, cases[i].wrong);
    assert_fails(ntk_formula_number(f, "n", NAN), NTK_ERROR_ARGUMENT, "nan");
    ntk_interval value;
    assert_fails(ntk_formula_evaluate(f, "nobody", 0, &value), NTK_ERROR_ARGUMENT, "nobody");
    assert_fails(ntk_formula_evaluate(f, "taken", INFINITY, &value), NTK_ERROR_ARGUMENT, "inf");
    ntk_formula_destroy(f);
}

Test(formula, refuses_too_much) {
    ntk_formula *f;
    char deep[256];
    memset(deep, '(', 200);
    memcpy(deep + 200, "x", 2);
    assert_ok(ntk_formula_create(&f));
    assert_fails(ntk_formula_define(f, "deep", deep), NTK_ERROR_ARGUMENT, "nested too deeply");
    ntk_status status = NTK_OK;
    for (int i = 0; i < 300 && status == NTK_OK; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        status = ntk_formula_define(f, name, "x");
    }
    cr_expect_eq(status, NTK_ERROR_SHAPE);
    assert_says("256 names");
    ntk_formula_destroy(f);
}

Test(formula, undefined_values_are_everything) {
    const char *texts[] = {"log(x - 1)", "sqrt(x - 1)", "1/(x - x)", "asin(x + 2)", "angle(x + 4)"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ntk_formula *f;
        ntk_interval value;
        assert_ok(ntk_formula_create(&f));
        assert_ok(ntk_formula_define(f, "a", texts[i]));
        assert_ok(ntk_formula_evaluate(f, "a", 0.5, &value));
        cr_expect(value.low == -INFINITY && value.high == INFINITY, "%s: [%g, %g]", texts[i], value.low,
                  value.high);
        ntk_formula_destroy(f);
    }
}

/* ---- Taylor coefficients --------------------------------------------------------------------- */

enum { ORDER = 5, WIDE = 9 };

/* About the ball [middle - radius, middle + radius]. */
static void expand(const ntk_formula *f, const char *name, double middle, double radius, slong order,
                   arb_ptr out) {
    size_t step;
    formula_workspace w;
    arb_t x, r;
    assert_ok(formula_find(f, name, &step));
    assert_ok(formula_workspace_create(f, step, &w));
    arb_init(x);
    arb_init(r);
    arb_set_d(x, middle);
    arb_set_d(r, radius);
    arb_add_error(x, r);
    formula_expand(&w, x, order, out);
    arb_clear(x);
    arb_clear(r);
    formula_workspace_release(&w);
}

static const char *const smooth[] = {
    "exp(x)*sin(3*x)/(2 + x)", "sqrt(1 + x^2)",   "log(2 + x)*atan(x)", "asin(x/4)*erf(x)",
    "cos(angle(x))^2",         "angle(angle(x))", "-(x - 1)^3 - x",
};
enum { SMOOTH = sizeof smooth / sizeof *smooth };

static ntk_formula *all_smooth(void) {
    ntk_formula *f;
    assert_ok(ntk_formula_create(&f));
    for (size_t i = 0; i < SMOOTH; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%zu", i);
        assert_ok(ntk_formula_define(f, name, smooth[i]));
    }
    return f;
}

/* f(x + h) is the sum of the series about x, to order h^5: an evaluation against the
 * coefficients. */
Test(formula, coefficients_are_those_of_taylor) {
    const double x = 0.8, h = 0x1p-10;
    ntk_formula *f = all_smooth();
    arb_ptr c = _arb_vec_init(ORDER), there = _arb_vec_init(ORDER);
    for (size_t i = 0; i < SMOOTH; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%zu", i);
        expand(f, name, x, 0, ORDER, c);
        expand(f, name, x + h, 0, ORDER, there);
        arb_t sum;
        arb_init(sum);
        for (int j = ORDER; j-- > 0;) {
            arb_mul_2exp_si(sum, sum, -10);
            arb_add(sum, sum, c + j, FORMULA_BITS);
        }
        arb_sub(sum, sum, there, FORMULA_BITS);
        const double difference = fabs(arf_get_d(arb_midref(sum), ARF_RND_NEAR));
        cr_expect(difference <= 20 * pow(h, ORDER), "%s: %g", smooth[i], difference);
        cr_expect(arb_rel_accuracy_bits(c + 1) > 150, "%s", smooth[i]);
        arb_clear(sum);
    }
    _arb_vec_clear(c, ORDER);
    _arb_vec_clear(there, ORDER);
    ntk_formula_destroy(f);
}

/* Coefficients over the ball against the hull of those at 17 points of it. */
static void expect_enclosed(const ntk_formula *f, size_t i, double middle, double radius) {
    arb_ptr wide = _arb_vec_init(WIDE), point = _arb_vec_init(WIDE), hull = _arb_vec_init(WIDE);
    char name[16];
    snprintf(name, sizeof name, "f%zu", i);
    expand(f, name, middle, radius, WIDE, wide);
    for (int at = -8; at <= 8; at++) {
        expand(f, name, middle + at * radius / 8, 0, WIDE, point);
        for (int j = 0; j < WIDE; j++) {
            cr_expect(arb_contains(wide + j, point + j), "%s at %g, coefficient %d, %d", smooth[i], middle, j,
                      at);
            if (at == -8)
                arb_set(hull + j, point + j);
            else
                arb_union(hull + j, hull + j, point + j, FORMULA_BITS);
        }
    }
    for (int j = 0; j < ORDER; j++) {
        const double excess = mag_get_d(arb_radref(wide + j)), spread = mag_get_d(arb_radref(hull + j));
        cr_expect(excess <= 200 * (spread + radius), "%s at %g, coefficient %d: %g for %g", smooth[i], middle,
                  j, excess, spread);
    }
    _arb_vec_clear(wide, WIDE);
    _arb_vec_clear(point, WIDE);
    _arb_vec_clear(hull, WIDE);
}

/* Over a wide ball they hold those at each of its points, and the first are not much wider than
 * these spread. */
Test(formula, coefficients_enclose_over_a_ball) {
    ntk_formula *f = all_smooth();
    for (size_t i = 0; i < SMOOTH; i++)
        for (double middle = 0.25; middle < 3; middle += 0.5) expect_enclosed(f, i, middle, 0x1p-7);
    ntk_formula_destroy(f);
}

/* The angle near 0, where the arccosine has its branch point: A(t) = t - t^2 / (3 pi) + ..., and
 * on all of [0, pi] cos A(t) = kappa_1(cos t). */
Test(formula, angle_of_the_next_layer) {
    ntk_formula *f;
    assert_ok(ntk_formula_create(&f));
    assert_ok(ntk_formula_define(f, "a", "angle(x)"));
    assert_ok(ntk_formula_define(f, "zero", "cos(angle(x)) - (cos(x)*(pi - x) + sin(x))/pi"));
    arb_ptr c = _arb_vec_init(ORDER);
    expand(f, "a", 0, 0, ORDER, c);
    const double first = arf_get_d(arb_midref(c + 1), ARF_RND_NEAR),
                 second = arf_get_d(arb_midref(c + 2), ARF_RND_NEAR);
    cr_expect(arb_contains_zero(c) && fabs(first - 1) <= 1e-15 && fabs(second + 1 / (3 * M_PI)) <= 1e-15);
    for (double t = 0; t <= 3.15; t += 0.05) {
        ntk_interval value;
        assert_ok(ntk_formula_evaluate(f, "zero", t, &value));
        cr_expect(value.low <= 0 && 0 <= value.high && value.high - value.low <= 1e-50, "%g: [%g, %g]", t,
                  value.low, value.high);
    }
    _arb_vec_clear(c, ORDER);
    ntk_formula_destroy(f);
}
