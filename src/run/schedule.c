/* Scheduling: which process runs when.
 *
 * Up to two run at once, each with all the workers. A process computes its units in parallel but
 * reads, reduces and factorises serially; the serial parts of one are filled by the other, and what
 * two sets of workers lose to each other while both compute is little, as long as they wait asleep.
 * The longest go first by the times of the last run, so that no long one is left alone at the end.
 * None of it changes a result: a draw depends on its name alone (random.h), a reduction on the
 * order of units. */
#include "run/schedule.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/flow.h>
#include <ntk/lab/metrics.h>
#include <ntk/lab/parameters.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "experiment/support.h"
#include "run/compute.h"
#include "run/figure.h"
#include "run/folder.h"
#include "run/identity.h"
#include "run/inputs.h"
#include "run/journal.h"
#include "run/plan.h"
#include "run/process.h"
#include "run/ranks.h"
#include "run/shell.h"
#include "run/state.h"

enum { MOST_AT_ONCE = 2 };

static const double look_every = 0.1; /* seconds; also the grain of the limits */

typedef struct schedule {
    ntk_run *run;
    ntk_task **order; /* the longest first */
    size_t count, finished;
    ntk_task *running[MOST_AT_ONCE];
    size_t running_count, slots;
    double unfinished_cpu; /* seconds of what has no line of its own in the journal */
} schedule;

/* ---- order ----------------------------------------------------------------------------------- */

/* A process whose time is unknown may be the longest of all. */
static double weight(const ntk_task *task) {
    return task->expected_seconds < 0 ? 1e9 : task->expected_seconds;
}

/* An insertion sort: stable, so that equal times keep the catalogue's order. */
static void sort_tasks(ntk_task **order, size_t count) {
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && weight(order[j]) > weight(order[j - 1]); j--) {
            ntk_task *task = order[j];
            order[j] = order[j - 1];
            order[j - 1] = task;
        }
}

static ntk_status list_tasks(schedule *plan) {
    size_t count = 0;
    for (size_t i = 0; i < plan->run->claim_count; i++) count += plan->run->claims[i].task_count;
    void *memory;
    NTK_TRY(ntk_allocate(count, sizeof(ntk_task *), &memory));
    plan->order = memory;
    for (size_t i = 0; i < plan->run->claim_count; i++)
        for (size_t t = 0; t < plan->run->claims[i].task_count; t++) {
            ntk_task *task = &plan->run->claims[i].tasks[t];
            plan->order[plan->count++] = task;
            if (task->state != NTK_TASK_WAITING) plan->finished++;
        }
    sort_tasks(plan->order, count);
    return NTK_OK;
}

/* ---- starting -------------------------------------------------------------------------------- */

/* The command line of a task's process; the strings are to be released. */
typedef struct command {
    char **items;
    size_t count;
    ntk_status status;
} command;

