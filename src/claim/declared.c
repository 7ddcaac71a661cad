#include "claim/declared.h"

#include <stdio.h>
#include <string.h>

#include <ntk/lab/context.h>
#include <ntk/lab/experiment.h>
#include <ntk/status.h>

#include "base/nearest.h"
#include "experiment/support.h"

/* What can be emitted under the settings of a tier and a control. */
typedef struct declared {
    ntk_reader *reader;
    const ntk_claim *claim;
    ntk_tier tier;
    char **names;
    size_t count;
} declared;

static bool is_declared(const declared *self, const char *metric) {
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->names[i], metric) == 0) return true;
    return false;
}

/* what: "check 'bounded'", say, which stands on this line. */
static ntk_status require(const declared *self, const char *metric, size_t line, const char *what,
                          const char *name) {
    if (is_declared(self, metric)) return NTK_OK;
    const char *meant = ntk_nearest_name(metric, (const char *const *)self->names, self->count);
    char suggestion[128] = "";
    if (meant != NULL) snprintf(suggestion, sizeof suggestion, "; did you mean '%s'?", meant);
    return ntk_reader_fail_line(self->reader, line,
                                "%s '%s': the experiment does not emit '%s' in the %s tier%s", what, name,
                                metric, ntk_tier_text(self->tier), suggestion);
}

static ntk_status require_judged(const declared *self) {
    const ntk_claim *claim = self->claim;
    for (size_t i = 0; i < claim->check_count; i++)
        NTK_TRY(
            require(self, claim->checks[i].metric, claim->checks[i].line, "check", claim->checks[i].name));
    for (size_t i = 0; i < claim->regression_count; i++) {
        const ntk_regression *stored = &claim->regressions[i];
        NTK_TRY(require(self, stored->metric, stored->line, "stored result", stored->metric));
    }
    return NTK_OK;
}

/* Each {metric} in the text. */
static ntk_status require_measured(const declared *self) {
    const yaml_node_t *node = ntk_reader_value(self->reader, ntk_reader_root(self->reader), "measured");
    const char *text = self->claim->measured;
    while (text != NULL && (text = strchr(text, '{')) != NULL) {
        char metric[128];
        snprintf(metric, sizeof metric, "%.*s", (int)strcspn(text + 1, "}"), text + 1);
        NTK_TRY(require(self, metric, node->start_mark.line + 1, "measured", metric));
        text++;
    }
    return NTK_OK;
}

/* Of the i-th control. */
static ntk_status require_broken(const declared *self, size_t i) {
    const ntk_control *control = &self->claim->controls[i];
    const yaml_node_t *list = ntk_reader_value(self->reader, ntk_reader_root(self->reader), "controls");
    const size_t line = ntk_reader_item(self->reader, list, i)->start_mark.line + 1;
    for (size_t b = 0; b < control->break_count; b++)
        for (size_t k = 0; k < self->claim->check_count; k++) {
            const ntk_check *check = &self->claim->checks[k];
            if (strcmp(check->name, control->breaks[b]) == 0)
                NTK_TRY(require(self, check->metric, line, "control", control->name));
        }
    return NTK_OK;
}

static ntk_status require_under(ntk_reader *reader, const ntk_claim *claim, ntk_tier tier,
                                ntk_variant variant) {
    const bool own = variant.control == NULL;
    declared self = {.reader = reader, .claim = claim, .tier = tier};
    ntk_context *context;
    NTK_TRY(ntk_claim_context(claim, tier, variant, NULL, 0, 0, "", &context));
    ntk_status status = ntk_experiment_metrics(context, &self.names, &self.count);
    if (status == NTK_OK)
        status =
            own ? require_judged(&self) : require_broken(&self, (size_t)(variant.control - claim->controls));
    if (status == NTK_OK && own) status = require_measured(&self);
    ntk_texts_release(self.names, self.count);
    ntk_context_destroy(context);
    return status;
}

ntk_status ntk_claim_require_metrics(ntk_reader *reader, const ntk_claim *claim) {
    for (ntk_tier tier = NTK_TIER_QUICK; tier < NTK_TIER_COUNT && ntk_claim_has_tier(claim, tier); tier++) {
        NTK_TRY(require_under(reader, claim, tier, (ntk_variant){0}));
        for (size_t i = 0; i < claim->control_count; i++)
            for (int twin = 0; twin < 2; twin++)
                NTK_TRY(require_under(reader, claim, tier, (ntk_variant){&claim->controls[i], twin}));
    }
    return NTK_OK;
}
