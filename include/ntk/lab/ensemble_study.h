/* Studies of ensembles: points, kernels and trained networks of two widths, and the law at infinite
 * width that they are compared with (ensemble_law.h, which says how). */
#ifndef NTK_LAB_ENSEMBLE_STUDY_H
#define NTK_LAB_ENSEMBLE_STUDY_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/lab/context.h>
#include <ntk/lab/ensemble.h>
#include <ntk/lab/table.h>

NTK_BEGIN_DECLS

/* What every such experiment reads, besides ntk_sphere_parameters (problem.h). */
extern const ntk_parameter ntk_ensemble_parameters[];

/* The same in effect, for code to read. */
typedef struct ntk_ensemble_options {
    size_t widths[2], members[2], initialisations[2]; /* widths ascending */
    size_t points, test_points, circle_points, inputs, outputs;
    ntk_activation activation;
    double max_cosine, near_angle, rare_scale;
    double tolerance, gradient_tolerance, log_horizon; /* of the flow */
} ntk_ensemble_options;

/* Errors: NTK_ERROR_ARGUMENT for lists that are no pairs, or widths that do not ascend. */
ntk_status ntk_ensemble_read(const ntk_context *context, ntk_ensemble_options *out);

/* The law to compare with, for the experiment to fill. */
typedef struct ntk_ensemble_law {
    const char *label;   /* of metrics and table rows */
    size_t copies;       /* K, or fewer with a basis of their own */
    const double *basis; /* (K, copies), orthonormal columns, the caller's; NULL: the outputs
                          * themselves */
    double *map;         /* (q + c, n), A of the linear partners */
    double *mean;        /* (q + c, copies) */
    double *covariance;  /* (q + c, q + c) */
} ntk_ensemble_law;

typedef struct ntk_ensemble_study {
    ntk_context *context;
    ntk_ensemble_options options;
    size_t points, test_points, circle_points; /* n, q, c */
    size_t others, all;                        /* q + c, n + q + c */
    double *x;                                 /* (all, d): training, test and circle points */
    double *theta, *s;                         /* (all, all), NTK and NNGP kernels */
    double *targets;                           /* (n, K), 0: for the experiment to fill */
    ntk_ensemble_problem problem;              /* on these, with the flow that the parameters
                                                * describe */
    ntk_ensemble_law law;                      /* empty until it is named */
    ntk_ensemble ensembles[2];                 /* of the two widths, after training */
    ntk_ensemble initial[2];                   /* further members, untrained, without circle
                                                * points */
    ntk_table *deviations, *quantiles, *circle;
} ntk_ensemble_study;

/* A whole experiment: create a study, let `compare` fill laws, train and judge, release the
 * study. */
ntk_status ntk_ensemble_study_conduct(ntk_context *context, ntk_loss loss,
                                      ntk_status (*compare)(ntk_ensemble_study *study));

/* Draw points, compute kernels and make the tables, from the parameters: one hidden layer,
 * unit-sphere data. */
ntk_status ntk_ensemble_study_create(ntk_context *context, ntk_loss loss, ntk_ensemble_study *out);
void ntk_ensemble_study_release(ntk_ensemble_study *study);

/* Name the study's law and make its arrays, zero; those of an earlier one are released. */
ntk_status ntk_ensemble_study_name_law(ntk_ensemble_study *study, const char *label, size_t copies,
                                       const double *basis);

/* Outputs in the directions of the study's law: values (rows, K), out (rows, copies). */
ntk_status ntk_ensemble_study_project(const ntk_ensemble_study *study, size_t rows, const double *values,
                                      double *out);

/* Fill map and mean of the study's law as of a linear model (gaussian.h): A = Theta_xX (Theta_XX +
 * ridge I)^{-1} and A y in the law's directions. targets: y (n, K). Errors: those of
 * ntk_gaussian_map. */
ntk_status ntk_ensemble_study_solve_law(ntk_ensemble_study *study, double ridge, const double *targets);

/* Targets +1 and -1, output k at point i: (-1)^(number of bits that i and k share), the Walsh
 * functions, whose columns are orthogonal where n is a power of 2 and K <= n. */
void ntk_ensemble_study_sign_targets(ntk_ensemble_study *study);

/* Train the networks of both widths on the study's problem and draw the untrained ones; those of an
 * earlier call are released. columns, measure and argument: as of ntk_ensemble_train. */
ntk_status ntk_ensemble_study_train(ntk_ensemble_study *study, size_t columns, ntk_ensemble_measure measure,
                                    void *argument);

/* Test the values that `measure` has read off the networks of both widths as samples of N(0, I)
 * (stats.h, ntk_stats_gaussian_test; valid where that law is exact at every width). Emits its
 * p-values, <name>-mean-p, <name>-covariance-p and <name>-normality-p, and what they would have
 * found, detectable-shift, detectable-spread and detectable-distance. */
ntk_status ntk_ensemble_study_test_values(const ntk_ensemble_study *study, const char *name);

NTK_END_DECLS

#endif