static void add_argument(command *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_argument(command *line, const char *format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (line->status != NTK_OK) return;
    if (length < 0 || (size_t)length >= sizeof text)
        line->status =
            ntk_fail(NTK_ERROR_ARGUMENT, "a setting or path is longer than %zu bytes", sizeof text - 1);
    else
        line->status = ntk_text_copy(text, &line->items[line->count++]);
}

/* A launcher hands down the command line on all machines, but not the environment. */
static void add_launcher(const ntk_run *run, command *line, char *const *words, size_t count,
                         const char *const *environment) {
    for (size_t i = 0; i < count; i++) add_argument(line, "%s", words[i]);
    if (run->options.launcher != NULL) add_argument(line, "env");
    for (size_t i = 0; run->options.launcher != NULL && environment[i] != NULL; i++)
        add_argument(line, "%s", environment[i]);
}

static void add_settings(command *line, const ntk_setting *overrides, size_t count) {
    for (size_t i = 0; i < count; i++) {
        add_argument(line, "--set");
        add_argument(line, "%s=%s", overrides[i].name, overrides[i].value);
    }
}

static void add_run(const ntk_run *run, const ntk_task *task, command *line, const ntk_setting *overrides,
                    size_t override_count) {
    const ntk_run_options *options = &run->options;
    add_argument(line, "%s", run->suite->executable);
    add_argument(line, "run");
    add_argument(line, "%s", run->claims[task->claim].claim.id);
    if (task->variant.control != NULL) {
        add_argument(line, "--control");
        add_argument(line, "%s", task->variant.control->name);
    }
    if (task->variant.twin) add_argument(line, "--twin");
    add_settings(line, overrides, override_count);
    add_argument(line, "--tier=%s", ntk_tier_text(options->tier));
    add_argument(line, "--seed=%llu", (unsigned long long)options->seed);
    if (options->rounding != NTK_ROUNDING_NEAREST)
        add_argument(line, "--rounding=%s", ntk_rounding_text(options->rounding));
    if (options->launcher == NULL || options->jobs_given) add_argument(line, "--jobs=%zu", options->jobs);
    add_argument(line, "--out=%s", task->folder);
    add_argument(line, "--data=%s", run->suite->data);
    if (run->given.x_path != NULL && ntk_given_applies(task->variant)) {
        add_argument(line, "--data-x=%s", run->given.x_path);
        if (run->given.y_path != NULL) add_argument(line, "--data-y=%s", run->given.y_path);
    }
}

static ntk_status build_command(const ntk_run *run, const ntk_task *task, const char *const *environment,
                                command *line) {
    char **words = NULL;
    size_t count = 0;
    void *memory;
    if (run->options.launcher != NULL) NTK_TRY(ntk_shell_split(run->options.launcher, &words, &count));
    line->status = ntk_allocate(run->options.override_count + 1, sizeof(ntk_setting), &memory);
    ntk_setting *overrides = line->status == NTK_OK ? memory : NULL;
    const size_t override_count = overrides != NULL ? ntk_task_overrides(run, task, overrides) : 0;
    if (line->status == NTK_OK)
        line->status = ntk_allocate(count + 40 + 2 * override_count, sizeof(char *), &memory);
    if (line->status == NTK_OK) line->items = memory;
    add_launcher(run, line, words, count, environment);
    add_run(run, task, line, overrides, override_count);
    ntk_release(overrides);
    ntk_texts_release(words, count);
    return line->status;
}

/* What an earlier attempt left would be taken for a result of this one. */
static ntk_status empty_folder(const char *path) {
    NTK_TRY(ntk_folder_create(path));
    DIR *folder = opendir(path);
    if (folder == NULL) return ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_type != DT_DIR) unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    return NTK_OK;
}

/* What a process is told by its environment; the first TEXTS are owned. */
enum { TEXTS = 4, VARIABLES = 10 };

typedef struct surroundings {
    char *texts[TEXTS], inputs[NTK_INPUTS_SIZE];
    const char *variables[VARIABLES];
} surroundings;

static void release_surroundings(surroundings *self) {
    for (int i = 0; i < TEXTS; i++) ntk_release(self->texts[i]);
}

static ntk_status describe_surroundings(const ntk_run *run, const ntk_task *task, surroundings *out) {
    static const char *const threads[] = {"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "BLIS_NUM_THREADS=1",
                                          "MKL_NUM_THREADS=1"};
    const ntk_claim *claim = &run->claims[task->claim].claim;
    const ntk_digest given = ntk_given_applies(task->variant) ? ntk_given_digest(&run->given) : 0;
    size_t count = 0;
    ntk_inputs_print(&(ntk_inputs){claim->content, claim->code, given, run->data}, out->inputs);
    NTK_TRY(ntk_text_format(&out->texts[0], "NTK_ROOT=%s", run->suite->root));
    NTK_TRY(ntk_text_format(&out->texts[1], "NTK_RUNNER=%ld", (long)getpid()));
    NTK_TRY(ntk_text_format(&out->texts[2], NTK_KEPT_VARIABLE "=%s/" NTK_KEPT_FOLDER "/%016" PRIx64,
                            run->folder, task->key));
    if (run->options.launcher != NULL)
        NTK_TRY(ntk_text_format(&out->texts[3], NTK_PROGRESS_VARIABLE "=%s/progress.txt", task->folder));
    for (int i = 0; i < TEXTS; i++)
        if (out->texts[i] != NULL) out->variables[count++] = out->texts[i];
    out->variables[count++] = out->inputs;
    for (int i = 0; i < 4; i++) out->variables[count++] = threads[i];
    return NTK_OK;
}

