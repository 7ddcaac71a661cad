/* What every benchmark does: end with a line where the library fails, read a clock, take a
 * median. */
#ifndef NTK_BENCH_TIMING_H
#define NTK_BENCH_TIMING_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <ntk/ntk.h>

static inline void must(ntk_status status) {
    if (status == NTK_OK) return;
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, ntk_error_detail());
    exit(EXIT_FAILURE);
}

static inline double *doubles(size_t count) {
    double *out = NULL;
    must(ntk_allocate_doubles(count, &out));
    return out;
}

/* CLOCK_PROCESS_CPUTIME_ID, for one, does not count what else runs on the machine. */
static inline double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* times: (count), sorted here. */
static inline double median(size_t count, double *times) {
    qsort(times, count, sizeof *times, ascending);
    return times[count / 2];
}

#endif
