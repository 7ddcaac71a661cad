/* Envelopes measured: the claims of one seed under every axis of this machine. */
#ifndef NTK_RUN_MEASURE_H
#define NTK_RUN_MEASURE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>

#include "claim/envelope.h"
#include "run/axes.h"
#include "run/catalogue.h"

/* After each process: what it computed under which axis; cause: why it failed, or NULL. */
typedef void ntk_measure_observer(const char *claim, const char *axis, double seconds, const char *cause,
                                  void *context);

typedef struct ntk_measure_options {
    ntk_tier tier;
    size_t jobs;
    const char *out; /* folder of the tables; NULL: scans/<time>-envelope */
    bool resume;
    const char *builds, *only; /* axes.h */
    const volatile sig_atomic_t *interrupted;
    ntk_measure_observer *observer;
    void *context;
} ntk_measure_options;

typedef struct ntk_measurement {
    char *folder;
    size_t claims, metrics; /* that have an envelope of these axes now */
    size_t moved;           /* metrics that an axis moved at all */
    size_t failed;          /* processes */
} ntk_measurement;

/* Compute the selected claims (none: all) of the stored seed, without controls, under each axis,
 * one process at a time, in <out>/<axis>/<claim>/, and after each claim widen the envelopes of the
 * metrics that it stores in suite->stored/envelopes.tsv. What `out` holds of these programs is not
 * computed again. An axis under which a claim fails is left out for it. *out is set, to be
 * released, whatever is returned. Errors: NTK_ERROR_NOT_FOUND for a claim, NTK_ERROR_ARGUMENT for
 * an axis or a folder, also where another program has measured there; NTK_ERROR_CANCELLED where
 * interrupted; NTK_ERROR_IO. */
ntk_status ntk_measure(const ntk_suite *suite, const char *const *names, size_t count,
                       const ntk_measure_options *options, ntk_measurement *out);
void ntk_measurement_release(ntk_measurement *measurement);

/* Widen the stored envelopes by those of another machine's file, of the same stored values;
 * *taken and *left: how many. Errors: those of reading and writing. */
ntk_status ntk_measure_merge(const ntk_suite *suite, const char *file, size_t *taken, size_t *left);

#endif
