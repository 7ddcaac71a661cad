/* Training problems: points, labels, targets and a network at its initialisation, bundled for a flow. */
#ifndef NTK_TRAINING_H
#define NTK_TRAINING_H

#include <stddef.h>

#include <ntk/dynamics.h>
#include <ntk/random.h>

/* Targets of a classification problem from labels 0 .. K-1: q = 1 - (K - 1) epsilon for the true class and
 * epsilon for each other; epsilon = 0 is one-hot. targets: (n, K); with logistic loss (K = 1 output, two
 * classes) (n), the probability of class 1. Errors: NTK_ERROR_ARGUMENT for a label out of range or epsilon
 * outside [0, 1/K). */
ntk_status ntk_targets_from_labels(ntk_loss loss, size_t n, size_t outputs, const size_t *labels,
                                   double epsilon, double *targets);

/* What is drawn. Points are uniform on the unit sphere of R^inputs with |cosine| at most max_cosine between
 * any two; point i has label i mod classes. One output with NTK_LOSS_LOGISTIC (two classes), `classes`
 * outputs otherwise. */
typedef struct ntk_training_options {
    ntk_architecture architecture;
    ntk_loss loss;
    size_t width;
    size_t points, inputs, classes;
    double max_cosine;
    double epsilon; /* of ntk_targets_from_labels */
} ntk_training_options;

typedef struct ntk_training {
    size_t parameters, points, inputs, outputs;
    double *x;       /* (points, inputs) */
    size_t *labels;  /* (points) */
    double *targets; /* (points, outputs) */
    double *theta0;  /* (parameters), the initialisation */
    double *theta;   /* (parameters), a copy of theta0 for the flow to move */
    ntk_network *network;
    ntk_model model; /* the network on x */
} ntk_training;

/* Draw the problem from forks of `stream`: "points" for the data, which so are the same at every width, and
 * one named by the width for the weights. Errors: those of the functions that it calls. */
ntk_status ntk_training_create(const ntk_training_options *options, const ntk_stream *stream,
                               ntk_training *out);

/* Release and zero; a zeroed value is allowed. */
void ntk_training_release(ntk_training *training);

/* The linearised model of the problem at theta0 (dynamics.h, ntk_model_linear), with the empirical NTK at
 * theta0. */
ntk_status ntk_training_linearise(const ntk_training *training, ntk_model *out);

#endif
