#include "run/program.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <jansson.h>

#include <ntk/file.h>
#include <ntk/lab/metrics.h>
#include <ntk/lab/table.h>
#include <ntk/log.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "experiment/support.h"
#include "experiment/tsv.h"
#include "run/compute.h"
#include "run/json.h"
#include "run/process.h"
#include "run/program_file.h"

/* ---- the folder that it works in ------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *position) {
    (void)info, (void)type, (void)position;
    return remove(path);
}

static void remove_folder(const char *path) { nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

/* An absolute path, since the program starts in it. */
static ntk_status make_folder(const char *out, char **folder) {
    const char *temporary = getenv("TMPDIR");
    char resolved[PATH_MAX];
    if (out == NULL) {
        NTK_TRY(ntk_text_format(folder, "%s/ntk-program-XXXXXX", temporary ? temporary : "/tmp"));
        return mkdtemp(*folder) != NULL ? NTK_OK : ntk_fail(NTK_ERROR_IO, "%s: %s", *folder, strerror(errno));
    }
    if (realpath(out, resolved) == NULL) return ntk_fail(NTK_ERROR_IO, "%s: %s", out, strerror(errno));
    NTK_TRY(ntk_text_format(folder, "%s/program", resolved));
    remove_folder(*folder);
    return ntk_folder_create(*folder);
}

/* ---- the request ----------------------------------------------------------------------------- */

static json_t *list_value(const ntk_context *context, const ntk_parameter *parameter) {
    json_t *list = json_array();
    size_t count;
    if (parameter->type == NTK_PARAMETER_INTEGER_LIST) {
        const long *values = ntk_context_integers(context, parameter->name, &count);
        for (size_t i = 0; i < count; i++) json_array_append_new(list, json_integer(values[i]));
    } else if (parameter->type == NTK_PARAMETER_REAL_LIST) {
        const double *values = ntk_context_reals(context, parameter->name, &count);
        for (size_t i = 0; i < count; i++) json_array_append_new(list, json_real(values[i]));
    } else {
        const char *const *values = ntk_context_choices(context, parameter->name, &count);
        for (size_t i = 0; i < count; i++) json_array_append_new(list, ntk_json_text(values[i]));
    }
    return list;
}

static json_t *parameter_value(const ntk_context *context, const ntk_parameter *parameter) {
    switch (parameter->type) {
    case NTK_PARAMETER_INTEGER:
        return json_integer(ntk_context_integer(context, parameter->name));
    case NTK_PARAMETER_REAL:
        return json_real(ntk_context_real(context, parameter->name));
    case NTK_PARAMETER_FLAG:
        return json_boolean(ntk_context_flag(context, parameter->name));
    case NTK_PARAMETER_CHOICE:
        return ntk_json_text(ntk_context_choice(context, parameter->name));
    default:
        return list_value(context, parameter);
    }
}

static ntk_status write_request(const ntk_claim *claim, ntk_tier tier, uint64_t seed, const char *folder,
                                const ntk_context *context, const char *path) {
    json_t *request = json_object(), *parameters = json_object();
    json_object_set_new(request, "protocol", json_integer(NTK_PROTOCOL_VERSION));
    ntk_json_set_text(request, "claim", claim->id);
    ntk_json_set_text(request, "tier", ntk_tier_text(tier));
    /* A string: JSON readers take integers beyond 2^53 for doubles. */
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, seed);
    ntk_json_set_text(request, "seed", text);
    ntk_json_set_number(request, "level", ntk_context_level(context));
    json_object_set_new(request, "workers", json_integer((json_int_t)ntk_workers()));
    char resolved[PATH_MAX];
    const char *data = ntk_context_data(context);
    ntk_json_set_text(request, "data", realpath(data, resolved) != NULL ? resolved : data);
    ntk_json_set_text(request, "out", folder);
    const ntk_parameter *parameter;
    for (size_t i = 0; (parameter = ntk_experiment_parameter(claim->experiment, i)) != NULL; i++)
        json_object_set_new(parameters, parameter->name, parameter_value(context, parameter));
    json_object_set_new(request, "parameters", parameters);
    return ntk_json_write(request, path);
}

