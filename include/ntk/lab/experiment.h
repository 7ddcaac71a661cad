/* An experiment: what it is told, and what computes. */
#ifndef NTK_LAB_EXPERIMENT_H
#define NTK_LAB_EXPERIMENT_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/lab/parameters.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef struct ntk_context ntk_context; /* context.h */

#define NTK_EXPERIMENT_TABLES 6

typedef struct ntk_experiment {
    /* Tables of studies and its own; NULL behind the last. A later one may declare a parameter
     * anew, with the same type: its default, range and meaning then count. */
    const ntk_parameter *parameters[NTK_EXPERIMENT_TABLES + 1];
    ntk_status (*run)(ntk_context *context);
} ntk_experiment;

/* Parameter number `index` of an experiment, in the order of its tables; NULL behind the last. */
const ntk_parameter *ntk_experiment_parameter(const ntk_experiment *experiment, size_t index);

/* Validate one setting against an experiment's parameters. Errors: NTK_ERROR_ARGUMENT naming the
 * parameter and what is allowed (unknown name, wrong type, out of range, NaN). */
ntk_status ntk_setting_check(const ntk_experiment *experiment, const ntk_setting *setting);

NTK_END_DECLS

#endif
