/* Training problems: points, labels, targets and a network at its initialisation, bundled for a
 * flow. */
#ifndef NTK_LAB_PROBLEM_H
#define NTK_LAB_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/data.h>
#include <ntk/hard_margin.h>
#include <ntk/lab/context.h>
#include <ntk/lab/parameters.h>
#include <ntk/models.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/targets.h>

NTK_BEGIN_DECLS

/* What is drawn. Points are uniform on the unit sphere of R^inputs with |cosine| at most max_cosine
 * between any two, or images of digits (data.h, ntk_digits_draw), in one draw without replacement
 * that training and test points share; point i of all of them has label i mod classes. (That of a
 * test point on the sphere means nothing.) Two classes have one output, but with NTK_LOSS_SOFTMAX;
 * otherwise there are as many outputs as classes. */
typedef struct ntk_training_options {
    ntk_architecture architecture;
    ntk_loss loss;
    size_t width;
    size_t points, inputs, classes;
    size_t test_points; /* points beside the training points, never trained on; may be 0 */
    double max_cosine;
    double epsilon;               /* of ntk_targets_from_labels */
    const ntk_digits *digits;     /* what images are drawn from, rows * columns = inputs; NULL: the
                                   * sphere */
    const uint8_t *digit_classes; /* (classes), the digits */
    const ntk_given_data *given;  /* points and labels of a user's own, `points` of them with
                                   * `inputs` coordinates, in the place of what would be drawn;
                                   * NULL: none */
    /* Replace the points by their coordinates in the space that they span (data.h,
     * ntk_data_coordinates): the first layer's weights are Gaussian and a flow moves them within
     * that space only, so outputs, kernels and displacements have the law they have with all
     * inputs, in fewer numbers. */
    bool coordinates;
} ntk_training_options;

typedef struct ntk_training {
    ntk_architecture architecture;
    size_t parameters, points, inputs, outputs; /* inputs: those of the network, which may be
                                                 * coordinates */
    size_t all_points;                          /* training and test points */
    double *x;       /* (all_points, inputs): the training points, then the test points */
    size_t *labels;  /* (all_points) */
    size_t *images;  /* (all_points), positions in options->digits; NULL on the sphere */
    double *targets; /* (points, outputs) */
    double *theta0;  /* (parameters), the initialisation */
    double *theta;   /* (parameters), a copy of theta0 for the flow to move */
    ntk_network *network;
    ntk_model model;      /* the network on the training points */
    ntk_model everywhere; /* the network on all points: to follow along a flow, not to train. It
                           * shares the handle of `model`: evaluate it between two of a flow's
                           * evaluations, as observers do. */
} ntk_training;

/* Draw the problem from forks of `stream`: "points" for the data, which so are the same at every
 * width, and one named by the width for the weights. Errors: those of the functions that it
 * calls. */
ntk_status ntk_training_create(const ntk_training_options *options, const ntk_stream *stream,
                               ntk_training *out);

/* Release and zero; a zeroed value is allowed. */
void ntk_training_release(ntk_training *training);

/* The linearised model of the problem at theta0 (models.h, ntk_model_linear), with the empirical
 * NTK at theta0. */
ntk_status ntk_training_linearise(const ntk_training *training, ntk_model *out);

typedef enum ntk_training_kernel {
    NTK_TRAINING_KERNEL_EMPIRICAL, /* the empirical NTK at theta0 */
    NTK_TRAINING_KERNEL_LIMIT      /* the infinite-width NTK (x) I_K; NTK parametrisation only */
} ntk_training_kernel;

/* The linear model of the problem with one of these kernels and the network's own initial outputs,
 * on the training points (model), and what the same coordinates predict on all points (everywhere;
 * models.h, ntk_model_linear_prediction): f = f_0 + Theta(., X) a. Trained with a cross-entropy,
 * kernel logistic regression. Both are released by ntk_model_release. */
ntk_status ntk_training_kernel_model(const ntk_training *training, ntk_training_kernel kernel,
                                     ntk_model *model, ntk_model *everywhere);

/* The hard margin (hard_margin.h) of the labels, two classes, in the feature space of the empirical
 * NTK at theta0, whatever the targets. weights: (points), those that it gives the points, or NULL.
 * Errors: those of the kernel and of ntk_inference_hard_margin. */
ntk_status ntk_training_hard_margin(const ntk_training *training, double *weights,
                                    ntk_hard_margin_result *out);

/* ---- what parameters say of a problem -------------------------------------------------------- */

/* How many points a problem draws on the sphere, and how close they may be (data.h): `points`,
 * `inputs` and `max-cosine`. */
extern const ntk_parameter ntk_sphere_parameters[];
/* A problem of two classes on those points: the default architecture on inputs that are not scaled,
 * since they have norm 1. */
ntk_training_options ntk_context_sphere_problem(const ntk_context *context);

/* For experiments on digits: the parameter `digit-set`, and the images that it chooses (data.h,
 * ntk_digits_read_folder). Errors: those of ntk_digits_read_folder; the full files are not
 * committed, a user puts them into the data folder. */
extern const ntk_parameter ntk_digits_parameters[];
ntk_status ntk_context_digits(const ntk_context *context, ntk_digits *out);
/* The integers of the parameter "digits", which are the classes, and their number. classes: (10).
 * Errors: NTK_ERROR_ARGUMENT for more than ten. */
ntk_status ntk_context_digit_classes(const ntk_context *context, uint8_t *classes, size_t *count);

NTK_END_DECLS

#endif
