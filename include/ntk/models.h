/* Models: what a gradient flow needs to know of what it trains. */
#ifndef NTK_MODELS_H
#define NTK_MODELS_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/network.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* A model on fixed inputs. The flow holds its coordinates theta (p); the model maps them to the
 * outputs. One thread at a time. */
typedef struct ntk_model {
    size_t dimension; /* p */
    size_t points;    /* n */
    size_t outputs;   /* K */
    void *context;
    /* f: (n, K) at theta. */
    ntk_status (*evaluate)(void *context, const double *theta, double *f);
    /* Direction of steepest ascent of <c, f> at the theta of the last evaluate. gradient: (p). */
    ntk_status (*pullback)(void *context, const double *theta, const double *cotangent, double *gradient);
    /* Norm of a difference of coordinates in parameter space; NULL: Euclidean. */
    double (*norm)(void *context, const double *difference);
    /* Tangent kernel at theta, (nK, nK) full; NULL: the model has none to observe. */
    ntk_status (*tangent_kernel)(void *context, const double *theta, double *gram);
    /* The same at the theta of the last evaluate, from what that has left; NULL: from nothing but
     * theta. */
    ntk_status (*last_tangent_kernel)(void *context, const double *theta, double *gram);
    /* Kernel of the sliding flow (network.h), (nK, nK), of theta' = -J^T cotangent in steps of
     * length `reach`; NULL: the model has no kinks. */
    ntk_status (*sliding_kernel)(void *context, const double *theta, const double *cotangent, double reach,
                                 double *gram);
} ntk_model;

/* The network on the inputs x (n, d), which stay the caller's, as does the network. The result is a
 * plain value; its context is owned and released by ntk_model_release. */
ntk_status ntk_model_network(ntk_network *network, size_t n, const double *x, ntk_model *out);

/* A linear model with fixed tangent kernel gram (nK, nK) and initial outputs f0 (n, K), both
 * copied: f = f0 + Theta a. Its coordinates are a (nK), theta - theta_0 = J^T a: the flow of a is
 * a' = -cotangent - lambda a, but for what a Theta that is singular to rounding does not see of the
 * cotangent, and the norm of a difference is sqrt(a^T Theta a), the parameter distance. Start it at
 * a = 0, where the two centres of the regulariser are the same. */
ntk_status ntk_model_linear(size_t n, size_t outputs, const double *gram, const double *f0, ntk_model *out);

/* What coordinates a (nK) of a linear model of n points predict at q other points: f = f0 + kernel
 * a, kernel (qK, nK) between the q points and those n, f0 (q, K); both are copied. It can be
 * followed along a flow (trajectory.h), not trained: its pullback fails with
 * NTK_ERROR_UNSUPPORTED. */
ntk_status ntk_model_linear_prediction(size_t q, size_t n, size_t outputs, const double *kernel,
                                       const double *f0, ntk_model *out);

void ntk_model_release(ntk_model *model);

NTK_END_DECLS

#endif
