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

/* Illinois: an end that stays a second time has its value halved, which keeps the secant from
 * sticking to one side. (Halved at every update, it would spoil the secants that converge: 16
 * trials in place of 6.) */
void ntk_bracket_update(ntk_bracket *bracket, double x, double f) {
    const int moves = f < 0 ? -1 : 1;
    const double weight = moves == bracket->moved ? 0.5 : 1;
    bracket->moved = moves;
    if (f < 0) {
        bracket->low = x;
        bracket->f_low = f;
        bracket->f_high *= weight;
    } else {
        bracket->high = x;
        bracket->f_high = f;
        bracket->f_low *= weight;
    }
}
