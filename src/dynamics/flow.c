/* The driver of a flow: from one accepted step to the next, with what happens inside each step in
 * the order of time.
 *
 * A step is cut short where the log-loss clock passes the horizon or where an event's sign changes;
 * a step of physical time ends on the horizon by itself. Then the observations that fall into what
 * is left of it are made on the dense output, each with the model evaluated anew, and then those of
 * the step's end. */
#include <ntk/flow.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/loss.h>
#include <ntk/models.h>
#include <ntk/status.h>

#include "dynamics/bracket.h"
#include "dynamics/standstill.h"
#include "dynamics/stepper.h"
#include "dynamics/witness.h"
#include "objective/curvature.h"

ntk_flow_options ntk_flow_options_default(void) {
    return (ntk_flow_options){.loss = NTK_LOSS_SOFTMAX,
                              .centre = NTK_CENTRE_INITIALISATION,
                              .time = NTK_TIME_PHYSICAL,
                              .time_factor = 1,
                              .integrator = NTK_INTEGRATOR_AUTOMATIC,
                              .tolerance = 1e-6,
                              .step = 0.1,
                              .horizon = INFINITY,
                              .log_horizon = INFINITY,
                              .max_steps = 1000000,
                              .observe_lambda_min = true,
                              .event_tolerance = 1e-6};
}

/* ---- options --------------------------------------------------------------------------------- */

