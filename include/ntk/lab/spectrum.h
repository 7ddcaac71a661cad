/* Spectra of kernels on the sphere: what the claims about them have in common. */
#ifndef NTK_LAB_SPECTRUM_H
#define NTK_LAB_SPECTRUM_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/formula.h>
#include <ntk/interval.h>
#include <ntk/lab/context.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Kernels by their names, for a choice of parameters. ReLU networks have weight variance 2 and are
 * halved, so that "depth-1" is u kappa_0 + kappa_1; "bias-1" has one hidden layer and the bias
 * variance 0.1. */
#define NTK_SPECTRUM_KERNELS "kappa-0|kappa-1|depth-1|depth-2|depth-3|depth-4|bias-1|laplace"

/* Eigenvalues mu_0 .. mu_{count-1} on S^{p-1} as intervals. mu: (count). "depth-1" is the closed
 * form; networks go by quadrature, which presupposes no parity, and "depth-1" too where
 * `quadrature` says so. scale: of the Laplace kernel. Errors: those of ball_sphere.h. */
typedef struct ntk_spectrum_options {
    size_t p, count;
    bool quadrature;
    double scale;
} ntk_spectrum_options;
ntk_status ntk_spectrum_enclose(const char *kernel, const ntk_spectrum_options *options, ntk_interval *mu);

/* C(p) = 2^{p-1} Gamma(p/2)^2 / pi^2, an enclosure: the NTK of one layer has mu_k ~ C(p) k^{-p}. */
ntk_status ntk_spectrum_constant(size_t p, ntk_interval *out);

/* nu = k + (p - 2) / 2, the variable in which the laws are seen early. */
double ntk_spectrum_variable(size_t p, size_t k);

/* Define `name` as log(mu_{k+2} / mu_k) of a closed form in x = 1 / nu, k any real number: what a
 * law for every k is proved with. kernel: "kappa-0" (k odd), "kappa-1" or "depth-1" (k even).
 * Errors: NTK_ERROR_ARGUMENT for another kernel; those of formulas. */
ntk_status ntk_spectrum_define_step(ntk_formula *formula, const char *name, const char *kernel, size_t p);

NTK_END_DECLS

#endif
