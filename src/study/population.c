/* Populations of networks at initialisation: blocks of draws, their means, and t intervals over
 * blocks. */
#include <ntk/lab/population.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/definiteness.h>
#include <ntk/lab/map.h>
#include <ntk/lab/plant.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "experiment/support.h"

const ntk_parameter ntk_population_parameters[] = {
    NTK_INTEGERS("widths", "8 16", 1, 65536, "hidden widths, ascending"),
    NTK_INTEGERS("networks", "64 64", 1, 1e7, "in a block, one number per width"),
    NTK_INTEGER("blocks", 64, 4, 100000, "of networks; even"),
    NTK_REAL("bias-variance", 0, 0, 100, "of networks and kernel"),
    NTK_REAL("kernel-weight-variance", 2, 0.01, 100, "of the kernel; the networks' is 2"),
    NTK_INTEGER("extra-layers", 0, 0, 8, "hidden layers that theory has beyond the networks"),
    NTK_PLANTS("kernel-scale|kernel-entry|kernel-trace"), /* of the limit */
    {0},
};

/* Populations first .. first + count - 1. */
struct ntk_population_group {
    size_t first, count;
    ntk_population_emit emit;
};

ntk_status ntk_population_read(const ntk_context *context, ntk_population_options *out) {
    size_t counts;
    *out = (ntk_population_options){.blocks = ntk_context_size(context, "blocks"),
                                    .extra_layers = ntk_context_size(context, "extra-layers"),
                                    .bias_variance = ntk_context_real(context, "bias-variance"),
                                    .kernel_weight_variance =
                                        ntk_context_real(context, "kernel-weight-variance")};
    out->widths = ntk_context_integers(context, "widths", &out->width_count);
    out->networks = ntk_context_integers(context, "networks", &counts);
    if (counts == out->width_count) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "%zu numbers of networks for %zu widths", counts, out->width_count);
}

/* ---- describing ------------------------------------------------------------------------------ */

ntk_status ntk_population_sphere(const ntk_context *context, ntk_population_study *study) {
    const ntk_stream root = ntk_context_stream(context, 0);
    ntk_stream points = ntk_stream_fork(&root, "points");
    study->points = ntk_context_size(context, "points");
    study->inputs = ntk_context_size(context, "inputs");
    NTK_TRY(ntk_allocate_doubles(study->points * study->inputs, &study->drawn));
    study->x = study->drawn;
    return ntk_data_sphere_separated(&points, study->points, study->inputs,
                                     ntk_context_real(context, "max-cosine"), study->drawn);
}

/* Dense networks, and the limit that they are held against. */
static ntk_status build(const ntk_population_options *options, const char *activation, long depth,
                        ntk_architecture *network, ntk_architecture *limit) {
    *network = ntk_architecture_default();
    network->depth = (size_t)depth;
    network->input_scale = NTK_INPUT_SCALE_NONE;
    NTK_TRY(ntk_activation_parse(activation, &network->activation));
    network->bias_variance = options->bias_variance;
    *limit = *network;
    limit->weight_variance = options->kernel_weight_variance;
    limit->depth += options->extra_layers;
    return NTK_OK;
}

static ntk_status append(ntk_population_study *study, const ntk_architecture *network,
                         const ntk_architecture *limit, size_t width, size_t networks) {
    const size_t n = study->points, d = study->inputs;
    study->blocks = study->options.blocks;
    study->columns = n * n + study->extra;
    void *populations = study->populations;
    NTK_TRY(ntk_array_grow(&populations, study->count, sizeof *study->populations));
    study->populations = populations;
    ntk_population *population = &study->populations[study->count++];
    *population = (ntk_population){.network = *network, .width = width, .networks = networks};
    NTK_TRY(ntk_allocate_doubles(n * n, &population->kernel));
    return ntk_kernel_gram(limit, study->kernel, n, d, study->x, d, population->kernel, n);
}

/* Populations are told apart by what names their streams. */
static bool matches(const ntk_population *population, const ntk_architecture *network, long width) {
    return population->network.activation == network->activation &&
           population->network.depth == network->depth && population->width == (size_t)width;
}

