#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/data.h>

#include "status.h"

#define PIXELS 784

static ntk_stream stream(uint64_t unit) { return ntk_stream_create(11, "tests/data/draw", unit); }

static ntk_digits committed(void) {
    ntk_digits digits;
    assert_ok(ntk_digits_read_folder("data", NTK_DIGITS_SUBSET, &digits));
    return digits;
}

Test(draw, images_are_those_of_the_index_scaled_to_unit_norm) {
    ntk_digits digits = committed();
    const uint8_t classes[] = {7, 2, 4};
    enum { N = 20 };
    static double x[N * PIXELS];
    size_t label[N], index[N];
    ntk_stream s = stream(0);
    assert_ok(ntk_digits_draw(&digits, &s, classes, 3, N, x, label, index));
    for (size_t i = 0; i < N; i++) {
        cr_assert_eq(label[i], i % 3);
        cr_assert_eq(digits.labels[index[i]], classes[i % 3]);
        const uint8_t *pixels = digits.pixels + index[i] * PIXELS;
        double norm = 0;
        for (size_t k = 0; k < PIXELS; k++) norm = hypot(norm, pixels[k]);
        /* Two roundings in x, and up to 784 of hypot in this norm. */
        for (size_t k = 0; k < PIXELS; k++) {
            cr_assert(fabs(x[i * PIXELS + k] * norm - pixels[k]) <= 786 * 0x1p-52 * pixels[k]);
        }
    }
    ntk_digits_release(&digits);
}

/* All images of two classes: each is drawn exactly once, so parts of one draw never share an
 * image. */
Test(draw, without_replacement_down_to_the_last_image) {
    ntk_digits digits = committed();
    const uint8_t classes[] = {0, 1};
    enum { N = 1000 };
    static double x[N * PIXELS];
    static size_t label[N], index[N];
    ntk_stream s = stream(1);
    assert_ok(ntk_digits_draw(&digits, &s, classes, 2, N, x, label, index));
    static bool drawn[5000];
    for (size_t i = 0; i < N; i++) {
        cr_assert_not(drawn[index[i]], "image %zu is drawn twice", index[i]);
        drawn[index[i]] = true;
    }
    assert_fails(ntk_digits_draw(&digits, &s, classes, 2, N + 1, x, label, index), NTK_ERROR_ARGUMENT,
                 "501 images of class 0 wanted; there are 500");
    ntk_digits_release(&digits);
}

Test(draw, larger_n_keeps_the_images_of_a_smaller_one) {
    ntk_digits digits = committed();
    const uint8_t classes[] = {3, 8};
    static double x[30 * PIXELS];
    size_t label[30], few[10], many[30], others[10];
    ntk_stream s = stream(2), t = stream(2), u = stream(3);
    assert_ok(ntk_digits_draw(&digits, &s, classes, 2, 10, x, label, few));
    assert_ok(ntk_digits_draw(&digits, &t, classes, 2, 30, x, label, many));
    cr_assert_eq(memcmp(few, many, sizeof few), 0);
    assert_ok(ntk_digits_draw(&digits, &u, classes, 2, 10, x, label, others));
    cr_assert_neq(memcmp(few, others, sizeof few), 0, "another stream gives other images");
    ntk_digits_release(&digits);
}

/* Seven images of one pixel row: equal ones, one equal across classes, and a black one. */
static uint8_t few_pixels[] = {1, 2, 0, 0, 1, 2, 3, 4, 3, 4, 9, 9, 2, 1};
static uint8_t few_labels[] = {0, 0, 0, 0, 1, 1, 0};
static const ntk_digits few_digits = {
    .count = 7, .rows = 1, .columns = 2, .pixels = few_pixels, .labels = few_labels};