static ntk_status spawn_task(const ntk_run *run, ntk_task *task, const command *line,
                             const surroundings *around) {
    const ntk_claim *claim = &run->claims[task->claim].claim;
    char *out = NULL, *error = NULL;
    ntk_status status = ntk_text_format(&out, "%s/stdout.txt", task->folder);
    if (status == NTK_OK) status = ntk_text_format(&error, "%s/stderr.txt", task->folder);
    if (status == NTK_OK) {
        const ntk_process_options options = {(const char *const *)line->items,
                                             around->variables,
                                             out,
                                             error,
                                             claim->time_limit[run->options.tier],
                                             ntk_claim_memory(claim, run->options.tier),
                                             NULL};
        status = run->options.launcher == NULL
                     ? ntk_process_start(&options, &task->process)
                     : ntk_process_launch(&options, strchr(around->texts[3], '=') + 1, &task->process);
    }
    ntk_release(out);
    ntk_release(error);
    return status;
}

/* A program that was rebuilt meanwhile would compute what the journal says another one did. */
static ntk_status check_program(const ntk_run *run) {
    ntk_digest attributes = NTK_DIGEST_START;
    NTK_TRY(ntk_digest_attributes(run->suite->executable, &attributes));
    if (attributes == run->provenance.binary_attributes) return NTK_OK;
    return ntk_fail(NTK_ERROR_IO, "%s was replaced during the run; start again", run->suite->executable);
}

static ntk_status make_kept_folder(const ntk_run *run) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/" NTK_KEPT_FOLDER, run->folder));
    const ntk_status status = ntk_folder_create(path);
    ntk_release(path);
    return status;
}

static ntk_status start_computation(const ntk_run *run, ntk_task *task) {
    NTK_TRY(check_program(run));
    NTK_TRY(empty_folder(task->folder));
    NTK_TRY(make_kept_folder(run));
    command line = {0};
    surroundings around = {0};
    ntk_status status = describe_surroundings(run, task, &around);
    if (status == NTK_OK) status = build_command(run, task, around.variables, &line);
    if (status == NTK_OK) status = spawn_task(run, task, &line, &around);
    ntk_texts_release(line.items, line.count);
    release_surroundings(&around);
    return status;
}

static ntk_status start_task(schedule *plan, ntk_task *task) {
    ntk_run *run = plan->run;
    NTK_TRY(task->is_figure ? ntk_figure_start(run->suite, run->claims[task->claim].claim.id, task->folder,
                                               run->options.tier, &ntk_figure_of_a_run, &task->process)
                            : start_computation(run, task));
    task->state = NTK_TASK_RUNNING;
    plan->running[plan->running_count++] = task;
    return NTK_OK;
}

/* Figures first: they are short, and their claim is finished with them. */
static ntk_task *next_task(const schedule *plan) {
    for (size_t i = 0; i < plan->run->claim_count; i++)
        if (plan->run->claims[i].figure.state == NTK_TASK_WAITING) return &plan->run->claims[i].figure;
    for (size_t i = 0; i < plan->count; i++)
        if (plan->order[i]->state == NTK_TASK_WAITING) return plan->order[i];
    return NULL;
}

/* ---- ending ---------------------------------------------------------------------------------- */

static ntk_status fail_task(ntk_task *task, const char *format, ...) __attribute__((format(printf, 2, 3)));

static ntk_status fail_task(ntk_task *task, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    task->state = NTK_TASK_FAILED;
    return ntk_text_copy(text, &task->cause);
}

/* How the process ended, and the last line that it wrote, which is its own account of it. */
static ntk_status note_failure(const ntk_run *run, ntk_task *task) {
    char ending[128], *path, *words;
    NTK_TRY(ntk_text_format(&path, "%s/stderr.txt", task->folder));
    const ntk_status status = run->options.launcher != NULL ? ntk_process_launched_words(path, &words)
                                                            : ntk_process_last_words(path, &words);
    ntk_release(path);
    NTK_TRY(status);
    ntk_process_describe(&task->process, ending, sizeof ending);
    task->skipped = task->process.ending == NTK_ENDING_EXIT && task->process.code == NTK_EXIT_SKIPPED;
    task->changed = task->process.ending == NTK_ENDING_EXIT && task->process.code == NTK_EXIT_CHANGED;
    const char *said = strncmp(words, "ntk: ", 5) == 0 ? words + 5 : words;
    const ntk_status noted = fail_task(task, "%s%s%s", ending, said[0] != '\0' ? ": " : "", said);
    ntk_release(words);
    return noted;
}

