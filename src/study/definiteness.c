/* Certified smallest eigenvalues over data sets x architectures x sizes, and spectra.
 *
 * Let G be the stored Gram matrix. A Cholesky certificate gives lambda_min(G) >= c rigorously, ball
 * arithmetic ||G - Theta||_2 <= e, and Weyl's inequality lambda_min(Theta) >= c - e. */
#include <ntk/lab/definiteness.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/certify.h>
#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/plant.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/table.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/random.h>
#include <ntk/status.h>

const ntk_parameter ntk_definiteness_parameters[] = {
    NTK_CHOICES("data-sets", "sphere-3 sphere-10 antipodal-3 antipodal-10 digits",
                "sphere-3|sphere-10|antipodal-3|antipodal-10|digits|doubled-10|multiples-3|multiples-10|"
                "given",
                "points and their dimension; antipodal: each x with -x, doubled: with 2x, multiples: "
                "with 2x, -x and -2x; given: of --data-x"),
    NTK_INTEGERS("sizes", "20 60", 4, 4000, "numbers of points, even"),
    NTK_PLANTS("kernel-entry"),
    {0},
};

const ntk_metric_declaration ntk_definiteness_metrics[] = {
    NTK_METRIC("certified-lambda-min", "smallest rigorous lower bound of lambda_min over all cases"),
    {0},
};

/* ---- points ---------------------------------------------------------------------------------- */

typedef struct point_set {
    const char *name;
    size_t d;
    double *x; /* (as many as were drawn, d) */
} point_set;

static ntk_status draw_digits(const ntk_context *context, ntk_stream *stream, size_t n, double *x) {
    static const uint8_t classes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    ntk_digits digits;
    NTK_TRY(ntk_context_digits(context, &digits));
    size_t *labels = NULL;
    ntk_status status = ntk_allocate(n, sizeof *labels, (void **)&labels);
    if (status == NTK_OK) status = ntk_digits_draw(&digits, stream, classes, 10, n, x, labels, NULL);
    ntk_release(labels);
    ntk_digits_release(&digits);
    return status;
}

/* Each of n/2 points followed by twice itself; spread from the last on, in place. */
static ntk_status draw_doubled(ntk_stream *stream, size_t n, size_t d, double *x) {
    NTK_TRY(ntk_data_sphere(stream, n / 2, d, x));
    for (size_t i = n / 2; i-- > 0;)
        for (size_t k = 0; k < d; k++) {
            const double coordinate = x[i * d + k];
            x[2 * i * d + k] = coordinate;
            x[(2 * i + 1) * d + k] = 2 * coordinate;
        }
    return NTK_OK;
}

/* Points i of the sphere, i = 0, 1, .., times 1, 2, -1, -2; spread from the last on, in place. */
static ntk_status draw_multiples(ntk_stream *stream, size_t n, size_t d, double *x) {
    static const double factors[] = {1, 2, -1, -2};
    NTK_TRY(ntk_data_sphere(stream, (n + 3) / 4, d, x));
    for (size_t i = n; i-- > 0;)
        for (size_t k = 0; k < d; k++) x[i * d + k] = factors[i % 4] * x[i / 4 * d + k];
    return NTK_OK;
}

static ntk_status take_given(const ntk_context *context, size_t n, point_set *set) {
    const ntk_given_data *given = ntk_context_given(context);
    if (given == NULL) return ntk_fail(NTK_ERROR_ARGUMENT, "data-sets: 'given' are the points of --data-x");
    if (n > given->n)
        return ntk_fail(NTK_ERROR_ARGUMENT, "size %zu, but --data-x has %zu points", n, given->n);
    set->d = given->d;
    NTK_TRY(ntk_allocate_doubles(n * set->d, &set->x));
    memcpy(set->x, given->x, n * set->d * sizeof(double));
    return NTK_OK;
}