/* Where `count` populations of these widths stand one after another; the number of all where they
 * do not. */
static size_t find(const ntk_population_study *study, const ntk_architecture *network, const long *widths,
                   size_t count) {
    for (size_t first = 0; first + count <= study->count; first++) {
        size_t found = 0;
        while (found < count && matches(&study->populations[first + found], network, widths[found])) found++;
        if (found == count) return first;
    }
    return study->count;
}

ntk_status ntk_population_add(ntk_population_study *study, const char *activation, long depth, size_t first,
                              size_t end, ntk_population_emit emit) {
    const long *width = study->options.widths, *networks = study->options.networks;
    ntk_architecture network, limit;
    NTK_TRY(build(&study->options, activation, depth, &network, &limit));
    const ntk_population_group group = {find(study, &network, width + first, end - first), end - first, emit};
    if (group.first == study->count)
        for (size_t w = first; w < end; w++)
            NTK_TRY(append(study, &network, &limit, (size_t)width[w], (size_t)networks[w]));
    void *groups = study->groups;
    NTK_TRY(ntk_array_grow(&groups, study->group_count, sizeof group));
    study->groups = groups;
    study->groups[study->group_count++] = group;
    return NTK_OK;
}

static void release(ntk_population_study *study) {
    for (size_t k = 0; k < study->count; k++) ntk_release(study->populations[k].kernel);
    ntk_release(study->populations);
    ntk_release(study->means);
    ntk_release(study->groups);
    ntk_release(study->drawn);
    study->populations = NULL;
    study->groups = NULL;
    study->count = study->group_count = 0;
    study->drawn = study->means = NULL;
}

/* ---- drawing --------------------------------------------------------------------------------- */

typedef struct task {
    const ntk_context *context;
    const ntk_population_study *study;
} task;

/* Networks that are drawn, and evaluated, together. */
typedef struct batch {
    ntk_network *network;
    size_t size, parameters;
    double *theta;             /* (size, p) */
    double *kernels, *readout; /* (size, n, n) each, where the kernel is the NTK */
    double *f;                 /* (n, K), of one network */
    double *sample;            /* (columns) */
} batch;

/* Parameters of a batch, if they are more than one network's: a part of the second-level cache. */
enum { BATCH_PARAMETERS = 1 << 15, BATCH_UNIT = 8 };

/* By the size of a network alone. */
static size_t batch_size(size_t parameters) {
    const size_t units = BATCH_PARAMETERS / BATCH_UNIT / parameters;
    return units > 0 ? units * BATCH_UNIT : 1;
}

static void batch_destroy(batch *b) {
    ntk_release(b->theta);
    ntk_release(b->kernels);
    ntk_release(b->readout);
    ntk_release(b->f);
    ntk_release(b->sample);
    ntk_network_destroy(b->network);
}

/* To be destroyed also after an error. */
static ntk_status batch_create(const ntk_population_study *study, const ntk_population *population,
                               batch *b) {
    const size_t n = study->points;
    *b = (batch){0};
    NTK_TRY(ntk_network_create(&population->network, study->inputs, population->width, study->outputs,
                               &b->network));
    b->parameters = ntk_network_parameters(b->network);
    b->size = batch_size(b->parameters);
    NTK_TRY(ntk_allocate_doubles(b->size * b->parameters, &b->theta));
    NTK_TRY(ntk_allocate_doubles(b->size * n * n, &b->kernels));
    NTK_TRY(ntk_allocate_doubles(b->size * n * n, &b->readout));
    NTK_TRY(ntk_allocate_doubles(n * study->outputs, &b->f));
    return ntk_allocate_doubles(study->columns, &b->sample);
}

/* The first `count` networks, and what is computed of all of them at once. */
static ntk_status fill(const ntk_population_study *study, ntk_stream *stream, size_t count, batch *b) {
    for (size_t k = 0; k < count; k++)
        ntk_network_initialise(b->network, stream, b->theta + k * b->parameters);
    if (study->kernel != NTK_KERNEL_NTK) return NTK_OK;
    return ntk_network_tangent_kernels(b->network, count, b->theta, study->points, study->x, b->kernels,
                                       b->readout);
}

