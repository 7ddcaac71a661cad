/* The context of an experiment: its parameter values, its random streams, and the sink of what it
 * emits. */
#ifndef NTK_LAB_CONTEXT_H
#define NTK_LAB_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ntk/api.h>
#include <ntk/lab/experiment.h>
#include <ntk/lab/metrics.h>
#include <ntk/lab/network_name.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/table.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* Values after defaults, tier, control and --set, validated. Asking for an undeclared name or with
 * the wrong type is a programming error: it aborts the process, which is that claim's ERROR. */
long ntk_context_integer(const ntk_context *context, const char *name);
size_t ntk_context_size(const ntk_context *context, const char *name); /* an integer from 0 */
double ntk_context_real(const ntk_context *context, const char *name);
bool ntk_context_flag(const ntk_context *context, const char *name);
const char *ntk_context_choice(const ntk_context *context, const char *name);
bool ntk_context_is(const ntk_context *context, const char *name, const char *choice);
const long *ntk_context_integers(const ntk_context *context, const char *name, size_t *count);
const double *ntk_context_reals(const ntk_context *context, const char *name,
                                size_t *count); /* of an INTEGER_LIST too */
const char *const *ntk_context_choices(const ntk_context *context, const char *name, size_t *count);
const ntk_network_name *ntk_context_networks(const ntk_context *context, const char *name, size_t *count);

/* The stream (base seed, claim id, unit). A control draws the same numbers as the claim itself. */
ntk_stream ntk_context_stream(const ntk_context *context, uint64_t unit);

/* Confidence level of every interval of the suite: family error 1e-3 shared by NTK_SUITE_INTERVALS
 * intervals (Bonferroni). */
#define NTK_SUITE_FAMILY_ERROR 1e-3
#define NTK_SUITE_INTERVALS    500
double ntk_context_level(const ntk_context *context);

/* The folder of committed data sets (data/, or where `--data` points). */
const char *ntk_context_data(const ntk_context *context);

/* Points, and labels of two classes, that a user has put in the place of those that the experiment
 * draws; claim.yaml says under `data` that its claim takes them. */
typedef struct ntk_given_data {
    size_t n, d;
    const double *x;      /* (n, d) */
    const size_t *labels; /* (n) 0 or 1; NULL where the claim takes none */
} ntk_given_data;

/* NULL where none were given. */
const ntk_given_data *ntk_context_given(const ntk_context *context);

/* Metrics: lower-case names with hyphens, each emitted once. Non-finite values are recorded as they
 * are and make checks fail. Errors: NTK_ERROR_ARGUMENT for a bad or repeated name. Not from inside
 * ntk_map. */
ntk_status ntk_emit_scalar(ntk_context *context, const char *metric, double value);
ntk_status ntk_emit_estimate(ntk_context *context, const char *metric, const ntk_estimate *estimate);
/* The same under a name that is put together: "exponent-%s-%zu", "erf", depth. */
ntk_status ntk_emit_scalar_as(ntk_context *context, double value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
ntk_status ntk_emit_estimate_as(ntk_context *context, const ntk_estimate *estimate, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The metric of this name, put together likewise, if it has been emitted; otherwise NULL. */
const ntk_metric *ntk_context_metric(const ntk_context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* name: as a metric's, given once, not "metrics" and not "parameters". columns: such names
 * separated by blanks; one with a leading '$' holds text (first columns only). The table is owned
 * by the context. Errors: NTK_ERROR_ARGUMENT. */
ntk_status ntk_emit_table(ntk_context *context, const char *name, const char *columns, ntk_table **out);

/* ---- for who runs experiments ---------------------------------------------------------------- */

/* A context in which the experiment of one claim runs once. id: the claim's, by which its streams
 * are keyed. settings: applied in their order to the defaults of the parameter table, so that of
 * two that name the same parameter the later counts. id and experiment must outlive the context.
 * Errors: NTK_ERROR_ARGUMENT naming the parameter and what is allowed (unknown name, wrong type,
 * out of range, NaN). */
ntk_status ntk_context_create(const char *id, const ntk_experiment *experiment, const ntk_setting *settings,
                              size_t setting_count, uint64_t seed, const char *data_folder,
                              ntk_context **out);
void ntk_context_destroy(ntk_context *context);

/* Give it data, which must outlive it. */
void ntk_context_give(ntk_context *context, const ntk_given_data *data);

/* Every parameter with its value in effect, in the order of the experiment's tables: for manifests
 * and journals. The strings are canonical ("64 256", %.17g) and live as long as the context. */
size_t ntk_context_settings(const ntk_context *context, const ntk_setting **out);

/* What has been emitted so far. */
const ntk_metrics *ntk_context_metrics(const ntk_context *context);

/* Write metrics.tsv and <table>.tsv of everything emitted, and parameters.tsv (the values in
 * effect, with the kind of each: integer, real, flag, text, list) into an existing folder, each
 * atomically. */
ntk_status ntk_context_write(const ntk_context *context, const char *folder);

NTK_END_DECLS

#endif
