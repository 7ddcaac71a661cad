/* Proved exits of the empirical NTK. That it never exits: tube_never.c.
 *
 * Exit. R < q on y(s) + ball(E) for all s <= S_1, and R > q there at S_2: by the theorem of tube.c
 * the first T with R(theta_T) = q lies in (t(S_1), t(S_2)). R need not be monotone, so the bound is
 * needed over all of the past: it is proved piece by piece, each piece as long as it can be, until
 * the piece before q becomes too short; from there a place with R > q is looked for. */
#include <math.h>

#include "base/guard.h"
#include "certify/interval.h"
#include "certify/tube.h"

/* ---- exits ----------------------------------------------------------------------------------- */

/* Pieces shorter than this part of a step are not tried. */
static const double SHORTEST = 0x1p-48;

typedef struct exit_search {
    ntk_tube *tube;
    arb_t threshold; /* q^2 */
    arb_t drift;     /* scratch: R^2 */
    double proved;   /* R < q from the start to this tau of the last step */
    bool stuck;      /* no further: the exit is near */
    arb_t stuck_at;  /* t there */
    double stuck_s;
    size_t stuck_step;
    arb_t hole; /* R^2 on what was left of the step where it was stuck and no exit was found */
    double displacement;
} exit_search;

static bool below(exit_search *e, double low, double high) {
    ntk_tube_drift_square(e->tube, low, high, e->drift);
    return arb_lt(e->drift, e->threshold);
}

static bool above(exit_search *e, double tau) {
    ntk_tube_drift_square(e->tube, tau, tau, e->drift);
    return arb_gt(e->drift, e->threshold);
}

/* As far as R < q can be proved on the last step. True: to its end. */
static bool advance(exit_search *e) {
    const double length = e->tube->length;
    double piece = length - e->proved;
    while (e->proved < length) {
        const double to = fmin(e->proved + piece, length);
        if (!(to > e->proved)) return false;
        if (below(e, e->proved, to)) {
            e->proved = to;
            piece *= 2;
        } else if ((piece /= 2) < SHORTEST * length)
            return false;
    }
    return true;
}

/* The smallest tau = proved + SHORTEST 2^k length of the last step at which R > q is proved; NaN:
 * none. */
static double find_above(exit_search *e) {
    const double length = e->tube->length;
    for (double piece = SHORTEST * length;; piece *= 2) {
        const double tau = fmin(e->proved + piece, length);
        if (above(e, tau)) return tau;
        if (tau == length) return NAN;
    }
}

/* A lower bound of |theta - theta_0| at tau. */
static double displacement_at(const exit_search *e, double tau) {
    ntk_tube *tube = e->tube;
    const tube_problem *p = &tube->p;
    arb_t sum, one;
    arf_t low;
    arb_init(sum);
    arb_init(one);
    arf_init(low);
    ntk_tube_evaluate(tube, tau, &tube->point);
    for (size_t c = 0; c < tube->parameters; c++) {
        arb_sub(one, ntk_tube_component(p, tube->point.w, tube->point.a, tube->point.length, c),
                tube->begin + c, p->bits);
        arb_addmul(sum, one, one, p->bits);
    }
    arb_sqrtpos(sum, sum, p->bits);
    arb_add_error_mag(sum, tube->error);
    arb_get_lbound_arf(low, sum, p->bits);
    const double out = arf_get_d(low, ARF_RND_DOWN);
    arb_clear(sum);
    arb_clear(one);
    arf_clear(low);
    return out > 0 ? out : 0;
}

static void note_stuck(exit_search *e) {
    ntk_tube_time(e->tube, e->proved, e->stuck_at);
    e->stuck = true;
    e->stuck_s = e->tube->s - (e->tube->length - e->proved);
    e->stuck_step = e->tube->steps;
    e->displacement = displacement_at(e, e->proved);
}

/* The interval from t(S_1) to t at tau. */
static void note_exit(exit_search *e, double tau, ntk_tube_exit *out) {
    arb_t t;
    arb_init(t);
    ntk_tube_time(e->tube, tau, t);
    arb_union(t, t, e->stuck_at, e->tube->p.bits);
    arb_log(t, t, e->tube->p.bits);
    out->log_time = certify_interval_of(t);
    out->s_low = e->stuck_s;
    out->s_high = e->tube->s - (e->tube->length - tau);
    out->displacement = e->displacement;
    arb_clear(t);
}

