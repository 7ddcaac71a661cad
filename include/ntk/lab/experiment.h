/* An experiment: what it is told, what it emits, and what computes. */
#ifndef NTK_LAB_EXPERIMENT_H
#define NTK_LAB_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/lab/parameters.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef struct ntk_context ntk_context; /* context.h */

/* ---- metrics --------------------------------------------------------------------------------- */

/* Whether a metric is emitted, given its settings and, once the experiment has run, what it has
 * emitted; before that, whether it can be. words: what stands in the name for its braces, in their
 * order, NULL behind the last. */
typedef bool (*ntk_metric_condition)(const ntk_context *context, const char *const *words);

/* Metrics that an experiment emits, and always: one that is missing, or that is not declared, is an
 * error. In the name {a,b} stands for a and b, {parameter} for each element in effect of that
 * parameter, and {parameter%} for each of its numbers in percent. */
typedef struct ntk_metric_declaration {
    const char *name;          /* NULL ends the table */
    const char *meaning;       /* one line */
    ntk_metric_condition when; /* NULL: always */
} ntk_metric_declaration;

/* The lines of a table:
 *
 *     static const ntk_metric_declaration metrics[] = {
 *         NTK_METRIC("exponent-{activations}", "exponent of the drift in the width"),
 *         NTK_METRIC("gamma-{activations}-{thresholds%}", "exponent of the exit time in the
 *         width"),
 *         NTK_METRIC_WHEN("rate-{smooth,kinked}", "the highest of a kind", ntk_sweep_has_kind),
 *         {0},
 *     };
 */
#define NTK_METRIC(name, meaning)                                                                            \
    { name, meaning, NULL }
#define NTK_METRIC_WHEN(name, meaning, when)                                                                 \
    { name, meaning, when }

/* ---- experiments ----------------------------------------------------------------------------- */

#define NTK_EXPERIMENT_TABLES 6

typedef struct ntk_experiment {
    /* Tables of studies and its own; NULL behind the last. A later one may declare a parameter
     * anew, with the same type: its default, range and meaning then count. */
    const ntk_parameter *parameters[NTK_EXPERIMENT_TABLES + 1];
    const ntk_metric_declaration *metrics[NTK_EXPERIMENT_TABLES + 1]; /* likewise */
    ntk_status (*run)(ntk_context *context);
} ntk_experiment;

/* ---- for who runs experiments ---------------------------------------------------------------- */

/* Parameter number `index` of an experiment, in the order of its tables; NULL behind the last. */
const ntk_parameter *ntk_experiment_parameter(const ntk_experiment *experiment, size_t index);

/* Validate one setting against an experiment's parameters. Errors: NTK_ERROR_ARGUMENT naming the
 * parameter and what is allowed (unknown name, wrong type, out of range, NaN). */
ntk_status ntk_setting_check(const ntk_experiment *experiment, const ntk_setting *setting);

/* The names of all metrics that an experiment declares under the settings of its context; before it
 * has run, of those that it can emit. *names: (*count), to be released one by one and as a whole
 * (memory.h). Errors: NTK_ERROR_ARGUMENT for a malformed declaration; NTK_ERROR_MEMORY. */
ntk_status ntk_experiment_metrics(const ntk_context *context, char ***names, size_t *count);

/* After the run: that the experiment has emitted what it declares and nothing else. Errors:
 * NTK_ERROR_ARGUMENT, naming the first metric that is missing or not declared; those of
 * ntk_experiment_metrics. */
ntk_status ntk_experiment_check_metrics(const ntk_context *context);

NTK_END_DECLS

#endif
