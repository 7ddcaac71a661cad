/* The NTK is strictly positive definite on distinct points of the sphere (chen-2025): ReLU, at least two
 * hidden layers, or one with bias. Each case is a data set, an architecture and a size. lambda_min(Theta) is
 * bounded from below rigorously: a verified Cholesky certificate of the stored Gram matrix, minus a
 * ball-arithmetic bound of its distance to the exact Theta.
 *
 * Where the theorem stops: one hidden layer without bias on n/2 antipodal pairs. kappa_0(u) = 1/2 + odd and
 * kappa_1(u) = u/2 + even, so Theta(u) = u kappa_0 + kappa_1 = u + even. On the pairs the even part has rank
 * n/2 and the linear part rank min(d, n/2): the rank of Theta is exactly n/2 + min(d, n/2).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    {"data-sets", NTK_PARAMETER_CHOICE_LIST, "sphere-3 sphere-10 antipodal-3 antipodal-10 digits", 0, 0,
     "sphere-3|sphere-10|antipodal-3|antipodal-10|digits|doubled-10",
     "points; doubled: each x together with 2x"},
    {"architectures", NTK_PARAMETER_CHOICE_LIST, "depth-2 depth-3 depth-1-bias", 0, 0,
     "depth-1|depth-2|depth-3|depth-1-bias", "ReLU networks; bias variance 0 but for -bias"},
    {"sizes", NTK_PARAMETER_INTEGER_LIST, "20 60", 4, 4000, NULL, "numbers of points, even"},
    {0}};

typedef struct problem {
    const char *data_set;
    ntk_architecture architecture;
    size_t n, d;
    double *x, *gram;
} problem;

/* ---- points
 * ------------------------------------------------------------------------------------------------- */

static size_t dimension_of(const char *data_set) {
    return strcmp(data_set, "digits") == 0 ? 784 : strstr(data_set, "-10") ? 10 : 3;
}

static ntk_status draw_digits(const ntk_context *context, ntk_stream *stream, problem *p) {
    static const uint8_t classes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    ntk_digits digits;
    NTK_TRY(ntk_digits_read_folder(ntk_context_data(context), NTK_DIGITS_SUBSET, &digits));
    size_t *labels = NULL;
    ntk_status status = ntk_allocate(p->n, sizeof *labels, (void **)&labels);
    if (status == NTK_OK) status = ntk_digits_draw(&digits, stream, classes, 10, p->n, p->x, labels, NULL);
    ntk_release(labels);
    ntk_digits_release(&digits);
    return status;
}

static ntk_status draw_doubled(ntk_stream *stream, problem *p) {
    NTK_TRY(ntk_data_sphere(stream, p->n / 2, p->d, p->x));
    const size_t half = p->n / 2 * p->d;
    for (size_t i = 0; i < half; i++) p->x[half + i] = 2 * p->x[i];
    return NTK_OK;
}

static ntk_status draw_points(const ntk_context *context, problem *p) {
    ntk_stream root = ntk_context_stream(context, 0);
    ntk_stream stream = ntk_stream_fork(&root, p->data_set);
    if (strcmp(p->data_set, "digits") == 0) return draw_digits(context, &stream, p);
    if (strncmp(p->data_set, "antipodal", 9) == 0) return ntk_data_antipodal(&stream, p->n, p->d, p->x);
    if (strncmp(p->data_set, "doubled", 7) == 0) return draw_doubled(&stream, p);
    return ntk_data_sphere(&stream, p->n, p->d, p->x);
}

static ntk_architecture architecture_of(const char *name) {
    ntk_architecture out = ntk_architecture_default();
    out.input_scale = NTK_INPUT_SCALE_NONE;
    out.depth = (size_t)(name[strlen("depth-")] - '0');
    out.bias_variance = strstr(name, "bias") ? 0.1 : 0;
    return out;
}

/* ---- one case
 * ------------------------------------------------------------------------------------------------ */

static ntk_status problem_create(const ntk_context *context, const char *data_set, const char *architecture,
                                 size_t n, problem *out) {
    *out = (problem){.data_set = data_set,
                     .architecture = architecture_of(architecture),
                     .n = n,
                     .d = dimension_of(data_set)};
    NTK_TRY(ntk_allocate_doubles(n * out->d, &out->x));
    NTK_TRY(ntk_allocate_doubles(n * n, &out->gram));
    NTK_TRY(draw_points(context, out));
    return ntk_kernel_gram(&out->architecture, NTK_KERNEL_NTK, n, out->d, out->x, out->d, out->gram, n);
}

static void problem_release(problem *p) {
    ntk_release(p->x);
    ntk_release(p->gram);
}

typedef struct bounds {
    double
        certified; /* rigorous lower bound of lambda_min(Theta); not positive where none could be certified */
    double computed; /* by an eigensolver */
    double entries;  /* rigorous bound of ||stored - Theta||_2 */
} bounds;

