#include "run/gallery.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/judge.h"
#include "experiment/support.h"

static const char header[] = "figure\ttier\tcommit\n";

static ntk_status read_origins(const char *folder, char **out) {
    char *path;
    size_t size;
    NTK_TRY(ntk_text_format(&path, "%s/origins.tsv", folder));
    const ntk_status status =
        access(path, F_OK) == 0 ? ntk_file_read(path, out, &size) : ntk_text_copy(header, out);
    ntk_release(path);
    return status;
}

ntk_status ntk_gallery_open(const char *folder, const ntk_record *run, ntk_gallery *out) {
    *out = (ntk_gallery){.folder = folder, .run = run};
    if (ntk_record_has_overrides(run))
        return ntk_fail(
            NTK_ERROR_UNSUPPORTED,
            "%s was run with --set: its figures are not those of the claims, and %s stays as it is",
            run->folder, folder);
    NTK_TRY(ntk_folder_create(folder));
    return read_origins(folder, &out->origins);
}

void ntk_gallery_close(ntk_gallery *gallery) {
    ntk_release(gallery->origins);
    *gallery = (ntk_gallery){0};
}

/* suite/claim as the name of a file. */
static ntk_status name_of(const char *id, char **out) {
    NTK_TRY(ntk_text_copy(id, out));
    *strchr(*out, '/') = '-';
    return NTK_OK;
}

/* The line of a figure in origins.tsv; NULL where it has none. */
static char *find_line(char *origins, const char *name) {
    const size_t length = strlen(name);
    for (char *line = origins; line != NULL && *line != '\0';
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, name, length) == 0 && line[length] == '\t') return line;
    return NULL;
}

static bool is_full(char *origins, const char *name) {
    const char *line = find_line(origins, name);
    return line != NULL && strncmp(line + strlen(name) + 1, "full\t", 5) == 0;
}

static ntk_status enter(ntk_gallery *gallery, const char *name) {
    char *line = find_line(gallery->origins, name), *entered, *path;
    const char *rest = "";
    if (line != NULL) {
        const char *end = strchr(line, '\n');
        rest = end != NULL ? end + 1 : "";
        *line = '\0';
    }
    NTK_TRY(ntk_text_format(&entered, "%s%s\t%s\t%s\n%s", gallery->origins, name,
                            ntk_tier_text(gallery->run->tier),
                            ntk_record_text(gallery->run, "build", "commit"), rest));
    ntk_release(gallery->origins);
    gallery->origins = entered;
    NTK_TRY(ntk_text_format(&path, "%s/origins.tsv", gallery->folder));
    const ntk_status status = ntk_file_write(path, entered, strlen(entered));
    ntk_release(path);
    return status;
}

static ntk_status copy(const ntk_gallery *gallery, const char *id, const char *name,
                       const ntk_figure_look *look, const char *format) {
    char *from = NULL, *to = NULL, *content = NULL;
    size_t size = 0;
    const char *suffix = ntk_figure_suffix(look);
    ntk_status status = ntk_text_format(&from, "%s/%s/figure%s.%s", gallery->run->folder, id, suffix, format);
    if (status == NTK_OK) status = ntk_text_format(&to, "%s/%s%s.%s", gallery->folder, name, suffix, format);
    if (status == NTK_OK) status = ntk_file_read(from, &content, &size);
    if (status == NTK_OK) status = ntk_file_write(to, content, size);
    ntk_release(from);
    ntk_release(to);
    ntk_release(content);
    return status;
}

static ntk_status take(ntk_gallery *gallery, const char *id, const char *name, const ntk_figure_look *look,
                       const char **refusal) {
    const bool shown = strcmp(look->width, "screen") == 0 && strcmp(look->formats[0], "pdf") != 0;
    const char *verdict = json_string_value(json_object_get(ntk_record_claim(gallery->run, id), "verdict"));
    *refusal = verdict == NULL || strcmp(verdict, ntk_verdict_text(NTK_VERDICT_HOLDS)) != 0
                   ? "the run does not say that the claim holds"
               : shown && gallery->run->tier == NTK_TIER_QUICK && is_full(gallery->origins, name)
                   ? "a figure of the full tier is not replaced by one of the quick tier"
                   : NULL;
    if (*refusal != NULL) return NTK_OK;
    for (int f = 0; f < NTK_FIGURE_FORMATS && look->formats[f] != NULL; f++)
        NTK_TRY(copy(gallery, id, name, look, look->formats[f]));
    return shown ? enter(gallery, name) : NTK_OK;
}

ntk_status ntk_gallery_take(ntk_gallery *gallery, const char *id, const ntk_figure_look *look,
                            const char **refusal) {
    char *name;
    NTK_TRY(name_of(id, &name));
    const ntk_status status = take(gallery, id, name, look, refusal);
    ntk_release(name);
    return status;
}
