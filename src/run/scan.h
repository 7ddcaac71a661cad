/* One claim over a grid of settings: a run for each point, and one table of all. */
#ifndef NTK_RUN_SCAN_H
#define NTK_RUN_SCAN_H

#include <stddef.h>

#include <ntk/lab/metrics.h>
#include <ntk/lab/parameters.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/judge.h"
#include "run/catalogue.h"
#include "run/state.h"

enum { NTK_SCAN_MOST_AXES = 8, NTK_SCAN_MOST_POINTS = 1000 };

typedef struct ntk_scan_axis {
    char *name;
    char **values; /* (count) as after --set name= */
    size_t count;
} ntk_scan_axis;

typedef struct ntk_scan_point {
    ntk_setting settings[NTK_SCAN_MOST_AXES]; /* (axis_count); borrowed from the axes */
    char *folder;                             /* of its run */
    bool done;
    ntk_verdict verdict; /* of the claim, its controls and twins included */
    char *cause;         /* why the claim's own process failed or was skipped; else NULL */
    ntk_metrics metrics;
    /* (metrics.count) The worst verdict of the checks that read it; NTK_VERDICT_COUNT: none
     * does. */
    ntk_verdict *judged;
} ntk_scan_point;

typedef struct ntk_scan {
    const ntk_suite *suite;
    ntk_claim claim;
    ntk_run_options options; /* of each run; overrides: those of --set alone */
    ntk_scan_axis axes[NTK_SCAN_MOST_AXES];
    size_t axis_count;
    ntk_scan_point *points; /* (point_count), the last axis running fastest */
    size_t point_count;
    char *folder;
} ntk_scan;

/* Plan a scan. axes: each a parameter with its values, which commas separate or, where a "/" occurs
 * and values are lists themselves, slashes: "64,256" are two points, "64,256/128,512" two of a list
 * each. options: of the runs, which draw no figures; out NULL: scans/<UTC time>-<suite>-<claim>.
 * Its strings must outlive the scan. Errors: NTK_ERROR_NOT_FOUND for an unknown claim or parameter;
 * NTK_ERROR_ARGUMENT for a value that a parameter does not take, a parameter that is given twice,
 * an axis without values, too many points. */
ntk_status ntk_scan_create(const ntk_suite *suite, const char *claim, const ntk_setting *axes,
                           size_t axis_count, const ntk_run_options *options, ntk_scan **out);
void ntk_scan_destroy(ntk_scan *scan);

/* That a point can emit this metric, by what the experiment declares under its settings; to be
 * asked before anything runs. Errors: NTK_ERROR_NOT_FOUND, suggesting the nearest name of the first
 * point's. */
ntk_status ntk_scan_require_metric(const ntk_scan *scan, const char *metric);

/* Called after each point. */
typedef void ntk_scan_observer(const ntk_scan *scan, size_t point, void *context);

/* Run all points, and write scan.tsv anew after each. With options.resume what had finished is not
 * done again. A point's verdict is no error of this function. Errors: NTK_ERROR_ARGUMENT for a
 * folder that is not empty, without `resume`; NTK_ERROR_CANCELLED when interrupted; those of
 * ntk_run_create and ntk_run_execute. */
ntk_status ntk_scan_execute(ntk_scan *scan, ntk_scan_observer *observer, void *context);

/* The metric that is drawn and printed where none is asked for: that of the first check. */
const char *ntk_scan_first_metric(const ntk_scan *scan);

/* Whether a point that has run emitted this metric. */
bool ntk_scan_has_metric(const ntk_scan *scan, const char *metric);

#endif
