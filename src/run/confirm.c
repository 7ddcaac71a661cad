#include "run/confirm.h"

#include <ntk/memory.h>

#include "experiment/support.h"
#include "run/identity.h"
#include "run/journal.h"
#include "run/state.h"

static ntk_status confirm_task(const ntk_run *run, const ntk_journal *journal, const ntk_task *task) {
    const ntk_journal_entry *entry = ntk_journal_find(journal, task->key);
    if (entry == NULL || entry->tables != task->tables)
        return ntk_fail(NTK_ERROR_IO,
                        "%s/journal.log: was removed or altered during the run: %s is not in it", run->folder,
                        task->name);
    ntk_digest tables;
    if (ntk_digest_tables(task->folder, &tables) == NTK_OK && tables == task->tables) return NTK_OK;
    return ntk_fail(NTK_ERROR_IO,
                    "%s: the tables were removed or altered during the run; --resume computes them again",
                    task->folder);
}

static ntk_status confirm_tasks(const ntk_run *run, const ntk_journal *journal) {
    for (size_t i = 0; i < run->claim_count; i++)
        for (size_t t = 0; t < run->claims[i].task_count; t++) {
            const ntk_task *task = &run->claims[i].tasks[t];
            if (task->state == NTK_TASK_DONE) NTK_TRY(confirm_task(run, journal, task));
        }
    return NTK_OK;
}

ntk_status ntk_run_confirm(const ntk_run *run) {
    char *path;
    ntk_journal *journal;
    NTK_TRY(ntk_text_format(&path, "%s/journal.log", run->folder));
    ntk_status status = ntk_journal_read(path, &journal);
    ntk_release(path);
    NTK_TRY(status);
    status = confirm_tasks(run, journal);
    ntk_journal_close(journal);
    return status;
}