/* The first n points of a set; set->x is to be released in any case. */
static ntk_status draw(const ntk_context *context, const char *name, size_t n, point_set *set) {
    const ntk_stream root = ntk_context_stream(context, 0);
    ntk_stream stream = ntk_stream_fork(&root, name);
    const bool digits = strcmp(name, "digits") == 0;
    *set = (point_set){.name = name, .d = digits ? 784 : strstr(name, "-10") ? 10 : 3};
    if (strcmp(name, "given") == 0) return take_given(context, n, set);
    NTK_TRY(ntk_allocate_doubles(n * set->d, &set->x));
    if (digits) return draw_digits(context, &stream, n, set->x);
    if (strncmp(name, "antipodal", 9) == 0) return ntk_data_antipodal(&stream, n, set->d, set->x);
    if (strncmp(name, "doubled", 7) == 0) return draw_doubled(&stream, n, set->d, set->x);
    if (strncmp(name, "multiples", 9) == 0) return draw_multiples(&stream, n, set->d, set->x);
    return ntk_data_sphere(&stream, n, set->d, set->x);
}

static ntk_status gram_of(const ntk_context *context, const ntk_architecture *architecture,
                          const point_set *set, size_t n, double **gram) {
    NTK_TRY(ntk_allocate_doubles(n * n, gram));
    NTK_TRY(ntk_kernel_gram(architecture, NTK_KERNEL_NTK, n, set->d, set->x, set->d, *gram, n));
    ntk_plant_kernel(context, n, *gram, n);
    return NTK_OK;
}

/* ---- certified bounds ------------------------------------------------------------------------ */

enum { DATA, ARCHITECTURE, SIZE };

/* Of lambda_min(Theta): rigorous, not positive where none could be certified; by an eigensolver. Of
 * ||stored - Theta||_2: rigorous. */
enum { CERTIFIED, COMPUTED, ENTRIES };
static const char columns[] = "certified computed entry-error";

typedef struct study {
    const ntk_context *context;
    ntk_definiteness_architecture architecture_of;
    ntk_grid grid;
    point_set *sets;   /* (data sets), each of the largest size */
    double given_size; /* the one size, of points that a user gives */
} study;

static ntk_status bound_smallest(const ntk_context *context, const ntk_architecture *architecture,
                                 const point_set *set, size_t n, double *values) {
    double *gram = NULL;
    ntk_certificate certificate = {0};
    ntk_status status = gram_of(context, architecture, set, n, &gram);
    if (status == NTK_OK) status = ntk_certify_positive_definite(n, gram, n, &certificate);
    /* its bound is rigorous all the same */
    if (status == NTK_ERROR_NOT_POSITIVE_DEFINITE) status = NTK_OK;
    if (status == NTK_OK)
        status = ntk_certify_kernel_error(architecture, n, set->d, set->x, set->d, gram, n, &values[ENTRIES]);
    /* The difference is rounded too: one number further down is safe. */
    values[CERTIFIED] = nextafter(certificate.lambda_min_bound - values[ENTRIES], -INFINITY);
    values[COMPUTED] = certificate.lambda_min;
    ntk_release(gram);
    return status;
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const point_set *set = &self->sets[slot->at.at[DATA]];
    const ntk_architecture architecture =
        self->architecture_of(ntk_grid_label(&self->grid, slot->at, ARCHITECTURE), set->d);
    return bound_smallest(self->context, &architecture, set,
                          (size_t)ntk_grid_number(&self->grid, slot->at, SIZE), slot->values);
}

static ntk_status largest_size(const ntk_axis *sizes, size_t *out) {
    *out = 0;
    for (size_t i = 0; i < sizes->count; i++) {
        const size_t size = (size_t)sizes->numbers[i];
        if (size % 2 != 0) return ntk_fail(NTK_ERROR_ARGUMENT, "size %zu is odd", size);
        if (size > *out) *out = size;
    }
    return NTK_OK;
}

static ntk_status certify_all(ntk_context *context, study *self) {
    const ntk_axis *data = &self->grid.axes[DATA];
    const ntk_given_data *given = ntk_context_given(context);
    size_t largest = given != NULL ? given->n : 0;
    self->given_size = (double)largest;
    if (given != NULL)
        self->grid.axes[SIZE] = (ntk_axis){.name = "size", .count = 1, .numbers = &self->given_size};
    else
        NTK_TRY(largest_size(&self->grid.axes[SIZE], &largest));
    NTK_TRY(ntk_allocate(data->count, sizeof *self->sets, (void **)&self->sets));
    for (size_t i = 0; i < data->count; i++) NTK_TRY(draw(context, data->labels[i], largest, &self->sets[i]));
    NTK_TRY(ntk_grid_run(&self->grid, run_unit, self));
    NTK_TRY(ntk_grid_emit_table(context, &self->grid, "cases"));
    const ntk_extreme smallest = ntk_grid_smallest(&self->grid, ntk_grid_whole(), CERTIFIED);
    return ntk_emit_scalar(context, "certified-lambda-min", smallest.value);
}

