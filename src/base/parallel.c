#include <ntk/parallel.h>

#include <omp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include <ntk/log.h>

enum { MAX_WORKERS = 4096 };

static size_t workers = 1;

/* Maps around the code that this thread runs. omp_in_parallel() would not do: it says no inside a
 * team of one. */
static _Thread_local int depth;

/* What the units of one map share; written under the critical section ntk_map_report. */
typedef struct {
    size_t units;
    size_t done;
    atomic_size_t failed_unit; /* the lowest so far; SIZE_MAX: none */
    ntk_status status;         /* of that unit */
    char detail[NTK_DETAIL_SIZE];
} map_state;

ntk_status ntk_set_workers(size_t count) {
    if (count == 0 || count > MAX_WORKERS)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu workers: want 1 to %d", count, MAX_WORKERS);
    workers = count;
    return NTK_OK;
}

size_t ntk_workers(void) { return workers; }

static void report_failure(map_state *state, size_t unit, ntk_status status) {
#pragma omp critical(ntk_map_report)
    if (unit < atomic_load(&state->failed_unit)) {
        atomic_store(&state->failed_unit, unit);
        state->status = status;
        snprintf(state->detail, sizeof state->detail, "%s", ntk_error_detail());
    }
}

/* Counting and reporting in one critical section: the fractions arrive in ascending order. */
static void report_progress(map_state *state) {
#pragma omp critical(ntk_map_report)
    {
        state->done++;
        ntk_progress((double)state->done / (double)state->units);
    }
}

/* Skips what stands above a failure only: the lowest failing unit always runs, whatever the timing. */
static void run_unit(map_state *state, size_t index, ntk_unit unit, void *context) {
    if (index > atomic_load(&state->failed_unit)) return;
    depth++;
    const ntk_status status = unit(index, context);
    depth--;
    if (status != NTK_OK)
        report_failure(state, index, status);
    else
        report_progress(state);
}

/* Inside a unit: serial, and silent about progress. */
static ntk_status map_nested(size_t units, ntk_unit unit, void *context) {
    for (size_t i = 0; i < units; i++) NTK_TRY(unit(i, context));
    return NTK_OK;
}

ntk_status ntk_map(size_t units, ntk_unit unit, void *context) {
    if (units == 0) return NTK_OK;
    if (depth > 0) return map_nested(units, unit, context);
    map_state state = {.units = units, .status = NTK_OK};
    atomic_init(&state.failed_unit, SIZE_MAX);
    const int team = (int)(units < workers ? units : workers);
#pragma omp parallel for schedule(dynamic, 1) num_threads(team)
    for (size_t i = 0; i < units; i++) run_unit(&state, i, unit, context);
    /* The failure may have been recorded on another thread: hand its line to this one. */
    return state.status == NTK_OK ? NTK_OK : ntk_fail(state.status, "%s", state.detail);
}
