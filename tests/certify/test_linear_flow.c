/* Flows of linear models, enclosed: against a closed form, against an integration in 60 digits that
 * shares nothing with them, with kernels that are known only nearly; and what is refused. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/linear_flow.h>

#include "base/arb.h"

#include "start.h"
#include "status.h"

TestSuite(linear_flow, .init = start_linalg);

enum { BITS = 256 };

static ntk_linear_flow *create(size_t n, const double *kernel, double kernel_error, const double *outputs,
                               const double *targets, size_t bits) {
    const ntk_linear_flow_problem problem = {n, kernel, kernel_error, outputs, targets};
    ntk_linear_flow_options options = ntk_linear_flow_options_default();
    ntk_linear_flow *flow = NULL;
    options.bits = bits;
    if (bits == 64) options.order = 14;
    assert_ok(ntk_linear_flow_create(&problem, &options, &flow));
    return flow;
}

/* ---- a closed form --------------------------------------------------------------------------- */

/* Of one point z' = k sigma(-z): (1 + e^z) z' = k, so k t = z + e^z - z_0 - e^{z_0}. The sign of
 * that at z, less k e^log_time. */
static int side(double z, double z0, double k, double log_time) {
    arb_t sum, term;
    arb_init(sum);
    arb_init(term);
    arb_set_d(sum, z);
    arb_exp(term, sum, BITS);
    arb_add(sum, sum, term, BITS);
    arb_set_d(term, z0);
    arb_sub(sum, sum, term, BITS);
    arb_exp(term, term, BITS);
    arb_sub(sum, sum, term, BITS);
    arb_set_d(term, log_time);
    arb_exp(term, term, BITS);
    arb_t factor;
    arb_init(factor);
    arb_set_d(factor, k);
    arb_submul(sum, term, factor, BITS);
    const int out = arb_is_positive(sum) ? 1 : arb_is_negative(sum) ? -1 : 0;
    arb_clear(sum);
    arb_clear(term);
    arb_clear(factor);
    return out;
}

Test(linear_flow, one_point_in_closed_form) {
    static const double times[] = {-5, -1, 0, 1, 3, 10, 30, 100};
    static const struct {
        double kernel, output, target;
        size_t bits;
        double width;
    } cases[] = {
        {2, 0.5, 1, 64, 1e-7}, {0.75, 2, 0, 64, 1e-7}, {0.125, -6, 1, 128, 1e-13}, {8, 0, 0, 128, 1e-13}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ntk_linear_flow *flow =
            create(1, &cases[c].kernel, 0, &cases[c].output, &cases[c].target, cases[c].bits);
        const double sign = cases[c].target > 0 ? 1 : -1;
        for (size_t k = 0; k < sizeof times / sizeof *times; k++) {
            ntk_interval f;
            assert_ok(ntk_linear_flow_outputs(flow, times[k], &f));
            const double low = sign > 0 ? f.low : -f.high, high = sign > 0 ? f.high : -f.low;
            cr_expect(side(low, sign * cases[c].output, cases[c].kernel, times[k]) < 0, "%zu %g", c,
                      times[k]);
            cr_expect(side(high, sign * cases[c].output, cases[c].kernel, times[k]) > 0, "%zu %g", c,
                      times[k]);
            cr_expect(f.high - f.low < cases[c].width, "%zu %g: %g", c, times[k], f.high - f.low);
        }
        ntk_linear_flow_destroy(flow);
    }
}

/* ---- another integrator ---------------------------------------------------------------------- */

enum { N = 3, TERMS = 64 };
static const double kernel[N * N] = {2, 0.5, -0.25, 0.5, 1.5, 0.125, -0.25, 0.125, 1};
static const double start[N] = {0.25, -0.5, 1};
static const double targets[N] = {1, 0, 0};

/* In physical time, by Taylor polynomials of arb_poly: sigma(-z) = 1 / (1 + e^z) as series. Steps
 * of
 * an eighth of what |z'| allows at a distance pi to the nearest pole: 64 terms leave 10^-57. */
typedef struct reference {
    arb_mat_t kernel;
    arb_ptr f;
    arb_poly_t series[N];
    double time;
} reference;

static void begin(reference *r, const double *matrix) {
    arb_mat_init(r->kernel, N, N);
    r->f = _arb_vec_init(N);
    r->time = 0;
    for (size_t i = 0; i < N; i++) {
        arb_poly_init(r->series[i]);
        arb_set_d(r->f + i, start[i]);
        for (size_t j = 0; j < N; j++) arb_set_d(arb_mat_entry(r->kernel, i, j), matrix[i * N + j]);
    }
}

static void end(reference *r) {
    arb_mat_clear(r->kernel);
    _arb_vec_clear(r->f, N);
    for (size_t i = 0; i < N; i++) arb_poly_clear(r->series[i]);
}

