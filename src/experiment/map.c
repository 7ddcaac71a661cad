/* Pure maps: units that were kept are not run; the others run on the threads of this process, or on
 * those of all ranks. */
#include <ntk/lab/map.h>

#include <stdbool.h>

#include <ntk/log.h>
#include <ntk/memory.h>

#include "experiment/kept.h"
#include "experiment/rows.h"
#include "experiment/share.h"
#include "experiment/unit_times.h"

typedef struct execution {
    ntk_unit unit;
    void *context;
    ntk_rows rows;
    ntk_kept *kept;  /* NULL: nothing is */
    bool *done;      /* (units) read back */
    double *seconds; /* (units) of CPU time */
    size_t arrived;  /* of the ranks' results, those read back among them */
} execution;

static void keep(execution *self, size_t unit, double seconds) {
    self->seconds[unit] = seconds;
    if (self->kept != NULL) ntk_kept_add(self->kept, unit, seconds);
}

/* ---- on threads ------------------------------------------------------------------------------ */

static ntk_status run_unit(size_t unit, void *argument) {
    execution *self = argument;
    if (self->done[unit]) return NTK_OK;
    const double begun = ntk_unit_clock();
    NTK_TRY(self->unit(unit, self->context));
    keep(self, unit, ntk_unit_clock() - begun);
    return NTK_OK;
}

/* ---- on ranks -------------------------------------------------------------------------------- */

/* Rank 0 has the results of a unit. One at a time. */
static void arrive(size_t unit, double seconds, void *argument) {
    execution *self = argument;
    keep(self, unit, seconds);
    self->arrived++;
    ntk_progress((double)self->arrived / (double)self->rows.units);
}

static ntk_status run_shared(execution *self, ntk_status prepared) {
    for (size_t u = 0; prepared == NTK_OK && u < self->rows.units; u++) self->arrived += self->done[u];
    const ntk_shared_map shared = {.rows = &self->rows,
                                   .unit = self->unit,
                                   .context = self->context,
                                   .done = self->done,
                                   .arrived = arrive,
                                   .keeper = self};
    return ntk_share_map(&shared, prepared);
}

/* ---- the map --------------------------------------------------------------------------------- */

static ntk_status prepare(execution *self) {
    void *flags;
    NTK_TRY(ntk_allocate_doubles(self->rows.units, &self->seconds));
    NTK_TRY(ntk_allocate(self->rows.units, sizeof(bool), &flags));
    self->done = flags;
    return ntk_share_rank() > 0 ? NTK_OK : ntk_kept_open(&self->rows, self->done, self->seconds, &self->kept);
}

ntk_status ntk_map_units(size_t units, ntk_unit unit, void *context, const ntk_slots *slots, size_t count) {
    if (count > NTK_MAP_SLOTS)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu kinds of slots: want at most %d", count, NTK_MAP_SLOTS);
    if (ntk_inside_map()) return ntk_map(units, unit, context);
    execution self = {.unit = unit, .context = context, .rows = ntk_rows_of(units, slots, count)};
    ntk_status status = prepare(&self);
    if (ntk_share_ranks() > 1)
        status = run_shared(&self, status);
    else if (status == NTK_OK)
        status = ntk_map(units, run_unit, &self);
    ntk_kept_close(self.kept);
    if (status == NTK_OK) status = ntk_unit_times_note(units, self.seconds);
    ntk_release(self.seconds);
    ntk_release(self.done);
    return status;
}
