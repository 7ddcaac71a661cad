/* One process: an experiment under its claim's parameters. */
#include "run/compute.h"

#include <string.h>

#include <ntk/file.h>
#include <ntk/lab/context.h>
#include <ntk/lab/experiment.h>
#include <ntk/lab/metrics.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "experiment/metrics.h"
#include "experiment/share.h"
#include "experiment/support.h"
#include "experiment/unit_times.h"
#include "run/catalogue.h"
#include "run/given.h"
#include "run/program.h"

static ntk_status find_control(const ntk_claim *claim, const char *name, const ntk_control **out) {
    *out = NULL;
    if (name == NULL) return NTK_OK;
    char list[512] = "";
    for (size_t i = 0; i < claim->control_count; i++) {
        if (strcmp(claim->controls[i].name, name) == 0) {
            *out = &claim->controls[i];
            return NTK_OK;
        }
        ntk_text_append(list, sizeof list, i > 0 ? ", " : "");
        ntk_text_append(list, sizeof list, claim->controls[i].name);
    }
    return ntk_fail(NTK_ERROR_NOT_FOUND, "%s has no control called '%s'; it has: %s", claim->id, name,
                    claim->control_count > 0 ? list : "none");
}

static ntk_status copy_metrics(const ntk_metrics *from, ntk_metrics *to) {
    for (size_t i = 0; i < from->count; i++) {
        const ntk_metric *metric = &from->items[i];
        NTK_TRY(ntk_metrics_append(to, metric->name, metric->is_estimate, &metric->estimate));
    }
    return NTK_OK;
}

/* What was read is what the runner planned with. */
static ntk_status check_inputs(const ntk_suite *suite, const ntk_inputs *planned, const ntk_inputs *read,
                               const ntk_claim *claim, const ntk_given *given) {
    if (read->claim != planned->claim)
        return ntk_fail(NTK_ERROR_CANCELLED, "%s/claim.yaml: was changed during the run; start again",
                        claim->folder);
    if (read->code != planned->code)
        return ntk_fail(NTK_ERROR_CANCELLED, "%s: its experiment was changed during the run; start again",
                        claim->folder);
    if (read->given != planned->given)
        return ntk_fail(NTK_ERROR_CANCELLED, "%s: was changed during the run; start again",
                        given->x_path != NULL ? given->x_path : "the data of --data-x");
    return ntk_data_check(suite->data, &planned->data);
}

static ntk_inputs inputs_read(const ntk_claim *claim, const ntk_given *given) {
    return (ntk_inputs){.claim = claim->content, .code = claim->code, .given = ntk_given_digest(given)};
}

/* After the computation: the files, digested again. A program reads those of its folder while it
 * runs; a compiled experiment was loaded whole. */
static ntk_status check_again(const ntk_suite *suite, const ntk_process_request *request,
                              const ntk_claim *claim, const ntk_given *given) {
    if (request->inputs == NULL) return NTK_OK;
    ntk_inputs now = inputs_read(claim, given);
    NTK_TRY(ntk_claim_digest(claim->folder, &now.claim));
    if (claim->program != NULL) NTK_TRY(ntk_sources_digest(claim->folder, &now.code));
    NTK_TRY(ntk_given_digest_again(given, &now.given));
    return check_inputs(suite, request->inputs, &now, claim, given);
}

static ntk_status check_before(const ntk_suite *suite, const ntk_process_request *request,
                               const ntk_claim *claim, const ntk_given *given) {
    const ntk_inputs read = inputs_read(claim, given);
    return request->inputs == NULL ? NTK_OK : check_inputs(suite, request->inputs, &read, claim, given);
}

/* The context of a request, with data of the user's own where they apply. view: filled where they
 * do, and to outlive the context. */
static ntk_status create_context(const ntk_suite *suite, const ntk_process_request *request,
                                 const ntk_claim *claim, ntk_variant variant, const ntk_given *given,
                                 ntk_given_data *view, ntk_context **out) {
    void *memory;
    const bool applies = given->x_path != NULL && ntk_given_applies(variant);
    NTK_TRY(ntk_allocate(request->override_count + NTK_GIVEN_MOST_SETTINGS, sizeof(ntk_setting), &memory));
    ntk_setting *settings = memory;
    size_t count = request->override_count;
    for (size_t i = 0; i < count; i++) settings[i] = request->overrides[i];
    if (applies) count += ntk_given_settings(given, claim, settings + count);
    const ntk_status status =
        ntk_claim_context(claim, request->tier, variant, settings, count, request->seed, suite->data, out);
    ntk_release(memory);
    NTK_TRY(status);
    *view = ntk_given_view(given);
    if (applies) ntk_context_give(*out, view);
    return NTK_OK;
}

