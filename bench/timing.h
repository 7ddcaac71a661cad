/* What every benchmark does: end with a line where the library fails, read a clock, take a median,
 * judge its ratios and say whether the machine was quiet.
 *
 * What is judged is CPU time, which other programs do not lengthen by taking the cores. They still
 * lengthen it through the caches and the memory that they share: ratios of work of one kind, taken
 * in turns, bear that, absolute times do not. Time on the wall is judged on a quiet machine
 * only. */
#ifndef NTK_BENCH_TIMING_H
#define NTK_BENCH_TIMING_H

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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

/* --- other programs --------------------------------------------------------------------------- */

/* Seconds that all cores have been busy since the machine was started; NaN where /proc/stat is not
 * there to tell. Of its first line: user, nice, system, idle, iowait, irq, softirq, steal. */
static inline double busy_seconds(void) {
    double ticks[8], sum = 0;
    FILE *file = fopen("/proc/stat", "r");
    if (file == NULL) return NAN;
    const int read = fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", ticks, ticks + 1, ticks + 2,
                            ticks + 3, ticks + 4, ticks + 5, ticks + 6, ticks + 7);
    fclose(file);
    if (read != 8) return NAN;
    for (int i = 0; i < 8; i++)
        if (i != 3 && i != 4) sum += ticks[i];
    return sum / (double)sysconf(_SC_CLK_TCK);
}

typedef struct watch {
    double wall, busy, own;
} watch;

static inline watch watch_now(void) {
    return (watch){seconds(CLOCK_MONOTONIC), busy_seconds(), seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

/* The part of all cores that others than this process have used since; NaN where that cannot be
 * told. */
static inline double others_since(watch start) {
    const watch end = watch_now();
    const double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    return fmax(0, (end.busy - start.busy) - (end.own - start.own)) / (cores * (end.wall - start.wall)) +
           0 * end.busy; /* fmax loses a NaN */
}

/* Of 5 % a program on two cores loses a twentieth of its time on the wall at most. */
static const double quiet = 0.05;

/* --- judging ---------------------------------------------------------------------------------- */

/* NaN is not reached. */
static inline bool at_most(double ratio, double wanted) { return isfinite(ratio) && ratio <= wanted; }
static inline bool at_least(double ratio, double wanted) { return isfinite(ratio) && ratio >= wanted; }

/* The last line of a benchmark, and its exit status. start: of the beginning of its measurements;
 * wanted: a sentence. */
static inline int verdict(const char *wanted, bool reached, watch start) {
    const double others = others_since(start);
    printf("%s: %s\n", wanted, reached ? "reached" : "NOT reached");
    if (!(others <= quiet)) {
        printf("The machine was not quiet: ");
        if (isfinite(others))
            printf("other programs used %.0f %% of its cores.\n", 100 * others);
        else
            printf("what other programs used cannot be told.\n");
    }
    return reached ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
