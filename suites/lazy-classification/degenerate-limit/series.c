/* Series of targets: cases x seeds, the flows of a unit one epsilon after the other. */
#include "series.h"

#include <math.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/table.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/models.h>
#include <ntk/random.h>
#include <ntk/status.h>
#include <ntk/targets.h>
#include <ntk/trajectory.h>

enum { TIMES = NTK_TARGET_SERIES_TIMES };

const ntk_parameter ntk_target_series_parameters[] = {
    NTK_CHOICES("cases", "kernel", "kernel|kernel-k3|network|network-k3", "models, two classes or three"),
    NTK_CHOICE("activation", "erf", "erf|gelu", "of kernel and network; smooth"),
    NTK_REALS("epsilons", "1e-1 1e-2", 1e-13, 0.3, "smallest target probabilities, descending"),
    NTK_INTEGER("width", 32, 2, 65536, "hidden width (of a kernel: of the network that it starts from)"),
    NTK_INTEGER("seeds", 2, 2, 100000, "initialisations, each with its own points"),
    NTK_REAL("lambda", 0, 0, 1e6, "strength of L2 (not of the one-hot flow)"),
    NTK_REAL("tolerance", 1e-7, 1e-13, 0.1, "of the integrator"),
    NTK_REAL("gradient-tolerance", 1e-7, 0, 1, "that of rest, relative to the larger of epsilon and lambda"),
    {0},
};

/* A unit is a case and a seed; it runs through the epsilons. Kept: for each of them, and then for
 * the one-hot flow, the largest spread of the logits at each time. */
enum { CASE, EPSILON, SEED };

typedef struct study {
    const ntk_context *context;
    ntk_training_options problem; /* of every case, but for its classes and loss */
    ntk_flow_options flow;        /* of every epsilon; gradient_tolerance: relative to it */
    ntk_target_measure measure;
    const void *own;
    ntk_grid grid;
    size_t columns;
    double log_times[TIMES];
} study;

static const ntk_axis *epsilons_of(const study *self) { return &self->grid.axes[EPSILON]; }

/* ---- one case and seed ----------------------------------------------------------------------- */

typedef struct unit {
    const study *study;
    ntk_slot *slot;
    ntk_training problem;
    ntk_model model, everywhere; /* the problem's own, or linear ones, which are released */
    double *gram;                /* (nK, nK), and workspace for its eigenvalues */
    ntk_target_run run;
} unit;

static ntk_status draw_problem(unit *u) {
    ntk_training_options options = u->study->problem;
    options.loss = u->run.loss;
    options.classes = u->run.classes;
    const ntk_stream stream = ntk_context_stream(u->study->context, u->slot->at.at[SEED]);
    return ntk_training_create(&options, &stream, &u->problem);
}

static ntk_status choose_model(unit *u) {
    u->model = u->problem.model;
    u->everywhere = u->problem.everywhere;
    if (!u->run.is_kernel) return NTK_OK;
    return ntk_training_kernel_model(&u->problem, NTK_TRAINING_KERNEL_LIMIT, &u->model, &u->everywhere);
}

static ntk_status describe_kernel(unit *u) {
    const size_t order = u->model.points * u->model.outputs, square = order * order;
    NTK_TRY(ntk_allocate_doubles(2 * square + order, &u->gram));
    double *copy = u->gram + square, *eigenvalues = u->gram + 2 * square;
    NTK_TRY(u->model.tangent_kernel(u->model.context, u->problem.theta0, u->gram));
    memcpy(copy, u->gram, square * sizeof *copy);
    NTK_TRY(ntk_eigen_symmetric(order, copy, order, false, eigenvalues));
    u->run.gram = u->gram;
    u->run.smallest = eigenvalues[0];
    u->run.largest = eigenvalues[order - 1];
    return NTK_OK;
}

static void unit_release(unit *u) {
    if (u->run.is_kernel) {
        ntk_model_release(&u->model);
        ntk_model_release(&u->everywhere);
    }
    ntk_release(u->gram);
    ntk_training_release(&u->problem);
}

static ntk_flow_options describe_flow(const unit *u, double epsilon) {
    ntk_flow_options flow = u->study->flow;
    flow.loss = u->run.loss;
    flow.observation_log_times = u->study->log_times;
    flow.observation_count = TIMES;
    flow.log_horizon = flow.observation_log_times[TIMES - 1];
    flow.time = epsilon > 0 ? NTK_TIME_PHYSICAL : NTK_TIME_LOG_LOSS;
    if (epsilon == 0) flow.lambda = 0;
    flow.gradient_tolerance *= fmax(epsilon, flow.lambda); /* 0, never, where both are */
    return flow;
}

/* The flow for one epsilon, 0 for one-hot; the problem keeps its targets. spreads: (TIMES). */
static ntk_status follow(unit *u, double epsilon, ntk_trajectory *path, double *spreads) {
    ntk_training *problem = &u->problem;
    const ntk_flow_options flow = describe_flow(u, epsilon);
    NTK_TRY(ntk_targets_from_labels(flow.loss, problem->points, problem->outputs, problem->labels, epsilon,
                                    problem->targets));
    double *theta; /* zero: where a linear model starts */
    NTK_TRY(ntk_allocate_doubles(u->model.dimension, &theta));
    if (!u->run.is_kernel) memcpy(theta, problem->theta0, problem->parameters * sizeof *theta);
    const ntk_status status =
        ntk_trajectory_follow(&u->model, problem->targets, &flow, &u->everywhere, theta, path);
    for (size_t i = 0; status == NTK_OK && i < TIMES; i++) spreads[i] = path->points[i].largest_spread;
    ntk_release(theta);
    return status;
}

