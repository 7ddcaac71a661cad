/* The accuracy of a stored kernel matrix: which entries are judged, and how. */
#include <ntk/accuracy.h>

#include <math.h>

#include <ntk/enclosure.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "certify/suspects.h"

/* A stored matrix and what is known of the exact one. */
typedef struct {
    size_t n, m, ld;
    const double *stored;
    double *row_scale, *column_scale; /* sqrt(K_xx) of rows and of columns */
} matrix;

double ntk_accuracy_digits(const ntk_accuracy *accuracy) {
    return isfinite(accuracy->error) ? fmax(0, -log10(accuracy->error)) : 0;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static double relative(double distance, double scale) {
    if (distance == 0) return 0;
    return scale > 0 ? distance / scale : INFINITY;
}

/* A NaN among them makes the worst error infinite. */
static void judge_entry(const matrix *self, size_t i, size_t j, ntk_interval exact, ntk_accuracy *out) {
    const double stored = self->stored[i * self->ld + j];
    const double distance = fmax(fabs(stored - exact.low), fabs(stored - exact.high));
    const double error =
        isfinite(distance) ? relative(distance, self->row_scale[i] * self->column_scale[j]) : INFINITY;
    out->judged++;
    if (out->judged > 1 && error <= out->error) return;
    out->error = error;
    out->row = i;
    out->column = j;
    out->stored = stored;
    out->exact = exact;
}

static void find_asymmetry(const matrix *self, ntk_accuracy *out) {
    for (size_t i = 0; i < self->n; i++)
        for (size_t j = 0; j < i; j++) {
            const double distance = fabs(self->stored[i * self->ld + j] - self->stored[j * self->ld + i]);
            const double asymmetry = relative(distance, self->row_scale[i] * self->column_scale[j]);
            if (asymmetry <= out->asymmetry) continue;
            out->asymmetry = asymmetry;
            out->asymmetry_row = i;
            out->asymmetry_column = j;
        }
}

static ntk_status check_stored(size_t n, size_t m, const double *a, size_t ld) {
    if (n == 0 || m == 0 || ld < m)
        return ntk_fail(NTK_ERROR_SHAPE, "accuracy: a matrix of %zu x %zu, ld = %zu", n, m, ld);
    for (size_t i = 0; i < n; i++)
        if (!ntk_all_finite(m, a + i * ld))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "accuracy: row %zu of the matrix", i);
    return NTK_OK;
}

static double scale_of(ntk_interval diagonal) { return sqrt(fmax(0, diagonal.high)); }

/* ---- against enclosures at hand -------------------------------------------------------------- */

static ntk_status judge_enclosed(const matrix *self, const ntk_interval *exact, ntk_accuracy *out) {
    for (size_t i = 0; i < self->n; i++) self->row_scale[i] = scale_of(exact[i * self->n + i]);
    for (size_t i = 0; i < self->n; i++)
        for (size_t j = 0; j < self->n; j++) judge_entry(self, i, j, exact[i * self->n + j], out);
    find_asymmetry(self, out);
    return ntk_enclosure_matrix_lambda_min(self->n, self->stored, self->ld, &out->lambda_min);
}

ntk_status ntk_accuracy_enclosed(size_t n, const ntk_interval *exact, ntk_interval exact_lambda_min,
                                 const double *gram, size_t ldg, ntk_accuracy *out) {
    NTK_TRY(check_stored(n, n, gram, ldg));
    *out = (ntk_accuracy){.rows = n, .columns = n, .square = true, .exact_lambda_min = exact_lambda_min};
    matrix self = {.n = n, .m = n, .ld = ldg, .stored = gram};
    NTK_TRY(ntk_allocate_doubles(n, &self.row_scale));
    self.column_scale = self.row_scale;
    const ntk_status status = judge_enclosed(&self, exact, out);
    ntk_release(self.row_scale);
    return status;
}

/* ---- against enclosures to be computed ------------------------------------------------------- */

/* The points of rows and columns one above the other; for a Gram matrix the rows alone. */
typedef struct {
    const ntk_architecture *architecture;
    ntk_kernel_type type;
    size_t count, d, first_column; /* points; the point of column 0 */
    double *x;                     /* (count, d) */
} points;

static ntk_status enclose(const points *self, size_t count, const size_t *pairs, ntk_interval *exact) {
    const bool nngp = self->type == NTK_KERNEL_NNGP;
    return ntk_enclosure_entries(self->architecture, self->count, self->d, self->x, self->d, count, pairs,
                                 nngp ? exact : NULL, nngp ? NULL : exact);
}

/* room: pairs (most, 2), exact (most). */
typedef struct {
    size_t most;
    size_t *pairs;
    ntk_interval *exact;
} room;

static ntk_status room_create(size_t most, room *out) {
    void *pairs = NULL, *exact = NULL;
    *out = (room){0};
    ntk_status status = ntk_allocate(most, 2 * sizeof *out->pairs, &pairs);
    if (status == NTK_OK) status = ntk_allocate(most, sizeof *out->exact, &exact);
    *out = (room){most, pairs, exact};
    return status;
}