/* Looks at the last step. 1: an exit, in *out; 0: none on this step; -1: undecided. */
static int look(exit_search *e, ntk_tube_exit *out) {
    if (!e->stuck) {
        if (advance(e)) {
            e->proved = 0;
            return 0;
        }
        note_stuck(e);
    }
    const double tau = find_above(e);
    if (!isnan(tau)) {
        note_exit(e, tau, out);
        return 1;
    }
    if (e->tube->steps == e->stuck_step) ntk_tube_drift_square(e->tube, e->proved, e->tube->length, e->hole);
    e->proved = 0; /* of the next step */
    return e->tube->steps > e->stuck_step ? -1 : 0;
}

/* A time of which nothing is known reaches none. */
static bool reaches(const ntk_tube *tube, double log_horizon) {
    arb_t log_time, end;
    arb_init(log_time);
    arb_init(end);
    arb_log(log_time, tube->t, tube->p.bits);
    arb_set_d(end, log_horizon);
    const bool out = arb_ge(log_time, end);
    arb_clear(log_time);
    arb_clear(end);
    return out;
}

static ntk_status undecided(const exit_search *e, double q) {
    return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                    "tube: the kernel's change stays so near to %g at s = %g that the first time it passes "
                    "cannot be told",
                    q, e->tube->s);
}

/* One threshold, from where the last one was left: R is below it until there, also on the end of a
 * step on which the last exit was looked for in vain, if it is. *more: the tube went on to its
 * exit. */
static ntk_status next_exit(exit_search *e, double q, double log_horizon, ntk_tube_exit *out, bool *more) {
    NTK_BALL_GUARD;
    ntk_tube *tube = e->tube;
    arb_set_d(e->threshold, q);
    arb_sqr(e->threshold, e->threshold, tube->p.bits);
    const bool left_behind = e->stuck && tube->steps > e->stuck_step;
    e->stuck = false;
    if (left_behind && !arb_lt(e->hole, e->threshold)) return undecided(e, q);
    for (int found = tube->steps > 0 ? look(e, out) : 0;; found = look(e, out)) {
        if (found > 0) return NTK_OK;
        if (found < 0) return undecided(e, q);
        if (tube->steps > 0 && !arb_is_positive(tube->t))
            return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "tube: nothing is known of the time at s = %g",
                            tube->s);
        if (tube->steps > 0 && !e->stuck && reaches(tube, log_horizon)) {
            *more = false;
            return NTK_OK;
        }
        NTK_TRY(ntk_tube_step(tube));
    }
}

static ntk_status begin_search(exit_search *e) {
    NTK_BALL_GUARD;
    arb_init(e->threshold);
    arb_init(e->drift);
    arb_init(e->stuck_at);
    arb_init(e->hole);
    return NTK_OK;
}

static void end_search(exit_search *e) {
    arb_clear(e->threshold);
    arb_clear(e->drift);
    arb_clear(e->stuck_at);
    arb_clear(e->hole);
}

ntk_status ntk_tube_exits(ntk_tube *tube, size_t count, const double *thresholds, double log_horizon,
                          ntk_tube_exit *exits) {
    NTK_TRY(ntk_tube_usable(tube));
    if (isnan(log_horizon)) return ntk_fail(NTK_ERROR_ARGUMENT, "tube: the horizon is NaN");
    if (tube->steps > 0) return ntk_fail(NTK_ERROR_ARGUMENT, "tube: exits are looked for from the start on");
    for (size_t c = 0; c < count; c++)
        if (!(thresholds[c] > (c == 0 ? 0 : thresholds[c - 1]) && isfinite(thresholds[c])))
            return ntk_fail(NTK_ERROR_ARGUMENT, "tube: thresholds are positive and ascend");
    exit_search e = {.tube = tube};
    NTK_TRY(begin_search(&e));
    ntk_status status = NTK_OK;
    bool more = true;
    for (size_t c = 0; c < count; c++)
        exits[c] = (ntk_tube_exit){{INFINITY, INFINITY}, INFINITY, INFINITY, NAN};
    for (size_t c = 0; c < count && status == NTK_OK && more; c++)
        status = next_exit(&e, thresholds[c], log_horizon, exits + c, &more);
    end_search(&e);
    return status;
}
