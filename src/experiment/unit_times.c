#include "experiment/unit_times.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "experiment/support.h"

typedef struct noted {
    size_t units;
    double *seconds; /* (units) */
} noted;

static bool begun;
static noted *maps;
static size_t count;

static void forget(void) {
    for (size_t m = 0; m < count; m++) ntk_release(maps[m].seconds);
    ntk_release(maps);
    maps = NULL;
    count = 0;
}

void ntk_unit_times_begin(void) {
    forget();
    begun = true;
}

ntk_status ntk_unit_times_note(size_t units, const double *seconds) {
    if (!begun || units == 0) return NTK_OK;
    void *items = maps;
    NTK_TRY(ntk_array_grow(&items, count, sizeof *maps));
    maps = items;
    NTK_TRY(ntk_allocate_doubles(units, &maps[count].seconds));
    memcpy(maps[count].seconds, seconds, units * sizeof *seconds);
    maps[count++].units = units;
    return NTK_OK;
}

static ntk_status write_lines(const char *path) {
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL) return ntk_fail(NTK_ERROR_MEMORY, "no room for the times of units");
    for (size_t m = 0; m < count; m++)
        for (size_t u = 0; u < maps[m].units; u++) fprintf(stream, "%zu %.6g\n", m + 1, maps[m].seconds[u]);
    const bool written = fclose(stream) == 0;
    const ntk_status status = written ? ntk_file_write(path, text, size)
                                      : ntk_fail(NTK_ERROR_MEMORY, "no room for the times of units");
    free(text);
    return status;
}

ntk_status ntk_unit_times_write(const char *path) {
    const ntk_status status = count > 0 ? write_lines(path) : NTK_OK;
    forget();
    begun = false;
    return status;
}
