/* Every eigenvalue of an infinite-width NTK, enclosed.
 *
 * G is the stored Gram matrix of n points, Theta the exact one. A computed eigendecomposition of G
 * and what it misses give |lambda_i(G) - d_i| <= r for every i (certify/eigenvalues.c); the entries
 * of Theta in balls give ||G - Theta||_2 <= e (certify/ball_kernel.c). By Weyl's inequality
 *
 *     |lambda_i(Theta) - d_i| <= r + e.
 *
 * Four things could refute an enclosure. On the vertices of a cube all eigenvalues are known in
 * closed form (ntk/lab/cube.h). It must not reach below 0 where Theta is positive definite. It is
 * wide if its bound is, which n^2 u ||Theta|| limits. And a network that differs a little, the
 * neighbour,
 * must have other eigenvalues: each enclosure of the one disjoint from that of the other. */
#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

enum { ARCHITECTURE, DATA };                                                      /* axes */
enum { POINTS, SMALLEST, LARGEST, RADIUS, ENTRIES, SHARPNESS, REFERENCE, APART }; /* columns */

static const ntk_parameter parameters[] = {
    NTK_CHOICES("architectures", "relu-2 relu-3 erf-1", "relu-2|relu-3|erf-1",
                "activation and hidden layers; erf with biases"),
    NTK_CHOICES("data-sets", "cube sphere-10 digits", "cube|sphere-10|digits",
                "vertices of a cube, uniform points of the sphere, images"),
    NTK_INTEGER("size", 200, 10, 4000, "points of a set that is drawn"),
    NTK_INTEGER("cube-dimension", 8, 1, 12, "of the cube, which has 2 to this power vertices"),
    NTK_REAL("bias-variance", 0.25, 0, 10, "of the biases of erf"),
    NTK_REAL("neighbour", 1e-6, 1e-12, 1, "relative change of its weight variance"),
    NTK_REAL("stored-error", 0, 0, 1, "relative error of the weight variance of the stored matrix"),
    NTK_CHOICE("radius", "proved", "proved|stored-matrix|last-digit",
               "of an enclosure: all of it; without the error of the entries; that of a double"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("lambda-min-{architectures}", "lower end of the smallest enclosure, over all data sets"),
    NTK_METRIC("reference-{architectures}", "on the cube, largest distance to an eigenvalue over the radius"),
    NTK_METRIC("sharpness-{architectures}", "largest radius over n^2 u times the norm"),
    NTK_METRIC("apart-{architectures}", "part of the eigenvalues told from the neighbour's"),
    {0},
};

typedef enum radius_kind { PROVED, STORED_MATRIX, LAST_DIGIT } radius_kind;

typedef struct point_set {
    size_t n, d;
    double *x; /* (n, d) */
} point_set;

typedef struct study {
    ntk_grid grid;
    point_set *sets; /* (data sets) */
    size_t cube_dimension;
    double bias_variance, neighbour, stored_error;
    radius_kind radius;
} study;

/* ---- points and networks --------------------------------------------------------------------- */

static ntk_status draw_digits(const ntk_context *context, ntk_stream *stream, size_t n, double *x) {
    static const uint8_t classes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    ntk_digits digits;
    size_t *labels = NULL;
    NTK_TRY(ntk_context_digits(context, &digits));
    ntk_status status = ntk_allocate(n, sizeof *labels, (void **)&labels);
    if (status == NTK_OK) status = ntk_digits_draw(&digits, stream, classes, 10, n, x, labels, NULL);
    ntk_release(labels);
    ntk_digits_release(&digits);
    return status;
}

static bool is_cube(const char *set) { return strcmp(set, "cube") == 0; }

static ntk_status draw(const ntk_context *context, const char *name, point_set *set) {
    const bool digits = strcmp(name, "digits") == 0, cube = is_cube(name);
    const size_t dimension = ntk_context_size(context, "cube-dimension");
    const ntk_stream root = ntk_context_stream(context, 0);
    ntk_stream stream = ntk_stream_fork(&root, name);
    set->n = cube ? (size_t)1 << dimension : ntk_context_size(context, "size");
    set->d = cube ? dimension : digits ? 784 : 10;
    NTK_TRY(ntk_allocate_doubles(set->n * set->d, &set->x));
    if (digits) return draw_digits(context, &stream, set->n, set->x);
    if (!cube) return ntk_data_sphere(&stream, set->n, set->d, set->x);
    ntk_cube_points(dimension, set->x);
    return NTK_OK;
}

/* The points of the cube have norm sqrt(d), the others 1. */
static ntk_architecture architecture_of(const study *self, const char *label, const char *set) {
    ntk_architecture out = ntk_architecture_default();
    const bool erf = strncmp(label, "erf", 3) == 0;
    out.activation = erf ? NTK_ERF : NTK_RELU;
    out.bias_variance = erf ? self->bias_variance : 0;
    out.depth = (size_t)(label[strlen(label) - 1] - '0');
    out.input_scale = is_cube(set) ? NTK_INPUT_SCALE_DIMENSION : NTK_INPUT_SCALE_NONE;
    return out;
}

/* ---- enclosures ------------------------------------------------------------------------------ */

typedef struct enclosures {
    double *values; /* (n), ascending */
    double radius;  /* of each of them */
    double entries; /* e */
} enclosures;

/* The enclosures of the eigenvalues of the NTK of `architecture`; `stored` is the network whose
 * Gram matrix is computed for it. gram: (n, n), to work in. */
static ntk_status enclose(const study *self, const ntk_architecture *architecture,
                          const ntk_architecture *stored, const point_set *set, double *gram,
                          enclosures *out) {
    double radius;
    NTK_TRY(ntk_kernel_gram(stored, NTK_KERNEL_NTK, set->n, set->d, set->x, set->d, gram, set->n));
    NTK_TRY(ntk_certify_eigenvalues(set->n, gram, set->n, out->values, &radius));
    NTK_TRY(
        ntk_certify_kernel_error(architecture, set->n, set->d, set->x, set->d, gram, set->n, &out->entries));
    /* A sum rounds by half of its last place: the next number is no smaller than it. */
    out->radius = self->radius == PROVED          ? nextafter(radius + out->entries, INFINITY)
                  : self->radius == STORED_MATRIX ? radius
                                                  : DBL_EPSILON / 2 * fabs(out->values[set->n - 1]);
    return NTK_OK;
}

/* The part of the eigenvalues whose enclosures are disjoint from those of the same index. */
static double part_apart(size_t n, const enclosures *a, const enclosures *b) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += fabs(a->values[i] - b->values[i]) >
                 nextafter(a->radius + b->radius, INFINITY) + DBL_EPSILON * fabs(a->values[i] - b->values[i]);
    return (double)count / (double)n;
}

