#include "run/figure_parameters.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "experiment/support.h"
#include "experiment/tsv.h"

/* What gnuplot reads of a name. */
enum { LONGEST_NAME = 48 };

/* The names of claims and parameters have hyphens, those of variables cannot. */
static void write_name(FILE *out, const char *owner, const char *name) {
    char variable[256];
    snprintf(variable, sizeof variable, "%s_%s", owner, name);
    variable[LONGEST_NAME] = '\0';
    for (char *at = variable; *at != '\0'; at++)
        if (*at == '-') *at = '_';
    fprintf(out, "%s = ", variable);
}

static void write_value(FILE *out, const char *kind, const char *value) {
    if (strcmp(kind, "integer") == 0)
        fputs(value, out);
    else if (strcmp(kind, "real") == 0)
        fprintf(out, "%s%s", value, strpbrk(value, ".e") == NULL ? ".0" : "");
    else if (strcmp(kind, "flag") == 0)
        fputs(strcmp(value, "true") == 0 ? "1" : "0", out);
    else {
        fputc('\'', out);
        for (; *value != '\0'; value++) fprintf(out, *value == '\'' ? "''" : "%c", *value);
        fputc('\'', out);
    }
    fputc('\n', out);
}

static ntk_status write_owner(FILE *out, const char *owner, const char *path) {
    ntk_tsv table;
    NTK_TRY(ntk_tsv_read(path, "name\tkind\tvalue", &table));
    for (size_t row = 0; row < table.rows; row++) {
        write_name(out, owner, ntk_tsv_field(&table, row, 0));
        write_value(out, ntk_tsv_field(&table, row, 1), ntk_tsv_field(&table, row, 2));
    }
    ntk_tsv_release(&table);
    return NTK_OK;
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* A control that failed has left none; its claim is no figure's worst trouble then. */
static ntk_status write_control(FILE *out, const char *folder, const char *name) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/controls/%s/parameters.tsv", folder, name));
    const ntk_status status = access(path, F_OK) == 0 ? write_owner(out, name, path) : NTK_OK;
    ntk_release(path);
    return status;
}

static ntk_status write_controls(FILE *out, const char *folder) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/controls", folder));
    struct dirent **entries;
    const int count = scandir(path, &entries, is_visible, alphasort);
    const int error = errno;
    ntk_status status = NTK_OK;
    if (count < 0 && error != ENOENT) status = ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(error));
    for (int i = 0; i < count; i++) {
        if (status == NTK_OK) status = write_control(out, folder, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    ntk_release(path);
    return status;
}

static ntk_status write_all(FILE *out, const char *folder) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/parameters.tsv", folder));
    fputs("# Written before the figure is drawn: the parameters in effect.\n", out);
    const ntk_status status = write_owner(out, "claim", path);
    ntk_release(path);
    NTK_TRY(status);
    return write_controls(out, folder);
}

ntk_status ntk_figure_write_parameters(const char *claim_folder) {
    char *path;
    ntk_file *file;
    NTK_TRY(ntk_text_format(&path, "%s/parameters.gp", claim_folder));
    ntk_status status = ntk_file_create(path, &file);
    ntk_release(path);
    NTK_TRY(status);
    status = write_all(ntk_file_stream(file), claim_folder);
    if (status == NTK_OK) return ntk_file_commit(file);
    ntk_file_abandon(file);
    return status;
}