static ntk_status conduct_program(const ntk_claim *claim, const ntk_process_request *request,
                                  ntk_context *context) {
    if (request->rounding != NTK_ROUNDING_NEAREST)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "%s: --rounding %s does not reach a program of its own",
                        claim->id, ntk_rounding_text(request->rounding));
    return ntk_program_run(claim, request->tier, request->seed, request->out, context);
}

/* Reading before and writing after it round to nearest. */
/* Beside the tables, which hold no times. */
static ntk_status write_unit_times(const char *folder) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/unit-times.txt", folder));
    const ntk_status status = ntk_unit_times_write(path);
    ntk_release(path);
    return status;
}

static ntk_status conduct(const ntk_claim *claim, const ntk_process_request *request, ntk_context *context) {
    if (claim->program != NULL) return conduct_program(claim, request, context);
    NTK_TRY(ntk_rounding_begin(request->rounding, request->seed, claim->id));
    const ntk_status status = claim->experiment->run(context);
    ntk_rounding_end();
    return status;
}

/* The ranks of one job may have been started with other words each, and read other files. */
static ntk_status agree_on_request(const ntk_process_request *request, const ntk_claim *claim,
                                   const ntk_given *given) {
    const uint64_t numbers[] = {
        claim->content, claim->code,       ntk_given_digest(given), request->twin,
        request->tier,  request->rounding, request->seed,           request->control != NULL};
    if (ntk_share_ranks() == 1) return NTK_OK;
    ntk_digest what = ntk_digest_text(NTK_DIGEST_START, claim->id);
    what = ntk_digest_bytes(what, numbers, sizeof numbers);
    what = ntk_digest_text(what, request->control != NULL ? request->control : "");
    for (size_t i = 0; i < request->override_count; i++) {
        what = ntk_digest_text(what, request->overrides[i].name);
        what = ntk_digest_text(what, request->overrides[i].value);
    }
    return ntk_share_agree(what, "compute other claims: another command line, claim.yaml or data");
}

static ntk_status compute(const ntk_suite *suite, const ntk_process_request *request, const ntk_claim *claim,
                          const ntk_given *given, ntk_metrics *metrics) {
    const ntk_control *control;
    ntk_given_data view;
    ntk_context *context;
    NTK_TRY(find_control(claim, request->control, &control));
    NTK_TRY(agree_on_request(request, claim, given));
    /* A program of the claim's own knows nothing of ranks. */
    if (claim->program != NULL && ntk_share_rank() > 0) return NTK_OK;
    NTK_TRY(
        create_context(suite, request, claim, (ntk_variant){control, request->twin}, given, &view, &context));
    ntk_status status = check_before(suite, request, claim, given);
    const bool writes = request->out != NULL && ntk_share_rank() == 0;
    if (status == NTK_OK && writes) status = ntk_folder_create(request->out);
    if (writes) ntk_unit_times_begin();
    if (status == NTK_OK) status = conduct(claim, request, context);
    if (status == NTK_OK) status = ntk_experiment_check_metrics(context);
    if (status == NTK_OK) status = check_again(suite, request, claim, given);
    if (status == NTK_OK && writes) status = ntk_context_write(context, request->out);
    if (status == NTK_OK && writes) status = write_unit_times(request->out);
    if (status == NTK_OK) status = copy_metrics(ntk_context_metrics(context), metrics);
    ntk_context_destroy(context);
    return status;
}

static ntk_status compute_with_data(const ntk_suite *suite, const ntk_process_request *request,
                                    const ntk_claim *claim, ntk_metrics *metrics) {
    ntk_given given = {0};
    ntk_status status = NTK_OK;
    if (request->data_x != NULL) {
        status = ntk_given_read(request->data_x, request->data_y, &given);
        if (status == NTK_OK) status = ntk_given_check(&given, claim);
    }
    if (status == NTK_OK) status = compute(suite, request, claim, &given, metrics);
    ntk_given_release(&given);
    return status;
}

ntk_status ntk_suite_compute(const ntk_suite *suite, const ntk_process_request *request, ntk_claim *claim,
                             ntk_metrics *metrics) {
    *claim = (ntk_claim){0};
    *metrics = (ntk_metrics){0};
    NTK_TRY(ntk_suite_claim(suite, request->claim, claim));
    const ntk_status status = compute_with_data(suite, request, claim, metrics);
    if (status != NTK_OK) {
        ntk_claim_release(claim);
        ntk_metrics_release(metrics);
    }
    return status;
}