static ntk_status enter_in_journal(ntk_run *run, ntk_task *task) {
    ntk_journal_entry entry = {.key = task->key,
                               .seconds = task->process.seconds,
                               .cpu_seconds = task->process.cpu_seconds,
                               .peak_memory = task->process.peak_memory,
                               .elapsed = ntk_process_clock() - run->begun};
    snprintf(entry.unit, sizeof entry.unit, "%s", task->unit);
    NTK_TRY(ntk_digest_tables(task->folder, &entry.tables));
    task->tables = entry.tables;
    return ntk_journal_append(run->journal, &entry);
}

static ntk_status collect(ntk_run *run, ntk_task *task) {
    if (task->process.ending != NTK_ENDING_EXIT || task->process.code != 0) return note_failure(run, task);
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/metrics.tsv", task->folder));
    const bool written = access(path, F_OK) == 0;
    const bool readable = written && ntk_metrics_read(path, &task->metrics) == NTK_OK;
    ntk_release(path);
    if (!written) return fail_task(task, "ended with exit status 0 but wrote no metrics.tsv");
    if (!readable) return fail_task(task, "%s", ntk_error_detail());
    task->state = NTK_TASK_DONE;
    NTK_TRY(enter_in_journal(run, task));
    return ntk_run_forget_units(run, task);
}

/* Files of a child's output that stayed empty tell nobody anything. */
static void remove_if_empty(const char *folder, const char *name) {
    char *path;
    struct stat file;
    if (ntk_text_format(&path, "%s/%s", folder, name) != NTK_OK) return;
    if (stat(path, &file) == 0 && file.st_size == 0) unlink(path);
    ntk_release(path);
}

static void tell_finished(const ntk_run *run, const ntk_claim_run *claim) {
    const ntk_run_observer *observer = &run->options.observer;
    if (observer->finished != NULL) observer->finished(&claim->result, observer->context);
}

static ntk_status finish_figure(ntk_run *run, ntk_claim_run *claim) {
    bool drawn;
    claim->figure.state = NTK_TASK_DONE;
    NTK_TRY(ntk_figure_finish(claim->figure.folder, &ntk_figure_of_a_run, &claim->figure.process, &drawn,
                              &claim->figure_warning));
    if (drawn) NTK_TRY(ntk_text_format(&claim->figure_path, "%s/figure.svg", claim->figure.folder));
    if (claim->figure_warning != NULL)
        NTK_TRY(ntk_run_warn(run, "%s: %s", claim->figure.name, claim->figure_warning));
    claim->result.figure = claim->figure_path;
    claim->result.figure_warning = claim->figure_warning;
    tell_finished(run, claim);
    return NTK_OK;
}

/* Judge a claim once its last process has ended; what follows is its figure, where there is one to
 * draw. */
static ntk_status judge_if_complete(ntk_run *run, ntk_claim_run *claim) {
    for (size_t t = 0; t < claim->task_count; t++)
        if (claim->tasks[t].state == NTK_TASK_WAITING || claim->tasks[t].state == NTK_TASK_RUNNING)
            return NTK_OK;
    NTK_TRY(ntk_run_judge(run, claim, ntk_run_is_unchanged(run)));
    if (run->options.figures && claim->tasks[0].state == NTK_TASK_DONE &&
        ntk_figure_exists(run->suite, claim->claim.id))
        claim->figure.state = NTK_TASK_WAITING;
    else
        tell_finished(run, claim);
    return NTK_OK;
}

/* So that a run that is gone on with knows its times; CPU time of finished processes stands in
 * their own lines. */
static ntk_status enter_slice(const ntk_run *run, double unfinished_cpu) {
    ntk_journal_entry entry = {.cpu_seconds = unfinished_cpu, .elapsed = ntk_process_clock() - run->begun};
    snprintf(entry.unit, sizeof entry.unit, "%s", NTK_JOURNAL_SLICE);
    return ntk_journal_append(run->journal, &entry);
}