Test(draw, equal_images_are_drawn_once_and_black_ones_never) {
    const uint8_t classes[] = {0};
    double x[4 * 2];
    size_t label[4], index[4];
    for (uint64_t unit = 0; unit < 20; unit++) {
        bool drawn[7] = {false};
        ntk_stream s = stream(unit);
        assert_ok(ntk_digits_draw(&few_digits, &s, classes, 1, 3, x, label, index));
        for (size_t i = 0; i < 3; i++) drawn[index[i]] = true;
        cr_assert(drawn[0] && drawn[3] && drawn[6], "eligible of class 0 are images 0, 3 and 6");
    }
    ntk_stream s = stream(0);
    cr_assert_eq(ntk_digits_draw(&few_digits, &s, classes, 1, 4, x, label, index), NTK_ERROR_ARGUMENT);
    const uint8_t other[] = {1};
    assert_ok(ntk_digits_draw(&few_digits, &s, other, 1, 1, x, label, NULL));
    cr_assert(x[0] == x[1] && fabs(x[0] - sqrt(0.5)) <= 0x1p-53, "image 4 equals image 3: only 5 is left");
    cr_assert_eq(ntk_digits_draw(&few_digits, &s, other, 1, 2, x, label, NULL), NTK_ERROR_ARGUMENT);
}

/* An image of ones, and for each pixel one that differs from it there, whatever word of it that is;
 * each of them twice. */
static void check_one_pixel(size_t pixels) {
    enum { MOST = 75, IMAGES = MOST + 1 };
    static uint8_t pixel[2 * IMAGES * MOST], labels[2 * IMAGES];
    static double x[(IMAGES + 1) * MOST];
    const size_t images = pixels + 1;
    const ntk_digits digits = {
        .count = 2 * images, .rows = 1, .columns = pixels, .pixels = pixel, .labels = labels};
    const uint8_t class[] = {0};
    size_t label[IMAGES + 1];
    memset(pixel, 1, sizeof pixel);
    for (size_t k = 0; k < pixels; k++)
        pixel[(k + 1) * pixels + k] = pixel[(images + k + 1) * pixels + k] = 2;
    ntk_stream s = stream(pixels);
    assert_ok(ntk_digits_draw(&digits, &s, class, 1, images, x, label, NULL));
    cr_expect_eq(ntk_digits_draw(&digits, &s, class, 1, images + 1, x, label, NULL), NTK_ERROR_ARGUMENT,
                 "%zu pixels", pixels);
}

Test(draw, images_that_differ_in_one_pixel_are_not_equal) {
    static const size_t pixels[] = {1, 7, 8, 9, 31, 32, 33, 64, 75};
    for (size_t k = 0; k < sizeof pixels / sizeof *pixels; k++) check_one_pixel(pixels[k]);
}

/* Each of the three eligible images is the first in a third of the draws: five standard errors. */
Test(draw, choice_is_uniform) {
    const uint8_t classes[] = {0};
    enum { DRAWS = 3000 };
    size_t first[7] = {0};
    for (uint64_t unit = 0; unit < DRAWS; unit++) {
        double x[2];
        size_t label, index;
        ntk_stream s = stream(unit);
        assert_ok(ntk_digits_draw(&few_digits, &s, classes, 1, 1, x, &label, &index));
        first[index]++;
    }
    const double deviation = sqrt(DRAWS * (1.0 / 3) * (2.0 / 3));
    for (size_t i = 0; i < 7; i += 3) cr_assert(fabs((double)first[i] - DRAWS / 3.0) < 5 * deviation);
}

Test(draw, classes_must_exist_and_differ) {
    double x[4];
    size_t label[2];
    ntk_stream s = stream(0);
    const uint8_t twice[] = {0, 0}, absent[] = {5};
    assert_fails(ntk_digits_draw(&few_digits, &s, twice, 2, 2, x, label, NULL), NTK_ERROR_ARGUMENT,
                 "class 0 is listed twice");
    cr_assert_eq(ntk_digits_draw(&few_digits, &s, absent, 1, 1, x, label, NULL), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_digits_draw(&few_digits, &s, absent, 0, 1, x, label, NULL), NTK_ERROR_ARGUMENT);
}
