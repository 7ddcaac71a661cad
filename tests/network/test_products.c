/* The three products with a layer's weights against plain sums in extended precision, at sizes on
 * both sides of where they are cut into bands and parts; and their bits on one worker, on three,
 * and inside a map. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/parallel.h>

#include "network/network.h"
#include "reference.h"
#include "status.h"

/* A layer whose weights lie behind `GAP` other parameters, and matrices beside it: a (n, in), s (n,
 * out). Results: h (n, out), r (n, in), g (GAP + out * in). */
enum { GAP = 5 };
typedef struct products {
    network_layer layer;
    size_t n;
    double *theta, *a, *s, *h, *r, *g;
} products;

static void draw(const char *label, size_t count, double *out) {
    ntk_stream stream = ntk_stream_create(3, label, count);
    ntk_stream_normal(&stream, count, out);
}

static products create(size_t n, size_t out, size_t in) {
    products p = {.layer = {.fan_in = in, .fan_out = out, .weight = GAP, .weight_scale = 0.7}, .n = n};
    draw("theta", GAP + out * in, p.theta = reference_doubles(GAP + out * in));
    draw("a", n * in, p.a = reference_doubles(n * in));
    draw("s", n * out, p.s = reference_doubles(n * out));
    draw("h", n * out, p.h = reference_doubles(n * out));
    draw("r", n * in, p.r = reference_doubles(n * in));
    p.g = reference_doubles(GAP + out * in);
    return p;
}

static void destroy(products *p) {
    free(p->theta), free(p->a), free(p->s), free(p->h), free(p->r), free(p->g);
}

/* Adds to h and r, overwrites g: ntk_unit. */
static ntk_status multiply(size_t unit, void *context) {
    const products *p = context;
    (void)unit;
    NTK_TRY(network_multiply(&p->layer, p->theta, p->n, p->a, 1, p->h));
    NTK_TRY(network_multiply_back(&p->layer, p->theta, p->n, p->s, 1, p->r));
    return network_outer_product(&p->layer, p->n, p->s, p->a, p->g);
}

/* first + 0.7 sum_l x_l y_l, in steps. The tolerance: gamma_{k+2} for a sum of k normal products,
 * whose moduli add up to less than 2 k here. */
static void check_sum(double found, double first, size_t k, const double *x, size_t x_step, const double *y,
                      size_t y_step) {
    long double sum = 0;
    for (size_t l = 0; l < k; l++) sum += (long double)x[l * x_step] * y[l * y_step];
    const double want = (double)(first + 0.7L * sum);
    cr_assert(fabs(found - want) <= (double)(k + 4) * 2 * ((double)k + 8) * DBL_EPSILON, "%.17g for %.17g",
              found, want);
}

static void check(size_t n, size_t out, size_t in) {
    products p = create(n, out, in), first = create(n, out, in);
    const double *w = p.theta + GAP;
    assert_ok(multiply(0, &p));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < out; j++)
            check_sum(p.h[i * out + j], first.h[i * out + j], in, p.a + i * in, 1, w + j * in, 1);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < in; k++)
            check_sum(p.r[i * in + k], first.r[i * in + k], out, p.s + i * out, 1, w + k, in);
    for (size_t j = 0; j < out; j++)
        for (size_t k = 0; k < in; k++) check_sum(p.g[GAP + j * in + k], 0, n, p.s + j, out, p.a + k, in);
    destroy(&p), destroy(&first);
}

Test(products, are_plain_sums) {
    check(1, 3, 5);
    check(6, 300, 7);
    check(8, 130, 257);
    check(33, 40, 50);
    check(8, 1030, 1027);
    check(40, 1100, 200);
    check(40, 200, 1100);
    check(40, 140, 1610);
    check(40, 1610, 140);
    check(2100, 70, 64);
}

/* On `workers` threads, or inside a map, to the bit what one worker gives. */
static void check_bits(size_t n, size_t out, size_t in, size_t workers, size_t units) {
    products one = create(n, out, in), other = create(n, out, in);
    assert_ok(multiply(0, &one));
    assert_ok(ntk_set_workers(workers));
    assert_ok(units == 0 ? multiply(0, &other) : ntk_map(units, multiply, &other));
    assert_ok(ntk_set_workers(1));
    cr_assert_eq(memcmp(one.h, other.h, n * out * sizeof *one.h), 0);
    cr_assert_eq(memcmp(one.r, other.r, n * in * sizeof *one.r), 0);
    cr_assert_eq(memcmp(one.g + GAP, other.g + GAP, out * in * sizeof *one.g), 0);
    destroy(&one), destroy(&other);
}

Test(products, have_the_same_bits_on_any_number_of_workers) {
    check_bits(8, 1030, 1027, 3, 0);
    check_bits(8, 1030, 1027, 3, 1);
    check_bits(40, 1100, 200, 3, 0);
    check_bits(40, 200, 1100, 2, 1);
    check_bits(40, 140, 1610, 7, 0);
    check_bits(40, 1610, 140, 2, 0);
    check_bits(2100, 70, 64, 3, 0);
    check_bits(2100, 70, 64, 2, 1);
}
