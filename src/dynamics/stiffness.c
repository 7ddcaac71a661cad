/* The spectral radius of the field's Jacobian, by power iteration on differences of F: 1.2 times
 * what it finds, because it approaches from below. */
#include "dynamics/stiffness.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/linalg.h>

#include "dynamics/power_iteration.h"
#include "dynamics/vectors.h"

static const double MARGIN = 1.2;

/* image <- (F(y + delta v) - F(y)) / delta. delta balances truncation and rounding of a first
 * difference. */
static ntk_status differentiate(void *context, const double *v, double *image) {
    ntk_stepper *s = context;
    const size_t p = s->field.model->dimension;
    const double delta = sqrt(DBL_EPSILON) * (1 + ntk_norm(p, s->begin.theta));
    ntk_combine(p, s->begin.theta, 1, &delta, &v, s->seen.theta);
    NTK_TRY(ntk_field_evaluate(&s->field, &s->seen));
    if (!s->seen.finite)
        return ntk_fail(NTK_ERROR_DIVERGED, "the flow is not finite beside a point of its path");
    const double weights[] = {1 / delta, -1 / delta};
    ntk_combine(p, NULL, 2, weights, (const double *const[]){s->seen.rate, s->begin.rate}, image);
    return NTK_OK;
}

ntk_status ntk_stepper_estimate_stiffness(ntk_stepper *s) {
    const size_t p = s->field.model->dimension;
    /* After a rejected step what was found before may be another eigenvalue's. */
    double largest = s->error <= 1 ? s->stiffness / MARGIN : 0;
    if (s->stiffness == 0) {
        const double length = ntk_norm(p, s->begin.rate);
        if (length > 0) memcpy(s->mode, s->begin.rate, p * sizeof *s->mode);
        for (size_t i = 0; length == 0 && i < p; ++i) s->mode[i] = 1;
    }
    NTK_TRY(ntk_power_iteration(p, differentiate, s, 50, s->mode, s->scratch, &largest));
    if (!isfinite(largest))
        return ntk_fail(NTK_ERROR_DIVERGED, "the stiffness of the flow is not finite at log t = %g",
                        s->begin.clock.log_time);
    s->stiffness = MARGIN * largest;
    s->stiffness_age = 0;
    return NTK_OK;
}
