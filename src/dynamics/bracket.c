#include "dynamics/bracket.h"

#include <math.h>

ntk_bracket ntk_bracket_create(double low, double f_low, double high, double f_high) {
    return (ntk_bracket){.low = low, .high = high, .f_low = f_low, .f_high = f_high, .width = high - low};
}

double ntk_bracket_trial(ntk_bracket *bracket) {
    const double middle = 0.5 * (bracket->low + bracket->high);
    if (bracket->high - bracket->low <= 0.5 * bracket->width) {
        bracket->width = bracket->high - bracket->low;
        bracket->slow = 0;
    } else if (++bracket->slow > 3) {
        bracket->slow = 0;
        return middle;
    }
    const double secant =
        bracket->low - bracket->f_low * ((bracket->high - bracket->low) / (bracket->f_high - bracket->f_low));
    return secant > bracket->low && secant < bracket->high ? secant : middle;
}

/* Illinois: the end that stays has its value halved, which keeps the secant from sticking to one side. */
void ntk_bracket_update(ntk_bracket *bracket, double x, double f) {
    if (f < 0) {
        bracket->low = x;
        bracket->f_low = f;
        bracket->f_high *= 0.5;
    } else {
        bracket->high = x;
        bracket->f_high = f;
        bracket->f_low *= 0.5;
    }
}
