/* Compensated dot products (Ogita, Rump and Oishi, "Accurate sum and dot product", SIAM J. Sci.
 * Comput. 26, 2005, algorithm 5.3): with the exact transformations
 *
 *     a b = p + e   (Dekker: halves of 26 bits, whose products are exact),
 *     s + p = t + d   (Knuth),
 *
 * the errors e and d are summed beside the sum itself and added at its end. */
#include "inference/compensated.h"

#include <ntk/memory.h>

#include "inference/inference_problem.h"

ntk_status ntk_inference_apply_compensated(const ntk_inference_problem *problem, const double *v,
                                           double *image) {
    const size_t order = problem->order, columns = ntk_inference_unknowns(problem) / order;
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(2 * order * columns + columns, &memory));
    ntk_halves *parts = (ntk_halves *)memory;
    double *rest = memory + 2 * order * columns;
    for (size_t i = 0; i < order * columns; ++i) parts[i] = ntk_split(v[i]);
    for (size_t i = 0; i < order; ++i) {
        double *sum = image + i * columns;
        for (size_t k = 0; k < columns; ++k) sum[k] = rest[k] = 0;
        for (size_t j = 0; j < order; ++j) {
            const double entry = problem->gram[i * order + j];
            const ntk_halves entry_parts = ntk_split(entry);
            for (size_t k = 0; k < columns; ++k) {
                const size_t at = j * columns + k;
                ntk_add_product(entry, entry_parts, v[at], parts[at], &sum[k], &rest[k]);
            }
        }
        for (size_t k = 0; k < columns; ++k) sum[k] += rest[k];
    }
    ntk_release(memory);
    return NTK_OK;
}
