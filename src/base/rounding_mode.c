#include <ntk/rounding.h>

#include <fenv.h>

int ntk_rounding_nearest(void) {
    const int before = fegetround();
    if (before != FE_TONEAREST) fesetround(FE_TONEAREST);
    return before;
}

void ntk_rounding_restore(int before) {
    if (fegetround() != before) fesetround(before);
}
