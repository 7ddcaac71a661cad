/* Root bracketing, one trial at a time, so that the caller decides when it is narrow enough. */
#ifndef NTK_DYNAMICS_BRACKET_H
#define NTK_DYNAMICS_BRACKET_H

#include <stddef.h>

/* f(low) < 0 <= f(high). */
typedef struct ntk_bracket {
    double low, high, f_low, f_high;
    double width; /* when it was last seen to halve */
    int slow;     /* trials since */
    int moved;    /* the end that the last update moved: -1 low, 1 high, 0 none yet */
} ntk_bracket;

ntk_bracket ntk_bracket_create(double low, double f_low, double high, double f_high);

/* A point inside: false position with the Illinois weights, and the midpoint whenever three trials
 * have not halved the bracket; so about three times the trials of bisection at worst, for any
 * function. */
double ntk_bracket_trial(ntk_bracket *bracket);

void ntk_bracket_update(ntk_bracket *bracket, double x, double f);

#endif
