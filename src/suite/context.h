/* The context behind an experiment: its parameter values, its stream, and the sink of what it emits. */
#ifndef NTK_SUITE_CONTEXT_H
#define NTK_SUITE_CONTEXT_H

#include <ntk/claim.h>

/* The seed whose results are stored under expected/. */
#define NTK_STORED_SEED 20250422u

/* A context for one process of a claim, which must outlive it. control: NULL for the claim itself, else one
 * of its controls. overrides: what --set gave; they apply last (over default, tier and control, in this
 * order). Errors: NTK_ERROR_ARGUMENT naming the parameter and what is allowed (unknown name, wrong type, out
 * of range, NaN). */
ntk_status ntk_context_create(const ntk_claim *claim, ntk_tier tier, const ntk_control *control,
                              const ntk_setting *overrides, size_t override_count, uint64_t seed,
                              const char *data_folder, ntk_context **out);
void ntk_context_destroy(ntk_context *context);

/* Every parameter with its value in effect, in the order of the experiment's table: for manifests and
 * journals. The strings are canonical ("64 256", %.17g) and live as long as the context. */
size_t ntk_context_settings(const ntk_context *context, const ntk_setting **out);

/* What has been emitted so far. */
const ntk_metrics *ntk_context_metrics(const ntk_context *context);

/* Write metrics.tsv and <table>.tsv of everything emitted into an existing folder, each atomically. */
ntk_status ntk_context_write(const ntk_context *context, const char *folder);

/* Validate one setting against a parameter table without a context (claim.yaml is checked with it). */
ntk_status ntk_setting_check(const ntk_parameter *parameters, const ntk_setting *setting);

#endif
