/* Grids of runs: cases x widths x seeds, or whatever axes a study has.
 *
 * A study names its axes and their levels and gives one function that computes a unit. Each place
 * of the grid gets a row of named numbers; rows are reduced over parts of the grid and emitted as
 * tables and metrics. Units are independent: one reads what the study holds, writes its own slot
 * and nothing else. */
#ifndef NTK_LAB_GRID_H
#define NTK_LAB_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ntk/api.h>
#include <ntk/lab/context.h>
#include <ntk/stats.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* ---- axes, places, parts --------------------------------------------------------------------- */

enum { NTK_GRID_AXES = 6 }; /* at most */

typedef struct ntk_axis {
    const char *name;          /* "width": heads a column, names a place */
    size_t count;              /* of levels */
    const char *const *labels; /* (count), where the levels are names */
    const double *numbers;     /* (count), where they are numbers; neither: 0, 1, ... */
    const char *by;            /* the axis on which its levels depend; NULL: none. With one: numbers
                                  (levels of that axis, count) */
    /* Which levels are networks without kinks; NULL: all. */
    bool (*is_smooth)(const char *label);
    bool inside; /* one unit runs through all levels */
    bool costly; /* of one axis at most: the later the level, the longer its units take. They begin
                    with the last one, so that a map ends with short ones. */
} ntk_axis;

/* Axes whose levels are a parameter: a list of choices; of numbers; 0 to an integer less one. They
 * live as long as the context. */
ntk_axis ntk_axis_of_choices(const ntk_context *context, const char *name, const char *parameter);
ntk_axis ntk_axis_of_numbers(const ntk_context *context, const char *name, const char *parameter);
ntk_axis ntk_axis_of_count(const ntk_context *context, const char *name, const char *parameter);

/* A level of each axis, by position: a place. With NTK_ALL for some of them: a part of the grid,
 * whose places stand in the order of the axes, levels of the last axis next to each other. */
#define NTK_ALL SIZE_MAX
typedef struct ntk_place {
    size_t at[NTK_GRID_AXES]; /* 0 beyond the last axis */
} ntk_place;

typedef struct ntk_grid {
    ntk_axis axes[NTK_GRID_AXES]; /* up to the first one without a name */
    const char *columns;          /* names of the numbers in a row, separated by blanks */
    size_t kept;                  /* numbers that a unit has beside its rows: curves, say */
    double level;                 /* confidence level of intervals (ntk_context_level) */
    double *slots;                /* by ntk_grid_run: (units, ntk_grid_slot_size) */
} ntk_grid;

/* The grid as one part, and all of it at one level of the first axis, the case. */
ntk_place ntk_grid_whole(void);
ntk_place ntk_grid_case(size_t which);

/* The level of an axis at a place, which also says that of the axis it depends on: its number, and
 * the label of one that has labels. */
double ntk_grid_number(const ntk_grid *grid, ntk_place at, size_t axis);
const char *ntk_grid_label(const ntk_grid *grid, ntk_place at, size_t axis);

/* Whether a case, a level of the first axis, is a network without kinks. */
bool ntk_grid_is_smooth(const ntk_grid *grid, size_t which);

/* How many places a part has, and its k-th. */
size_t ntk_grid_count(const ntk_grid *grid, ntk_place part);
ntk_place ntk_grid_place(const ntk_grid *grid, ntk_place part, size_t k);

/* ---- running --------------------------------------------------------------------------------- */

/* What one unit fills in: a block of ntk_grid_slot_size doubles, all NaN before. */
typedef struct ntk_slot {
    /* Where the unit stands; NTK_ALL along the axes that it runs through. A unit may set these
     * levels as it goes: its error then names them. */
    ntk_place at;
    double *values; /* (levels of the axes that it runs through, columns) */
    double *kept;   /* (kept) */
} ntk_slot;

/* Compute one unit of a study. */
typedef ntk_status (*ntk_grid_unit)(const void *study, ntk_slot *slot);

/* Doubles of a slot: rows times columns, and what is kept. */
size_t ntk_grid_slot_size(const ntk_grid *grid);

/* Allocate the slots, to be released, and run every unit, by one ntk_map; in a run of `ntk verify`
 * the slots of finished units are kept, and a run that is resumed goes on from them. After a
 * failure nothing is there. Errors: those of the units, with their place ("relu, width 64, seed 3:
 * reason"); NTK_ERROR_MEMORY. */
ntk_status ntk_grid_run(ntk_grid *grid, ntk_grid_unit unit, const void *study);
void ntk_grid_release(ntk_grid *grid);

/* The row of a place, (columns), and what its unit keeps, (kept). */
double *ntk_grid_row(const ntk_grid *grid, ntk_place at);
double *ntk_grid_kept(const ntk_grid *grid, ntk_place at);

