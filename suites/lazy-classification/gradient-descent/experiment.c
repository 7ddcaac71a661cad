/* Gradient descent in steps, below and above the critical rate (Lee et al. 2019).
 *
 * Squared loss (1/2n) sum (f - y)^2, steps theta <- theta - rate * grad. The linearised network's
 * residual is multiplied by
 *
 *     I - (rate/n) Theta_0
 *
 * at each step, so that it shrinks, whatever it is, if and only if rate < critical = 2n /
 * lambda_max(Theta_0). (With lambda_min > 0 the fastest contraction is at 2n / (lambda_min +
 * lambda_max), up to which the paper states its theorem.)
 *
 * Below, with kappa = rate / critical, the contraction is by c = max(|1 - 2 kappa|, 1 - 2 kappa
 * lambda_min / lambda_max) a step and a wide network's parameters move by a distance that does not
 * depend on its width: its kernel stays, by O(m^{-1/2}) and for smooth activations O(1/m), for all
 * steps.
 *
 * Above, the top mode grows by 2 kappa - 1 a step while the kernel stays; the network cannot come
 * to rest at a solution there, at any width. At one with residual 0 the Hessian of the loss is J^T
 * J /
 * n, and steps near it shrink only if
 *
 *     rate lambda_max(Theta) / n <= 2,        lambda_max(Theta) <= lambda_max(Theta_0) / kappa.
 *
 * So at every solution that the steps can come to rest at the kernel's norm has moved:
 *
 *     ||Theta - Theta_0||_F >= lambda_max(Theta_0) - lambda_max(Theta) >= (1 - 1/kappa)
 *     lambda_max(Theta_0).
 *
 * What is checked above is that the descent leaves: the drift passes that bound within the steps,
 * at every width. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICES("activations", "erf relu", "erf|gelu|relu", "of networks of one hidden layer"),
    NTK_INTEGERS("widths", "64 256 1024", 2, 65536, "of the hidden layer"),
    NTK_INTEGER("seeds", 64, 2, 1000, "initialisations, each with its own points"),
    NTK_REAL("below", 0.9, 0.01, 100, "rate over the critical one, below it"),
    NTK_REAL("above", 1.2, 0.01, 100, "and above it"),
    NTK_REAL("bound-above", 0, 0, 100, "kappa in the bound of the drift above; 0: that of the descent"),
    NTK_INTEGER("steps", 200, 1, 100000, "of each descent, at most"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("drift-rate-{activations}", "exponent in the width of the largest drift, below"),
    NTK_METRIC("left-{activations}", "largest residual at the end over the first one, below"),
    NTK_METRIC("exit-{activations}", "smallest of the largest drift over its bound, above"),
    {0},
};

enum { DRIFT, LEFT, EXIT, DRIFT_ABOVE };
static const char columns[] = "drift left exit drift-above";
enum { CASE, WIDTH, SEED };
enum { BELOW, ABOVE, CURVES, SHOWN = 120 }; /* residuals, from the first step on */

typedef struct study {
    ntk_context *context;
    ntk_grid grid;
} study;

typedef struct watch {
    const ntk_training *of;
    double *start, *kernel; /* (n, n): Theta_0, and scratch */
    double norm, lambda_max;
    double drift, enough;       /* the largest; and where the descent need not go on */
    double first, left, *curve; /* residuals: the first, the last over it; (SHOWN) */
} watch;

static ntk_status look(const ntk_descent_observation *seen, void *context) {
    watch *self = context;
    const size_t n = self->of->points;
    const ntk_model *model = &self->of->model;
    const double residual = sqrt(2 * (double)n) * exp(0.5 * seen->log_loss);
    if (seen->step == 0) self->first = residual;
    self->left = residual / self->first;
    if (seen->step < SHOWN) self->curve[seen->step] = self->left;
    NTK_TRY(model->tangent_kernel(model->context, seen->theta, self->kernel));
    self->drift = ntk_larger(self->drift, ntk_distance(n * n, self->kernel, self->start) / self->norm);
    return self->drift >= self->enough ? NTK_ERROR_CANCELLED : NTK_OK;
}

/* Descend from theta_0 at kappa times the critical rate, looking at every step. */
static ntk_status descend(const study *self, watch *seen, double kappa) {
    const ntk_training *problem = seen->of;
    const size_t count = ntk_context_size(self->context, "steps") + 1;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(count, sizeof(size_t), &memory));
    size_t *steps = memory;
    for (size_t k = 0; k < count; k++) steps[k] = k;
    const ntk_descent_options options = {.loss = NTK_LOSS_SQUARED,
                                         .rate = kappa * 2 * (double)problem->points / seen->lambda_max,
                                         .steps = count - 1,
                                         .observation_steps = steps,
                                         .observation_count = count,
                                         .observer = look,
                                         .context = seen};
    memcpy(problem->theta, problem->theta0, problem->parameters * sizeof *problem->theta);
    seen->drift = 0;
    const ntk_status status =
        ntk_descent_run(&problem->model, problem->targets, &options, problem->theta, NULL);
    ntk_release(memory);
    return status;
}