static ntk_status check_ranges(const ntk_flow_options *o) {
    if (!(o->lambda >= 0 && isfinite(o->lambda)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "flow: lambda is %g, not a number >= 0", o->lambda);
    if (!(o->time_factor > 0 && isfinite(o->time_factor)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "flow: time_factor is %g, not a number > 0", o->time_factor);
    if (!(o->tolerance >= 1e-14 && o->tolerance < 1))
        return ntk_fail(NTK_ERROR_ARGUMENT, "flow: tolerance is %g, not within [1e-14, 1)", o->tolerance);
    if (!(o->step > 0 && o->step <= 1))
        return ntk_fail(NTK_ERROR_ARGUMENT, "flow: step is %g, not within (0, 1]", o->step);
    if (!(o->horizon > 0)) return ntk_fail(NTK_ERROR_ARGUMENT, "flow: the horizon %g is not > 0", o->horizon);
    if (!(o->log_horizon > -INFINITY))
        return ntk_fail(NTK_ERROR_ARGUMENT, "flow: the log horizon %g is no time", o->log_horizon);
    if (!(o->gradient_tolerance >= 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "flow: gradient_tolerance is %g, not >= 0",
                        o->gradient_tolerance);
    if (o->event && !(o->event_tolerance > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "flow: event_tolerance is %g, not > 0", o->event_tolerance);
    return NTK_OK;
}

static double log_end(const ntk_flow_options *o) { return fmin(log(o->horizon), o->log_horizon); }

static ntk_status check_time(const ntk_model *model, const double *targets, const ntk_flow_options *o) {
    if (o->time == NTK_TIME_LOG_LOSS) {
        if (o->lambda > 0)
            return ntk_fail(NTK_ERROR_ARGUMENT, "flow: log-loss time has no regulariser, but lambda is %g",
                            o->lambda);
        if (!ntk_loss_targets_are_hard(o->loss, model->points, model->outputs, targets))
            return ntk_fail(NTK_ERROR_ARGUMENT,
                            "flow: log-loss time needs a cross-entropy with a single class per target");
    } else if (isfinite(log_end(o)) && !isfinite(exp(log_end(o)))) {
        return ntk_fail(NTK_ERROR_ARGUMENT, "flow: physical time cannot reach log t = %g; use log-loss time",
                        log_end(o));
    }
    if (!isfinite(log_end(o)) && !o->event && !o->every_step && o->gradient_tolerance == 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "flow: nothing ends it: no horizon, event or gradient tolerance");
    return NTK_OK;
}

static ntk_status check_observations(const ntk_flow_options *o) {
    for (size_t i = 0; i < o->observation_count; ++i) {
        const double time = o->observation_log_times[i];
        if (isnan(time)) return ntk_fail(NTK_ERROR_ARGUMENT, "flow: observation time %zu is NaN", i);
        if (i > 0 && !(time > o->observation_log_times[i - 1]))
            return ntk_fail(NTK_ERROR_ARGUMENT, "flow: observation times do not ascend at %zu", i);
    }
    return NTK_OK;
}

static ntk_status check(const ntk_model *model, const double *targets, const ntk_flow_options *options) {
    NTK_TRY(ntk_loss_check(options->loss, model->points, model->outputs, targets));
    NTK_TRY(check_ranges(options));
    NTK_TRY(check_time(model, targets, options));
    return check_observations(options);
}

/* ---- the flow -------------------------------------------------------------------------------- */

typedef struct flow {
    const ntk_flow_options *options;
    ntk_stepper stepper;
    ntk_witness witness;
    ntk_clock horizon;
    size_t observed;    /* observation times dealt with */
    double event_value; /* at the beginning of the step */
} flow;

/* What is left of a step after it has been cut. */
typedef struct segment {
    double sigma;    /* its end, as a fraction of the step */
    ntk_state *last; /* the state there: the step's own end, or `seen` */
    bool final;      /* the flow ends there */
    ntk_flow_end why;
} segment;

static void finish(segment *g, ntk_flow_end why) {
    if (!g->final) g->why = why;
    g->final = true;
}

/* Show the last state of a segment to an observer, which may end the flow there. */
static ntk_status show(flow *w, ntk_observer observer, bool kernel, segment *g) {
    ntk_observation seen;
    NTK_TRY(ntk_witness_observe(&w->witness, g->last, kernel, &seen));
    const ntk_status answer = observer(&seen, w->options->context);
    ntk_field_forget(&w->stepper.field); /* the observer may have used the network */
    if (answer != NTK_ERROR_CANCELLED) return answer;
    finish(g, NTK_END_OBSERVER);
    return NTK_OK;
}

static ntk_status show_observer(flow *w, segment *g) {
    return w->options->observer ? show(w, w->options->observer, w->options->observe_kernel, g) : NTK_OK;
}

static ntk_status evaluate_event(flow *w, ntk_state *state, double *value) {
    ntk_observation seen;
    NTK_TRY(ntk_witness_observe(&w->witness, state, w->options->event_needs_kernel, &seen));
    *value = w->options->event(&seen, w->options->context);
    ntk_field_forget(&w->stepper.field);
    if (isfinite(*value)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "the event function is %g at log t = %g", *value, seen.log_time);
}

/* ---- cutting a step -------------------------------------------------------------------------- */

/* Put the segment's end at sigma: the end of the step itself, or a point of the dense output. */
static ntk_status end_segment(flow *w, double sigma, double log_time, segment *g) {
    g->sigma = sigma;
    g->last = sigma == 1 ? &w->stepper.end : &w->stepper.seen;
    return sigma == 1 ? NTK_OK : ntk_stepper_look(&w->stepper, sigma, log_time);
}

static ntk_status cut_at_horizon(flow *w, segment *g) {
    ntk_stepper *s = &w->stepper;
    if (!(s->end.clock.log_time >= w->horizon.log_time)) return NTK_OK;
    NTK_TRY(end_segment(w, ntk_stepper_locate(s, w->horizon.log_time), w->horizon.log_time, g));
    finish(g, NTK_END_HORIZON);
    return NTK_OK;
}

/* Narrow the sign change that lies between sigma = begin and the segment's end down to
 * event_tolerance in log t; the later side of the bracket is taken, where the event has
 * happened. */
static ntk_status locate_event(flow *w, double begin, double value, segment *g) {
    ntk_stepper *s = &w->stepper;
    ntk_bracket bracket = ntk_bracket_create(begin, w->event_value, g->sigma, value);
    double low_time = begin == 0 ? s->begin.clock.log_time : ntk_stepper_log_time(s, begin);
    double high_time = g->last->clock.log_time, looked_at = NAN;
    while (high_time - low_time > w->options->event_tolerance &&
           bracket.high - bracket.low > 2 * DBL_EPSILON * bracket.high) {
        const double trial = ntk_bracket_trial(&bracket), time = ntk_stepper_log_time(s, trial);
        NTK_TRY(ntk_stepper_look(s, trial, time));
        NTK_TRY(evaluate_event(w, &s->seen, &value));
        ntk_bracket_update(&bracket, trial, value);
        *(value < 0 ? &low_time : &high_time) = time;
        looked_at = trial;
    }
    if (looked_at != bracket.high) return end_segment(w, bracket.high, high_time, g);
    g->sigma = bracket.high; /* `seen` is there */
    g->last = &s->seen;
    return NTK_OK;
}

/* Ask on_event whether the flow goes on from an event; if so, event_value becomes the function's
 * value there. */
static ntk_status pass_event(flow *w, segment *event) {
    if (!w->options->on_event) {
        finish(event, NTK_END_EVENT);
        return NTK_OK;
    }
    NTK_TRY(show(w, w->options->on_event, w->options->event_needs_kernel, event));
    if (event->final) event->why = NTK_END_EVENT;
    return event->final ? NTK_OK : evaluate_event(w, event->last, &w->event_value);
}

static ntk_status cut_at_event(flow *w, segment *g) {
    if (!w->options->event) return NTK_OK;
    const double until = g->last->clock.log_time;
    double value, begin = 0;
    NTK_TRY(evaluate_event(w, g->last, &value));
    while (w->event_value < 0 && value >= 0) {
        segment event = {.sigma = g->sigma, .last = g->last}; /* not final: it comes before the
                                                               * horizon */
        NTK_TRY(locate_event(w, begin, value, &event));
        NTK_TRY(pass_event(w, &event));
        if (event.final) {
            *g = event;
            return NTK_OK;
        }
        begin = event.sigma;
        NTK_TRY(end_segment(w, g->sigma, until, g));
        NTK_TRY(evaluate_event(w, g->last, &value));
    }
    w->event_value = value;
    return NTK_OK;
}

/* ---- observing a step ------------------------------------------------------------------------ */

/* The observations strictly inside the segment. The first one at which the observer stops the flow
 * becomes its end; otherwise its end is evaluated again where looking inside has overwritten it. */
static ntk_status observe_inside(flow *w, segment *g) {
    const double until = g->last->clock.log_time;
    const double *times = w->options->observation_log_times;
    segment inside = {.last = &w->stepper.end};
    while (w->observed < w->options->observation_count && times[w->observed] < until) {
        const double time = times[w->observed++];
        NTK_TRY(ntk_stepper_look(&w->stepper, ntk_stepper_locate(&w->stepper, time), time));
        inside.last = &w->stepper.seen;
        NTK_TRY(show_observer(w, &inside));
        if (inside.final) {
            *g = inside;
            return NTK_OK;
        }
    }
    return g->last == inside.last ? end_segment(w, g->sigma, until, g) : NTK_OK;
}

/* The end of the segment, which is also the start of the flow at t = 0. */
static ntk_status observe_end(flow *w, segment *g) {
    ntk_field_speed(&w->stepper.field, g->last); /* which the next step asks for as well */
    const ntk_flow_options *o = w->options;
    const bool is_start = g->last == &w->stepper.begin;
    if (o->every_step && !is_start) NTK_TRY(show(w, o->every_step, false, g));
    const double gradient = ntk_field_gradient_norm(&w->stepper.field, g->last);
    if (o->gradient_tolerance > 0 && gradient <= o->gradient_tolerance) finish(g, NTK_END_STATIONARY);
    const bool due = w->observed < o->observation_count &&
                     o->observation_log_times[w->observed] == g->last->clock.log_time;
    if (due) w->observed++;
    return due || g->final ? show_observer(w, g) : NTK_OK;
}

static ntk_status observe_step(flow *w, segment *g) {
    *g = (segment){.sigma = 1, .last = &w->stepper.end};
    NTK_TRY(cut_at_horizon(w, g));
    NTK_TRY(cut_at_event(w, g));
    NTK_TRY(observe_inside(w, g));
    return g->final && g->why == NTK_END_OBSERVER ? NTK_OK : observe_end(w, g);
}

/* ---- from start to end ----------------------------------------------------------------------- */

/* At rest, with no horizon to wait for: what is waited for does not come. */
static ntk_status rest_for_ever(flow *w, segment *g) {
    *g = (segment){.last = &w->stepper.begin};
    finish(g, NTK_END_STATIONARY);
    return show_observer(w, g);
}

static ntk_status integrate(flow *w, segment *g) {
    *g = (segment){.last = &w->stepper.begin};
    if (w->options->event) NTK_TRY(evaluate_event(w, &w->stepper.begin, &w->event_value));
    NTK_TRY(observe_end(w, g));
    while (!g->final) {
        bool at_rest;
        NTK_TRY(ntk_stepper_is_at_rest(&w->stepper, &w->horizon, &at_rest));
        if (at_rest && !isfinite(w->horizon.log_time)) return rest_for_ever(w, g);
        if (at_rest)
            ntk_stepper_hold(&w->stepper, &w->horizon);
        else
            NTK_TRY(ntk_stepper_advance(&w->stepper, &w->horizon));
        NTK_TRY(observe_step(w, g));
        if (!g->final) ntk_stepper_accept(&w->stepper);
    }
    return NTK_OK;
}

static ntk_status report(flow *w, const segment *g, double *theta, ntk_flow_result *result) {
    const ntk_stepper *s = &w->stepper;
    ntk_observation seen;
    NTK_TRY(ntk_witness_observe(&w->witness, g->last, false, &seen));
    memcpy(theta, seen.theta, s->field.model->dimension * sizeof *theta);
    *result = (ntk_flow_result){.end = g->why,
                                .log_time = seen.log_time,
                                .log_loss = seen.log_loss,
                                .displacement = seen.displacement,
                                .gradient_norm = seen.gradient_norm,
                                .steps = s->steps + (g->last != &s->begin),
                                .rejected = s->rejected,
                                .evaluations = s->field.evaluations};
    return NTK_OK;
}

static const ntk_method *choose_method(const ntk_flow_options *options) {
    switch (options->integrator) {
    case NTK_INTEGRATOR_EMBEDDED:
        return &ntk_method_embedded;
    case NTK_INTEGRATOR_STABILISED:
        return &ntk_method_stabilised;
    case NTK_INTEGRATOR_BOUNDED_STEP:
        return &ntk_method_bounded;
    case NTK_INTEGRATOR_AUTOMATIC:
        break;
    }
    return options->kinked ? &ntk_method_bounded : &ntk_method_embedded;
}

/* From the embedded pair to the stabilised method. */
static const ntk_method *choose_stiff_method(const ntk_flow_options *options) {
    const bool may_switch = options->integrator == NTK_INTEGRATOR_AUTOMATIC && !options->kinked;
    return may_switch ? &ntk_method_stabilised : NULL;
}

ntk_status ntk_flow_run(const ntk_model *model, const double *targets, const ntk_flow_options *options,
                        double *theta, ntk_flow_result *result) {
    NTK_TRY(check(model, targets, options));
    const double end = log_end(options);
    flow w = {.options = options, .horizon = {exp(end), end}};
    /* Not exp(log(T)): the horizon is reached to the bit. */
    if (options->horizon <= exp(options->log_horizon)) w.horizon.time = options->horizon;
    segment g;
    NTK_TRY(ntk_stepper_create(model, targets, options, choose_method(options), choose_stiff_method(options),
                               theta, &w.stepper));
    ntk_status status = ntk_witness_create(&w.stepper, options, &w.witness);
    if (status == NTK_OK) status = integrate(&w, &g);
    if (status == NTK_OK) status = report(&w, &g, theta, result);
    ntk_witness_release(&w.witness);
    ntk_stepper_release(&w.stepper);
    return status;
}