static ntk_status certify(const problem *p, bounds *out) {
    ntk_certificate certificate;
    const ntk_status status = ntk_certify_positive_definite(p->n, p->gram, p->n, &certificate);
    if (status != NTK_OK && status != NTK_ERROR_NOT_POSITIVE_DEFINITE) return status;
    NTK_TRY(ntk_certify_kernel_error(&p->architecture, p->n, p->d, p->x, p->d, p->gram, p->n, &out->entries));
    out->certified = certificate.lambda_min_bound - out->entries;
    out->computed = certificate.lambda_min;
    return NTK_OK;
}

typedef struct study {
    const ntk_context *context;
    const char *const *data_sets, *const *architectures;
    const long *sizes;
    size_t data_set_count, architecture_count, size_count;
    bounds *cases; /* (data sets, architectures, sizes) */
} study;

static ntk_status run_case(size_t unit, void *argument) {
    study *self = argument;
    const size_t size = unit % self->size_count,
                 architecture = unit / self->size_count % self->architecture_count;
    problem p;
    ntk_status status =
        problem_create(self->context, self->data_sets[unit / self->size_count / self->architecture_count],
                       self->architectures[architecture], (size_t)self->sizes[size], &p);
    if (status == NTK_OK) status = certify(&p, &self->cases[unit]);
    problem_release(&p);
    return status;
}

static ntk_status emit_cases(ntk_context *context, const study *self) {
    ntk_table *table;
    NTK_TRY(
        ntk_emit_table(context, "cases", "$data $architecture size certified computed entry-error", &table));
    double smallest = INFINITY;
    for (size_t unit = 0; unit < self->data_set_count * self->architecture_count * self->size_count; unit++) {
        const bounds *b = &self->cases[unit];
        const char *labels[] = {self->data_sets[unit / self->size_count / self->architecture_count],
                                self->architectures[unit / self->size_count % self->architecture_count]};
        const double row[] = {(double)self->sizes[unit % self->size_count], b->certified, b->computed,
                              b->entries};
        NTK_TRY(ntk_table_row(table, labels, row));
        if (!(b->certified >= smallest)) smallest = b->certified;
    }
    return ntk_emit_scalar(context, "certified-lambda-min", smallest);
}

/* ---- the exception: one hidden layer, no bias, antipodal pairs
 * ---------------------------------------------- */

/* Eigenvalues above rounding level: the eigensolver's backward error is a small multiple of eps ||Theta||,
 * grows at most like n. */
static size_t numerical_rank(size_t n, const double *ascending) {
    size_t rank = 0;
    for (size_t i = 0; i < n; i++)
        if (ascending[i] > 10 * (double)n * 2.2e-16 * ascending[n - 1]) rank++;
    return rank;
}

static ntk_status spectrum(ntk_context *context, ntk_table *table, const char *architecture, size_t n,
                           double *rank_gap) {
    problem p;
    double *values = NULL;
    ntk_status status = problem_create(context, "antipodal-3", architecture, n, &p);
    if (status == NTK_OK) status = ntk_allocate_doubles(n, &values);
    if (status == NTK_OK) status = ntk_eigen_symmetric(n, p.gram, n, false, values);
    for (size_t i = 0; i < n && status == NTK_OK; i++) {
        const double row[] = {(double)(i + 1), values[n - 1 - i] / values[n - 1]};
        status = ntk_table_row(table, &architecture, row);
    }
    if (status == NTK_OK)
        *rank_gap = (double)numerical_rank(n, values) - (double)(n / 2 + (n / 2 < 3 ? n / 2 : 3));
    ntk_release(values);
    problem_release(&p);
    return status;
}

static ntk_status emit_exception(ntk_context *context, const study *self) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "spectra", "$architecture index relative-eigenvalue", &table));
    const size_t n = (size_t)self->sizes[0];
    double gap, ignored;
    NTK_TRY(spectrum(context, table, "depth-1", n, &gap));
    NTK_TRY(spectrum(context, table, "depth-2", n, &ignored));
    return ntk_emit_scalar(context, "exception-rank-gap", gap);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context};
    self.data_sets = ntk_context_choices(context, "data-sets", &self.data_set_count);
    self.architectures = ntk_context_choices(context, "architectures", &self.architecture_count);
    self.sizes = ntk_context_integers(context, "sizes", &self.size_count);
    const size_t cases = self.data_set_count * self.architecture_count * self.size_count;
    NTK_TRY(ntk_allocate(cases, sizeof *self.cases, (void **)&self.cases));
    ntk_status status = ntk_map(cases, run_case, &self);
    if (status == NTK_OK) status = emit_cases(context, &self);
    if (status == NTK_OK) status = emit_exception(context, &self);
    ntk_release(self.cases);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
