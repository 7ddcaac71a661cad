/* Populations of networks at initialisation: blocks of draws, their means, and t intervals over blocks. */
#include <ntk/population.h>

#include <math.h>
#include <stdio.h>

#include <ntk/data.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "suite/support.h"

/* ---- describing ---------------------------------------------------------------------------------------- */

ntk_status ntk_population_sphere(const ntk_context *context, ntk_population_study *study) {
    const ntk_stream root = ntk_context_stream(context, 0);
    ntk_stream points = ntk_stream_fork(&root, "points");
    study->points = (size_t)ntk_context_integer(context, "points");
    study->inputs = (size_t)ntk_context_integer(context, "inputs");
    NTK_TRY(ntk_allocate_doubles(study->points * study->inputs, &study->drawn));
    study->x = study->drawn;
    return ntk_data_sphere_separated(&points, study->points, study->inputs,
                                     ntk_context_real(context, "max-cosine"), study->drawn);
}

ntk_status ntk_population_add(const ntk_context *context, ntk_population_study *study,
                              const ntk_architecture *network, const ntk_architecture *limit, size_t which) {
    const size_t n = study->points, d = study->inputs;
    size_t widths, counts;
    const long *width = ntk_context_integers(context, "widths", &widths);
    const long *networks = ntk_context_integers(context, "networks", &counts);
    if (counts != widths)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu numbers of networks for %zu widths", counts, widths);
    study->blocks = (size_t)ntk_context_integer(context, "blocks");
    study->columns = n * n + study->extra;
    void *populations = study->populations;
    NTK_TRY(ntk_array_grow(&populations, study->count, sizeof *study->populations));
    study->populations = populations;
    ntk_population *population = &study->populations[study->count++];
    *population = (ntk_population){
        .network = *network, .width = (size_t)width[which], .networks = (size_t)networks[which]};
    NTK_TRY(ntk_allocate_doubles(n * n, &population->kernel));
    NTK_TRY(ntk_allocate_doubles(study->blocks * study->columns, &population->means));
    return ntk_kernel_gram(limit, study->kernel, n, d, study->x, d, population->kernel, n);
}

static void release(ntk_population_study *study) {
    for (size_t k = 0; k < study->count; k++) {
        ntk_release(study->populations[k].kernel);
        ntk_release(study->populations[k].means);
    }
    ntk_release(study->populations);
    ntk_release(study->drawn);
    study->populations = NULL;
    study->count = 0;
    study->drawn = NULL;
}

/* ---- drawing ------------------------------------------------------------------------------------------- */

typedef struct task {
    const ntk_context *context;
    const ntk_population_study *study;
} task;

typedef struct scratch {
    ntk_network *network;
    double *theta, *f, *sample;
} scratch;

static ntk_status draw_block(const ntk_population_study *study, const ntk_population *population,
                             ntk_stream *stream, const scratch *s, double *means) {
    for (size_t k = 0; k < population->networks; k++) {
        ntk_network_initialise(s->network, stream, s->theta);
        NTK_TRY(study->measure(study, population, s->network, s->theta, s->f, s->sample));
        for (size_t c = 0; c < study->columns; c++) means[c] += s->sample[c] / (double)population->networks;
    }
    return NTK_OK;
}

static ntk_status run_unit(size_t unit, void *argument) {
    const task *self = argument;
    const ntk_population_study *study = self->study;
    const ntk_population *population = &study->populations[unit / study->blocks];
    const size_t block = unit % study->blocks;
    const ntk_stream root = ntk_context_stream(self->context, block);
    char purpose[96];
    snprintf(purpose, sizeof purpose, "%s depth %zu width %zu",
             ntk_activation_name(population->network.activation), population->network.depth,
             population->width);
    ntk_stream stream = ntk_stream_fork(&root, purpose);
    scratch s = {0};
    NTK_TRY(ntk_network_create(&population->network, study->inputs, population->width, study->outputs,
                               &s.network));
    ntk_status status = ntk_allocate_doubles(ntk_network_parameters(s.network), &s.theta);
    if (status == NTK_OK) status = ntk_allocate_doubles(study->points * study->outputs, &s.f);
    if (status == NTK_OK) status = ntk_allocate_doubles(study->columns, &s.sample);
    if (status == NTK_OK)
        status = draw_block(study, population, &stream, &s, population->means + block * study->columns);
    ntk_release(s.sample);
    ntk_release(s.f);
    ntk_release(s.theta);
    ntk_network_destroy(s.network);
    return status;
}

ntk_status ntk_population_conduct(ntk_context *context, ntk_population_study *study,
                                  ntk_population_describe describe, ntk_population_reduce reduce) {
    task self = {context, study};
    ntk_status status = describe(context, study);
    if (status == NTK_OK) status = ntk_map(study->count * study->blocks, run_unit, &self);
    if (status == NTK_OK) status = reduce(context, study);
    release(study);
    return status;
}

/* ---- reducing ------------------------------------------------------------------------------------------ */

double ntk_population_average(const ntk_population_study *study, const ntk_population *population,
                              size_t column) {
    double sum = 0;
    for (size_t b = 0; b < study->blocks; b++) sum += population->means[b * study->columns + column];
    return sum / (double)study->blocks;
}

ntk_status ntk_population_mean(const ntk_context *context, const ntk_population_study *study,
                               const ntk_population *population, size_t column, double factor,
                               ntk_estimate *out) {
    double *values;
    NTK_TRY(ntk_allocate_doubles(study->blocks, &values));
    for (size_t b = 0; b < study->blocks; b++)
        values[b] = factor * population->means[b * study->columns + column];
    const ntk_status status = ntk_stats_mean(study->blocks, values, ntk_context_level(context), out);
    ntk_release(values);
    return status;
}

/* <D, D'> of a pair of blocks. */
static double product(const ntk_population_study *study, const ntk_population *population, size_t pair) {
    const double *first = population->means + 2 * pair * study->columns, *second = first + study->columns;
    double sum = 0;
    for (size_t k = 0; k < study->points * study->points; k++) sum += first[k] * second[k];
    return sum;
}

ntk_status ntk_population_bias(const ntk_context *context, const ntk_population_study *study,
                               const ntk_population *population, double factor, ntk_estimate *out) {
    const size_t pairs = study->blocks / 2;
    double *values;
    NTK_TRY(ntk_allocate_doubles(pairs, &values));
    for (size_t p = 0; p < pairs; p++) values[p] = factor * product(study, population, p);
    const ntk_status status = ntk_stats_mean(pairs, values, ntk_context_level(context), out);
    ntk_release(values);
    return status;
}

/* The root of a negative product is NaN, which ntk_stats_rate refuses. */
ntk_status ntk_population_rate(const ntk_context *context, const ntk_population_study *study,
                               const ntk_population *first, ntk_estimate *out) {
    const size_t pairs = study->blocks / 2;
    size_t count;
    const double *widths = ntk_context_reals(context, "widths", &count);
    double *values;
    NTK_TRY(ntk_allocate_doubles(pairs * count, &values));
    for (size_t p = 0; p < pairs; p++)
        for (size_t w = 0; w < count; w++) values[p * count + w] = sqrt(product(study, &first[w], p));
    const ntk_status status = ntk_stats_rate(count, widths, pairs, values, ntk_context_level(context), out);
    ntk_release(values);
    return status;
}