/* ---- running --------------------------------------------------------------------------------- */

static ntk_status watch(ntk_process *process) {
    ntk_process *const processes[] = {process};
    double told = 0;
    while (process->ending == NTK_ENDING_NONE) {
        ntk_process_wait(processes, 1, 0.1);
        if (process->fraction != told) ntk_progress(told = process->fraction);
    }
    return NTK_OK;
}

static ntk_status judge_ending(const ntk_claim *claim, const ntk_process *process, const char *words) {
    char ending[128];
    if (process->ending == NTK_ENDING_EXIT && process->code == 0) return NTK_OK;
    if (process->ending == NTK_ENDING_EXIT && process->code == NTK_EXIT_SKIPPED)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "%s",
                        words[0] != '\0' ? words : "its experiment cannot run here");
    ntk_process_describe(process, ending, sizeof ending);
    return ntk_fail(NTK_ERROR_LIBRARY, "%s/experiment %s%s%s", claim->id, ending,
                    words[0] != '\0' ? ": " : "", words);
}

static ntk_status run_in(const ntk_claim *claim, ntk_tier tier, const char *folder, const char *request) {
    char *texts[2] = {0}, *words = NULL;
    ntk_process process;
    ntk_status status = ntk_text_format(&texts[0], "%s/stdout.txt", folder);
    if (status == NTK_OK) status = ntk_text_format(&texts[1], "%s/stderr.txt", folder);
    if (status == NTK_OK) {
        const char *const arguments[] = {claim->program, request, NULL};
        const char *const environment[] = {"PYTHONDONTWRITEBYTECODE=1", NULL};
        const ntk_process_options options = {
            arguments, environment, texts[0], texts[1], INFINITY, ntk_claim_memory(claim, tier), folder};
        status = ntk_process_start(&options, &process);
    }
    if (status == NTK_OK) status = watch(&process);
    if (status == NTK_OK) status = ntk_process_last_words(texts[1], &words);
    if (status == NTK_OK) status = judge_ending(claim, &process, words);
    ntk_release(words);
    for (int i = 0; i < 2; i++) ntk_release(texts[i]);
    return status;
}

/* ---- what it wrote --------------------------------------------------------------------------- */

static ntk_status take_metrics(const ntk_claim *claim, const char *folder, ntk_context *context) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/metrics.tsv", folder));
    ntk_metrics metrics = {0};
    ntk_status status = access(path, F_OK) == 0
                            ? ntk_metrics_read(path, &metrics)
                            : ntk_fail(NTK_ERROR_FORMAT, "%s/experiment wrote no metrics.tsv", claim->id);
    for (size_t i = 0; i < metrics.count && status == NTK_OK; i++) {
        const ntk_metric *one = &metrics.items[i];
        status = one->is_estimate ? ntk_emit_estimate(context, one->name, &one->estimate)
                                  : ntk_emit_scalar(context, one->name, one->estimate.value);
    }
    ntk_metrics_release(&metrics);
    ntk_release(path);
    return status;
}

/* The first line of a file, without its end. */
static ntk_status read_header(const char *path, char **out) {
    char *content;
    size_t size;
    NTK_TRY(ntk_file_read(path, &content, &size));
    const ntk_status status = ntk_text_format(out, "%.*s", (int)strcspn(content, "\n"), content);
    ntk_release(content);
    return status;
}

/* Columns of text stand first: those in which not every field is a number. */
static size_t count_text_columns(const ntk_tsv *tsv) {
    size_t count = 0;
    double number;
    for (size_t column = 0; column < tsv->columns; column++)
        for (size_t row = 0; row < tsv->rows; row++)
            if (!ntk_tsv_number(ntk_tsv_field(tsv, row, column), &number)) {
                count = column + 1;
                break;
            }
    return count;
}

