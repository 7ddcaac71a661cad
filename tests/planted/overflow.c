/* Planted fault: a read one element past the end of an array. The assertion passes. */
#include <criterion/criterion.h>

#include <ntk/memory.h>

static volatile size_t past_the_end = 3;

Test(planted, overflow) {
    double *array = NULL;
    cr_assert(ntk_allocate_doubles(3, &array) == NTK_OK);
    const volatile double value = array[past_the_end];
    cr_assert(value == value || value != value);
    ntk_release(array);
}
