/* The claim as a record: the names of its enumerations, and its release. claim_read.c fills it. */
#include "claim/claim.h"

#include <string.h>

#include <ntk/lab/parameters.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/judge.h"
#include "experiment/support.h"

#define TEXT(name, text, ...) [name] = (text),

const char *ntk_wording_text(ntk_wording wording) {
    static const char *const texts[] = {NTK_WORDING_TABLE(TEXT)};
    return (size_t)wording < NTK_WORDING_COUNT ? texts[wording] : "unknown";
}

const char *ntk_wording_meaning(ntk_wording wording) {
#define MEANING(name, text, meaning) [name] = (meaning),
    static const char *const meanings[] = {NTK_WORDING_TABLE(MEANING)};
#undef MEANING
    return (size_t)wording < NTK_WORDING_COUNT ? meanings[wording] : "unknown";
}

const char *ntk_check_kind_text(ntk_check_kind kind) {
    static const char *const texts[] = {NTK_CHECK_TABLE(TEXT)};
    return (size_t)kind < NTK_CHECK_COUNT ? texts[kind] : "unknown";
}

const char *ntk_tolerance_kind_text(ntk_tolerance_kind kind) {
    static const char *const texts[] = {NTK_TOLERANCE_TABLE(TEXT)};
    return (size_t)kind < NTK_TOLERANCE_COUNT ? texts[kind] : "unknown";
}

const char *ntk_verdict_text(ntk_verdict verdict) {
    static const char *const texts[] = {NTK_VERDICT_TABLE(TEXT)};
    return (size_t)verdict < NTK_VERDICT_COUNT ? texts[verdict] : "unknown";
}

int ntk_verdict_exit_status(ntk_verdict verdict) {
#define STATUS(name, text, status) [name] = (status),
    static const int statuses[] = {NTK_VERDICT_TABLE(STATUS)};
#undef STATUS
    return statuses[(size_t)verdict < NTK_VERDICT_COUNT ? verdict : NTK_VERDICT_ERROR];
}

const char *ntk_tier_text(ntk_tier tier) {
    static const char *const texts[] = {
        [NTK_TIER_QUICK] = "quick", [NTK_TIER_FULL] = "full", [NTK_TIER_LARGE] = "large"};
    return (size_t)tier < NTK_TIER_COUNT ? texts[tier] : "unknown";
}

ntk_status ntk_tier_parse(const char *text, ntk_tier *out) {
    for (ntk_tier tier = NTK_TIER_QUICK; tier < NTK_TIER_COUNT; tier++) {
        if (strcmp(text, ntk_tier_text(tier)) != 0) continue;
        *out = tier;
        return NTK_OK;
    }
    return ntk_fail(NTK_ERROR_ARGUMENT, "tier '%s' should be one of quick, full, large", text);
}

bool ntk_claim_has_tier(const ntk_claim *claim, ntk_tier tier) {
    return tier != NTK_TIER_LARGE || claim->settings[tier] != NULL;
}

ntk_status ntk_claim_require_tier(const ntk_claim *claim, ntk_tier tier) {
    if (ntk_claim_has_tier(claim, tier)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FOUND,
                    "%s has no %s tier: its claim.yaml sets no '%s' parameters (`ntk list --tier %s`)",
                    claim->id, ntk_tier_text(tier), ntk_tier_text(tier), ntk_tier_text(tier));
}

double ntk_claim_memory(const ntk_claim *claim, ntk_tier tier) {
    return tier == NTK_TIER_LARGE ? claim->large_memory : claim->memory_limit;
}

static void release_settings(ntk_setting *settings, size_t count) {
    for (size_t i = 0; i < count; i++) {
        ntk_release(settings[i].name);
        ntk_release(settings[i].value);
    }
    ntk_release(settings);
}

static void release_control(ntk_control *control) {
    ntk_release(control->name);
    ntk_release(control->removes);
    ntk_release(control->why);
    release_settings(control->settings, control->setting_count);
    release_settings(control->restores, control->restore_count);
    ntk_texts_release(control->breaks, control->break_count);
}

void ntk_claim_release(ntk_claim *claim) {
    char *const texts[] = {claim->folder, claim->id,      claim->title,  claim->statement,  claim->paper,
                           claim->result, claim->caption, claim->limits, claim->no_control, claim->measured};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) ntk_release(texts[i]);
    ntk_release(claim->cause);
    ntk_texts_release(claim->hypotheses, claim->hypothesis_count);
    release_settings(claim->common, claim->common_count);
    release_settings(claim->data.settings, claim->data.setting_count);
    ntk_release(claim->data.count);
    ntk_release(claim->data.inputs);
    for (size_t tier = 0; tier < NTK_TIER_COUNT; tier++)
        release_settings(claim->settings[tier], claim->setting_count[tier]);
    for (size_t i = 0; i < claim->check_count; i++) {
        ntk_release(claim->checks[i].name);
        ntk_release(claim->checks[i].metric);
        ntk_release(claim->checks[i].why);
    }
    ntk_release(claim->checks);
    for (size_t i = 0; i < claim->control_count; i++) release_control(&claim->controls[i]);
    ntk_release(claim->controls);
    for (size_t i = 0; i < claim->regression_count; i++) {
        ntk_release(claim->regressions[i].metric);
        ntk_release(claim->regressions[i].why);
    }
    ntk_release(claim->regressions);
    *claim = (ntk_claim){0};
}

/* The settings of a variant beside the claim's own: at most these two lists. */
static size_t add_variant(ntk_variant variant, ntk_setting *out) {
    const ntk_control *control = variant.control;
    size_t at = 0;
    if (control == NULL || (variant.twin && control->restore_count == 0)) return 0;
    for (size_t i = 0; i < control->setting_count; i++) out[at++] = control->settings[i];
    for (size_t i = 0; variant.twin && i < control->restore_count; i++) out[at++] = control->restores[i];
    return at;
}

ntk_status ntk_claim_context(const ntk_claim *claim, ntk_tier tier, ntk_variant variant,
                             const ntk_setting *overrides, size_t override_count, uint64_t seed,
                             const char *data_folder, ntk_context **out) {
    *out = NULL;
    NTK_TRY(ntk_claim_require_tier(claim, tier));
    const ntk_control *control = variant.control;
    const size_t own = control == NULL ? 0 : control->setting_count + control->restore_count;
    const ntk_tier below = tier == NTK_TIER_LARGE ? NTK_TIER_FULL : tier; /* what it stands on */
    const size_t ours = claim->setting_count[below] + (below != tier ? claim->setting_count[tier] : 0);
    const size_t most = claim->common_count + ours + own + override_count;
    ntk_setting *settings = NULL;
    NTK_TRY(ntk_allocate(most, sizeof *settings, (void **)&settings));
    size_t at = 0;
    for (size_t i = 0; i < claim->common_count; i++) settings[at++] = claim->common[i];
    for (size_t i = 0; i < claim->setting_count[below]; i++) settings[at++] = claim->settings[below][i];
    for (size_t i = 0; below != tier && i < claim->setting_count[tier]; i++)
        settings[at++] = claim->settings[tier][i];
    at += add_variant(variant, settings + at);
    for (size_t i = 0; i < override_count; i++) settings[at++] = overrides[i];
    const ntk_status status =
        ntk_context_create(claim->id, claim->experiment, settings, at, seed, data_folder, out);
    ntk_release(settings);
    return status;
}
