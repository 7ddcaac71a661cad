/* The folder of a run: found or made, locked for as long as the run lasts, and pointed to by
 * results/latest. */
#include "run/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <jansson.h>

#include <ntk/file.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "experiment/support.h"
#include "run/journal.h"
#include "run/json.h"
#include "run/state.h"

static const char results[] = "results";
static const char latest[] = "results/latest";

enum { MOST_RUNS_A_SECOND = 1000 };

/* mkdir decides: of two runs that begin in the same second each gets a folder of its own. */
static ntk_status create_new_folder(time_t started, char **out) {
    char stamp[32];
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&started, &utc));
    NTK_TRY(ntk_folder_create(results));
    for (int k = 1; k <= MOST_RUNS_A_SECOND; k++) {
        char suffix[16] = "";
        if (k > 1) snprintf(suffix, sizeof suffix, "-%d", k);
        NTK_TRY(ntk_text_format(out, "%s/%s-%s%s", results, stamp, ntk_build_commit, suffix));
        if (mkdir(*out, 0777) == 0) return NTK_OK;
        const int error = errno;
        if (error != EEXIST) {
            const ntk_status status = ntk_fail(NTK_ERROR_IO, "%s: %s", *out, strerror(error));
            ntk_release(*out);
            *out = NULL;
            return status;
        }
        ntk_release(*out);
        *out = NULL;
    }
    return ntk_fail(NTK_ERROR_IO, "%s: too many runs in one second", results);
}

static ntk_status choose_folder(ntk_run *run) {
    if (run->options.out != NULL) {
        NTK_TRY(ntk_text_copy(run->options.out, &run->folder));
        if (run->options.resume && access(run->folder, F_OK) != 0)
            return ntk_fail(NTK_ERROR_NOT_FOUND, "--resume: there is no earlier run at %s", run->folder);
        return ntk_folder_create(run->folder);
    }
    if (!run->options.resume) return create_new_folder(run->started, &run->folder);
    char *resolved = realpath(latest, NULL);
    if (resolved == NULL)
        return ntk_fail(NTK_ERROR_NOT_FOUND, "--resume: there is no earlier run at %s", latest);
    const ntk_status status = ntk_text_copy(resolved, &run->folder);
    free(resolved);
    return status;
}

/* The lock belongs to the open file, so it goes with this process however that ends. */
static ntk_status lock_folder(ntk_run *run) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/.lock", run->folder));
    run->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    const int error = errno;
    ntk_release(path);
    if (run->lock < 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", run->folder, strerror(error));
    if (flock(run->lock, LOCK_EX | LOCK_NB) == 0) return NTK_OK;
    return ntk_fail(NTK_ERROR_IO,
                    errno == EWOULDBLOCK ? "%s: another run is using this folder" : "%s: cannot be locked",
                    run->folder);
}

static int is_content(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
           strcmp(entry->d_name, ".lock") != 0;
}