/* Theta_hat of network k, or the mean over the outputs of f_i f_j; less the limit's. */
static ntk_status deviate(const ntk_population_study *study, const ntk_population *population, batch *b,
                          size_t k) {
    const size_t n = study->points, K = study->outputs;
    double *D = b->sample;
    if (study->kernel == NTK_KERNEL_NTK) {
        memcpy(D, b->kernels + k * n * n, n * n * sizeof *D);
    } else {
        NTK_TRY(ntk_network_forward(b->network, b->theta + k * b->parameters, n, study->x, b->f));
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) D[i * n + j] = ntk_dot(K, b->f + i * K, b->f + j * K) / (double)K;
    }
    for (size_t e = 0; e < n * n; e++) D[e] -= population->kernel[e];
    return NTK_OK;
}

/* Add the first `count` networks to the means of their block. */
static ntk_status add_samples(const ntk_population_study *study, const ntk_population *population,
                              size_t count, batch *b, double *means) {
    const size_t gram = study->points * study->points;
    for (size_t k = 0; k < count; k++) {
        const ntk_population_draw draw = {b->network, b->theta + k * b->parameters, b->f,
                                          study->kernel == NTK_KERNEL_NTK ? b->readout + k * gram : NULL};
        NTK_TRY(deviate(study, population, b, k));
        NTK_TRY(study->measure(study, population, &draw, b->sample));
        for (size_t c = 0; c < study->columns; c++) means[c] += b->sample[c] / (double)population->networks;
    }
    return NTK_OK;
}

static ntk_status draw_block(const ntk_population_study *study, const ntk_population *population,
                             ntk_stream *stream, batch *b, double *means) {
    for (size_t first = 0; first < population->networks; first += b->size) {
        const size_t left = population->networks - first, count = left < b->size ? left : b->size;
        NTK_TRY(fill(study, stream, count, b));
        NTK_TRY(add_samples(study, population, count, b, means));
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
    batch b;
    ntk_status status = batch_create(study, population, &b);
    if (status == NTK_OK)
        status = draw_block(study, population, &stream, &b, population->means + block * study->columns);
    batch_destroy(&b);
    return status;
}

/* Blocks of all populations are the units of one map, and each has its part of one array. */
static ntk_status run(task *self, ntk_population_study *study) {
    const size_t units = study->count * study->blocks;
    NTK_TRY(ntk_allocate_doubles(units * study->columns, &study->means));
    for (size_t k = 0; k < study->count; k++)
        study->populations[k].means = study->means + k * study->blocks * study->columns;
    const ntk_slots slots = {study->means, study->columns};
    return ntk_map_units(units, run_unit, self, &slots, 1);
}

ntk_status ntk_population_conduct(ntk_context *context, ntk_population_study *study,
                                  ntk_population_describe describe) {
    task self = {context, study};
    ntk_status status = ntk_population_read(context, &study->options);
    if (status == NTK_OK) status = describe(context, study);
    for (size_t k = 0; k < study->count && status == NTK_OK; k++)
        ntk_plant_kernel(context, study->points, study->populations[k].kernel, study->points);
    if (status == NTK_OK) status = run(&self, study);
    for (size_t g = 0; g < study->group_count && status == NTK_OK; g++) {
        const ntk_population_group *group = &study->groups[g];
        status = group->emit(context, study, &study->populations[group->first], group->count);
    }
    release(study);
    return status;
}

/* ---- reducing -------------------------------------------------------------------------------- */

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
                               const ntk_population *populations, size_t count, ntk_estimate *out) {
    const size_t pairs = study->blocks / 2;
    double *widths;
    NTK_TRY(ntk_allocate_doubles((1 + pairs) * count, &widths));
    double *values = widths + count;
    for (size_t w = 0; w < count; w++) {
        widths[w] = (double)populations[w].width;
        for (size_t p = 0; p < pairs; p++) values[p * count + w] = sqrt(product(study, &populations[w], p));
    }
    const ntk_status status = ntk_stats_rate(count, widths, pairs, values, ntk_context_level(context), out);
    ntk_release(widths);
    return status;
}
