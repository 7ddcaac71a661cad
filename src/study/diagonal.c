#include <ntk/lab/diagonal.h>

#include <stdint.h>

static ntk_status evaluate(void *context, const double *theta, double *f) {
    const ntk_diagonal *self = context;
    const size_t d = self->inputs;
    for (size_t i = 0; i < self->points; i++) {
        f[i] = 0;
        for (size_t j = 0; j < d; j++)
            f[i] += self->x[i * d + j] * (theta[j] - theta[d + j]) * (theta[j] + theta[d + j]);
    }
    return NTK_OK;
}

static ntk_status pullback(void *context, const double *theta, const double *cotangent, double *gradient) {
    const ntk_diagonal *self = context;
    const size_t d = self->inputs;
    for (size_t j = 0; j < d; j++) {
        double sum = 0;
        for (size_t i = 0; i < self->points; i++) sum += cotangent[i] * self->x[i * d + j];
        gradient[j] = 2 * theta[j] * sum;
        gradient[d + j] = -2 * theta[d + j] * sum;
    }
    return NTK_OK;
}

ntk_model ntk_diagonal_model(const ntk_diagonal *network) {
    return (ntk_model){.dimension = 2 * network->inputs,
                       .points = network->points,
                       .outputs = 1,
                       .context = (void *)(uintptr_t)network, /* read only */
                       .evaluate = evaluate,
                       .pullback = pullback};
}

void ntk_diagonal_vector(const ntk_diagonal *network, const double *theta, double *beta) {
    const size_t d = network->inputs;
    for (size_t j = 0; j < d; j++) beta[j] = (theta[j] - theta[d + j]) * (theta[j] + theta[d + j]);
}
