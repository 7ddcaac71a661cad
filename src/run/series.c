#include "run/series.h"

#include <dirent.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "experiment/support.h"

ntk_status ntk_series_name(const char *out, const char *name, char **folder) {
    if (out != NULL) return ntk_text_copy(out, folder);
    char text[32];
    const time_t now = time(NULL);
    struct tm utc;
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    NTK_TRY(ntk_text_format(folder, "scans/%s-%s", text, name));
    for (char *c = *folder + sizeof "scans/" - 1; *c != '\0'; c++)
        if (*c == '/') *c = '-';
    return NTK_OK;
}

static bool is_empty(const char *folder) {
    DIR *opened = opendir(folder);
    size_t count = 0;
    while (opened != NULL && readdir(opened) != NULL) count++;
    if (opened != NULL) closedir(opened);
    return count <= 2; /* "." and ".." */
}

ntk_status ntk_series_open(const char *folder, const ntk_run_options *options, const char *held,
                           const char *begun) {
    if (!options->resume && !is_empty(folder))
        return ntk_fail(NTK_ERROR_ARGUMENT, "%s is not empty; --resume goes on with %s in it", folder, held);
    if (options->resume && options->out != NULL && is_empty(folder))
        return ntk_fail(NTK_ERROR_NOT_FOUND, "--resume: '%s' is missing or empty, and no folder of %s",
                        folder, begun);
    if (options->resume && options->out == NULL)
        return ntk_fail(NTK_ERROR_NOT_FOUND, "--resume needs --out, the folder of %s", begun);
    return ntk_folder_create(folder);
}

ntk_status ntk_series_run_options(const ntk_run_options *options, const char *folder, ntk_run_options *out) {
    char *journal;
    NTK_TRY(ntk_text_format(&journal, "%s/journal.log", folder));
    *out = *options;
    out->out = folder;
    out->figures = false;
    out->resume = options->resume && access(journal, F_OK) == 0;
    ntk_release(journal);
    return NTK_OK;
}