/* "angle\tproduct" gives "$angle product" where the first column is text. */
static ntk_status name_columns(const char *header, size_t text_columns, char **out) {
    char *rest = NULL, *copy = NULL, *field;
    NTK_TRY(ntk_text_copy(header, &copy));
    char buffer[4096] = "";
    rest = copy;
    for (size_t i = 0; (field = strsep(&rest, "\t")) != NULL; i++) {
        ntk_text_append(buffer, sizeof buffer, i > 0 ? " " : "");
        ntk_text_append(buffer, sizeof buffer, i < text_columns ? "$" : "");
        ntk_text_append(buffer, sizeof buffer, ntk_text_is_name(field) ? field : "(no-name)");
    }
    ntk_release(copy);
    return ntk_text_copy(buffer, out);
}

static ntk_status take_rows(const ntk_tsv *tsv, size_t text_columns, ntk_table *table) {
    void *memory;
    NTK_TRY(ntk_allocate(tsv->columns, sizeof(double), &memory));
    double *values = memory;
    ntk_status status = NTK_OK;
    for (size_t row = 0; row < tsv->rows && status == NTK_OK; row++) {
        for (size_t column = text_columns; column < tsv->columns; column++)
            ntk_tsv_number(ntk_tsv_field(tsv, row, column), &values[column - text_columns]);
        const char *const *labels = (const char *const *)&tsv->fields[row * tsv->columns];
        status = ntk_table_row(table, text_columns > 0 ? labels : NULL, values);
    }
    ntk_release(values);
    return status;
}

/* A failure that has no place yet gets the file's name. */
static ntk_status at_file(const char *path, ntk_status status) {
    if (status != NTK_ERROR_ARGUMENT) return status;
    char detail[512] = "";
    ntk_text_append(detail, sizeof detail, ntk_error_detail());
    return ntk_fail(NTK_ERROR_FORMAT, "%s: %s", path, detail);
}

static ntk_status take_table(const char *path, const char *name, ntk_context *context) {
    char *header = NULL, *columns = NULL;
    ntk_tsv tsv = {0};
    ntk_table *table;
    ntk_status status = read_header(path, &header);
    if (status == NTK_OK) status = ntk_tsv_read(path, header, &tsv);
    if (status == NTK_OK) {
        const size_t text_columns = count_text_columns(&tsv);
        status = name_columns(header, text_columns, &columns);
        if (status == NTK_OK) status = at_file(path, ntk_emit_table(context, name, columns, &table));
        if (status == NTK_OK) status = at_file(path, take_rows(&tsv, text_columns, table));
    }
    ntk_tsv_release(&tsv);
    ntk_release(header);
    ntk_release(columns);
    return status;
}

static int is_table(const struct dirent *entry) {
    const size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".tsv") == 0 &&
           strcmp(entry->d_name, "metrics.tsv") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static ntk_status take_tables(const char *folder, ntk_context *context) {
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_table, by_bytes);
    if (count < 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", folder, strerror(errno));
    ntk_status status = NTK_OK;
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        if (status == NTK_OK) status = ntk_text_format(&path, "%s/%s", folder, entries[i]->d_name);
        entries[i]->d_name[strlen(entries[i]->d_name) - 4] = '\0';
        if (status == NTK_OK) status = take_table(path, entries[i]->d_name, context);
        ntk_release(path);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* ---- all of it ------------------------------------------------------------------------------- */

ntk_status ntk_program_run(const ntk_claim *claim, ntk_tier tier, uint64_t seed, const char *out,
                           ntk_context *context) {
    char *folder = NULL, *request = NULL;
    ntk_status status = make_folder(out, &folder);
    if (status == NTK_OK) status = ntk_text_format(&request, "%s/request.json", folder);
    if (status == NTK_OK) status = write_request(claim, tier, seed, folder, context, request);
    if (status == NTK_OK) status = run_in(claim, tier, folder, request);
    if (status == NTK_OK) status = take_metrics(claim, folder, context);
    if (status == NTK_OK) status = take_tables(folder, context);
    if (folder != NULL && (status == NTK_OK || out == NULL)) remove_folder(folder);
    ntk_release(folder);
    ntk_release(request);
    return status;
}
