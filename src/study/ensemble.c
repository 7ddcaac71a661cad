/* Ensembles: one flow per member.
 *
 * A start other than the network's own is an offset: the flow is that of the model f(x; theta) +
 * offset(x), whose gradient is the network's, since the offset does not depend on theta. */
#include <ntk/lab/ensemble.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/map.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/models.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/status.h>

typedef struct training {
    const ntk_context *context;
    const ntk_ensemble_problem *problem;
    size_t first; /* index of the first member */
    bool untrained;
    ntk_ensemble_measure measure;
    void *argument;
    ntk_ensemble *out;
} training;

/* ---- a model with an offset ------------------------------------------------------------------ */

typedef struct shifted {
    ntk_model network;
    const double *offset; /* (n, K) */
} shifted;

static ntk_status shifted_evaluate(void *context, const double *theta, double *f) {
    const shifted *self = context;
    NTK_TRY(self->network.evaluate(self->network.context, theta, f));
    const size_t count = self->network.points * self->network.outputs;
    for (size_t i = 0; i < count; i++) f[i] += self->offset[i];
    return NTK_OK;
}

static ntk_status shifted_pullback(void *context, const double *theta, const double *cotangent,
                                   double *gradient) {
    const shifted *self = context;
    return self->network.pullback(self->network.context, theta, cotangent, gradient);
}

static ntk_model shifted_model(shifted *self) {
    return (ntk_model){.dimension = self->network.dimension,
                       .points = self->network.points,
                       .outputs = self->network.outputs,
                       .context = self,
                       .evaluate = shifted_evaluate,
                       .pullback = shifted_pullback};
}

/* ---- one member ------------------------------------------------------------------------------ */

typedef struct member {
    ntk_network *network;
    double *theta0, *theta, *direction; /* (p) */
    double *offset;                     /* (N, K) */
    double *targets;                    /* (n, K), as the next two the ensemble's */
    double *start, *end;                /* (N, K) */
    double gradient_norm;
} member;

static void member_release(member *self) {
    ntk_network_destroy(self->network);
    ntk_release(self->theta0);
    ntk_release(self->theta);
    ntk_release(self->direction);
    ntk_release(self->offset);
}

static ntk_status member_create(const ntk_ensemble_problem *problem, size_t width, member *out) {
    NTK_TRY(
        ntk_network_create(&problem->architecture, problem->inputs, width, problem->outputs, &out->network));
    const size_t p = ntk_network_parameters(out->network);
    NTK_TRY(ntk_allocate_doubles(p, &out->theta0));
    NTK_TRY(ntk_allocate_doubles(p, &out->theta));
    NTK_TRY(ntk_allocate_doubles(p, &out->direction));
    return ntk_allocate_doubles(problem->all_points * problem->outputs, &out->offset);
}

/* The factor that rare_scale speaks of. */
static double draw_scale(const ntk_ensemble_problem *problem, const ntk_stream *weights) {
    const double rare = problem->rare_scale;
    if (rare == 0 || rare == 1) return 1;
    ntk_stream choice = ntk_stream_fork(weights, "scale");
    return ntk_stream_below(&choice, 10) == 0 ? rare : sqrt((10 - rare * rare) / 9);
}

static void draw_targets(const ntk_ensemble_problem *problem, const ntk_stream *weights, double scale,
                         member *self) {
    const size_t count = problem->points * problem->outputs;
    const double deviation = scale * sqrt(problem->noise_variance);
    memcpy(self->targets, problem->targets, count * sizeof(double));
    if (problem->noise_variance == 0) return;
    ntk_stream noise = ntk_stream_fork(weights, "noise");
    ntk_stream_normal(&noise, count, self->targets);
    for (size_t i = 0; i < count; i++)
        self->targets[i] = problem->targets[i] + problem->noise_mean + deviation * self->targets[i];
}

