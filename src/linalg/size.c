#include "linalg/size.h"

#include <limits.h>

_Static_assert(sizeof(lapack_int) == sizeof(int), "OpenBLAS with 32-bit integers is expected");

ntk_status ntk_check_matrix(const char *what, size_t rows, size_t columns, size_t ld) {
    if (rows > INT_MAX || columns > INT_MAX || ld > INT_MAX)
        return ntk_fail(NTK_ERROR_SHAPE, "%s: (%zu, %zu) with leading dimension %zu exceeds lapack_int", what,
                        rows, columns, ld);
    if (ld < columns)
        return ntk_fail(NTK_ERROR_SHAPE, "%s: leading dimension %zu is below its %zu columns", what, ld,
                        columns);
    return NTK_OK;
}
