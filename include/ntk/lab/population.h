/* Populations of networks at initialisation: many draws of one architecture and width, averaged,
 * and the averages tested. For what is known of a mean over initialisations: that it is a kernel's
 * exactly, or up to an order in 1/m; a moment of the outputs.
 *
 * An experiment describes its populations, in groups of one architecture at several widths, and
 * says what is emitted of each group. Measured on every network is D, the matrix over pairs of
 * points whose mean is to be the limit's kernel, less that kernel, and whatever else the experiment
 * needs. The networks of a population are drawn in independent blocks. The means over the blocks
 * are the samples of every t interval; and as D, D' of two blocks are independent with the same
 * mean, E <D, D'> = ||E D||^2, which D itself gives only with its noise added. */
#ifndef NTK_LAB_POPULATION_H
#define NTK_LAB_POPULATION_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/definiteness.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/table.h>
#include <ntk/network.h>
#include <ntk/stats.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* What every such experiment reads; claim.yaml gives the values of each tier. The last two are what
 * a control gets wrong about the limit. Of ntk_population_sphere there are ntk_sphere_parameters
 * (problem.h). */
extern const ntk_parameter ntk_population_parameters[];

/* The same in effect, for code to read. */
typedef struct ntk_population_options {
    const long *widths, *networks; /* (width_count) */
    size_t width_count, blocks, extra_layers;
    double bias_variance, kernel_weight_variance;
} ntk_population_options;

/* Errors: NTK_ERROR_ARGUMENT where there are not as many numbers of networks as widths. */
ntk_status ntk_population_read(const ntk_context *context, ntk_population_options *out);

typedef struct ntk_population {
    ntk_architecture network;
    size_t width, networks; /* networks in a block */
    double *kernel;         /* (n, n), of the limit */
    double *means;          /* (blocks, columns), columns = n^2 + extra; the study's */
} ntk_population;

/* One network of a population. */
typedef struct ntk_population_draw {
    ntk_network *network;
    double *theta;         /* its parameters */
    double *f;             /* (n, K), its outputs where the kernel is the NNGP's */
    const double *readout; /* (n, n), where it is the NTK: the last layer's part of the network's
                            * NTK, s^2 <a_i, a_j> + b^2 */
} ntk_population_draw;

typedef struct ntk_population_study ntk_population_study;
typedef struct ntk_population_group ntk_population_group;

/* Add the groups (ntk_population_add), and before that the points where the study has none yet. */
typedef ntk_status (*ntk_population_describe)(const ntk_context *context, ntk_population_study *study);

/* Complete a sample, (n^2 + extra): D (n, n) is there, the empirical NTK (K = 1) or the mean over
 * the K outputs of f_i f_j, less the limit's kernel. Entries of D that are set to 0 are left out of
 * ||E D||. */
typedef ntk_status (*ntk_population_measure)(const ntk_population_study *study,
                                             const ntk_population *population,
                                             const ntk_population_draw *draw, double *sample);

/* Reduce the means of a group, `count` populations in the order of their widths, and emit metrics
 * and rows of tables. */
typedef ntk_status (*ntk_population_emit)(ntk_context *context, const ntk_population_study *study,
                                          const ntk_population *populations, size_t count);

struct ntk_population_study {
    /* Filled in by the experiment. */
    const double *x;                /* (points, inputs); or by ntk_population_sphere, with the two
                                     * numbers */
    size_t points, inputs, outputs; /* n, d, K */
    ntk_kernel_type kernel;         /* which one of the limit */
    size_t extra;                   /* numbers in a sample beyond D */
    ntk_population_measure measure;
    const void *argument;     /* whatever `measure` needs beside */
    ntk_table *const *tables; /* those of the experiment, for its groups */
    /* By the functions below. */
    ntk_population_options options;
    size_t blocks, columns, count, group_count;
    ntk_population *populations; /* (count), in the order in which they were added */
    ntk_population_group *groups;
    double *drawn; /* points that the study owns */
    double *means; /* (count, blocks, columns), of which each population has its part */
};

/* Read the options, describe, draw, emit group by group, release. Networks come from streams that
 * are named by block, activation, depth and width. Errors: those of networks and of the
 * functions. */
ntk_status ntk_population_conduct(ntk_context *context, ntk_population_study *study,
                                  ntk_population_describe describe);

/* Points for the study: uniform on the sphere, in number, dimension and largest |cosine| what the
 * parameters `points`, `inputs` and `max-cosine` say, the same for every population. Errors: those
 * of ntk_data_sphere_separated. */
ntk_status ntk_population_sphere(const ntk_context *context, ntk_population_study *study);

/* Add a group: dense networks on unit-sphere data at widths first .. end - 1 of the options. Groups
 * of the same networks share them. Errors: NTK_ERROR_ARGUMENT for an activation of no such name;
 * those of ntk_kernel_gram. */
ntk_status ntk_population_add(ntk_population_study *study, const char *activation, long depth, size_t first,
                              size_t end, ntk_population_emit emit);

/* Mean of a column over the blocks. */
double ntk_population_average(const ntk_population_study *study, const ntk_population *population,
                              size_t column);

/* t interval, over blocks, of `factor` times a column's mean. Errors: those of ntk_stats_mean. */
ntk_status ntk_population_mean(const ntk_context *context, const ntk_population_study *study,
                               const ntk_population *population, size_t column, double factor,
                               ntk_estimate *out);

/* t interval, over pairs of blocks, of `factor` times ||E D||_F^2, without the noise of sampling.
 * Errors: those of ntk_stats_mean. */
ntk_status ntk_population_bias(const ntk_context *context, const ntk_population_study *study,
                               const ntk_population *population, double factor, ntk_estimate *out);

/* Exponent of ||E D||_F in the width over `count` populations; each pair of blocks is one sample.
 * Errors: those of ntk_stats_rate, also where a product <D, D'> is not positive, for want of
 * networks. */
ntk_status ntk_population_rate(const ntk_context *context, const ntk_population_study *study,
                               const ntk_population *populations, size_t count, ntk_estimate *out);

NTK_END_DECLS

#endif
