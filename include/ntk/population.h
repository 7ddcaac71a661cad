/* Populations of networks at initialisation: many draws of one architecture and width, averaged, and the
 * averages tested. For what is known of a mean over initialisations: that it is a kernel's exactly, or up to
 * an order in 1/m; a moment of the outputs.
 *
 * An experiment describes its populations, each a network and the kernel of a limit that its mean is held
 * against, and says what is measured on one network: first D, a matrix over pairs of points less that kernel,
 * then whatever else it needs. The networks of a population are drawn in independent blocks. The means over
 * the blocks are the samples of every t interval; and as D, D' of two blocks are independent with the same
 * mean, E <D, D'> = ||E D||^2, which D itself gives only with its noise added. */
#ifndef NTK_POPULATION_H
#define NTK_POPULATION_H

#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/experiment.h>
#include <ntk/kernel.h>
#include <ntk/network.h>

/* The parameters that every such experiment reads; claim.yaml gives the values of each tier. */
#define NTK_POPULATION_PARAMETERS                                                                            \
    {"widths", NTK_PARAMETER_INTEGER_LIST, "8 16", 1, 65536, NULL, "hidden widths, ascending"},              \
        {"networks", NTK_PARAMETER_INTEGER_LIST, "64 64", 1, 1e7, NULL, "in a block, one number per width"}, \
    {                                                                                                        \
        "blocks", NTK_PARAMETER_INTEGER, "64", 4, 100000, NULL, "of networks; even"                          \
    }

typedef struct ntk_population {
    ntk_architecture network;
    size_t width, networks; /* networks in a block */
    double *kernel;         /* (n, n), of the limit */
    double *means;          /* (blocks, columns), columns = n^2 + extra */
} ntk_population;

typedef struct ntk_population_study ntk_population_study;

/* Add the populations (ntk_population_add), and before that the points where the study has none yet. */
typedef ntk_status (*ntk_population_describe)(const ntk_context *context, ntk_population_study *study);

/* Of one network with the parameters theta, on the study's points; f: (n, K), room for its outputs. sample:
 * (n^2 + extra), D (n, n) and what else there is; entries of D that are set to 0 are left out of ||E D||. */
typedef ntk_status (*ntk_population_measure)(const ntk_population_study *study,
                                             const ntk_population *population, ntk_network *network,
                                             const double *theta, double *f, double *sample);

/* Reduce the means and emit metrics and tables. */
typedef ntk_status (*ntk_population_reduce)(ntk_context *context, const ntk_population_study *study);

struct ntk_population_study {
    /* Filled in by the experiment. */
    const double *x;                /* (points, inputs); or by ntk_population_sphere, with the two numbers */
    size_t points, inputs, outputs; /* n, d, K */
    ntk_kernel_type kernel;         /* which one of the limit */
    size_t extra;                   /* numbers in a sample beyond D */
    ntk_population_measure measure;
    /* By the functions below. */
    size_t blocks, columns, count;
    ntk_population *populations; /* (count), in the order in which they were added */
    double *drawn;               /* points that the study owns */
};

/* Describe, draw, reduce, release. Networks come from streams that are named by block, activation, depth and
 * width: populations that agree in these consist of the same parameters. Errors: those of networks and of the
 * three functions. */
ntk_status ntk_population_conduct(ntk_context *context, ntk_population_study *study,
                                  ntk_population_describe describe, ntk_population_reduce reduce);

/* Points for the study: uniform on the sphere, in number, dimension and largest |cosine| what the parameters
 * `points`, `inputs` and `max-cosine` say, the same for every population. Errors: those of
 * ntk_data_sphere_separated. */
ntk_status ntk_population_sphere(const ntk_context *context, ntk_population_study *study);

/* Add the population of the `which`th of the context's widths, held against the kernel of `limit`. Errors:
 * NTK_ERROR_ARGUMENT where there are not as many numbers of networks as widths; those of ntk_kernel_gram. */
ntk_status ntk_population_add(const ntk_context *context, ntk_population_study *study,
                              const ntk_architecture *network, const ntk_architecture *limit, size_t which);

/* Mean of a column over the blocks. */
double ntk_population_average(const ntk_population_study *study, const ntk_population *population,
                              size_t column);

/* t interval, over blocks, of `factor` times a column's mean. Errors: those of ntk_stats_mean. */
ntk_status ntk_population_mean(const ntk_context *context, const ntk_population_study *study,
                               const ntk_population *population, size_t column, double factor,
                               ntk_estimate *out);

/* t interval, over pairs of blocks, of `factor` times ||E D||_F^2, without the noise of sampling. Errors:
 * those of ntk_stats_mean. */
ntk_status ntk_population_bias(const ntk_context *context, const ntk_population_study *study,
                               const ntk_population *population, double factor, ntk_estimate *out);

/* Exponent of ||E D||_F in the width over as many populations as the context has widths, one of each, in
 * ascending order; each pair of blocks is one sample. Errors: those of ntk_stats_rate, also where a product
 * <D, D'> is not positive, for want of networks. */
ntk_status ntk_population_rate(const ntk_context *context, const ntk_population_study *study,
                               const ntk_population *first, ntk_estimate *out);

#endif
