#include "base/nearest.h"

#include <string.h>

/* Levenshtein's distance of two names of at most 127 characters. */
static size_t edit_distance(const char *a, const char *b) {
    size_t row[128];
    const size_t n = strnlen(b, 127);
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 1; i <= strnlen(a, 127); i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            const size_t shifted = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            row[j] = replaced < shifted ? replaced : shifted;
        }
    }
    return row[n];
}

const char *ntk_nearest_name(const char *name, const char *const *candidates, size_t candidate_count) {
    const char *best = NULL;
    size_t least = 3 + strlen(name) / 4; /* farther than a third of a short name is no
                                          * misspelling */
    for (size_t i = 0; i < candidate_count; i++) {
        if (candidates[i] == NULL) continue;
        const size_t distance = edit_distance(name, candidates[i]);
        if (distance < least) {
            least = distance;
            best = candidates[i];
        }
    }
    return best;
}
