/* The twin without a fault: must pass, or the others prove nothing. */
#include <criterion/criterion.h>

#include <ntk/memory.h>

Test(planted, clean) {
    double *array = NULL;
    cr_assert(ntk_allocate_doubles(3, &array) == NTK_OK);
    array[2] = 1.0;
    cr_assert(array[2] == 1.0);
    ntk_release(array);
}