/* The start J z in place of the network's own outputs, and the offset that makes it so. */
static ntk_status draw_tangent_start(const ntk_ensemble_problem *problem, const ntk_stream *weights,
                                     double scale, member *self) {
    const size_t p = ntk_network_parameters(self->network), all = problem->all_points * problem->outputs;
    ntk_stream direction = ntk_stream_fork(weights, "direction");
    ntk_stream_normal(&direction, p, self->direction);
    for (size_t i = 0; i < p; i++) self->direction[i] *= scale;
    NTK_TRY(ntk_network_pushforward(self->network, self->theta0, problem->all_points, problem->x,
                                    self->direction, self->offset));
    for (size_t i = 0; i < all; i++) {
        const double tangent = self->offset[i];
        self->offset[i] = tangent - self->start[i];
        self->start[i] = tangent;
    }
    return NTK_OK;
}

/* Weights, the noise of the targets and the direction z come from forks of their own: an ensemble
 * without noise has the same networks. */
static ntk_status draw(const ntk_ensemble_problem *problem, const ntk_stream *root, size_t width,
                       member *self) {
    char purpose[64];
    snprintf(purpose, sizeof purpose, "weights at width %zu", width);
    ntk_stream weights = ntk_stream_fork(root, purpose);
    ntk_network_initialise(self->network, &weights, self->theta0);
    const double scale = draw_scale(problem, &weights), own = problem->tangent_start ? 1 : scale;
    const size_t p = ntk_network_parameters(self->network);
    for (size_t i = 0; i < p; i++) self->theta0[i] *= own;
    draw_targets(problem, &weights, scale, self);
    NTK_TRY(ntk_network_forward(self->network, self->theta0, problem->all_points, problem->x, self->start));
    return problem->tangent_start ? draw_tangent_start(problem, &weights, scale, self) : NTK_OK;
}

static ntk_status follow(const ntk_ensemble_problem *problem, member *self) {
    shifted model = {.offset = self->offset};
    ntk_flow_result result;
    memcpy(self->theta, self->theta0, ntk_network_parameters(self->network) * sizeof(double));
    NTK_TRY(ntk_model_network(self->network, problem->points, problem->x, &model.network));
    const ntk_model moved = shifted_model(&model);
    const ntk_status status = ntk_flow_run(problem->tangent_start ? &moved : &model.network, self->targets,
                                           &problem->flow, self->theta, &result);
    ntk_model_release(&model.network);
    NTK_TRY(status);
    self->gradient_norm = result.gradient_norm;
    NTK_TRY(ntk_network_forward(self->network, self->theta, problem->all_points, problem->x, self->end));
    const size_t all = problem->all_points * problem->outputs;
    /* zero but for tangent_start */
    for (size_t i = 0; i < all; i++) self->end[i] += self->offset[i];
    return NTK_OK;
}

static ntk_status train(const training *self, size_t unit, member *m) {
    const ntk_ensemble *out = self->out;
    const size_t all = out->all_points * out->outputs;
    m->end = out->end + unit * all;
    NTK_TRY(follow(self->problem, m));
    out->gradient_norms[unit] = m->gradient_norm;
    if (!self->measure) return NTK_OK;
    const ntk_ensemble_member seen = {.width = out->width,
                                      .index = self->first + unit,
                                      .network = m->network,
                                      .theta0 = m->theta0,
                                      .theta = m->theta,
                                      .targets = m->targets,
                                      .start = m->start,
                                      .end = m->end,
                                      .gradient_norm = m->gradient_norm};
    return self->measure(&seen, out->values + unit * out->columns, self->argument);
}

static ntk_status create_member(const training *self, size_t unit, member *m) {
    const ntk_ensemble *out = self->out;
    const ntk_stream root = ntk_context_stream(self->context, self->first + unit);
    m->start = out->start + unit * out->all_points * out->outputs;
    m->targets = out->targets + unit * out->points * out->outputs;
    NTK_TRY(member_create(self->problem, out->width, m));
    NTK_TRY(draw(self->problem, &root, out->width, m));
    return self->untrained ? NTK_OK : train(self, unit, m);
}