/* The largest distance of a midpoint to anything in the reference's interval, over the radius. */
static ntk_status compare_with_reference(const study *self, const ntk_architecture *architecture,
                                         const enclosures *all, double *worst) {
    const size_t n = (size_t)1 << self->cube_dimension;
    double *low = NULL;
    NTK_TRY(ntk_allocate_doubles(2 * n, &low));
    double *high = low + n;
    const ntk_status status = ntk_cube_eigenvalues(architecture, self->cube_dimension, low, high);
    *worst = 0;
    for (size_t i = 0; i < n && status == NTK_OK; i++) {
        const double miss = ntk_larger(all->values[i] - low[i], high[i] - all->values[i]);
        *worst = ntk_larger(*worst, miss / all->radius * (1 + 4 * DBL_EPSILON));
    }
    ntk_release(low);
    return status;
}

static ntk_status measure(const study *self, ntk_slot *slot, double *gram, enclosures *here,
                          enclosures *there) {
    const char *label = ntk_grid_label(&self->grid, slot->at, ARCHITECTURE);
    const char *name = ntk_grid_label(&self->grid, slot->at, DATA);
    const point_set *set = &self->sets[slot->at.at[DATA]];
    const ntk_architecture architecture = architecture_of(self, label, name);
    ntk_architecture stored = architecture, neighbour = architecture;
    stored.weight_variance *= 1 + self->stored_error;
    neighbour.weight_variance *= 1 + self->neighbour;
    NTK_TRY(enclose(self, &architecture, &stored, set, gram, here));
    NTK_TRY(enclose(self, &neighbour, &neighbour, set, gram, there));
    double *row = slot->values;
    const double n = (double)set->n;
    row[POINTS] = n;
    row[SMALLEST] = nextafter(here->values[0] - here->radius, -INFINITY);
    row[LARGEST] = here->values[set->n - 1];
    row[RADIUS] = here->radius;
    row[ENTRIES] = here->entries;
    row[SHARPNESS] = here->radius / (n * n * DBL_EPSILON / 2 * row[LARGEST]);
    row[APART] = part_apart(set->n, here, there);
    memcpy(slot->kept, here->values, set->n * sizeof(double));
    return is_cube(name) ? compare_with_reference(self, &architecture, here, &row[REFERENCE]) : NTK_OK;
}

