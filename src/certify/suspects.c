/* The choice of entries: all of a small matrix, else a spread sample, the diagonal and those that
 * lie farthest from this library's own kernel.
 *
 * The sample is Kronecker's: entry k is number floor({k phi} T) of the T pairs, phi the golden
 * ratio. Its points fill the range more evenly than random ones, and are always the same. */
#include "certify/suspects.h"

#include <math.h>
#include <stdlib.h>

#include <ntk/accuracy.h>
#include <ntk/memory.h>

static size_t pair_count(const suspects_problem *self) {
    return self->square ? self->n * (self->n + 1) / 2 : self->n * self->m;
}

/* Pair number t as an index i m + j; of a Gram matrix t counts the lower triangle by rows. */
static size_t index_of(const suspects_problem *self, size_t t) {
    if (!self->square) return t;
    size_t i = (size_t)((sqrt(8.0 * (double)t + 1) - 1) / 2);
    while (i * (i + 1) / 2 > t) i--;
    while ((i + 1) * (i + 2) / 2 <= t) i++;
    return i * self->m + (t - i * (i + 1) / 2);
}

static int compare(const void *a, const void *b) {
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static size_t sort_and_unite(size_t count, size_t *chosen) {
    qsort(chosen, count, sizeof *chosen, compare);
    size_t kept = 0;
    for (size_t k = 0; k < count; k++)
        if (kept == 0 || chosen[kept - 1] != chosen[k]) chosen[kept++] = chosen[k];
    return kept;
}

/* ---- entries that lie far from the double kernel --------------------------------------------- */

typedef struct {
    double distance;
    size_t index;
} suspect;

/* The smallest distance at the top: a heap of the farthest. */
static void sink(size_t count, suspect *heap) {
    for (size_t k = 0;;) {
        size_t least = k;
        for (size_t child = 2 * k + 1; child <= 2 * k + 2 && child < count; child++)
            if (heap[child].distance < heap[least].distance) least = child;
        if (least == k) return;
        const suspect moved = heap[k];
        heap[k] = heap[least];
        heap[least] = moved;
        k = least;
    }
}

/* Of K_ij and, in a Gram matrix, K_ji; what is not a number lies farthest. */
static double distance_at(const suspects_problem *self, const double *kernel, size_t i, size_t j) {
    const double exact = kernel[i * self->m + j], scale = self->row_scale[i] * self->column_scale[j];
    double distance = fabs(self->stored[i * self->ld + j] - exact);
    if (self->square) distance = fmax(distance, fabs(self->stored[j * self->ld + i] - exact));
    distance /= scale;
    return isfinite(distance) ? distance : INFINITY;
}

/* heap: (NTK_ACCURACY_SUSPECTS), distances -1 at first. */
static void find_farthest(const suspects_problem *self, const double *kernel, suspect *heap) {
    for (size_t i = 0; i < self->n; i++)
        for (size_t j = 0; j < (self->square ? i + 1 : self->m); j++) {
            const double distance = distance_at(self, kernel, i, j);
            if (distance <= heap->distance) continue;
            *heap = (suspect){distance, i * self->m + j};
            sink(NTK_ACCURACY_SUSPECTS, heap);
        }
}

static ntk_status add_farthest(const suspects_problem *self, size_t *chosen) {
    double *kernel = NULL;
    void *memory = NULL;
    ntk_status status = ntk_allocate(NTK_ACCURACY_SUSPECTS, sizeof(suspect), &memory);
    suspect *heap = memory;
    if (status == NTK_OK) status = ntk_allocate_doubles(self->n * self->m, &kernel);
    if (status == NTK_OK)
        status = self->square ? ntk_kernel_gram(self->architecture, self->type, self->n, self->d, self->x,
                                                self->d, kernel, self->m)
                              : ntk_kernel_cross(self->architecture, self->type, self->n, self->m, self->d,
                                                 self->x, self->d, self->y, self->d, kernel, self->m);
    if (status == NTK_OK) {
        for (size_t k = 0; k < NTK_ACCURACY_SUSPECTS; k++) heap[k].distance = -1;
        find_farthest(self, kernel, heap);
        for (size_t k = 0; k < NTK_ACCURACY_SUSPECTS; k++) chosen[k] = heap[k].index;
    }
    ntk_release(kernel);
    ntk_release(heap);
    return status;
}

/* ---- the choice ------------------------------------------------------------------------------ */

static ntk_status choose_all(const suspects_problem *self, size_t *count, size_t **chosen) {
    void *memory;
    NTK_TRY(ntk_allocate(pair_count(self), sizeof **chosen, &memory));
    *chosen = memory;
    *count = pair_count(self);
    for (size_t t = 0; t < *count; t++) (*chosen)[t] = index_of(self, t);
    return NTK_OK;
}

ntk_status suspects_choose(const suspects_problem *problem, size_t *count, size_t **chosen) {
    const size_t pairs = pair_count(problem), diagonal = problem->square ? problem->n : 0;
    if (pairs <= NTK_ACCURACY_ALL) return choose_all(problem, count, chosen);
    void *memory;
    NTK_TRY(ntk_allocate(NTK_ACCURACY_SAMPLE + NTK_ACCURACY_SUSPECTS + diagonal, sizeof **chosen, &memory));
    size_t *list = memory, filled = 0;
    for (size_t k = 0; k < NTK_ACCURACY_SAMPLE; k++) {
        const double turns = (double)(k + 1) * 0.61803398874989485;
        list[filled++] = index_of(problem, (size_t)((turns - floor(turns)) * (double)pairs));
    }
    for (size_t i = 0; i < diagonal; i++) list[filled++] = i * problem->m + i;
    const ntk_status status = add_farthest(problem, list + filled);
    if (status != NTK_OK) {
        ntk_release(list);
        return status;
    }
    *count = sort_and_unite(filled + NTK_ACCURACY_SUSPECTS, list);
    *chosen = list;
    return NTK_OK;
}
