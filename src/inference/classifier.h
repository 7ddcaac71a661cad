/* What the Laplace approximation and the sampled posterior share. */
#ifndef NTK_INFERENCE_CLASSIFIER_H
#define NTK_INFERENCE_CLASSIFIER_H

#include <ntk/inference_problem.h>
#include <ntk/status.h>

/* An inference problem with a cross-entropy, a shared kernel and lambda > 0. */
ntk_status ntk_classifier_check(const ntk_inference_problem *problem);

/* 1 / (n lambda): C = Theta times this. */
double ntk_classifier_prior_scale(const ntk_inference_problem *problem);

#endif
