/* Elliptical slice sampling. */
#ifndef NTK_SLICE_H
#define NTK_SLICE_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/random.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* A law proportional to N(f; mean, L L^T (x) I_columns) exp(log_likelihood(f)), f: (rows,
 * columns). */
typedef struct ntk_slice_target {
    size_t rows, columns;
    const double *mean;   /* (rows, columns), NULL for 0 */
    const double *factor; /* (rows, rows): L, triangular (zeros above) or not */
    double (*log_likelihood)(const double *f, const void *context); /* may be -infinity, not NaN */
    const void *context;
} ntk_slice_target;

typedef struct ntk_chain_options {
    size_t burn_in;  /* transitions before the first draw */
    size_t draws;    /* > 0 */
    size_t thinning; /* transitions from draw to draw, > 0 */
} ntk_chain_options;

/* Sees each draw f (rows, columns), which it may not change; a code other than NTK_OK ends the
 * chain. */
typedef ntk_status (*ntk_chain_visit)(size_t draw, const double *f, void *context);

/* Run a chain (Murray, Adams and MacKay 2010) from f, which ends as its last state. Errors:
 * NTK_ERROR_NOT_FINITE where the log-likelihood is NaN, or minus infinity at the start;
 * NTK_ERROR_NO_CONVERGENCE where no point of an ellipse is accepted (a log-likelihood that is not
 * reproducible); those of `visit`. */
ntk_status ntk_slice_chain(const ntk_slice_target *target, const ntk_chain_options *options,
                           ntk_stream *stream, double *f, ntk_chain_visit visit, void *context);

NTK_END_DECLS

#endif
