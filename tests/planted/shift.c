/* Planted fault: a shift by the width of its type, undefined in C. The assertion passes. */
#include <criterion/criterion.h>

static volatile int width = 32;

Test(planted, shift) {
    const volatile int value = 1 << width;
    cr_assert(value == 0 || value != 0);
}
