/* Large networks on any number of workers: the bytes of one worker, and no thread of its own where
 * the network is in a unit of a map. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/parallel.h>

#include "reference.h"
#include "status.h"

/* What is computed with a network, one after the other in one array. */
typedef struct results {
    reference_draw *draw;
    const reference_case *shape;
    size_t count;
    double *all;
} results;

/* ntk_unit. Outputs, the gradient along them, the kernel, its product with them, the kernel beside
 * a part of the batch, the linearised model; the Jacobian where it is small. */
static ntk_status compute(size_t unit, void *context) {
    const results *r = context;
    ntk_network *network = r->draw->network;
    const size_t n = r->shape->n, rows = r->draw->rows, p = r->draw->parameters, some = n / 3 + 1;
    const double *theta = r->draw->theta, *x = r->draw->x;
    double *f = r->all, *gradient = f + rows, *kernel = gradient + p, *image = kernel + rows * rows;
    double *cross = image + rows, *linear = cross + some * r->shape->outputs * rows,
           *jacobian = linear + rows;
    (void)unit;
    NTK_TRY(ntk_network_forward(network, theta, n, x, f));
    NTK_TRY(ntk_network_pullback(network, theta, n, x, f, gradient));
    NTK_TRY(ntk_network_tangent_kernel(network, theta, n, x, kernel, rows));
    NTK_TRY(ntk_network_tangent_apply(network, theta, n, x, f, image));
    NTK_TRY(ntk_network_tangent_kernel_cross(network, theta, some, x, n, x, cross, rows));
    NTK_TRY(ntk_network_linearised(network, theta, gradient, n, x, linear));
    return jacobian < r->all + r->count ? ntk_network_jacobian(network, theta, n, x, jacobian) : NTK_OK;
}

static results create(const reference_case *shape, reference_draw *draw, bool with_jacobian) {
    results r = {.draw = draw, .shape = shape};
    const size_t rows = draw->rows, some = (shape->n / 3 + 1) * shape->outputs;
    r.count = 3 * rows + draw->parameters + rows * rows + some * rows;
    r.count += with_jacobian ? rows * draw->parameters : 0;
    r.all = reference_doubles(r.count);
    return r;
}

static size_t threads(void) {
    DIR *folder = opendir("/proc/self/task");
    cr_assert_not_null(folder);
    size_t count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void check(const reference_case *shape, bool with_jacobian) {
    static const size_t workers[] = {1, 2, 3, 7};
    reference_draw draw = reference_draw_create(shape);
    results first = create(shape, &draw, with_jacobian), other = create(shape, &draw, with_jacobian);
    /* Inside a map, before there are helpers. */
    assert_ok(ntk_set_workers(3));
    const size_t before = threads();
    assert_ok(ntk_map(1, compute, &first));
    cr_assert_eq(threads(), before, "a unit of a map began threads");
    for (size_t w = 0; w < sizeof workers / sizeof *workers; w++) {
        memset(other.all, 0xff, other.count * sizeof *other.all);
        assert_ok(ntk_set_workers(workers[w]));
        assert_ok(compute(0, &other));
        cr_assert_eq(memcmp(first.all, other.all, first.count * sizeof *first.all), 0, "%zu workers",
                     workers[w]);
    }
    cr_assert(threads() > before, "nothing was split");
    assert_ok(ntk_set_workers(1));
    free(first.all), free(other.all);
    reference_draw_destroy(&draw);
}

static reference_case dense(size_t n, size_t inputs, size_t width, size_t outputs) {
    reference_case shape = {.architecture = ntk_architecture_default(),
                            .inputs = inputs,
                            .width = width,
                            .outputs = outputs,
                            .n = n};
    shape.architecture.activation = NTK_ERF;
    shape.architecture.bias_variance = 0.3;
    return shape;
}

Test(workers, a_wide_network) { /* sums over components */
    const reference_case shape = dense(72, 5, 4200, 1);
    check(&shape, true);
}

Test(workers, a_long_batch) { /* tiles, and sums over inputs */
    const reference_case shape = dense(2100, 200, 24, 1);
    check(&shape, false);
}

Test(workers, several_outputs) {
    reference_case shape = dense(700, 5, 30, 3);
    shape.architecture.depth = 2;
    check(&shape, true);
}

Test(workers, a_residual_network) {
    reference_case shape = dense(40, 7, 1600, 2);
    shape.architecture.family = NTK_RESIDUAL;
    shape.architecture.depth = 1;
    shape.architecture.residual_scale = 0.5;
    check(&shape, false);
}
