#include <ntk/lab/loss_clock.h>

#include <float.h>
#include <math.h>

#include <ntk/trajectory.h>

double ntk_loss_clock_gap(double log_rate, double g, double initial_sum) {
    /* Beyond 100 the exponential is the sum, to rounding. */
    const double most =
        g > 100 ? g : log(fmax(exp(g) + g + ntk_trajectory_loss_potential(initial_sum), DBL_MIN));
    return log_rate - most;
}

void ntk_loss_clock_times(double last, size_t count, double *log_times) {
    log_times[0] = -INFINITY;
    for (size_t i = 1; i < count; i++) log_times[i] = -2 + (last + 2) * (double)i / (double)(count - 1);
    log_times[count - 1] = last;
}

ntk_status ntk_loss_clock_emit_paths(ntk_context *context, const ntk_grid *grid, const char *columns,
                                     size_t count) {
    enum { MOST = 16 };
    const size_t curves = ntk_table_count_columns(columns) - 2;
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "paths", columns, &table));
    for (size_t k = 0; k < grid->axes[0].count * grid->axes[1].count; k++) {
        const ntk_place at = ntk_grid_place(grid, (ntk_place){{NTK_ALL, NTK_ALL, 0}}, k);
        const char *label = ntk_grid_label(grid, at, 0);
        const double *kept = ntk_grid_kept(grid, at);
        for (size_t i = 1; i < count && isfinite(kept[i]); i++) {
            double row[MOST] = {ntk_grid_number(grid, at, 1)};
            for (size_t c = 0; c < curves && c + 1 < MOST; c++) row[c + 1] = kept[c * count + i];
            NTK_TRY(ntk_table_row(table, &label, row));
        }
    }
    return NTK_OK;
}