ntk_status ntk_definiteness_certify(ntk_context *context, ntk_definiteness_architecture architecture_of) {
    study self = {.context = context,
                  .architecture_of = architecture_of,
                  .grid = {.axes = {ntk_axis_of_choices(context, "data", "data-sets"),
                                    ntk_axis_of_choices(context, "architecture", "architectures"),
                                    ntk_axis_of_numbers(context, "size", "sizes")},
                           .columns = columns}};
    const ntk_status status = certify_all(context, &self);
    for (size_t i = 0; self.sets != NULL && i < self.grid.axes[DATA].count; i++) ntk_release(self.sets[i].x);
    ntk_release(self.sets);
    ntk_grid_release(&self.grid);
    return status;
}

/* ---- spectra --------------------------------------------------------------------------------- */

/* Eigenvalues beyond rounding level, of either sign: the eigensolver's backward error is a small
 * multiple of eps ||Theta||, grows at most like n. */
static size_t numerical_rank(size_t n, const double *ascending) {
    size_t rank = 0;
    for (size_t i = 0; i < n; i++)
        if (fabs(ascending[i]) > 10 * (double)n * DBL_EPSILON * ascending[n - 1]) rank++;
    return rank;
}

static ntk_status spectrum(const ntk_context *context, ntk_table *table, const point_set *set, size_t n,
                           const char *label, const ntk_architecture *architecture, size_t *rank) {
    double *gram = NULL, *values = NULL;
    ntk_status status = gram_of(context, architecture, set, n, &gram);
    if (status == NTK_OK) status = ntk_allocate_doubles(n, &values);
    if (status == NTK_OK) status = ntk_eigen_symmetric(n, gram, n, false, values);
    for (size_t i = 0; i < n && status == NTK_OK; i++) {
        const double row[] = {(double)(i + 1), values[n - 1 - i] / values[n - 1]};
        status = ntk_table_row(table, &label, row);
    }
    if (status == NTK_OK) *rank = numerical_rank(n, values);
    ntk_release(values);
    ntk_release(gram);
    return status;
}

ntk_status ntk_definiteness_spectra(ntk_context *context, const char *data_set, size_t count,
                                    const char *const *labels, ntk_definiteness_architecture architecture_of,
                                    size_t *n, size_t *ranks) {
    size_t sizes;
    *n = (size_t)ntk_context_integers(context, "sizes", &sizes)[0];
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "spectra", "$architecture index relative-eigenvalue", &table));
    point_set set;
    ntk_status status = draw(context, data_set, *n, &set);
    for (size_t i = 0; i < count && status == NTK_OK; i++) {
        const ntk_architecture architecture = architecture_of(labels[i], set.d);
        status = spectrum(context, table, &set, *n, labels[i], &architecture, &ranks[i]);
    }
    ntk_release(set.x);
    return status;
}

size_t ntk_definiteness_antipodal_rank(size_t n) { return n / 2 + (n / 2 < 3 ? n / 2 : 3); }

const ntk_metric_declaration ntk_definiteness_exception_metrics[] = {
    NTK_METRIC("exception-rank-gap", "rank of the exception's NTK on antipodal pairs, less the predicted"),
    {0},
};

ntk_status ntk_definiteness_exception(ntk_context *context, const char *beside,
                                      ntk_definiteness_architecture architecture_of) {
    const char *const shown[] = {ntk_context_choice(context, "exception"), beside};
    size_t n, ranks[2];
    NTK_TRY(ntk_definiteness_spectra(context, "antipodal-3", 2, shown, architecture_of, &n, ranks));
    return ntk_emit_scalar(context, "exception-rank-gap",
                           (double)ranks[0] - (double)ntk_definiteness_antipodal_rank(n));
}
