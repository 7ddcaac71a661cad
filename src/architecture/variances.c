/* The variances of the layers: one for all, or one for each; read and written. */
#include <ntk/architecture.h>
#include <ntk/rounding.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double ntk_architecture_weight_variance(const ntk_architecture *architecture, size_t l) {
    return architecture->weight_variances != NULL ? architecture->weight_variances[l - 1]
                                                  : architecture->weight_variance;
}

double ntk_architecture_bias_variance(const ntk_architecture *architecture, size_t l) {
    return architecture->bias_variances != NULL ? architecture->bias_variances[l - 1]
                                                : architecture->bias_variance;
}

/* The number that is written, whatever the experiment's rounding. */
static double read_number(const char *text, char **end) {
    const int rounding = ntk_rounding_nearest();
    const double value = strtod(text, end);
    ntk_rounding_restore(rounding);
    return value;
}

ntk_status ntk_architecture_parse_variances(const char *text, double *out, size_t *count) {
    size_t found = 0;
    for (const char *item = text;; found++) {
        const size_t length = strcspn(item, ",");
        char *end = NULL;
        if (found == NTK_DEPTH_MAX + 1)
            return ntk_fail(NTK_ERROR_ARGUMENT, "more than %d variances", NTK_DEPTH_MAX + 1);
        const double value = read_number(item, &end);
        if (length == 0 || end != item + length || !isfinite(value))
            return ntk_fail(NTK_ERROR_ARGUMENT, "variance %zu should be a finite number, not '%.*s'",
                            found + 1, (int)length, item);
        out[found] = value;
        if (item[length] == '\0') break;
        item += length + 1;
    }
    *count = found + 1;
    return NTK_OK;
}

size_t ntk_architecture_print_variances(size_t count, const double *variances, size_t size, char *text) {
    const int rounding = ntk_rounding_nearest();
    size_t length = 0;
    for (size_t l = 0; l < count; l++) {
        const size_t left = length < size ? size - length : 0;
        length += (size_t)snprintf(left > 0 ? text + length : NULL, left, "%s%.17g", l > 0 ? "," : "",
                                   variances[l]);
    }
    ntk_rounding_restore(rounding);
    return length;
}
