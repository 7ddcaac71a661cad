#include "cli/solve_targets.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/memory.h>

enum { MOST_CLASSES = 10000 };

static ntk_status check_shape(const char *path, size_t n, const ntk_array *y) {
    if (y->axes > 2)
        return ntk_fail(NTK_ERROR_SHAPE, "%s: targets of %zu axes, where one or two are wanted", path,
                        y->axes);
    if (y->rows == n) return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE, "%s: %zu rows of targets, where there are %zu points", path, y->rows, n);
}

/* -1 and 1 become 0 and 1; anything else stays. */
static void take_signs(ntk_array *y) {
    bool negative = false;
    for (size_t i = 0; i < y->rows; i++) {
        if (y->values[i] != -1 && y->values[i] != 1) return;
        negative = negative || y->values[i] == -1;
    }
    for (size_t i = 0; i < y->rows && negative; i++) y->values[i] = (y->values[i] + 1) / 2;
}

static ntk_status take_probabilities(const char *path, ntk_array *y) {
    if (y->columns != 1)
        return ntk_fail(NTK_ERROR_SHAPE,
                        "%s: %zu columns, where the logistic loss takes one (--loss softmax takes a "
                        "probability of each class)",
                        path, y->columns);
    take_signs(y);
    for (size_t i = 0; i < y->rows; i++)
        if (!(y->values[i] >= 0 && y->values[i] <= 1))
            return ntk_fail(NTK_ERROR_ARGUMENT,
                            "%s: row %zu (from 0) is %g, where the logistic loss takes labels 0 and 1, or -1 "
                            "and 1 throughout, or probabilities",
                            path, i, y->values[i]);
    return NTK_OK;
}

/* One more than the largest class. */
static ntk_status count_classes(const char *path, const ntk_array *y, size_t *classes) {
    *classes = 0;
    for (size_t i = 0; i < y->rows; i++) {
        const double label = y->values[i];
        if (!(label >= 0 && label < MOST_CLASSES && label == floor(label)))
            return ntk_fail(NTK_ERROR_ARGUMENT,
                            "%s: row %zu (from 0) is %g, where classes are integers from 0 to %d "
                            "(probabilities have a column for each class)",
                            path, i, label, MOST_CLASSES - 1);
        if ((size_t)label >= *classes) *classes = (size_t)label + 1;
    }
    if (*classes >= 2) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "%s: all labels are 0, where softmax wants two classes or more",
                    path);
}

static ntk_status check_classes(const char *path, size_t n, size_t classes, const double *one_hot) {
    for (size_t k = 0; k < classes; k++) {
        bool occurs = false;
        for (size_t i = 0; i < n && !occurs; i++) occurs = one_hot[i * classes + k] == 1;
        if (!occurs)
            return ntk_fail(NTK_ERROR_ARGUMENT,
                            "%s: no row is of class %zu, where classes are 0 to %zu (count from 0; an array "
                            "of a column for each class may have an empty one)",
                            path, k, classes - 1);
    }
    return NTK_OK;
}

static ntk_status take_classes(const char *path, ntk_array *y) {
    size_t classes;
    double *one_hot = NULL;
    NTK_TRY(count_classes(path, y, &classes));
    NTK_TRY(ntk_allocate_doubles(y->rows * classes, &one_hot));
    memset(one_hot, 0, y->rows * classes * sizeof *one_hot);
    for (size_t i = 0; i < y->rows; i++) one_hot[i * classes + (size_t)y->values[i]] = 1;
    ntk_release(y->values);
    y->values = one_hot;
    y->columns = classes;
    return check_classes(path, y->rows, classes, one_hot);
}

static ntk_status check_loss(ntk_loss loss, const char *path, const ntk_array *y) {
    const ntk_status status = ntk_loss_check(loss, y->rows, y->columns, y->values);
    return status == NTK_OK ? NTK_OK : ntk_fail(status, "%s: %s", path, ntk_error_detail());
}

ntk_status cli_read_targets(ntk_loss loss, const char *path, size_t n, ntk_array *out) {
    NTK_TRY(ntk_array_read(path, out));
    ntk_status status = check_shape(path, n, out);
    if (status == NTK_OK && loss == NTK_LOSS_LOGISTIC) status = take_probabilities(path, out);
    if (status == NTK_OK && loss == NTK_LOSS_SOFTMAX && out->columns == 1) status = take_classes(path, out);
    if (status == NTK_OK) status = check_loss(loss, path, out);
    if (status != NTK_OK) ntk_array_release(out);
    return status;
}
