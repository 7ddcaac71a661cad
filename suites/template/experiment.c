/* The mean product of two ReLU features against the NNGP kernel of one hidden layer.
 *
 * With u = z_1 and v = cos(a) z_1 + sin(a) z_2 for independent standard normals, the expectation of
 * relu(u) relu(v) is the kernel by definition (Cho and Saul 2009, degree 1). Each seed draws its
 * own normals; the interval is that of the mean over seeds. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("angles", "30 60 120", 0, 180, "between the two inputs, in degrees"),
    NTK_INTEGER("width", 200000, 2, 100000000, "features of each seed"),
    NTK_INTEGER("seeds", 16, 2, 1000, "independent repetitions"),
    NTK_REAL("kernel-variance", 1, 0.01, 100, "of the weights that the kernel assumes"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("gap-{angles}", "mean product less the kernel, over seeds"),
    {0},
};

enum { ANGLE, SEED };  /* axes of the grid */
enum { PRODUCT };      /* columns of a row */
enum { BLOCK = 1024 }; /* features drawn at a time */

typedef struct study {
    ntk_context *context;
    ntk_grid grid;
    size_t width;
    double kernel_variance;
} study;

static double radians(double degrees) { return degrees * acos(-1) / 180; }

/* The mean product of one seed at one angle. Everything random comes from the context's streams. */
static ntk_status measure(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const double angle = radians(ntk_grid_number(&self->grid, slot->at, ANGLE));
    ntk_stream stream = ntk_context_stream(self->context, slot->at.at[SEED]);
    double z[2 * BLOCK], sum = 0;
    for (size_t done = 0; done < self->width; done += BLOCK) {
        const size_t count = self->width - done < BLOCK ? self->width - done : BLOCK;
        ntk_stream_normal(&stream, 2 * count, z);
        for (size_t k = 0; k < count; k++) {
            const double u = z[2 * k], v = cos(angle) * z[2 * k] + sin(angle) * z[2 * k + 1];
            if (u > 0 && v > 0) sum += u * v;
        }
    }
    slot->values[PRODUCT] = sum / (double)self->width;
    return NTK_OK;
}

static ntk_status emit_angle(const study *self, size_t index, ntk_table *table) {
    const double degrees = self->grid.axes[ANGLE].numbers[index], s = self->kernel_variance;
    double kernel, derivative;
    ntk_estimate product;
    NTK_TRY(ntk_dual_activation(NTK_RELU, s, s, s * cos(radians(degrees)), &kernel, &derivative, NULL));
    NTK_TRY(ntk_grid_interval(&self->grid, (ntk_place){{index, NTK_ALL}}, PRODUCT, &product));
    const double row[] = {degrees, product.value, product.low, product.high, kernel};
    NTK_TRY(ntk_table_row(table, NULL, row));
    ntk_estimate gap = product;
    gap.value -= kernel;
    gap.low -= kernel;
    gap.high -= kernel;
    return ntk_emit_estimate_as(self->context, &gap, "gap-%g", degrees);
}

static ntk_status run(ntk_context *context) {
    ntk_table *table;
    study self = {.context = context,
                  .width = ntk_context_size(context, "width"),
                  .kernel_variance = ntk_context_real(context, "kernel-variance"),
                  .grid = {.axes = {ntk_axis_of_numbers(context, "angle", "angles"),
                                    ntk_axis_of_count(context, "seed", "seeds")},
                           .columns = "product",
                           .level = ntk_context_level(context)}};
    NTK_TRY(ntk_grid_run(&self.grid, measure, &self));
    ntk_status status = ntk_emit_table(context, "products", "angle product low high kernel", &table);
    for (size_t i = 0; i < self.grid.axes[ANGLE].count && status == NTK_OK; i++)
        status = emit_angle(&self, i, table);
    ntk_grid_release(&self.grid);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {.parameters = {parameters}, .metrics = {metrics}, .run = run};
