/* The plan of a run: claims, tasks and keys, without a folder; and what the journal says has been
 * done. */
#ifndef NTK_RUN_PLAN_H
#define NTK_RUN_PLAN_H

#include <stddef.h>

#include "run/state.h"

ntk_status ntk_run_plan(ntk_run *run, const char *const *names, size_t count);
ntk_status ntk_run_locate_tasks(ntk_run *run);
ntk_status ntk_run_recall(ntk_run *run);
void ntk_run_release_plan(ntk_run *run);

/* Those settings of --set that apply to a task. out: (options.override_count); returns how many. */
size_t ntk_task_overrides(const ntk_run *run, const ntk_task *task, ntk_setting *out);

#endif
