/* Planted fault: memory that is never released. The assertion passes. */
#include <criterion/criterion.h>

#include <ntk/memory.h>

/* volatile: the compiler must not find out that the memory is never used. */
static double *volatile array;

Test(planted, leak) {
    double *memory = NULL;
    cr_assert(ntk_allocate_doubles(3, &memory) == NTK_OK);
    array = memory;
    array = NULL;
}