/* Coefficient k of y_i sigma(-y_i f_i) / n. */
static void push(reference *r, size_t i, size_t k, arb_t out) {
    arb_poly_t z, one;
    arb_poly_init(z);
    arb_poly_init(one);
    arb_poly_set(z, r->series[i]);
    if (targets[i] < 0.5) arb_poly_neg(z, z);
    arb_poly_exp_series(z, z, (slong)k + 1, BITS);
    arb_poly_one(one);
    arb_poly_add(z, z, one, BITS);
    arb_poly_inv_series(z, z, (slong)k + 1, BITS);
    arb_poly_get_coeff_arb(out, z, (slong)k);
    if (targets[i] < 0.5) arb_neg(out, out);
    arb_div_ui(out, out, N, BITS);
    arb_poly_clear(z);
    arb_poly_clear(one);
}

static void expand(reference *r) {
    arb_ptr g = _arb_vec_init(N);
    arb_t sum;
    arb_init(sum);
    for (size_t i = 0; i < N; i++) arb_poly_set_arb(r->series[i], r->f + i);
    for (size_t k = 0; k + 1 < TERMS; k++) {
        for (size_t i = 0; i < N; i++) push(r, i, k, g + i);
        for (size_t i = 0; i < N; i++) {
            arb_zero(sum);
            for (size_t j = 0; j < N; j++) arb_addmul(sum, arb_mat_entry(r->kernel, i, j), g + j, BITS);
            arb_div_ui(sum, sum, k + 1, BITS);
            arb_poly_set_coeff_arb(r->series[i], (slong)k + 1, sum);
        }
    }
    _arb_vec_clear(g, N);
    arb_clear(sum);
}

/* To the double `time`: exact sums of exact lengths but for the last. */
static void run(reference *r, double time) {
    arb_t length, slope;
    arb_init(length);
    arb_init(slope);
    while (r->time < time) {
        expand(r);
        double fastest = 0;
        for (size_t i = 0; i < N; i++) {
            arb_poly_get_coeff_arb(slope, r->series[i], 1);
            fastest = fmax(fastest, fabs(arf_get_d(arb_midref(slope), ARF_RND_NEAR)));
        }
        double next = (double)(float)(r->time + 3.14159 / 8 / fmax(fastest, 1e-3));
        if (!(next < time)) next = time;
        arb_set_d(length, next);
        arb_set_d(slope, r->time);
        arb_sub(length, length, slope, BITS);
        for (size_t i = 0; i < N; i++) {
            arb_poly_evaluate(r->f + i, r->series[i], length, BITS);
            mag_zero(arb_radref(r->f + i));
        }
        r->time = next;
    }
    arb_clear(length);
    arb_clear(slope);
}

/* log of a double, as the double that the library takes e^ of, cannot be exact: the reference goes
 * to the double next to e^log_time, whose distance moves outputs by less than `slip`. */
static const double slip = 1e-15;

/* How far the reference lies outside of an enclosure, at least; negative: inside by so much. */
static double outside(const reference *r, size_t i, ntk_interval f) {
    const double exact = arf_get_d(arb_midref(r->f + i), ARF_RND_NEAR);
    return fmax(f.low - exact, exact - f.high);
}

Test(linear_flow, contains_another_integration) {
    static const double times[] = {-2, 0, 1, 2.5, 5, 7};
    static const struct {
        size_t bits;
        double width;
    } cases[] = {{64, 1e-7}, {128, 1e-14}};
    for (size_t c = 0; c < 2; c++) {
        ntk_linear_flow *flow = create(N, kernel, 0, start, targets, cases[c].bits);
        reference r;
        begin(&r, kernel);
        for (size_t k = 0; k < sizeof times / sizeof *times; k++) {
            ntk_interval f[N];
            assert_ok(ntk_linear_flow_outputs(flow, times[k], f));
            run(&r, exp(times[k]));
            for (size_t i = 0; i < N; i++) {
                cr_expect(outside(&r, i, f[i]) < slip, "%zu bits, log t %g, output %zu: %g", cases[c].bits,
                          times[k], i, outside(&r, i, f[i]));
                cr_expect(f[i].high - f[i].low < cases[c].width, "%g", f[i].high - f[i].low);
            }
        }
        end(&r);
        ntk_linear_flow_destroy(flow);
    }
}

/* Where steps are long the truth is farther from the path than rounding explains, and not farther
 * than with the remainder; nor is the remainder a million times too large. */
Test(linear_flow, the_remainder_is_needed) {
    const ntk_linear_flow_problem problem = {N, kernel, 0, start, targets};
    const ntk_linear_flow_options options = {.bits = 64, .order = 6, .defect = 1e-5};
    ntk_linear_flow *flow;
    ntk_linear_flow_state state;
    ntk_interval f[N];
    reference r;
    assert_ok(ntk_linear_flow_create(&problem, &options, &flow));
    assert_ok(ntk_linear_flow_outputs(flow, 2, f));
    ntk_linear_flow_describe(flow, &state);
    begin(&r, kernel);
    run(&r, exp(2));
    double largest = 0;
    for (size_t i = 0; i < N; i++) {
        const double exact = arf_get_d(arb_midref(r.f + i), ARF_RND_NEAR);
        largest = fmax(largest, fabs(exact - (f[i].low / 2 + f[i].high / 2)));
    }
    cr_expect(largest > 100 * state.rounding && largest > 1e-12, "%g of %g", largest, state.rounding);
    cr_expect(largest < 2 * state.remainder, "%g of %g", largest, state.remainder);
    cr_expect(largest > 1e-6 * state.remainder, "%g of %g", largest, state.remainder);
    cr_expect_eq(state.kernel, 0);
    cr_expect(state.error <= (state.remainder + state.rounding) * 1.001);
    end(&r);
    ntk_linear_flow_destroy(flow);
}

