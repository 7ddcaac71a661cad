/* Training problems: points, labels, targets and a network at its initialisation, bundled for a flow. */
#ifndef NTK_TRAINING_H
#define NTK_TRAINING_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/data.h>
#include <ntk/dynamics.h>
#include <ntk/random.h>

/* Targets of a classification problem from labels 0 .. K-1: q = 1 - (K - 1) epsilon for the true class and
 * epsilon for each other; epsilon = 0 is one-hot. targets: (n, K); with one output (two classes; logistic or
 * squared loss) (n), the probability of class 1. Errors: NTK_ERROR_ARGUMENT for a label out of range or
 * epsilon outside [0, 1/classes). */
ntk_status ntk_targets_from_labels(ntk_loss loss, size_t n, size_t outputs, const size_t *labels,
                                   double epsilon, double *targets);

/* The logits at which softmax gives the targets q, all in (0, 1): log q, which a row may exceed by a
 * constant; log q - log(1 - q) for one output. targets, logits: (n, K). */
void ntk_targets_logits(size_t n, size_t outputs, const double *targets, double *logits);

/* What is drawn. Points are uniform on the unit sphere of R^inputs with |cosine| at most max_cosine between
 * any two, or images of digits (data.h, ntk_digits_draw), in one draw without replacement that training and
 * test points share; point i of all of them has label i mod classes. (That of a test point on the sphere
 * means nothing.) Two classes have one output, but with NTK_LOSS_SOFTMAX; otherwise there are as many outputs
 * as classes. */
typedef struct ntk_training_options {
    ntk_architecture architecture;
    ntk_loss loss;
    size_t width;
    size_t points, inputs, classes;
    size_t test_points; /* points beside the training points, never trained on; may be 0 */
    double max_cosine;
    double epsilon;               /* of ntk_targets_from_labels */
    const ntk_digits *digits;     /* what images are drawn from, rows * columns = inputs; NULL: the sphere */
    const uint8_t *digit_classes; /* (classes), the digits */
    /* Replace the points by their coordinates in the space that they span (data.h, ntk_data_coordinates): the
     * first layer's weights are Gaussian and a flow moves them within that space only, so outputs, kernels
     * and displacements have the law they have with all inputs, in fewer numbers. */
    bool coordinates;
} ntk_training_options;

typedef struct ntk_training {
    ntk_architecture architecture;
    size_t parameters, points, inputs, outputs; /* inputs: those of the network, which may be coordinates */
    size_t all_points;                          /* training and test points */
    double *x;       /* (all_points, inputs): the training points, then the test points */
    size_t *labels;  /* (all_points) */
    size_t *images;  /* (all_points), positions in options->digits; NULL on the sphere */
    double *targets; /* (points, outputs) */
    double *theta0;  /* (parameters), the initialisation */
    double *theta;   /* (parameters), a copy of theta0 for the flow to move */
    ntk_network *network;
    ntk_model model;      /* the network on the training points */
    ntk_model everywhere; /* the network on all points: to follow along a flow, not to train. It shares the
                             handle of `model`: evaluate it between two of a flow's evaluations, as observers
                             do. */
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

typedef enum ntk_training_kernel {
    NTK_TRAINING_KERNEL_EMPIRICAL, /* the empirical NTK at theta0 */
    NTK_TRAINING_KERNEL_LIMIT      /* the infinite-width NTK (x) I_K; NTK parametrisation only */
} ntk_training_kernel;

/* The linear model of the problem with one of these kernels and the network's own initial outputs, on the
 * training points (model), and what the same coordinates predict on all points (everywhere; dynamics.h,
 * ntk_model_linear_prediction): f = f_0 + Theta(., X) a. Trained with a cross-entropy, kernel logistic
 * regression. Both are released by ntk_model_release. */
ntk_status ntk_training_kernel_model(const ntk_training *training, ntk_training_kernel kernel,
                                     ntk_model *model, ntk_model *everywhere);

#endif
