/* Θ(c x, c x') against c² Θ(x, x') for a dense ReLU network.
 *
 * ReLU is homogeneous of degree one, so that every layer of a network without biases is: its
 * gradient in the weights of one layer is of degree one in the input, and the kernel, a sum of
 * products of two such gradients, of degree two. A bias is of degree zero. */
#include <float.h>
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("depths", "1 2 4", 1, 64, "hidden layers"),
    NTK_INTEGER("points", 40, 2, 2000, "points of a standard normal"),
    NTK_INTEGER("dimension", 5, 1, 1000, "of the points"),
    NTK_REAL("scale", 3.7, 0.01, 100, "c"),
    NTK_REAL("bias-variance", 0, 0, 10, "b^2 of every layer"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("ratio-{depths}", "largest |Theta(cx, cx') - c^2 Theta(x, x')|, over what rounding may do"),
    NTK_METRIC("entry-{depths}", "Theta(x_0, x_1) over the diagonal"),
    {0},
};

/* What all depths share: points x, scaled points, and their Gram matrices. */
typedef struct study {
    size_t n, d;
    double c, bias_variance;
    double *x, *scaled, *gram, *gram_scaled;
} study;

static double worst_residual(const study *self) {
    const double c2 = self->c * self->c;
    double worst = 0;
    for (size_t i = 0; i < self->n; i++)
        for (size_t j = 0; j < self->n; j++) {
            const double *g = self->gram, size = sqrt(g[i * self->n + i] * g[j * self->n + j]);
            const double gap = self->gram_scaled[i * self->n + j] - c2 * g[i * self->n + j];
            /* A NaN is the worst there can be. */
            if (!(fabs(gap) / (c2 * size) <= worst)) worst = fabs(gap) / (c2 * size);
        }
    return worst;
}

/* Twice the accuracy of an entry (ntk/kernel.h): of a difference of two. */
static double bound_of(const study *self, size_t depth) {
    const double layers = (double)depth, growth = 1 + layers * 32 / acos(-1);
    return 2 * DBL_EPSILON * (sqrt((double)self->d) + 9 * (layers + 1)) * growth;
}

static ntk_status measure(const study *self, size_t depth, double *residual) {
    ntk_architecture network = ntk_architecture_default();
    network.depth = depth;
    network.bias_variance = self->bias_variance;
    NTK_TRY(
        ntk_kernel_gram(&network, NTK_KERNEL_NTK, self->n, self->d, self->x, self->d, self->gram, self->n));
    NTK_TRY(ntk_kernel_gram(&network, NTK_KERNEL_NTK, self->n, self->d, self->scaled, self->d,
                            self->gram_scaled, self->n));
    *residual = worst_residual(self);
    return NTK_OK;
}

static ntk_status measure_all(ntk_context *context, const study *self) {
    size_t count;
    ntk_table *table;
    const long *depths = ntk_context_integers(context, "depths", &count);
    NTK_TRY(ntk_emit_table(context, "residuals", "depth residual bound", &table));
    for (size_t i = 0; i < count; i++) {
        double residual;
        const double bound = bound_of(self, (size_t)depths[i]), *g = self->gram;
        NTK_TRY(measure(self, (size_t)depths[i], &residual));
        NTK_TRY(ntk_emit_scalar_as(context, residual / bound, "ratio-%ld", depths[i]));
        NTK_TRY(ntk_emit_scalar_as(context, g[1] / sqrt(g[0] * g[self->n + 1]), "entry-%ld", depths[i]));
        NTK_TRY(ntk_table_row(table, NULL, (const double[]){(double)depths[i], residual, bound}));
    }
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    study self = {.n = ntk_context_size(context, "points"),
                  .d = ntk_context_size(context, "dimension"),
                  .c = ntk_context_real(context, "scale"),
                  .bias_variance = ntk_context_real(context, "bias-variance")};
    void *memory;
    NTK_TRY(ntk_allocate(2 * self.n * (self.d + self.n), sizeof(double), &memory));
    self.x = memory;
    self.scaled = self.x + self.n * self.d;
    self.gram = self.scaled + self.n * self.d;
    self.gram_scaled = self.gram + self.n * self.n;
    ntk_stream stream = ntk_context_stream(context, 0);
    ntk_stream_normal(&stream, self.n * self.d, self.x);
    for (size_t i = 0; i < self.n * self.d; i++) self.scaled[i] = self.c * self.x[i];
    const ntk_status status = measure_all(context, &self);
    ntk_release(memory);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {.parameters = {parameters}, .metrics = {metrics}, .run = run};