/* A kernel that is within 1e-6 of the stored one: within the enclosures that say so, outside of the
 * others. */
Test(linear_flow, kernels_that_are_known_nearly) {
    double other[N * N];
    for (size_t k = 0; k < N * N; k++) other[k] = kernel[k];
    for (size_t i = 0; i < N; i++) other[i * N + i] += 0x1p-20;
    ntk_linear_flow *near = create(N, kernel, 0x1p-20, start, targets, 64);
    ntk_linear_flow *exact = create(N, kernel, 0, start, targets, 64);
    reference r;
    ntk_interval wide[N], narrow[N];
    begin(&r, other);
    for (double log_time = 0; log_time <= 6; log_time += 3) {
        assert_ok(ntk_linear_flow_outputs(near, log_time, wide));
        assert_ok(ntk_linear_flow_outputs(exact, log_time, narrow));
        run(&r, exp(log_time));
        for (size_t i = 0; i < N; i++) {
            cr_expect(outside(&r, i, wide[i]) < 0, "log t %g, output %zu", log_time, i);
            cr_expect(outside(&r, i, narrow[i]) > 1e-9, "log t %g, output %zu", log_time, i);
            cr_expect(wide[i].high - wide[i].low < 1e-4);
        }
    }
    end(&r);
    ntk_linear_flow_destroy(near);
    ntk_linear_flow_destroy(exact);
}

/* ---- misuse ---------------------------------------------------------------------------------- */

static ntk_status try(const ntk_linear_flow_problem *problem) {
    const ntk_linear_flow_options options = ntk_linear_flow_options_default();
    ntk_linear_flow *flow;
    const ntk_status status = ntk_linear_flow_create(problem, &options, &flow);
    ntk_linear_flow_destroy(flow);
    return status;
}

Test(linear_flow, refuses) {
    const double indefinite[4] = {1, 0, 2, 1}, unit[4] = {1, 0, 0, 1}, zero[2] = {0, 0}, soft[2] = {0.5, 1};
    const double broken[2] = {0, NAN};
    cr_expect_eq(try(&(ntk_linear_flow_problem){2, indefinite, 0, zero, zero}),
                 NTK_ERROR_NOT_POSITIVE_DEFINITE);
    cr_expect_eq(try(&(ntk_linear_flow_problem){2, unit, 1.5, zero, zero}), NTK_ERROR_NOT_POSITIVE_DEFINITE);
    cr_expect_eq(try(&(ntk_linear_flow_problem){2, unit, NAN, zero, zero}), NTK_ERROR_ARGUMENT);
    cr_expect_eq(try(&(ntk_linear_flow_problem){2, unit, 0, zero, soft}), NTK_ERROR_ARGUMENT);
    cr_expect_eq(try(&(ntk_linear_flow_problem){2, unit, 0, broken, zero}), NTK_ERROR_NOT_FINITE);
    cr_expect_eq(try(&(ntk_linear_flow_problem){0, unit, 0, zero, zero}), NTK_ERROR_SHAPE);

    ntk_linear_flow *flow = create(2, unit, 0, zero, zero, 64);
    ntk_interval f[2];
    assert_ok(ntk_linear_flow_outputs(flow, 5, f));
    cr_expect_eq(ntk_linear_flow_outputs(flow, -5, f), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_linear_flow_outputs(flow, NAN, f), NTK_ERROR_ARGUMENT);
    ntk_linear_flow_destroy(flow);
}

/* A step that cannot be bounded leaves nothing to ask for: not the time before it, which stands in
 * the last step that could. */
Test(linear_flow, after_a_failure_nothing_is_told) {
    const double kernel[4] = {2, 0.5, 0.5, 1}, outputs[2] = {0.3, -0.2}, targets[2] = {1, 0};
    const ntk_linear_flow_problem problem = {2, kernel, 0, outputs, targets};
    const ntk_linear_flow_options options = {.bits = 64, .order = 8, .defect = 1.7e-20};
    ntk_linear_flow *flow;
    ntk_interval f[2];
    assert_ok(ntk_linear_flow_create(&problem, &options, &flow));
    cr_assert_eq(ntk_linear_flow_outputs(flow, 30, f), NTK_ERROR_NO_CONVERGENCE);
    cr_expect_eq(ntk_linear_flow_outputs(flow, -0.4307, f), NTK_ERROR_NO_CONVERGENCE);
    ntk_linear_flow_destroy(flow);
}