static ntk_status finish_task(schedule *plan, size_t slot) {
    ntk_run *run = plan->run;
    ntk_task *task = plan->running[slot];
    plan->running[slot] = plan->running[--plan->running_count];
    run->cpu_seconds += task->process.cpu_seconds;
    if (task->is_figure || task->process.ending != NTK_ENDING_EXIT || task->process.code != 0)
        plan->unfinished_cpu += task->process.cpu_seconds;
    if (task->is_figure) return finish_figure(run, &run->claims[task->claim]);
    plan->finished++;
    NTK_TRY(collect(run, task));
    remove_if_empty(task->folder, "stdout.txt");
    remove_if_empty(task->folder, "stderr.txt");
    return judge_if_complete(run, &run->claims[task->claim]);
}

/* ---- progress -------------------------------------------------------------------------------- */

/* Seconds of work that are left and done, by the last run's times; where a process is new, by how
 * far those that run have come. */
static double remaining(const schedule *plan, double elapsed) {
    double left = 0, done = 0;
    size_t unknown = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const ntk_task *task = plan->order[i];
        const double part = task->state == NTK_TASK_WAITING   ? 0
                            : task->state == NTK_TASK_RUNNING ? task->process.fraction
                                                              : 1;
        if (task->reused) continue;
        if (task->expected_seconds < 0) unknown++;
        left += (1 - part) * (task->expected_seconds < 0 ? 1 : task->expected_seconds);
        done += part * (task->expected_seconds < 0 ? 1 : task->expected_seconds);
    }
    if (unknown == 0) return left / (double)plan->slots;
    return done > 0 ? elapsed * left / done : -1;
}

static void tell_progress(const schedule *plan) {
    const ntk_run_observer *observer = &plan->run->options.observer;
    if (observer->progress == NULL) return;
    char names[512] = "";
    for (size_t i = 0; i < plan->running_count; i++) {
        if (i > 0) ntk_text_append(names, sizeof names, "  ");
        ntk_text_append(names, sizeof names, plan->running[i]->name);
    }
    const double elapsed = ntk_process_clock() - plan->run->begun;
    const ntk_run_progress progress = {plan->finished, plan->count, elapsed, remaining(plan, elapsed), names};
    observer->progress(&progress, observer->context);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static bool interrupted(const ntk_run *run) {
    return run->options.interrupted != NULL && *run->options.interrupted != 0;
}

static ntk_status fill_slots(schedule *plan) {
    ntk_task *task;
    while (plan->running_count < plan->slots && (task = next_task(plan)) != NULL)
        NTK_TRY(start_task(plan, task));
    return NTK_OK;
}

static ntk_status turn(schedule *plan) {
    ntk_process *processes[MOST_AT_ONCE];
    for (size_t i = 0; i < plan->running_count; i++) processes[i] = &plan->running[i]->process;
    ntk_process_wait(processes, plan->running_count, look_every);
    if (interrupted(plan->run)) return ntk_fail(NTK_ERROR_CANCELLED, "interrupted");
    for (size_t slot = plan->running_count; slot-- > 0;)
        if (plan->running[slot]->process.ending != NTK_ENDING_NONE) NTK_TRY(finish_task(plan, slot));
    tell_progress(plan);
    return NTK_OK;
}

static ntk_status execute(schedule *plan) {
    for (size_t i = 0; i < plan->run->claim_count; i++)
        NTK_TRY(judge_if_complete(plan->run, &plan->run->claims[i]));
    NTK_TRY(fill_slots(plan));
    while (plan->running_count > 0) {
        NTK_TRY(turn(plan));
        NTK_TRY(fill_slots(plan));
    }
    return NTK_OK;
}

ntk_status ntk_run_schedule(ntk_run *run) {
    const ntk_run_options *options = &run->options;
    const bool several = options->jobs >= 2 && (options->launcher == NULL || options->jobs_given);
    schedule plan = {.run = run, .slots = several ? MOST_AT_ONCE : 1};
    NTK_TRY(list_tasks(&plan));
    const ntk_status status = execute(&plan);
    for (size_t i = 0; i < plan.running_count; i++) {
        ntk_process_kill(&plan.running[i]->process, NTK_ENDING_CANCELLED);
        plan.unfinished_cpu += plan.running[i]->process.cpu_seconds;
    }
    ntk_release(plan.order);
    const ntk_status entered = enter_slice(run, plan.unfinished_cpu);
    return status == NTK_OK ? entered : status;
}