static void room_destroy(room *self) {
    ntk_release(self->pairs);
    ntk_release(self->exact);
}

static ntk_status find_scales(const points *p, const room *room, double *scale) {
    for (size_t i = 0; i < p->count; i++) room->pairs[2 * i] = room->pairs[2 * i + 1] = i;
    NTK_TRY(enclose(p, p->count, room->pairs, room->exact));
    for (size_t i = 0; i < p->count; i++) scale[i] = scale_of(room->exact[i]);
    return NTK_OK;
}

/* Judges the entries `chosen` (count): index i m + j. Both K_ij and K_ji of a Gram matrix. */
static ntk_status judge_chosen(const points *p, const matrix *a, size_t count, const size_t *chosen,
                               const room *room, ntk_accuracy *out) {
    for (size_t k = 0; k < count; k++) {
        room->pairs[2 * k] = chosen[k] / a->m;
        room->pairs[2 * k + 1] = p->first_column + chosen[k] % a->m;
    }
    NTK_TRY(enclose(p, count, room->pairs, room->exact));
    for (size_t k = 0; k < count; k++) {
        const size_t i = chosen[k] / a->m, j = chosen[k] % a->m;
        judge_entry(a, i, j, room->exact[k], out);
        if (out->square && i != j) judge_entry(a, j, i, room->exact[k], out);
    }
    return NTK_OK;
}

static ntk_status judge_points(const points *p, const matrix *a, ntk_accuracy *out) {
    const suspects_problem problem = {p->architecture,
                                      p->type,
                                      out->square,
                                      a->n,
                                      a->m,
                                      p->d,
                                      p->x,
                                      p->x + p->first_column * p->d,
                                      a->stored,
                                      a->ld,
                                      a->row_scale,
                                      a->column_scale};
    size_t *chosen = NULL, count = 0;
    room room;
    ntk_status status = room_create(p->count, &room);
    if (status == NTK_OK) status = find_scales(p, &room, a->row_scale);
    room_destroy(&room);
    NTK_TRY(status);
    NTK_TRY(suspects_choose(&problem, &count, &chosen));
    status = room_create(count, &room);
    if (status == NTK_OK) status = judge_chosen(p, a, count, chosen, &room, out);
    room_destroy(&room);
    ntk_release(chosen);
    return status;
}

static ntk_status gather(size_t n, size_t d, const double *x, size_t ldx, size_t m, const double *y,
                         size_t ldy, points *out) {
    NTK_TRY(ntk_allocate_doubles((n + m) * d, &out->x));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < d; k++) out->x[i * d + k] = x[i * ldx + k];
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < d; k++) out->x[(n + i) * d + k] = y[i * ldy + k];
    return NTK_OK;
}

ntk_status ntk_accuracy_cross(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t m,
                              size_t d, const double *x, size_t ldx, const double *y, size_t ldy,
                              const double *kernel, size_t ldk, ntk_accuracy *out) {
    NTK_TRY(check_stored(n, m, kernel, ldk));
    points p = {architecture, type, n + m, d, n, NULL};
    matrix a = {.n = n, .m = m, .ld = ldk, .stored = kernel};
    *out = (ntk_accuracy){.rows = n, .columns = m};
    ntk_status status = gather(n, d, x, ldx, m, y, ldy, &p);
    if (status == NTK_OK) status = ntk_allocate_doubles(n + m, &a.row_scale);
    if (status == NTK_OK) a.column_scale = a.row_scale + n;
    if (status == NTK_OK) status = judge_points(&p, &a, out);
    ntk_release(a.row_scale);
    ntk_release(p.x);
    return status;
}

static ntk_status find_eigenvalues(const points *p, const matrix *a, ntk_accuracy *out) {
    NTK_TRY(ntk_enclosure_matrix_lambda_min(a->n, a->stored, a->ld, &out->lambda_min));
    out->exact_lambda_min = (ntk_interval){-INFINITY, INFINITY};
    if (a->n > NTK_ENCLOSURE_MOST_POINTS) return NTK_OK;
    return ntk_enclosure_lambda_min(p->architecture, p->type, p->count, p->d, p->x, p->d,
                                    &out->exact_lambda_min);
}

ntk_status ntk_accuracy_gram(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t d,
                             const double *x, size_t ldx, const double *gram, size_t ldg, ntk_accuracy *out) {
    NTK_TRY(check_stored(n, n, gram, ldg));
    points p = {architecture, type, n, d, 0, NULL};
    matrix a = {.n = n, .m = n, .ld = ldg, .stored = gram};
    *out = (ntk_accuracy){.rows = n, .columns = n, .square = true};
    ntk_status status = gather(n, d, x, ldx, 0, NULL, 0, &p);
    if (status == NTK_OK) status = ntk_allocate_doubles(n, &a.row_scale);
    if (status == NTK_OK) a.column_scale = a.row_scale;
    if (status == NTK_OK) status = judge_points(&p, &a, out);
    if (status == NTK_OK) find_asymmetry(&a, out);
    if (status == NTK_OK) status = find_eigenvalues(&p, &a, out);
    ntk_release(a.row_scale);
    ntk_release(p.x);
    return status;
}
