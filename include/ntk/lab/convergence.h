/* Convergence at initialisation: the empirical NTK of networks of growing width beside an
 * infinite-width NTK, on one set of points per seed, the shape that the claims about families of
 * networks share. */
#ifndef NTK_LAB_CONVERGENCE_H
#define NTK_LAB_CONVERGENCE_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* What every such experiment reads, besides ntk_sphere_parameters (problem.h); claim.yaml gives the
 * values of each tier. */
extern const ntk_parameter ntk_convergence_parameters[];

typedef struct ntk_convergence_case {
    const char *label;        /* lower case; it names metrics and rows of tables */
    const char *weights;      /* names the streams of the weights: cases of one name have the same
                               * numbers, drawn once where they follow each other; NULL:
                               * "weights" */
    ntk_architecture network; /* what is drawn */
    ntk_architecture limit;   /* whose NTK is compared with; equal to `network` by rights */
} ntk_convergence_case;

/* A network of one output at its initialisation, and its limit. */
typedef struct ntk_convergence_pair {
    const ntk_convergence_case *which;
    size_t seed, width, n, d;
    const double *x;         /* (n, d), the seed's points, the same in every case and at every
                              * width */
    const double *theta;     /* the network's parameters */
    const double *empirical; /* (n, n), its NTK */
    const double *limit;     /* (n, n) */
} ntk_convergence_pair;

/* The grid of such a study: cases x widths x seeds. A unit is a seed. */
enum { NTK_CONVERGENCE_CASE, NTK_CONVERGENCE_WIDTH, NTK_CONVERGENCE_SEED };

/* What is read off a network. values: its row, as many as there are columns. */
typedef ntk_status (*ntk_convergence_measure)(const ntk_convergence_pair *pair, double *values,
                                              const void *own);
typedef ntk_status (*ntk_convergence_reduce)(ntk_context *context, const ntk_convergence_case *cases,
                                             const ntk_grid *found);

/* For each case draw `seeds` sets of points, and on each set one network per width; measure every
 * one of them, then reduce. columns: the names of what is measured (grid.h). Errors: those of
 * kernels and networks, with their place, and of the two functions. */
ntk_status ntk_convergence_conduct(ntk_context *context, size_t count, const ntk_convergence_case *cases,
                                   const char *columns, ntk_convergence_measure measure, const void *own,
                                   ntk_convergence_reduce reduce);

/* The study of the relative error ||Theta_hat_0 - Theta||_F / ||Theta||_F: emits per case its
 * exponent as "exponent-<label>-<depth>", and the table `errors` (per case and width: geometric
 * mean over seeds, the mean that the exponent is a slope of, and the extremes). Errors: as
 * above. */
ntk_status ntk_convergence_of_errors(ntk_context *context, size_t count, const ntk_convergence_case *cases);

NTK_END_DECLS

#endif
