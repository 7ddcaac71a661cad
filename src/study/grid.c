/* Grids of runs: where places and units stand, running them, and the table of their rows. */
#include <ntk/lab/grid.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/lab/context.h>
#include <ntk/lab/map.h>
#include <ntk/lab/table.h>
#include <ntk/memory.h>
#include <ntk/status.h>

/* ---- axes, places, parts --------------------------------------------------------------------- */

ntk_axis ntk_axis_of_choices(const ntk_context *context, const char *name, const char *parameter) {
    ntk_axis axis = {.name = name};
    axis.labels = ntk_context_choices(context, parameter, &axis.count);
    return axis;
}

ntk_axis ntk_axis_of_numbers(const ntk_context *context, const char *name, const char *parameter) {
    ntk_axis axis = {.name = name};
    axis.numbers = ntk_context_reals(context, parameter, &axis.count);
    return axis;
}

ntk_axis ntk_axis_of_count(const ntk_context *context, const char *name, const char *parameter) {
    return (ntk_axis){.name = name, .count = ntk_context_size(context, parameter)};
}

static size_t axis_count(const ntk_grid *grid) {
    size_t count = 0;
    while (count < NTK_GRID_AXES && grid->axes[count].name) count++;
    return count;
}

ntk_place ntk_grid_case(size_t which) {
    ntk_place part = {{which}};
    for (size_t a = 1; a < NTK_GRID_AXES; a++) part.at[a] = NTK_ALL;
    return part;
}

ntk_place ntk_grid_whole(void) { return ntk_grid_case(NTK_ALL); }

double ntk_grid_number(const ntk_grid *grid, ntk_place at, size_t axis) {
    const ntk_axis *it = &grid->axes[axis];
    if (!it->numbers) return (double)at.at[axis];
    size_t by = 0;
    if (!it->by) return it->numbers[at.at[axis]];
    while (strcmp(grid->axes[by].name, it->by) != 0) by++;
    return it->numbers[at.at[by] * it->count + at.at[axis]];
}

const char *ntk_grid_label(const ntk_grid *grid, ntk_place at, size_t axis) {
    return grid->axes[axis].labels[at.at[axis]];
}

bool ntk_grid_is_smooth(const ntk_grid *grid, size_t which) {
    const ntk_axis *cases = &grid->axes[0];
    return !cases->is_smooth || cases->is_smooth(cases->labels[which]);
}

size_t ntk_grid_count(const ntk_grid *grid, ntk_place part) {
    size_t count = 1;
    for (size_t a = 0; a < axis_count(grid); a++)
        if (part.at[a] == NTK_ALL) count *= grid->axes[a].count;
    return count;
}

ntk_place ntk_grid_place(const ntk_grid *grid, ntk_place part, size_t k) {
    for (size_t a = NTK_GRID_AXES; a-- > 0;) {
        if (part.at[a] != NTK_ALL) continue;
        part.at[a] = a < axis_count(grid) ? k % grid->axes[a].count : 0;
        if (a < axis_count(grid)) k /= grid->axes[a].count;
    }
    return part;
}

/* ---- units and their slots ------------------------------------------------------------------- */

static size_t product(const ntk_grid *grid, bool inside) {
    size_t count = 1;
    for (size_t a = 0; a < axis_count(grid); a++)
        if (grid->axes[a].inside == inside) count *= grid->axes[a].count;
    return count;
}

static size_t unit_count(const ntk_grid *grid) { return product(grid, false); }

static size_t row_count(const ntk_grid *grid) { return product(grid, true); }

static size_t column_count(const ntk_grid *grid) { return ntk_table_count_columns(grid->columns); }

size_t ntk_grid_slot_size(const ntk_grid *grid) { return row_count(grid) * column_count(grid) + grid->kept; }

/* Units are in the order of the axes, but for the costly one, which comes first and backwards. */
static ntk_place place_of_unit(const ntk_grid *grid, size_t unit) {
    ntk_place at = ntk_grid_whole();
    size_t costly = NTK_GRID_AXES;
    for (size_t a = axis_count(grid); a-- > 0;) {
        if (grid->axes[a].costly) costly = a;
        if (grid->axes[a].costly || grid->axes[a].inside) continue;
        at.at[a] = unit % grid->axes[a].count;
        unit /= grid->axes[a].count;
    }
    if (costly < NTK_GRID_AXES) at.at[costly] = grid->axes[costly].count - 1 - unit;
    return at;
}

static double *slot_of(const ntk_grid *grid, ntk_place at, size_t *row) {
    size_t unit = 0;
    *row = 0;
    for (size_t a = 0; a < axis_count(grid); a++)
        if (grid->axes[a].costly) unit = grid->axes[a].count - 1 - at.at[a];
    for (size_t a = 0; a < axis_count(grid); a++) {
        if (grid->axes[a].costly) continue;
        size_t *index = grid->axes[a].inside ? row : &unit;
        *index = *index * grid->axes[a].count + at.at[a];
    }
    return grid->slots + unit * ntk_grid_slot_size(grid);
}