static ntk_status measure_start(watch *self) {
    const size_t n = self->of->points;
    const ntk_model *model = &self->of->model;
    double values[1000];
    if (n > 1000) return ntk_fail(NTK_ERROR_ARGUMENT, "%zu points: at most 1000", n);
    NTK_TRY(model->tangent_kernel(model->context, self->of->theta0, self->start));
    self->norm = ntk_norm(n * n, self->start);
    memcpy(self->kernel, self->start, n * n * sizeof *self->start);
    NTK_TRY(ntk_eigen_symmetric(n, self->kernel, n, false, values));
    self->lambda_max = values[n - 1];
    return NTK_OK;
}

static ntk_status descend_twice(const study *self, watch *seen, ntk_slot *slot) {
    const double above = ntk_context_real(self->context, "above");
    const double chosen = ntk_context_real(self->context, "bound-above");
    NTK_TRY(measure_start(seen));
    seen->enough = INFINITY;
    seen->curve = slot->kept + BELOW * SHOWN;
    NTK_TRY(descend(self, seen, ntk_context_real(self->context, "below")));
    slot->values[DRIFT] = seen->drift;
    slot->values[LEFT] = seen->left;
    const double bound = (1 - 1 / (chosen > 0 ? chosen : above)) * seen->lambda_max / seen->norm;
    seen->enough = 2 * bound;
    seen->curve = slot->kept + ABOVE * SHOWN;
    NTK_TRY(descend(self, seen, above));
    slot->values[DRIFT_ABOVE] = seen->drift;
    slot->values[EXIT] = seen->drift / bound;
    return NTK_OK;
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    ntk_training_options options = ntk_context_sphere_problem(self->context);
    options.loss = NTK_LOSS_SQUARED;
    options.width = (size_t)ntk_grid_number(&self->grid, slot->at, WIDTH);
    NTK_TRY(
        ntk_activation_parse(ntk_grid_label(&self->grid, slot->at, CASE), &options.architecture.activation));
    const ntk_stream stream = ntk_context_stream(self->context, slot->at.at[SEED]);
    ntk_training problem;
    NTK_TRY(ntk_training_create(&options, &stream, &problem));
    watch seen = {.of = &problem};
    const size_t n = problem.points;
    ntk_status status = ntk_allocate_doubles(2 * n * n, &seen.start);
    seen.kernel = seen.start + n * n;
    if (status == NTK_OK) status = descend_twice(self, &seen, slot);
    ntk_release(seen.start);
    ntk_training_release(&problem);
    return status;
}

/* Of the first seed. */
static ntk_status emit_curves(ntk_context *context, const ntk_grid *grid) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "paths", "$activation width step below above", &table));
    for (size_t k = 0; k < grid->axes[CASE].count * grid->axes[WIDTH].count; k++) {
        const ntk_place at = ntk_grid_place(grid, (ntk_place){{NTK_ALL, NTK_ALL, 0}}, k);
        const char *label = ntk_grid_label(grid, at, CASE);
        const double *kept = ntk_grid_kept(grid, at);
        for (size_t i = 0; i < SHOWN && isfinite(kept[i]); i++) {
            const double row[] = {ntk_grid_number(grid, at, WIDTH), (double)i, kept[BELOW * SHOWN + i],
                                  kept[ABOVE * SHOWN + i]};
            NTK_TRY(ntk_table_row(table, &label, row));
        }
    }
    return NTK_OK;
}

static const ntk_reduction reductions[] = {{.prefix = "drift-rate", .kind = NTK_REDUCE_RATE, .column = DRIFT},
                                           {.prefix = "left", .kind = NTK_REDUCE_LARGEST, .column = LEFT},
                                           {.prefix = "exit", .kind = NTK_REDUCE_SMALLEST, .column = EXIT},
                                           {0}};

static ntk_status conduct(ntk_context *context, study *self) {
    NTK_TRY(ntk_grid_run(&self->grid, run_unit, self));
    NTK_TRY(ntk_grid_emit_table(context, &self->grid, "runs"));
    NTK_TRY(emit_curves(context, &self->grid));
    return ntk_grid_emit(context, &self->grid, reductions);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
                  .grid = {.axes = {ntk_axis_of_choices(context, "activation", "activations"),
                                    ntk_axis_of_numbers(context, "width", "widths"),
                                    ntk_axis_of_count(context, "seed", "seeds")},
                           .columns = columns,
                           .kept = CURVES * SHOWN,
                           .level = ntk_context_level(context)}};
    const ntk_status status = conduct(context, &self);
    ntk_grid_release(&self.grid);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
