/* Which entries of a stored kernel matrix are worth an enclosure. */
#ifndef NTK_CERTIFY_SUSPECTS_H
#define NTK_CERTIFY_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/kernel.h>
#include <ntk/status.h>

typedef struct suspects_problem {
    const ntk_architecture *architecture;
    ntk_kernel_type type;
    bool square; /* a Gram matrix: y is x, and pairs i >= j stand for both entries */
    size_t n, m, d;
    const double *x, *y;  /* (n, d), (m, d), leading dimension d */
    const double *stored; /* (n, m) */
    size_t ld;
    const double *row_scale, *column_scale; /* (n), (m): sqrt(K_xx) */
} suspects_problem;

/* The chosen entries as indices i m + j, ascending, each once; the caller releases them. All of at
 * most NTK_ACCURACY_ALL, else as accuracy.h says. Errors: those of ntk_kernel_gram. */
ntk_status suspects_choose(const suspects_problem *problem, size_t *count, size_t **chosen);

#endif