static ntk_status run_unit(size_t unit, void *argument) {
    const training *self = argument;
    member m = {0};
    const ntk_status status = create_member(self, unit, &m);
    member_release(&m);
    if (status == NTK_OK) return NTK_OK;
    char reason[512];
    snprintf(reason, sizeof reason, "%s", ntk_error_detail());
    return ntk_fail(status, "width %zu, member %zu: %s", self->out->width, self->first + unit, reason);
}

/* ---- the ensemble ---------------------------------------------------------------------------- */

static ntk_status check(const ntk_ensemble_problem *problem, size_t members) {
    if (problem->points == 0 || problem->all_points < problem->points || members == 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "ensemble: %zu members on %zu of %zu points", members,
                        problem->points, problem->all_points);
    if (!(problem->noise_variance >= 0 && isfinite(problem->noise_variance) && isfinite(problem->noise_mean)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "ensemble: noise of mean %g and variance %g", problem->noise_mean,
                        problem->noise_variance);
    const double rare = problem->rare_scale;
    if (!(rare == 0 || (rare >= 1 && rare * rare < 10)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "ensemble: the rare scale %g is not in [1, sqrt 10)", rare);
    if (problem->noise_variance > 0 && problem->flow.loss != NTK_LOSS_SQUARED)
        return ntk_fail(NTK_ERROR_ARGUMENT, "ensemble: noise makes probabilities no targets");
    return NTK_OK;
}

static ntk_status create(const ntk_ensemble_problem *problem, size_t width, size_t members, size_t columns,
                         bool untrained, ntk_ensemble *out) {
    *out = (ntk_ensemble){.width = width,
                          .members = members,
                          .points = problem->points,
                          .all_points = problem->all_points,
                          .outputs = problem->outputs,
                          .columns = columns};
    NTK_TRY(check(problem, members));
    const size_t all = members * problem->all_points * problem->outputs;
    NTK_TRY(ntk_allocate_doubles(all, &out->start));
    NTK_TRY(ntk_allocate_doubles(members * problem->points * problem->outputs, &out->targets));
    if (untrained) return NTK_OK;
    NTK_TRY(ntk_allocate_doubles(all, &out->end));
    NTK_TRY(ntk_allocate_doubles(members, &out->gradient_norms));
    return ntk_allocate_doubles(members * columns, &out->values);
}

/* The members' slots; arrays that an untrained ensemble lacks have none. */
static ntk_status run(training *task) {
    const ntk_ensemble *out = task->out;
    const size_t all = out->all_points * out->outputs;
    const ntk_slots slots[] = {{out->start, all},
                               {out->targets, out->points * out->outputs},
                               {out->end, all},
                               {out->gradient_norms, 1},
                               {out->values, out->columns}};
    return ntk_map_units(out->members, run_unit, task, slots, task->untrained ? 2 : 5);
}

ntk_status ntk_ensemble_train(const ntk_context *context, const ntk_ensemble_problem *problem, size_t width,
                              size_t members, size_t columns, ntk_ensemble_measure measure, void *argument,
                              ntk_ensemble *out) {
    training task = {context, problem, 0, false, measure, argument, out};
    ntk_status status = create(problem, width, members, columns, false, out);
    if (status == NTK_OK) status = run(&task);
    if (status != NTK_OK) ntk_ensemble_release(out);
    return status;
}

ntk_status ntk_ensemble_initialise(const ntk_context *context, const ntk_ensemble_problem *problem,
                                   size_t width, size_t first, size_t members, ntk_ensemble *out) {
    training task = {context, problem, first, true, NULL, NULL, out};
    ntk_status status = create(problem, width, members, 0, true, out);
    if (status == NTK_OK) status = run(&task);
    if (status != NTK_OK) ntk_ensemble_release(out);
    return status;
}

void ntk_ensemble_release(ntk_ensemble *ensemble) {
    ntk_release(ensemble->start);
    ntk_release(ensemble->end);
    ntk_release(ensemble->targets);
    ntk_release(ensemble->gradient_norms);
    ntk_release(ensemble->values);
    *ensemble = (ntk_ensemble){0};
}
