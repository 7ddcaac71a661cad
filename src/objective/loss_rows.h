/* Losses of many rows at a time, by the vector layer: the same bits on every instruction set. */
#ifndef NTK_OBJECTIVE_LOSS_ROWS_H
#define NTK_OBJECTIVE_LOSS_ROWS_H

#include <stdbool.h>

#include <ntk/loss.h>

/* *sum: of the l_i; slopes: (n, K), the dl_i/df_k, unless NULL. f, q: (n, K). True: none of them is
 * so small that it or a part of it underflows, so that quotients with *sum keep their digits.
 * False: a row is far out, or is none of numbers; nothing that was written counts. */
bool loss_rows(ntk_loss loss, size_t n, size_t outputs, const double *f, const double *q, double *sum,
               double *slopes);

/* h(u) = e^u - 1 - u for |u| < 1, by its series. */
double loss_exponential_series(double u);

#endif
