/* Where the runs of a sweep stand, and what the names of its networks say. */
#include "study/sweep.h"

size_t sweep_run_index(const ntk_sweep *sweep, size_t activation, size_t width, size_t seed) {
    return (activation * sweep->width_count + width) * sweep->seed_count + seed;
}

const double *ntk_sweep_widths(const ntk_sweep *sweep, size_t activation) {
    const ntk_sweep_options *options = sweep->options;
    const size_t named = options->networks[activation].depth;
    const size_t depth = named > 0 ? named : options->problem.architecture.depth;
    return depth > 1 ? options->deep_widths : options->widths;
}

bool ntk_sweep_is_smooth(const ntk_sweep *sweep, size_t activation) {
    return ntk_activation_is_smooth(sweep->networks[activation].activation);
}
