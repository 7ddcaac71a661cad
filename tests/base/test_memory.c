#include <stdint.h>

#include <criterion/criterion.h>

#include <ntk/memory.h>

#include "status.h"

Test(memory, is_aligned_and_zeroed_for_every_small_count) {
    for (size_t count = 0; count < 300; count++) {
        double *array = NULL;
        assert_ok(ntk_allocate_doubles(count, &array));
        cr_assert(array != NULL && (uintptr_t)array % NTK_ALIGNMENT == 0);
        for (size_t i = 0; i < count; i++) {
            cr_assert(array[i] == 0.0);
            array[i] = 1.0; /* so that memory used again is not zero by luck */
        }
        ntk_release(array);
    }
}

Test(memory, an_overflowing_product_is_refused) {
    void *memory = &memory;
    cr_assert(ntk_allocate(SIZE_MAX / 8 + 2, 8, &memory) == NTK_ERROR_MEMORY);
    cr_assert(memory == NULL);
    assert_says("address space");
}

Test(memory, what_the_system_cannot_give_is_an_error) {
    double *array = (double *)&array;
    cr_assert(ntk_allocate_doubles(SIZE_MAX / 32, &array) == NTK_ERROR_MEMORY);
    cr_assert(array == NULL);
}

Test(memory, releasing_null_is_allowed) { ntk_release(NULL); }
