/* Planted errors. */
#include <ntk/lab/plant.h>

#include <math.h>

static const char *const names[NTK_PLANT_KINDS] = {
    [NTK_PLANT_KERNEL_SCALE] = "kernel-scale",
    [NTK_PLANT_KERNEL_ENTRY] = "kernel-entry",
    [NTK_PLANT_KERNEL_TRACE] = "kernel-trace",
    [NTK_PLANT_LAMBDA] = "lambda",
    [NTK_PLANT_TARGETS] = "targets",
    [NTK_PLANT_TIME] = "time",
    [NTK_PLANT_LOSS] = "loss",
    [NTK_PLANT_CONSTANT] = "constant",
};

const char *ntk_plant_name(ntk_plant kind) { return kind < NTK_PLANT_KINDS ? names[kind] : NULL; }

double ntk_plant_size(const ntk_context *context, ntk_plant kind) {
    return ntk_context_is(context, "plant", names[kind]) ? ntk_context_real(context, "plant-size") : 0;
}

double ntk_plant_factor(const ntk_context *context, ntk_plant kind) {
    return 1 + ntk_plant_size(context, kind);
}

void ntk_plant_kernel(const ntk_context *context, size_t n, double *kernel, size_t ld) {
    const double scale = ntk_plant_factor(context, NTK_PLANT_KERNEL_SCALE);
    const double trace = ntk_plant_factor(context, NTK_PLANT_KERNEL_TRACE);
    const double entry = ntk_plant_size(context, NTK_PLANT_KERNEL_ENTRY) * sqrt(kernel[0] * kernel[ld + 1]);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) kernel[i * ld + j] *= scale;
        kernel[i * ld + i] *= trace;
    }
    kernel[1] += entry;
    kernel[ld] += entry;
}