/* ---- reductions ------------------------------------------------------------------------------ */

/* Of a column over a part. */
double ntk_grid_mean(const ntk_grid *grid, ntk_place part, size_t column);
double ntk_grid_share_finite(const ntk_grid *grid, ntk_place part, size_t column);

/* Its largest and smallest value, and the first place that has it. A NaN is more extreme than all
 * numbers. */
typedef struct ntk_extreme {
    double value;
    ntk_place at;
} ntk_extreme;
ntk_extreme ntk_grid_largest(const ntk_grid *grid, ntk_place part, size_t column);
ntk_extreme ntk_grid_smallest(const ntk_grid *grid, ntk_place part, size_t column);

/* t interval of the mean of a column over a part, each place one sample. Errors: those of
 * ntk_stats_mean. */
ntk_status ntk_grid_interval(const ntk_grid *grid, ntk_place part, size_t column, ntk_estimate *out);

/* The following look along one axis of a part, in each of its samples: the places that it has at
 * one level of that axis. They are t intervals over the samples of
 *   rate:  the exponent of the column in the level, positive both (ntk_stats_rate);
 *   worst: the column's smallest value;
 *   slope: the least-squares slope of the column against another one, or NTK_ROOT: the square
 *          root of the level, at levels <= most.
 * Levels that depend on another axis are those of the part's first place. Errors: those of
 * ntk_stats_rate, ntk_stats_mean and ntk_stats_slope. */
#define NTK_ROOT SIZE_MAX
ntk_status ntk_grid_rate(const ntk_grid *grid, ntk_place part, size_t along, size_t column,
                         ntk_estimate *out);
ntk_status ntk_grid_worst(const ntk_grid *grid, ntk_place part, size_t along, size_t column,
                          ntk_estimate *out);
ntk_status ntk_grid_slope(const ntk_grid *grid, ntk_place part, size_t along, size_t against, double most,
                          size_t column, ntk_estimate *out);

/* ---- emission -------------------------------------------------------------------------------- */

/* A table with a row for each place: the levels of the axes, then the columns. Errors: those of
 * ntk_emit_table. */
ntk_status ntk_grid_emit_table(ntk_context *context, const ntk_grid *grid, const char *name);

/* What becomes of a column. The first axis holds the cases, networks say, which have labels; the
 * second is the one that laws are in, widths; each place of the others is a sample, a seed. */
typedef enum ntk_reduction_kind {
    /* Scalars of each case, "<prefix>-<label>". */
    NTK_REDUCE_LARGEST,
    NTK_REDUCE_SMALLEST,
    NTK_REDUCE_LARGEST_AT, /* and their place, as "<prefix>-<label>-at-width", "-at-seed" */
    NTK_REDUCE_SMALLEST_AT,
    NTK_REDUCE_SHARE_FINITE,
    NTK_REDUCE_MEAN_AT_LAST, /* over the samples of the last level: the widest networks */
    /* Estimates of each case, "<prefix>-<label>": the functions above. */
    NTK_REDUCE_RATE,
    NTK_REDUCE_WORST,
    NTK_REDUCE_SLOPE,
    NTK_REDUCE_INTERVAL_AT_FIRST, /* of the samples of the first and of the last level */
    NTK_REDUCE_INTERVAL_AT_LAST,
    /* Of all cases together, emitted with the first one. Kinds are "smooth" and "kinked"; nothing
     * is emitted of one that the grid does not hold. */
    NTK_REDUCE_LARGEST_BY_KIND, /* with its place; "<prefix>-<kind>" */
    /* The rate of every case; as "<prefix>-<kind>" the one whose interval reaches highest: an upper
     * bound of it is one of them all. */
    NTK_REDUCE_RATES,
    /* What `own` emits, called for each case. */
    NTK_REDUCE_OWN
} ntk_reduction_kind;

typedef struct ntk_reduction {
    const char *prefix; /* NULL ends a list */
    ntk_reduction_kind kind;
    size_t column;
    size_t against; /* NTK_REDUCE_SLOPE: a column or NTK_ROOT */
    double most;    /* likewise: the largest level; 0: any */
    /* Of which cases; NULL: of all. */
    bool (*when)(const ntk_grid *grid, size_t which, size_t column);
    ntk_status (*own)(ntk_context *context, const ntk_grid *grid, size_t which);
} ntk_reduction;

/* Reduce and emit case by case, for each in the order of the list. Errors: those of the reductions
 * and of ntk_emit_scalar. */
ntk_status ntk_grid_emit(ntk_context *context, const ntk_grid *grid, const ntk_reduction *list);

/* For `when`: whether any run of a case has a value in a column, NaN being none. */
bool ntk_grid_has(const ntk_grid *grid, size_t which, size_t column);

NTK_END_DECLS

#endif
