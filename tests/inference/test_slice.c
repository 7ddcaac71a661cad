/* Elliptical slice sampling: against conjugate and one-dimensional laws known without sampling. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/random.h>
#include <ntk/slice.h>
#include <ntk/status.h>

#include "classifiers.h"
#include "start.h"

TestSuite(slice, .init = start_linalg);

enum { ROWS = 2, COLUMNS = 2, SIZE = ROWS * COLUMNS, BATCHES = 50, BATCH = 2000 };

static const double mean[SIZE] = {1, -1, 0.5, 2};
static const double factor[ROWS * ROWS] = {1.5, 0, 0.8, 0.6};
static const double data[SIZE] = {0, 3, -1, 1};
static const double noise = 0.5; /* standard deviation */

/* log N(data; f, noise^2 I) + constant. */
static double gaussian(const double *f, const void *context) {
    (void)context;
    double sum = 0;
    for (size_t i = 0; i < SIZE; ++i) sum -= (f[i] - data[i]) * (f[i] - data[i]) / (2 * noise * noise);
    return sum;
}

static const ntk_slice_target conjugate = {
    .rows = ROWS, .columns = COLUMNS, .mean = mean, .factor = factor, .log_likelihood = gaussian};

/* Batch means of f_i and f_i f_j within a column. */
typedef struct moments {
    double first[BATCHES][SIZE], second[BATCHES][COLUMNS][ROWS * ROWS];
} moments;

static ntk_status add(size_t draw, const double *f, void *context) {
    moments *m = context;
    const size_t batch = draw / BATCH;
    for (size_t i = 0; i < SIZE; ++i) m->first[batch][i] += f[i] / BATCH;
    for (size_t c = 0; c < COLUMNS; ++c)
        for (size_t ij = 0; ij < ROWS * ROWS; ++ij)
            m->second[batch][c][ij] += f[ij / ROWS * COLUMNS + c] * f[ij % ROWS * COLUMNS + c] / BATCH;
    return NTK_OK;
}

/* Posterior covariance S - S (S + noise^2 I)^{-1} S, by hand for two rows; the columns are
 * independent. */
Test(slice, samples_a_conjugate_posterior) {
    static moments m;
    double f[SIZE] = {0};
    const ntk_chain_options options = {.burn_in = 200, .draws = (size_t)BATCHES * BATCH, .thinning = 1};
    ntk_stream stream = ntk_stream_create(11, "slice", 0);
    assert_ok(ntk_slice_chain(&conjugate, &options, &stream, f, add, &m));
    const double s00 = 1.5 * 1.5, s01 = 1.5 * 0.8, s11 = 0.8 * 0.8 + 0.6 * 0.6, v = noise * noise;
    const double det = (s00 + v) * (s11 + v) - s01 * s01;
    const double inverse[4] = {(s11 + v) / det, -s01 / det, -s01 / det, (s00 + v) / det};
    const double s[4] = {s00, s01, s01, s11};
    for (size_t c = 0; c < COLUMNS; ++c) {
        double gain[4] = {0}, centre[2];
        for (size_t ij = 0; ij < 4; ++ij)
            for (size_t k = 0; k < 2; ++k) gain[ij] += s[ij / 2 * 2 + k] * inverse[k * 2 + ij % 2];
        for (size_t i = 0; i < 2; ++i) {
            centre[i] = mean[i * COLUMNS + c];
            for (size_t k = 0; k < 2; ++k)
                centre[i] += gain[i * 2 + k] * (data[k * COLUMNS + c] - mean[k * COLUMNS + c]);
            expect_mean(BATCHES, &m.first[0][i * COLUMNS + c], SIZE, centre[i], 0.04);
        }
        for (size_t ij = 0; ij < 4; ++ij) {
            double covariance = s[ij];
            for (size_t k = 0; k < 2; ++k) covariance -= gain[ij / 2 * 2 + k] * s[k * 2 + ij % 2];
            expect_mean(BATCHES, &m.second[0][c][ij], COLUMNS * ROWS * ROWS,
                        covariance + centre[ij / 2] * centre[ij % 2], 0.04);
        }
    }
}

/* ---- a law cut off: minus infinity is a likelihood ------------------------------------------- */