double *ntk_grid_row(const ntk_grid *grid, ntk_place at) {
    size_t row;
    double *slot = slot_of(grid, at, &row);
    return slot + row * column_count(grid);
}

double *ntk_grid_kept(const ntk_grid *grid, ntk_place at) {
    size_t row;
    return slot_of(grid, at, &row) + row_count(grid) * column_count(grid);
}

/* ---- running --------------------------------------------------------------------------------- */

/* "relu, width 64, seed 3", the levels that are set. */
static void describe_place(const ntk_grid *grid, ntk_place at, size_t size, char *text) {
    size_t length = 0;
    text[0] = 0;
    for (size_t a = 0; a < axis_count(grid) && length < size; a++) {
        if (at.at[a] == NTK_ALL) continue;
        const char *comma = length > 0 ? ", " : "";
        const int added = grid->axes[a].labels ? snprintf(text + length, size - length, "%s%s", comma,
                                                          ntk_grid_label(grid, at, a))
                                               : snprintf(text + length, size - length, "%s%s %.15g", comma,
                                                          grid->axes[a].name, ntk_grid_number(grid, at, a));
        length += added > 0 ? (size_t)added : 0;
    }
}

typedef struct task {
    const ntk_grid *grid;
    ntk_grid_unit unit;
    const void *study;
} task;

static ntk_status run_unit(size_t index, void *argument) {
    const task *self = argument;
    double *values = self->grid->slots + index * ntk_grid_slot_size(self->grid);
    ntk_slot slot = {.at = place_of_unit(self->grid, index),
                     .values = values,
                     .kept = values + row_count(self->grid) * column_count(self->grid)};
    const ntk_status status = self->unit(self->study, &slot);
    if (status == NTK_OK) return NTK_OK;
    char place[256], reason[NTK_DETAIL_SIZE];
    describe_place(self->grid, slot.at, sizeof place, place);
    snprintf(reason, sizeof reason, "%s", ntk_error_detail());
    return ntk_fail(status, "%s: %s", place, reason);
}

void ntk_grid_release(ntk_grid *grid) {
    ntk_release(grid->slots);
    grid->slots = NULL;
}

ntk_status ntk_grid_run(ntk_grid *grid, ntk_grid_unit unit, const void *study) {
    task self = {grid, unit, study};
    const size_t size = unit_count(grid) * ntk_grid_slot_size(grid);
    NTK_TRY(ntk_allocate_doubles(size, &grid->slots));
    for (size_t i = 0; i < size; i++) grid->slots[i] = NAN;
    const ntk_slots slots = {grid->slots, ntk_grid_slot_size(grid)};
    const ntk_status status =
        row_count(grid) == 0 ? NTK_OK : ntk_map_units(unit_count(grid), run_unit, &self, &slots, 1);
    if (status != NTK_OK) ntk_grid_release(grid);
    return status;
}

/* ---- the table of rows ----------------------------------------------------------------------- */

/* "$network width seed" and the columns. */
static ntk_status name_columns(const ntk_grid *grid, size_t size, char *text) {
    size_t length = 0;
    for (size_t a = 0; a < axis_count(grid) && length < size; a++)
        length += (size_t)snprintf(text + length, size - length, "%s%s ", grid->axes[a].labels ? "$" : "",
                                   grid->axes[a].name);
    if (length < size) length += (size_t)snprintf(text + length, size - length, "%s", grid->columns);
    return length < size ? NTK_OK
                         : ntk_fail(NTK_ERROR_ARGUMENT, "a grid's columns have too long names: %s...", text);
}

/* The levels of a place, names before numbers; how many of these there are. */
static size_t write_levels(const ntk_grid *grid, ntk_place at, const char **labels, double *numbers) {
    size_t count = 0;
    for (size_t a = 0; a < axis_count(grid); a++)
        if (grid->axes[a].labels)
            *labels++ = ntk_grid_label(grid, at, a);
        else
            numbers[count++] = ntk_grid_number(grid, at, a);
    return count;
}

static ntk_status emit_row(ntk_table *table, const ntk_grid *grid, ntk_place at, double *row) {
    const char *labels[NTK_GRID_AXES];
    const size_t numbers = write_levels(grid, at, labels, row);
    memcpy(row + numbers, ntk_grid_row(grid, at), column_count(grid) * sizeof *row);
    return ntk_table_row(table, numbers < axis_count(grid) ? labels : NULL, row);
}

ntk_status ntk_grid_emit_table(ntk_context *context, const ntk_grid *grid, const char *name) {
    char names[512];
    ntk_table *table;
    double *row;
    NTK_TRY(name_columns(grid, sizeof names, names));
    NTK_TRY(ntk_emit_table(context, name, names, &table));
    NTK_TRY(ntk_allocate_doubles(NTK_GRID_AXES + column_count(grid), &row));
    const ntk_place whole = ntk_grid_whole();
    ntk_status status = NTK_OK;
    for (size_t k = 0; k < ntk_grid_count(grid, whole) && status == NTK_OK; k++)
        status = emit_row(table, grid, ntk_grid_place(grid, whole, k), row);
    ntk_release(row);
    return status;
}