static ntk_status run_epsilon(unit *u, size_t e) {
    ntk_trajectory soft;
    u->slot->at.at[EPSILON] = e;
    u->run.epsilon = epsilons_of(u->study)->numbers[e];
    NTK_TRY(follow(u, u->run.epsilon, &soft, u->slot->kept + e * TIMES));
    u->run.soft = &soft;
    const ntk_status status =
        u->study->measure(&u->run, u->slot->values + e * u->study->columns, u->study->own);
    ntk_trajectory_release(&soft);
    return status;
}

static ntk_status run_flows(unit *u) {
    const size_t epsilons = epsilons_of(u->study)->count;
    NTK_TRY(draw_problem(u));
    NTK_TRY(choose_model(u));
    NTK_TRY(describe_kernel(u));
    ntk_trajectory hard;
    NTK_TRY(follow(u, 0, &hard, u->slot->kept + epsilons * TIMES));
    u->run.hard = &hard;
    ntk_status status = NTK_OK;
    for (size_t e = 0; e < epsilons && status == NTK_OK; e++) status = run_epsilon(u, e);
    ntk_trajectory_release(&hard);
    return status;
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const size_t which = slot->at.at[CASE];
    unit u = {.study = self, .slot = slot};
    u.run = (ntk_target_run){.is_kernel = ntk_target_series_is_kernel(&self->grid, which, 0),
                             .problem = &u.problem};
    u.run.classes = strstr(self->grid.axes[CASE].labels[which], "-k3") ? 3 : 2;
    u.run.loss = u.run.classes == 2 ? NTK_LOSS_LOGISTIC : NTK_LOSS_SOFTMAX;
    const ntk_status status = run_flows(&u);
    unit_release(&u);
    return status;
}

bool ntk_target_series_is_kernel(const ntk_grid *grid, size_t which, size_t column) {
    (void)column;
    return strncmp(grid->axes[CASE].labels[which], "kernel", 6) == 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Of a case: the mean over seeds of the spread, flow by flow. */
static ntk_status tabulate(ntk_table *table, const study *self, size_t which) {
    const size_t seeds = self->grid.axes[SEED].count, epsilons = epsilons_of(self)->count;
    for (size_t i = 0; i < (epsilons + 1) * TIMES; i++) {
        const size_t e = i / TIMES;
        double row[] = {e < epsilons ? epsilons_of(self)->numbers[e] : 0, self->log_times[i % TIMES], 0};
        for (size_t s = 0; s < seeds; s++)
            row[2] += ntk_grid_kept(&self->grid, (ntk_place){{which, 0, s}})[i] / (double)seeds;
        NTK_TRY(ntk_table_row(table, &self->grid.axes[CASE].labels[which], row));
    }
    return NTK_OK;
}

static ntk_status emit(ntk_context *context, const study *self, const ntk_reduction *metrics) {
    ntk_table *table;
    NTK_TRY(ntk_grid_emit_table(context, &self->grid, "runs"));
    NTK_TRY(ntk_emit_table(context, "paths", "$case epsilon log-time spread", &table));
    for (size_t c = 0; c < self->grid.axes[CASE].count; c++) NTK_TRY(tabulate(table, self, c));
    return ntk_grid_emit(context, &self->grid, metrics);
}

static void choose_times(study *self) {
    double smallest = INFINITY;
    for (size_t e = 0; e < epsilons_of(self)->count; e++)
        smallest = fmin(smallest, epsilons_of(self)->numbers[e]);
    const double begin = -4, end = 9 - log(smallest);
    for (size_t i = 0; i < TIMES; i++)
        self->log_times[i] = i == TIMES - 1 ? end : begin + (end - begin) * (double)i / (TIMES - 1);
}

static ntk_status read(const ntk_context *context, study *out) {
    out->problem = ntk_context_sphere_problem(context);
    out->problem.width = ntk_context_size(context, "width");
    out->flow = ntk_flow_options_default();
    out->flow.lambda = ntk_context_real(context, "lambda");
    out->flow.tolerance = ntk_context_real(context, "tolerance");
    out->flow.gradient_tolerance = ntk_context_real(context, "gradient-tolerance");
    return ntk_activation_parse(ntk_context_choice(context, "activation"),
                                &out->problem.architecture.activation);
}

ntk_status ntk_target_series_conduct(ntk_context *context, const char *columns, ntk_target_measure measure,
                                     const void *own, const ntk_reduction *metrics) {
    study self = {.context = context,
                  .own = own,
                  .measure = measure,
                  .columns = ntk_table_count_columns(columns),
                  .grid = {.axes = {ntk_axis_of_choices(context, "case", "cases"),
                                    ntk_axis_of_numbers(context, "epsilon", "epsilons"),
                                    ntk_axis_of_count(context, "seed", "seeds")},
                           .columns = columns,
                           .level = ntk_context_level(context)}};
    self.grid.axes[EPSILON].inside = true;
    self.grid.kept = (epsilons_of(&self)->count + 1) * TIMES;
    choose_times(&self);
    ntk_status status = read(context, &self);
    if (status == NTK_OK) status = ntk_grid_run(&self.grid, run_unit, &self);
    if (status == NTK_OK) status = emit(context, &self, metrics);
    ntk_grid_release(&self.grid);
    return status;
}
