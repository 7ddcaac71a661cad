/* Strict positive definiteness of an infinite-width NTK on chosen points, certified: the shape that
 * the claims about families of networks share. */
#ifndef NTK_LAB_DEFINITENESS_H
#define NTK_LAB_DEFINITENESS_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/lab/context.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* What every such experiment reads, besides ntk_digits_parameters (problem.h); claim.yaml gives the
 * values of each tier. The points of a smaller size are the first ones of a larger. */
extern const ntk_parameter ntk_definiteness_parameters[];

/* The architecture that a label stands for on points of d coordinates, one that
 * ntk_certify_kernel_error knows. */
typedef ntk_architecture (*ntk_definiteness_architecture)(const char *label, size_t d);

/* A rigorous lower bound of lambda_min(Theta) for each data set, architecture (the labels in the
 * parameter `architectures`, a list of choices that the experiment declares) and size: a verified
 * Cholesky certificate of the stored Gram matrix minus a ball-arithmetic bound of its distance to
 * the exact Theta. Emits the table `cases` (certified, computed by an eigensolver, entry-error) and
 * the smallest bound as `certified-lambda-min`, which is not positive where some bound is not.
 * Errors: NTK_ERROR_ARGUMENT (an odd size); those of data, kernels and certificates. */
extern const ntk_metric_declaration ntk_definiteness_metrics[];
ntk_status ntk_definiteness_certify(ntk_context *context, ntk_definiteness_architecture architecture_of);

/* Spectra on one data set, of the first of the sizes, for each label: emits the table `spectra`
 * (eigenvalues relative to the largest, in descending order) and gives the numerical ranks. ranks:
 * (count), eigenvalues beyond rounding level; *n: the size. Errors: those of data and kernels. */
ntk_status ntk_definiteness_spectra(ntk_context *context, const char *data_set, size_t count,
                                    const char *const *labels, ntk_definiteness_architecture architecture_of,
                                    size_t *n, size_t *ranks);

/* Where the theorems on one layer without biases end: on n/2 antipodal pairs of S^2 such a kernel,
 * u plus an even function, has the rank n/2 + min(n/2, 3). */
size_t ntk_definiteness_antipodal_rank(size_t n);

/* The spectra on antipodal pairs of the network in the parameter `exception`, a choice that the
 * experiment declares, and of `beside`; the first's rank less the one above is emitted. */
extern const ntk_metric_declaration ntk_definiteness_exception_metrics[];
ntk_status ntk_definiteness_exception(ntk_context *context, const char *beside,
                                      ntk_definiteness_architecture architecture_of);

NTK_END_DECLS

#endif
