/* Outputs of linear models under the logistic loss, proved, and the proved error of the flow in
 * doubles.
 *
 * A linear model moves by f' = (1/n) Theta g(f), g_i = y_i sigma(-y_i f_i), from f_0: a linearised
 * network, or one of infinite width. Its flow contracts, so that a path with a small defect stays
 * near it for all time (certify/linear_flow.c), and so each output at log t = 30 lies in an
 * interval. Beside it runs the flow of dynamics/ in doubles: the distance from what it finds to the
 * far end of the interval bounds its error, which no estimate of its own does.
 *
 * Where the truth is known in closed form: on the vertices of a cube, labelled by the product of
 * two coordinates, from f_0 = 0, all margins are one and the same number z. The labels are an
 * eigenvector of Theta, lambda_2 its eigenvalue (ntk/lab/cube.h), so
 *
 *     z' = (lambda_2 / n) sigma(-z),      z + e^z - 1 = lambda_2 t / n. */
#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

enum { PROBLEM, SEED, TIME }; /* axes */
/* columns */
enum { SMALLEST, LARGEST, INTERVAL, FLOW, REFERENCE, ERROR, KERNEL, REMAINDER, STEPS };
enum { DEGREE = 2 }; /* of the products that label the vertices */

static const ntk_parameter parameters[] = {
    NTK_CHOICES("problems", "parity sphere network", "parity|sphere|network",
                "vertices of a cube; points of the sphere; those, and a network's linearisation"),
    NTK_INTEGER("cube-dimension", 4, 2, 8, "of the cube, which has 2 to this power vertices"),
    NTK_INTEGER("width", 64, 1, 4096, "of the linearised network, one hidden layer of erf units"),
    NTK_INTEGER("seeds", 2, 1, 1000, "draws of points, outputs and weights"),
    NTK_REALS("log-times", "-2 0 2 5 10 15 20 25 30", -20, 300, "times, ascending"),
    NTK_REAL("flow-tolerance", 1e-9, 1e-13, 1e-3, "of the flow in doubles"),
    NTK_REAL("flow-kernel", 0, 0, 1, "relative change of the kernel of that flow"),
    NTK_REAL("stored-error", 0, 0, 1, "relative error of the weight variance of the stored kernel"),
    NTK_CHOICE("kernel-error", "proved", "proved|none", "distance of the stored kernel to the exact one"),
    NTK_CHOICE("radius", "proved", "proved|none", "none: the numerical path is taken for the solution"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("margin-{problems}", "smallest margin at the last time, lower end"),
    NTK_METRIC("interval-{problems}", "widest interval of an output"),
    NTK_METRIC("flow-{problems}", "proved bound of the error of the flow in doubles"),
    NTK_METRIC("reference", "parity: largest distance to the closed form over the half-width"),
    {0},
};

typedef struct study {
    const ntk_context *context;
    ntk_grid grid;
    ntk_training_options training;
    ntk_linear_flow_options options;
    size_t cube_dimension;
    double flow_tolerance, flow_kernel, stored_error;
    bool kernel_exact, path_exact;
} study;

/* ---- problems -------------------------------------------------------------------------------- */

typedef struct problem {
    size_t n;
    double *kernel;       /* (n, n) */
    double kernel_error;  /* proved: ||kernel - Theta||_2 is at most this */
    double *f0, *targets; /* (n) */
} problem;

static void release(problem *p) {
    ntk_release(p->kernel);
    ntk_release(p->f0);
    ntk_release(p->targets);
    *p = (problem){0};
}

static ntk_status create(size_t n, problem *p) {
    *p = (problem){.n = n};
    NTK_TRY(ntk_allocate_doubles(n * n, &p->kernel));
    NTK_TRY(ntk_allocate_doubles(n, &p->f0));
    return ntk_allocate_doubles(n, &p->targets);
}

/* ReLU, two hidden layers, infinite width. */
static ntk_architecture architecture_of_limit(bool cube) {
    ntk_architecture out = ntk_architecture_default();
    out.depth = 2;
    out.input_scale = cube ? NTK_INPUT_SCALE_DIMENSION : NTK_INPUT_SCALE_NONE;
    return out;
}

static ntk_status set_limit(const study *self, bool cube, size_t d, const double *x, problem *p) {
    const ntk_architecture architecture = architecture_of_limit(cube);
    ntk_architecture stored = architecture;
    stored.weight_variance *= 1 + self->stored_error;
    NTK_TRY(ntk_kernel_gram(&stored, NTK_KERNEL_NTK, p->n, d, x, d, p->kernel, p->n));
    return ntk_certify_kernel_error(&architecture, p->n, d, x, d, p->kernel, p->n, &p->kernel_error);
}

static ntk_status set_parity(const study *self, problem *p) {
    double *x = NULL;
    NTK_TRY(create((size_t)1 << self->cube_dimension, p));
    NTK_TRY(ntk_allocate_doubles(p->n * self->cube_dimension, &x));
    ntk_cube_points(self->cube_dimension, x);
    ntk_cube_character(self->cube_dimension, DEGREE, p->targets);
    for (size_t i = 0; i < p->n; i++) {
        p->f0[i] = 0;
        p->targets[i] = p->targets[i] > 0;
    }
    const ntk_status status = set_limit(self, true, self->cube_dimension, x, p);
    ntk_release(x);
    return status;
}

/* Outputs like those of an initialised network of unit variance. */
static ntk_status set_sphere(const study *self, const ntk_training *training, const ntk_stream *stream,
                             problem *p) {
    ntk_stream outputs = ntk_stream_fork(stream, "outputs");
    ntk_stream_normal(&outputs, p->n, p->f0);
    return set_limit(self, false, training->inputs, training->x, p);
}

static ntk_status set_network(const study *self, ntk_training *training, problem *p) {
    const ntk_model *model = &training->model;
    NTK_TRY(model->evaluate(model->context, training->theta0, p->f0));
    NTK_TRY(model->tangent_kernel(model->context, training->theta0, p->kernel));
    return ntk_certify_network_error(&training->architecture, training->inputs, self->training.width,
                                     training->theta0, p->n, training->x, p->kernel, p->n, &p->kernel_error);
}

static ntk_status set_drawn(const study *self, bool network, const ntk_stream *stream, problem *p) {
    ntk_training training;
    NTK_TRY(create(self->training.points, p));
    NTK_TRY(ntk_training_create(&self->training, stream, &training));
    memcpy(p->targets, training.targets, p->n * sizeof(double));
    const ntk_status status =
        network ? set_network(self, &training, p) : set_sphere(self, &training, stream, p);
    ntk_training_release(&training);
    return status;
}

static ntk_status set_problem(const study *self, const ntk_slot *slot, problem *p) {
    const char *name = ntk_grid_label(&self->grid, slot->at, PROBLEM);
    const ntk_stream stream = ntk_context_stream(self->context, slot->at.at[SEED]);
    if (strcmp(name, "parity") == 0) return set_parity(self, p);
    return set_drawn(self, strcmp(name, "network") == 0, &stream, p);
}

/* ---- the flow in doubles --------------------------------------------------------------------- */

typedef struct record {
    size_t n, count, seen;
    double *outputs; /* (count, n) */
} record;

static ntk_status note(const ntk_observation *observation, void *context) {
    record *self = context;
    if (self->seen < self->count)
        memcpy(self->outputs + self->seen++ * self->n, observation->outputs, self->n * sizeof(double));
    return NTK_OK;
}

static ntk_status run_flow(const study *self, const ntk_model *model, const problem *p, record *out) {
    const ntk_axis *times = &self->grid.axes[TIME];
    ntk_flow_options options = ntk_flow_options_default();
    ntk_flow_result result;
    double *a = NULL;
    options.loss = NTK_LOSS_LOGISTIC;
    options.time = NTK_TIME_LOG_LOSS;
    options.tolerance = self->flow_tolerance;
    options.observation_log_times = times->numbers;
    options.observation_count = times->count;
    options.log_horizon = times->numbers[times->count - 1] + 1;
    options.observer = note;
    options.context = out;
    NTK_TRY(ntk_allocate_doubles(p->n, &a));
    memset(a, 0, p->n * sizeof *a);
    const ntk_status status = ntk_flow_run(model, p->targets, &options, a, &result);
    ntk_release(a);
    return status;
}

static ntk_status follow(const study *self, const problem *p, record *out) {
    double *kernel = NULL;
    ntk_model model = {0};
    NTK_TRY(ntk_allocate_doubles(p->n * p->n, &kernel));
    for (size_t k = 0; k < p->n * p->n; k++) kernel[k] = p->kernel[k] * (1 + self->flow_kernel);
    ntk_status status = ntk_model_linear(p->n, 1, kernel, p->f0, &model);
    if (status == NTK_OK) status = run_flow(self, &model, p, out);
    ntk_model_release(&model);
    ntk_release(kernel);
    return status;
}

/* ---- the closed form ------------------------------------------------------------------------- */

/* "clock" at x = z is the log t at which all margins of parity are z. */
static ntk_status create_clock(const study *self, ntk_formula **out) {
    const ntk_architecture architecture = architecture_of_limit(true);
    NTK_TRY(ntk_formula_create(out));
    NTK_TRY(ntk_cube_define(*out, &architecture, self->cube_dimension));
    return ntk_formula_define_as(*out, "clock", "log(x + exp(x) - 1) - log(lambda%d/%zu)", (int)DEGREE,
                                 (size_t)1 << self->cube_dimension);
}

/* The largest double z at which it is certainly not later than log_time, and the smallest at which
 * it is certainly not earlier; the clock rises. */
static ntk_status find_margin(const ntk_formula *clock, double log_time, ntk_interval *z) {
    for (int end = 0; end < 2; end++) {
        double low = 0, high = fmax(2, 2 * fabs(log_time) + 10);
        while (nextafter(low, high) < high) {
            const double middle = low / 2 + high / 2;
            ntk_interval at;
            NTK_TRY(ntk_formula_evaluate(clock, "clock", middle, &at));
            *((end == 0 ? at.high <= log_time : at.low < log_time) ? &low : &high) = middle;
        }
        *(end == 0 ? &z->low : &z->high) = end == 0 ? low : high;
    }
    return NTK_OK;
}

/* The largest distance of the middle of a margin's interval to anything in z, over half of its
 * length. */
static double compare_margins(const problem *p, const ntk_interval *f, ntk_interval z) {
    double worst = 0;
    for (size_t i = 0; i < p->n; i++) {
        const double sign = p->targets[i] > 0 ? 1 : -1, middle = sign * (f[i].low / 2 + f[i].high / 2);
        const double miss = ntk_larger(middle - z.low, z.high - middle);
        worst = ntk_larger(worst, miss / (f[i].high / 2 - f[i].low / 2));
    }
    return worst;
}

/* ---- one unit -------------------------------------------------------------------------------- */

/* A path that is taken for the solution: the doubles on either side of the middle. */
static void forget_radius(size_t n, ntk_interval *f) {
    for (size_t i = 0; i < n; i++) {
        const double middle = f[i].low / 2 + f[i].high / 2;
        f[i] = (ntk_interval){nextafter(middle, -INFINITY), nextafter(middle, INFINITY)};
    }
}

static void fill_row(const problem *p, const ntk_interval *f, const double *seen, double *row) {
    row[SMALLEST] = INFINITY;
    row[LARGEST] = -INFINITY;
    row[INTERVAL] = row[FLOW] = 0;
    for (size_t i = 0; i < p->n; i++) {
        const bool up = p->targets[i] > 0;
        row[SMALLEST] = ntk_smaller(row[SMALLEST], up ? f[i].low : -f[i].high);
        row[LARGEST] = ntk_larger(row[LARGEST], up ? f[i].high : -f[i].low);
        const double error = ntk_larger(f[i].high - seen[i], seen[i] - f[i].low);
        row[INTERVAL] = ntk_larger(row[INTERVAL], nextafter(f[i].high - f[i].low, INFINITY));
        row[FLOW] = ntk_larger(row[FLOW], nextafter(error, INFINITY));
    }
}

static ntk_status prove(const study *self, const ntk_slot *slot, const problem *p, ntk_linear_flow *flow,
                        const ntk_formula *clock, const record *seen, ntk_interval *f) {
    const ntk_axis *times = &self->grid.axes[TIME];
    for (size_t k = 0; k < times->count; k++) {
        double *row = slot->values + k * (STEPS + 1);
        ntk_linear_flow_state state;
        NTK_TRY(ntk_linear_flow_outputs(flow, times->numbers[k], f));
        ntk_linear_flow_describe(flow, &state);
        if (self->path_exact) forget_radius(p->n, f);
        fill_row(p, f, seen->outputs + k * p->n, row);
        row[ERROR] = state.error;
        row[KERNEL] = state.kernel;
        row[REMAINDER] = state.remainder;
        row[STEPS] = (double)state.steps;
        if (!clock) continue;
        ntk_interval z;
        NTK_TRY(find_margin(clock, times->numbers[k], &z));
        row[REFERENCE] = compare_margins(p, f, z);
    }
    return NTK_OK;
}

static ntk_status compute(const study *self, const ntk_slot *slot, const problem *p,
                          const ntk_formula *clock) {
    const size_t times = self->grid.axes[TIME].count;
    const ntk_linear_flow_problem of = {p->n, p->kernel, self->kernel_exact ? 0 : p->kernel_error, p->f0,
                                        p->targets};
    ntk_linear_flow *flow = NULL;
    ntk_interval *f = NULL;
    record seen = {.n = p->n, .count = times};
    ntk_status status = ntk_allocate(p->n, sizeof *f, (void **)&f);
    if (status == NTK_OK) status = ntk_allocate_doubles(times * p->n, &seen.outputs);
    if (status == NTK_OK) status = follow(self, p, &seen);
    if (status == NTK_OK && seen.seen != times)
        status = ntk_fail(NTK_ERROR_STALLED, "the flow showed %zu of %zu times", seen.seen, times);
    if (status == NTK_OK) status = ntk_linear_flow_create(&of, &self->options, &flow);
    if (status == NTK_OK) status = prove(self, slot, p, flow, clock, &seen, f);
    ntk_linear_flow_destroy(flow);
    ntk_release(f);
    ntk_release(seen.outputs);
    return status;
}

static ntk_status compute_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    problem p = {0};
    ntk_formula *clock = NULL;
    ntk_status status = set_problem(self, slot, &p);
    if (status == NTK_OK && strcmp(ntk_grid_label(&self->grid, slot->at, PROBLEM), "parity") == 0)
        status = create_clock(self, &clock);
    if (status == NTK_OK) status = compute(self, slot, &p, clock);
    ntk_formula_destroy(clock);
    release(&p);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static ntk_status emit_margin(ntk_context *context, const ntk_grid *grid, size_t problem) {
    ntk_place last = ntk_grid_case(problem);
    last.at[TIME] = grid->axes[TIME].count - 1;
    const ntk_extreme smallest = ntk_grid_smallest(grid, last, SMALLEST);
    return ntk_emit_scalar_as(context, smallest.value, "margin-%s", grid->axes[PROBLEM].labels[problem]);
}

static ntk_status judge(ntk_context *context, const ntk_grid *grid) {
    static const ntk_reduction list[] = {
        {.prefix = "interval", NTK_REDUCE_LARGEST, INTERVAL},
        {.prefix = "flow", NTK_REDUCE_LARGEST, FLOW},
        {.prefix = "margin", NTK_REDUCE_OWN, .own = emit_margin},
        {0},
    };
    NTK_TRY(ntk_grid_emit_table(context, grid, "outputs"));
    NTK_TRY(ntk_grid_emit(context, grid, list));
    double reference = NAN;
    for (size_t c = 0; c < grid->axes[PROBLEM].count; c++)
        if (strcmp(grid->axes[PROBLEM].labels[c], "parity") == 0)
            reference = ntk_grid_largest(grid, ntk_grid_case(c), REFERENCE).value;
    return ntk_emit_scalar(context, "reference", reference);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
                  .grid = {.axes = {ntk_axis_of_choices(context, "problem", "problems"),
                                    ntk_axis_of_count(context, "seed", "seeds"),
                                    ntk_axis_of_numbers(context, "log-time", "log-times")},
                           .columns = "smallest largest interval flow reference error kernel remainder "
                                      "steps"},
                  .training = ntk_context_sphere_problem(context),
                  .options = ntk_linear_flow_options_default(),
                  .cube_dimension = ntk_context_size(context, "cube-dimension"),
                  .flow_tolerance = ntk_context_real(context, "flow-tolerance"),
                  .flow_kernel = ntk_context_real(context, "flow-kernel"),
                  .stored_error = ntk_context_real(context, "stored-error"),
                  .kernel_exact = ntk_context_is(context, "kernel-error", "none"),
                  .path_exact = ntk_context_is(context, "radius", "none")};
    self.grid.axes[TIME].inside = true;
    self.training.loss = NTK_LOSS_LOGISTIC;
    self.training.architecture.activation = NTK_ERF;
    self.training.width = ntk_context_size(context, "width");
    self.options.bits = ntk_context_size(context, "bits");
    self.options.order = ntk_context_size(context, "order");
    NTK_TRY(ntk_grid_run(&self.grid, compute_unit, &self));
    const ntk_status status = judge(context, &self.grid);
    ntk_grid_release(&self.grid);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_tubes_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
