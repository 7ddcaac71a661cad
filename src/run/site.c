#include "run/site.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include <ntk/file.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "experiment/support.h"
#include "run/markup.h"
#include "run/page.h"
#include "run/record.h"

typedef struct entry {
    ntk_record record;
    char *name; /* the last part of its folder */
} entry;

/* ---- reading --------------------------------------------------------------------------------- */

static ntk_status name_of(const char *folder, char **out) {
    char *path = realpath(folder, NULL);
    const char *last = path != NULL ? strrchr(path, '/') : NULL;
    const ntk_status status = ntk_text_copy(last != NULL ? last + 1 : folder, out);
    free(path);
    return status;
}

static ntk_status open_entry(const char *folder, const entry *earlier, size_t count, entry *out) {
    NTK_TRY(ntk_record_open(folder, &out->record));
    NTK_TRY(name_of(out->record.folder, &out->name));
    for (size_t i = 0; i < count; i++)
        if (strcmp(earlier[i].name, out->name) == 0)
            return ntk_fail(NTK_ERROR_ARGUMENT, "two runs are called %s", out->name);
    return NTK_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

static ntk_status copy_report(const char *folder, const entry *run) {
    char *from = NULL, *to = NULL, *content = NULL;
    size_t size = 0;
    ntk_status status = ntk_text_format(&from, "%s/report.html", run->record.folder);
    if (status == NTK_OK) status = ntk_file_read(from, &content, &size);
    if (status == NTK_OK) status = ntk_text_format(&to, "%s/%s", folder, run->name);
    if (status == NTK_OK) status = ntk_folder_create(to);
    ntk_release(to);
    to = NULL;
    if (status == NTK_OK) status = ntk_text_format(&to, "%s/%s/report.html", folder, run->name);
    if (status == NTK_OK) status = ntk_file_write(to, content, size);
    ntk_release(from);
    ntk_release(to);
    ntk_release(content);
    return status;
}

static void element(FILE *out, const char *open, const char *text, const char *close) {
    fputs(open, out);
    ntk_markup_text(out, text);
    fputs(close, out);
}

static void write_link(FILE *out, const entry *run, const char *id, const char *text) {
    element(out, "<a href=\"", run->name, "/report.html");
    if (id != NULL) fputc('#', out);
    for (; id != NULL && *id != '\0'; id++) fputc(*id == '/' ? '-' : *id, out);
    element(out, "\">", text, "</a>");
}

static void write_run(FILE *out, const entry *run) {
    const json_t *counts = json_object_get(run->record.summary, "counts");
    const char *verdict;
    json_t *count;
    fputs("<tr><td>", out);
    write_link(out, run, NULL, run->name);
    element(out, "</td><td data-name=\"Started\">", ntk_record_text(&run->record, NULL, "started"), "</td>");
    element(out, "<td data-name=\"Tier\">", ntk_tier_text(run->record.tier),
            ntk_record_has_overrides(&run->record) ? ", with --set</td>" : "</td>");
    element(out, "<td class=\"mono\" data-name=\"Commit\">", ntk_record_text(&run->record, "build", "commit"),
            "</td>");
    element(out, "<td data-name=\"BLAS\">", ntk_record_text(&run->record, "machine", "blas_core"),
            "</td><td>");
    json_object_foreach((json_t *)counts, verdict, count) {
        if (json_integer_value(count) == 0) continue;
        fprintf(out, "<span class=\"%s\">%lld %s</span> ", verdict, (long long)json_integer_value(count),
                verdict);
    }
    fputs("</td></tr>\n", out);
}

static bool is_earlier(const entry *runs, size_t before, const char *id) {
    for (size_t i = 0; i < before; i++)
        if (ntk_record_claim(&runs[i].record, id) != NULL) return true;
    return false;
}

static void write_claim(FILE *out, const entry *runs, size_t count, const char *id) {
    element(out, "<tr><td class=\"mono\">", id, "</td>");
    for (size_t i = 0; i < count; i++) {
        const json_t *claim = ntk_record_claim(&runs[i].record, id);
        const char *verdict = json_string_value(json_object_get(claim, "verdict"));
        element(out, "<td data-name=\"", runs[i].name, "\">");
        if (verdict != NULL) {
            element(out, "<span class=\"verdict ", verdict, "\">");
            write_link(out, &runs[i], id, verdict);
            fputs("</span>", out);
        }
        fputs("</td>", out);
    }
    fputs("</tr>\n", out);
}

static void write_claims(FILE *out, const entry *runs, size_t count) {
    fputs("<section><h2>Claims</h2><table><thead><tr><th>Claim</th>", out);
    for (size_t i = 0; i < count; i++) element(out, "<th>", runs[i].name, "</th>");
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = 0; i < count; i++) {
        size_t k;
        json_t *claim;
        json_array_foreach(json_object_get(runs[i].record.summary, "claims"), k, claim) {
            const char *id = json_string_value(json_object_get(claim, "id"));
            if (id != NULL && !is_earlier(runs, i, id)) write_claim(out, runs, count, id);
        }
    }
    fputs("</tbody></table></section>\n", out);
}

static void write_index(FILE *out, const entry *runs, size_t count) {
    ntk_page_open(out, "ntk-verify: runs");
    fputs("<header><h1>ntk-verify</h1><div class=\"soft\">Theorems about neural tangent kernels, tested "
          "numerically: several runs beside each other.</div></header>\n<section><h2>Runs</h2><table>"
          "<thead><tr><th>Run</th><th>Started</th><th>Tier</th><th>Commit</th><th>BLAS core</th>"
          "<th>Verdicts</th></tr></thead><tbody>\n",
          out);
    for (size_t i = 0; i < count; i++) write_run(out, &runs[i]);
    fputs("</tbody></table></section>\n", out);
    write_claims(out, runs, count);
    ntk_page_close(out);
}

static ntk_status write_site(const char *folder, const entry *runs, size_t count) {
    char *path;
    ntk_file *file;
    NTK_TRY(ntk_folder_create(folder));
    for (size_t i = 0; i < count; i++) NTK_TRY(copy_report(folder, &runs[i]));
    NTK_TRY(ntk_text_format(&path, "%s/index.html", folder));
    const ntk_status status = ntk_file_create(path, &file);
    ntk_release(path);
    NTK_TRY(status);
    write_index(ntk_file_stream(file), runs, count);
    return ntk_file_commit(file);
}

ntk_status ntk_site_write(const char *folder, const char *const *runs, size_t count) {
    void *memory;
    NTK_TRY(ntk_allocate(count, sizeof(entry), &memory));
    entry *entries = memory;
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < count && status == NTK_OK; i++)
        status = open_entry(runs[i], entries, i, &entries[i]);
    if (status == NTK_OK) status = write_site(folder, entries, count);
    for (size_t i = 0; i < count; i++) {
        ntk_record_close(&entries[i].record);
        ntk_release(entries[i].name);
    }
    ntk_release(entries);
    return status;
}
