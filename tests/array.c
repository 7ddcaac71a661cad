#include "array.h"

ntk_status array_read(const char *path, size_t *rows, size_t *columns, double **values) {
    ntk_array array;
    NTK_TRY(ntk_array_read(path, &array));
    *rows = array.rows, *columns = array.columns, *values = array.values;
    return NTK_OK;
}