static ntk_status check_content(const ntk_run *run, const char *journal_path) {
    struct dirent **entries;
    const int count = scandir(run->folder, &entries, is_content, NULL);
    if (count < 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", run->folder, strerror(errno));
    for (int i = 0; i < count; i++) free(entries[i]);
    free(entries);
    if (count == 0 && run->options.resume)
        return ntk_fail(NTK_ERROR_NOT_FOUND, "--resume: there is no earlier run in %s", run->folder);
    if (count == 0) return NTK_OK;
    if (access(journal_path, F_OK) != 0)
        return ntk_fail(NTK_ERROR_IO, "%s: is neither empty nor the folder of a run", run->folder);
    if (run->options.resume) return NTK_OK;
    return ntk_fail(NTK_ERROR_IO,
                    "%s: holds a run already; add --resume to go on with it, or name another folder",
                    run->folder);
}

/* Renamed over the old link: a reader finds the old run or the new one. */
static ntk_status point_latest(const ntk_run *run) {
    char *temporary;
    NTK_TRY(ntk_text_format(&temporary, "%s/.latest-%ld", results, (long)getpid()));
    unlink(temporary);
    const bool done =
        symlink(strrchr(run->folder, '/') + 1, temporary) == 0 && rename(temporary, latest) == 0;
    const int error = errno;
    if (!done) unlink(temporary);
    ntk_release(temporary);
    return done ? NTK_OK : ntk_fail(NTK_ERROR_IO, "%s: %s", latest, strerror(error));
}

/* Earlier times order the processes, nothing else; where they cannot be read there are none. */
static void recall_times(ntk_run *run, const ntk_journal *journal) {
    for (size_t i = 0; i < run->claim_count; i++)
        for (size_t t = 0; t < run->claims[i].task_count; t++) {
            ntk_task *task = &run->claims[i].tasks[t];
            const double seconds = ntk_journal_seconds(journal, task->unit);
            if (seconds >= 0) task->expected_seconds = seconds;
        }
}

/* The run began when its first slice did, and has lasted for as long as all of them; the time
 * between two is nobody's. */
static ntk_status recall_slices(ntk_run *run) {
    char *path;
    double elapsed;
    NTK_TRY(ntk_text_format(&path, "%s/manifest.json", run->folder));
    json_t *manifest = run->options.resume ? json_load_file(path, 0, NULL) : NULL;
    (void)ntk_json_get_time(manifest, "started", &run->started);
    json_decref(manifest);
    ntk_release(path);
    ntk_journal_times(run->journal, &elapsed, &run->cpu_seconds);
    run->begun -= elapsed;
    return NTK_OK;
}

static ntk_status open_journal(ntk_run *run) {
    ntk_journal *earlier;
    if (ntk_journal_read("results/latest/journal.log", &earlier) == NTK_OK) {
        recall_times(run, earlier);
        ntk_journal_close(earlier);
    }
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/journal.log", run->folder));
    ntk_status status = check_content(run, path);
    if (status == NTK_OK) status = ntk_journal_open(path, &run->journal);
    ntk_release(path);
    NTK_TRY(status);
    recall_times(run, run->journal);
    return recall_slices(run);
}

ntk_status ntk_run_open_folder(ntk_run *run) {
    NTK_TRY(choose_folder(run));
    NTK_TRY(lock_folder(run));
    NTK_TRY(open_journal(run));
    return run->options.out == NULL && !run->options.resume ? point_latest(run) : NTK_OK;
}

static bool is_stale(const char *name) {
    const size_t length = strlen(name);
    return strcmp(name, "summary.json") == 0 || strcmp(name, "report.html") == 0 ||
           strcmp(name, "junit.xml") == 0 || (length > 4 && strcmp(name + length - 4, ".new") == 0);
}

/* With the last units goes their folder. */
ntk_status ntk_run_forget_units(const ntk_run *run, const ntk_task *task) {
    char *path, key[24];
    NTK_TRY(ntk_text_format(&path, "%s/" NTK_KEPT_FOLDER, run->folder));
    snprintf(key, sizeof key, "%016" PRIx64 "-", task->key);
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (strncmp(entry->d_name, key, strlen(key)) == 0) unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder != NULL) closedir(folder);
    rmdir(path);
    ntk_release(path);
    return NTK_OK;
}

ntk_status ntk_run_clear_reports(const ntk_run *run) {
    DIR *folder = opendir(run->folder);
    if (folder == NULL) return ntk_fail(NTK_ERROR_IO, "%s: %s", run->folder, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (is_stale(entry->d_name)) unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    return NTK_OK;
}

void ntk_run_close_folder(ntk_run *run) {
    ntk_journal_close(run->journal);
    if (run->lock >= 0) close(run->lock);
    ntk_release(run->folder);
    run->journal = NULL;
    run->lock = -1;
    run->folder = NULL;
}