static double half_line(const double *f, const void *context) {
    (void)context;
    return f[0] > 1 ? 0 : -INFINITY;
}

typedef struct values {
    double draw[BATCHES * BATCH];
} values;

static ntk_status keep_draw(size_t draw, const double *f, void *context) {
    ((values *)context)->draw[draw] = f[0];
    return NTK_OK;
}

/* A normal variable given that it exceeds 1 has the mean phi(1) / (1 - Phi(1)). */
Test(slice, samples_a_truncated_normal) {
    static values v;
    double f = 2, batches[BATCHES] = {0};
    const double one = 1;
    const ntk_slice_target target = {.rows = 1, .columns = 1, .factor = &one, .log_likelihood = half_line};
    const ntk_chain_options options = {.burn_in = 100, .draws = (size_t)BATCHES * BATCH, .thinning = 1};
    ntk_stream stream = ntk_stream_create(12, "slice", 0);
    assert_ok(ntk_slice_chain(&target, &options, &stream, &f, keep_draw, &v));
    for (size_t i = 0; i < (size_t)BATCHES * BATCH; ++i) {
        cr_assert_gt(v.draw[i], 1);
        batches[i / BATCH] += v.draw[i] / BATCH;
    }
    expect_mean(BATCHES, batches, 1, exp(-0.5) / sqrt(2 * acos(-1.0)) / (0.5 * erfc(sqrt(0.5))), 0.04);
}

/* Burn-in and thinning skip transitions of one and the same chain. */
Test(slice, thinning_skips) {
    static values every, third;
    double f[SIZE] = {0}, g[SIZE] = {0};
    ntk_stream a = ntk_stream_create(13, "slice", 0), b = a;
    const ntk_chain_options all = {.burn_in = 0, .draws = 62, .thinning = 1};
    const ntk_chain_options some = {.burn_in = 2, .draws = 20, .thinning = 3};
    assert_ok(ntk_slice_chain(&conjugate, &all, &a, f, keep_draw, &every));
    assert_ok(ntk_slice_chain(&conjugate, &some, &b, g, keep_draw, &third));
    for (size_t i = 0; i < 20; ++i) cr_assert_eq(third.draw[i], every.draw[2 + 3 * i + 2]);
    cr_assert_eq(memcmp(f, g, sizeof f), 0);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static double not_a_number(const double *f, const void *context) {
    (void)f, (void)context;
    return NAN;
}

static double impossible(const double *f, const void *context) {
    (void)f, (void)context;
    return -INFINITY;
}

/* 0 at the first call, then always below: not a function. */
static double fickle(const double *f, const void *context) {
    (void)f;
    return --*(double *)(uintptr_t)context;
}

static ntk_status stop(size_t draw, const double *f, void *context) {
    (void)f, (void)context;
    return draw < 3 ? NTK_OK : NTK_ERROR_CANCELLED;
}

Test(slice, refusals) {
    double f[SIZE] = {0}, calls = 1;
    ntk_stream stream = ntk_stream_create(14, "slice", 0);
    ntk_chain_options options = {.burn_in = 0, .draws = 10, .thinning = 1};
    ntk_slice_target target = conjugate;
    cr_assert_eq(ntk_slice_chain(&target, &options, &stream, f, stop, NULL), NTK_ERROR_CANCELLED);
    target.log_likelihood = not_a_number;
    assert_fails(ntk_slice_chain(&target, &options, &stream, f, stop, NULL), NTK_ERROR_NOT_FINITE,
                 "not a number");
    target.log_likelihood = impossible;
    assert_fails(ntk_slice_chain(&target, &options, &stream, f, stop, NULL), NTK_ERROR_NOT_FINITE, "-inf");
    target.log_likelihood = fickle;
    target.context = &calls;
    options.burn_in = 200; /* log U below -1 would accept the second call */
    assert_fails(ntk_slice_chain(&target, &options, &stream, f, stop, NULL), NTK_ERROR_NO_CONVERGENCE,
                 "accepted");
    options.thinning = 0;
    assert_fails(ntk_slice_chain(&target, &options, &stream, f, stop, NULL), NTK_ERROR_ARGUMENT, "draws");
}