static ntk_status compute_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const size_t n = self->sets[slot->at.at[DATA]].n;
    enclosures here = {0}, there = {0};
    double *gram = NULL;
    ntk_status status = ntk_allocate_doubles(n * n, &gram);
    if (status == NTK_OK) status = ntk_allocate_doubles(n, &here.values);
    if (status == NTK_OK) status = ntk_allocate_doubles(n, &there.values);
    if (status == NTK_OK) status = measure(self, slot, gram, &here, &there);
    ntk_release(gram);
    ntk_release(here.values);
    ntk_release(there.values);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* A row for each eigenvalue: the ends of its enclosure, and half of its length over the
 * midpoint. */
static ntk_status emit_spectra(ntk_context *context, const study *self) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "spectra", "$architecture $data index value relative-radius", &table));
    const ntk_grid *grid = &self->grid;
    for (size_t k = 0; k < ntk_grid_count(grid, ntk_grid_whole()); k++) {
        const ntk_place at = ntk_grid_place(grid, ntk_grid_whole(), k);
        const double *row = ntk_grid_row(grid, at), *values = ntk_grid_kept(grid, at);
        const char *labels[] = {ntk_grid_label(grid, at, ARCHITECTURE), ntk_grid_label(grid, at, DATA)};
        for (size_t i = (size_t)row[POINTS]; i-- > 0;) {
            const double numbers[] = {row[POINTS] - (double)i, values[i], row[RADIUS] / values[i]};
            NTK_TRY(ntk_table_row(table, labels, numbers));
        }
    }
    return NTK_OK;
}

static ntk_status emit_reference(ntk_context *context, const ntk_grid *grid, size_t architecture) {
    for (size_t k = 0; k < grid->axes[DATA].count; k++) {
        const ntk_place at = ntk_grid_place(grid, ntk_grid_case(architecture), k);
        if (!is_cube(ntk_grid_label(grid, at, DATA))) continue;
        return ntk_emit_scalar_as(context, ntk_grid_row(grid, at)[REFERENCE], "reference-%s",
                                  ntk_grid_label(grid, at, ARCHITECTURE));
    }
    return ntk_emit_scalar_as(context, NAN, "reference-%s", grid->axes[ARCHITECTURE].labels[architecture]);
}

static ntk_status judge(ntk_context *context, const study *self) {
    static const ntk_reduction list[] = {
        {.prefix = "lambda-min", NTK_REDUCE_SMALLEST, SMALLEST},
        {.prefix = "sharpness", NTK_REDUCE_LARGEST, SHARPNESS},
        {.prefix = "apart", NTK_REDUCE_SMALLEST, APART},
        {.prefix = "reference", NTK_REDUCE_OWN, .own = emit_reference},
        {0},
    };
    NTK_TRY(ntk_grid_emit_table(context, &self->grid, "cases"));
    NTK_TRY(emit_spectra(context, self));
    return ntk_grid_emit(context, &self->grid, list);
}

static ntk_status compute(ntk_context *context, study *self) {
    const ntk_axis *data = &self->grid.axes[DATA];
    NTK_TRY(ntk_allocate(data->count, sizeof *self->sets, (void **)&self->sets));
    for (size_t i = 0; i < data->count; i++) {
        NTK_TRY(draw(context, data->labels[i], &self->sets[i]));
        if (self->sets[i].n > self->grid.kept) self->grid.kept = self->sets[i].n;
    }
    NTK_TRY(ntk_grid_run(&self->grid, compute_unit, self));
    return judge(context, self);
}

static ntk_status run(ntk_context *context) {
    study self = {.grid = {.axes = {ntk_axis_of_choices(context, "architecture", "architectures"),
                                    ntk_axis_of_choices(context, "data", "data-sets")},
                           .columns = "points smallest largest radius entry-error sharpness reference apart"},
                  .cube_dimension = ntk_context_size(context, "cube-dimension"),
                  .bias_variance = ntk_context_real(context, "bias-variance"),
                  .neighbour = ntk_context_real(context, "neighbour"),
                  .stored_error = ntk_context_real(context, "stored-error"),
                  .radius = ntk_context_is(context, "radius", "proved")          ? PROVED
                            : ntk_context_is(context, "radius", "stored-matrix") ? STORED_MATRIX
                                                                                 : LAST_DIGIT};
    const ntk_status status = compute(context, &self);
    for (size_t i = 0; self.sets != NULL && i < self.grid.axes[DATA].count; i++) ntk_release(self.sets[i].x);
    ntk_release(self.sets);
    ntk_grid_release(&self.grid);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
