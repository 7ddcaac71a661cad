/* The parameters in effect, as variables of gnuplot. */
#ifndef NTK_RUN_FIGURE_PARAMETERS_H
#define NTK_RUN_FIGURE_PARAMETERS_H

#include <ntk/status.h>

/* Write claim_folder/parameters.gp from the parameters.tsv of the claim and of its controls
 * (claim_folder/controls/<name>/). A parameter `log-horizon` of the claim is the variable
 * claim_log_horizon, that of a control `soft-targets` soft_targets_log_horizon; of a longer
 * name gnuplot reads the first 48 letters. Whole numbers and
 * flags (0 or 1) are integers of gnuplot, real numbers are real, everything else is a string; the
 * elements of a list are separated by blanks. Errors: NTK_ERROR_IO, NTK_ERROR_FORMAT. */
ntk_status ntk_figure_write_parameters(const char *claim_folder);

#endif
