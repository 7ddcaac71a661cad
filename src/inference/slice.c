/* Elliptical slice sampling (Murray, Adams and MacKay, "Elliptical slice sampling", AISTATS 2010)
 * of
 *
 *     pi(f) ~ N(f; m, S) exp(l(f)).
 *
 * One transition from f: draw g ~ N(0, S), a level log u = l(f) + log U with U uniform on (0, 1),
 * and an angle theta uniform on [0, 2 pi), with the bracket [theta - 2 pi, theta]. The proposals
 * lie on an ellipse,
 *
 *     f(theta) = m + (f - m) cos theta + g sin theta,
 *
 * and the first with l(f(theta)) > log u is the new state; after a refusal the bracket loses the
 * part beyond theta, seen from 0, and theta is drawn from what is left.
 *
 * Why pi is invariant: a rotation of the pair (f - m, g) by theta keeps the law N(0, S) x N(0, S),
 * and from the rotated pair the same refusals, in angles shifted by theta, lead back with the same
 * probability (Neal 2003, on shrinking brackets): the transition is reversible with respect to N(f;
 * m, S) 1[l(f) > log u], for every level. theta = 0 is the old state, above the level, so the
 * bracket cannot shrink for ever. There is no step to tune and no transition is refused; how fast
 * it mixes is for diagnostics to tell (stats.h). */
#include <ntk/slice.h>

#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/random.h>
#include <ntk/status.h>

/* Each refusal shrinks the bracket by half on average. */
enum { MAX_SHRINKS = 2000 };

typedef struct sampler {
    const ntk_slice_target *target;
    ntk_stream *stream;
    size_t size;    /* rows * columns */
    double *f;      /* the state */
    double value;   /* its log-likelihood */
    double *normal; /* (rows, columns), standard normal */
    double *other;  /* (rows, columns), g */
    double *trial;  /* (rows, columns) */
} sampler;

/* value = l(f). */
static ntk_status evaluate(const sampler *s, const double *f, double *value) {
    *value = s->target->log_likelihood(f, s->target->context);
    if (!isnan(*value)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "elliptical slice sampling: the log-likelihood is not a number");
}

static ntk_status draw_ellipse(sampler *s) {
    const size_t rows = s->target->rows, columns = s->target->columns;
    ntk_stream_normal(s->stream, s->size, s->normal);
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, rows, columns, rows, 1, s->target->factor, rows,
                    s->normal, columns, 0, s->other, columns);
}

static void propose(sampler *s, double theta) {
    const double *mean = s->target->mean, along = cos(theta), across = sin(theta);
    for (size_t i = 0; i < s->size; ++i) {
        const double centre = mean ? mean[i] : 0;
        s->trial[i] = centre + (s->f[i] - centre) * along + s->other[i] * across;
    }
}

static ntk_status transition(sampler *s) {
    double uniform[2], value = 0;
    NTK_TRY(draw_ellipse(s));
    ntk_stream_uniform(s->stream, 2, uniform);
    const double level = s->value + log(uniform[0]), turn = 2 * acos(-1.0);
    double theta = turn * uniform[1], low = theta - turn, high = theta;
    for (int shrinks = 0; shrinks < MAX_SHRINKS; ++shrinks) {
        propose(s, theta);
        NTK_TRY(evaluate(s, s->trial, &value));
        if (value > level) {
            memcpy(s->f, s->trial, s->size * sizeof *s->f);
            s->value = value;
            return NTK_OK;
        }
        *(theta < 0 ? &low : &high) = theta;
        ntk_stream_uniform(s->stream, 1, uniform);
        theta = low + (high - low) * uniform[0];
    }
    return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                    "elliptical slice sampling: nothing accepted above the level %g, not even near the state",
                    level);
}

static ntk_status run(sampler *s, const ntk_chain_options *options, ntk_chain_visit visit, void *context) {
    NTK_TRY(evaluate(s, s->f, &s->value));
    if (!isfinite(s->value))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "elliptical slice sampling: log-likelihood %g at the start",
                        s->value);
    for (size_t i = 0; i < options->burn_in; ++i) NTK_TRY(transition(s));
    for (size_t draw = 0; draw < options->draws; ++draw) {
        for (size_t i = 0; i < options->thinning; ++i) NTK_TRY(transition(s));
        NTK_TRY(visit(draw, s->f, context));
    }
    return NTK_OK;
}

ntk_status ntk_slice_chain(const ntk_slice_target *target, const ntk_chain_options *options,
                           ntk_stream *stream, double *f, ntk_chain_visit visit, void *context) {
    if (target->rows == 0 || target->columns == 0 || options->draws == 0 || options->thinning == 0)
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "elliptical slice sampling: %zu x %zu values, %zu draws, one in %zu", target->rows,
                        target->columns, options->draws, options->thinning);
    sampler s = {.target = target, .stream = stream, .size = target->rows * target->columns, .f = f};
    NTK_TRY(ntk_allocate_doubles(3 * s.size, &s.normal));
    s.other = s.normal + s.size;
    s.trial = s.other + s.size;
    const ntk_status status = run(&s, options, visit, context);
    ntk_release(s.normal);
    return status;
}
