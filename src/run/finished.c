/* What is done with a finished run: accepting its numbers. */
#include "run/finished.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/flow.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/accept.h"
#include "claim/claim.h"
#include "claim/judge.h"
#include "experiment/support.h"
#include "run/catalogue.h"
#include "run/folder.h"
#include "run/identity.h"
#include "run/journal.h"
#include "run/plan.h"
#include "run/shard.h"
#include "run/state.h"

/* ---- accepting ------------------------------------------------------------------------------- */

/* The keys of the plan are those of this program's code and of the claims and data as they are now:
 * a run of others is not found in its journal, one of another clone of the same content is. */
static ntk_status check_acceptable(ntk_run *run, ntk_claim_run *claim) {
    for (size_t t = 0; t < claim->task_count; t++)
        if (claim->tasks[t].state != NTK_TASK_DONE)
            return ntk_fail(
                NTK_ERROR_UNSUPPORTED,
                "%s: %s holds no finished %s run of %s by this program, with the claim and the data as "
                "they are now and the stored seed %llu; run `ntk verify %s --tier %s` first",
                claim->claim.id, run->folder, ntk_tier_text(run->options.tier), claim->tasks[t].name,
                (unsigned long long)run->options.seed, claim->claim.id, ntk_tier_text(run->options.tier));
    NTK_TRY(ntk_run_judge(run, claim, false));
    if (claim->outcome.verdict == NTK_VERDICT_HOLDS) return NTK_OK;
    return ntk_fail(NTK_ERROR_UNSUPPORTED,
                    "%s is %s: numbers are accepted only where every check holds and "
                    "every control breaks",
                    claim->claim.id, ntk_verdict_text(claim->outcome.verdict));
}

static ntk_status note_cost(const ntk_run *run, const ntk_claim_run *claim) {
    double seconds = 0;
    for (size_t t = 0; t < claim->task_count; t++) seconds += claim->tasks[t].process.seconds;
    return ntk_shard_note_cost(run->suite, run->options.tier, claim->claim.id, seconds);
}

static ntk_status accept_claims(ntk_run *run, const char *why, size_t *changed) {
    for (size_t i = 0; i < run->claim_count; i++) NTK_TRY(check_acceptable(run, &run->claims[i]));
    const ntk_provenance *origin = &run->provenance;
    char *machine;
    NTK_TRY(ntk_text_format(&machine, "%s, %s %s, %s", origin->cpu, origin->blas.name, origin->blas.core,
                            origin->vector_isa));
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < run->claim_count && status == NTK_OK; i++) {
        size_t moved = 0;
        status =
            ntk_expected_accept(run->suite->stored, &run->claims[i].claim, run->options.tier,
                                &run->claims[i].tasks[0].metrics, ntk_build_commit, machine, why, &moved);
        *changed += moved;
        if (status == NTK_OK) status = note_cost(run, &run->claims[i]);
    }
    ntk_release(machine);
    return status;
}

ntk_status ntk_suite_accept(const ntk_suite *suite, const char *const *names, size_t count, ntk_tier tier,
                            const char *folder, const char *why, size_t *changed) {
    *changed = 0;
    ntk_run run = {.suite = suite, .options = {.tier = tier, .seed = NTK_STORED_SEED}, .lock = -1};
    char *journal = NULL;
    ntk_status status = ntk_text_copy(folder, &run.folder);
    if (status == NTK_OK) status = ntk_run_plan(&run, names, count);
    if (status == NTK_OK) status = ntk_run_locate_tasks(&run);
    if (status == NTK_OK) status = ntk_text_format(&journal, "%s/journal.log", folder);
    if (status == NTK_OK) status = ntk_journal_read(journal, &run.journal);
    if (status == NTK_OK) status = ntk_run_recall(&run);
    if (status == NTK_OK) status = accept_claims(&run, why, changed);
    ntk_release(journal);
    ntk_run_release_plan(&run);
    ntk_run_close_folder(&run);
    return status;
}
