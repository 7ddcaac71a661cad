#include "experiment/table.h"

#include <string.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "experiment/support.h"

struct ntk_table {
    char *name;
    char *storage;  /* of the columns' names */
    char **columns; /* (text_count + number_count) without the '$' */
    size_t text_count, number_count, row_count;
    char **labels;   /* (row_count * text_count) */
    double *numbers; /* (row_count, number_count), grown row by row */
};

const char *ntk_table_name(const ntk_table *table) { return table->name; }

static ntk_status append_column(ntk_table *table, char *column) {
    const bool is_text = column[0] == '$';
    const char *name = column + is_text;
    const size_t count = table->text_count + table->number_count;
    if (!ntk_text_is_name(name))
        return ntk_fail(NTK_ERROR_ARGUMENT, "table '%s', column '%s': a name consists of " NTK_NAME_RULE,
                        table->name, name);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table->columns[i], name) == 0)
            return ntk_fail(NTK_ERROR_ARGUMENT, "table '%s': column '%s' is given twice", table->name, name);
    if (is_text && table->number_count > 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "table '%s': text column '%s' stands behind a numeric one",
                        table->name, name);

    void *columns = table->columns;
    NTK_TRY(ntk_array_grow(&columns, count, sizeof *table->columns));
    table->columns = columns;
    table->columns[count] = column + is_text;
    if (is_text)
        table->text_count++;
    else
        table->number_count++;
    return NTK_OK;
}

static ntk_status fill_table(ntk_table *table, const char *name, const char *columns) {
    NTK_TRY(ntk_text_copy(name, &table->name));
    NTK_TRY(ntk_text_copy(columns, &table->storage));
    char *rest = table->storage, *column;
    while ((column = strsep(&rest, " ")) != NULL)
        if (*column != '\0') NTK_TRY(append_column(table, column));
    if (table->columns == NULL) return ntk_fail(NTK_ERROR_ARGUMENT, "table '%s' has no column", name);
    return NTK_OK;
}

size_t ntk_table_count_columns(const char *columns) {
    size_t count = 0;
    for (const char *c = columns; *c; c++)
        if (*c != ' ' && (c == columns || c[-1] == ' ')) count++;
    return count;
}

ntk_status ntk_table_create(const char *name, const char *columns, ntk_table **out) {
    *out = NULL;
    if (!ntk_text_is_name(name))
        return ntk_fail(NTK_ERROR_ARGUMENT, "table '%s': a name consists of " NTK_NAME_RULE,
                        name == NULL ? "(null)" : name);
    void *table = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_table), &table));
    const ntk_status status = fill_table(table, name, columns);
    if (status == NTK_OK)
        *out = table;
    else
        ntk_table_destroy(table);
    return status;
}

void ntk_table_destroy(ntk_table *table) {
    if (table == NULL) return;
    ntk_texts_release(table->labels, table->row_count * table->text_count);
    ntk_release(table->numbers);
    ntk_release(table->columns);
    ntk_release(table->storage);
    ntk_release(table->name);
    ntk_release(table);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static ntk_status check_row(const ntk_table *table, const char *const *labels, const double *values) {
    if ((table->text_count > 0) != (labels != NULL) || (table->number_count > 0 && values == NULL))
        return ntk_fail(NTK_ERROR_ARGUMENT, "table '%s' has %zu text and %zu numeric columns; a row gives %s",
                        table->name, table->text_count, table->number_count,
                        labels == NULL ? "no labels" : "labels");
    for (size_t i = 0; i < table->text_count; i++)
        if (labels[i] == NULL || labels[i][0] == '\0' || !ntk_text_is_field(labels[i]))
            return ntk_fail(NTK_ERROR_ARGUMENT,
                            "table '%s', column '%s': a label is empty or has a tab or a "
                            "line break",
                            table->name, table->columns[i]);
    return NTK_OK;
}

/* The labels of one row are one element of the array. On failure the row does not count and nothing
 * leaks. */
static ntk_status append_labels(ntk_table *table, const char *const *labels) {
    void *items = table->labels;
    NTK_TRY(ntk_array_grow(&items, table->row_count, table->text_count * sizeof *table->labels));
    table->labels = items;
    char **row = table->labels + table->row_count * table->text_count;
    for (size_t i = 0; i < table->text_count; i++) {
        const ntk_status status = ntk_text_copy(labels[i], &row[i]);
        if (status == NTK_OK) continue;
        while (i-- > 0) ntk_release(row[i]);
        return status;
    }
    return NTK_OK;
}

ntk_status ntk_table_row(ntk_table *table, const char *const *labels, const double *values) {
    NTK_TRY(check_row(table, labels, values));
    if (table->number_count > 0) {
        const size_t size = table->number_count * sizeof *values;
        void *numbers = table->numbers;
        NTK_TRY(ntk_array_grow(&numbers, table->row_count, size));
        table->numbers = numbers;
        memcpy(table->numbers + table->row_count * table->number_count, values, size);
    }
    if (table->text_count > 0) NTK_TRY(append_labels(table, labels));
    table->row_count++;
    return NTK_OK;
}

/* ---- the file -------------------------------------------------------------------------------- */

static void write_row(FILE *stream, const ntk_table *table, size_t row) {
    for (size_t i = 0; i < table->text_count; i++)
        fprintf(stream, "%s%s", i == 0 ? "" : "\t", table->labels[row * table->text_count + i]);
    for (size_t i = 0; i < table->number_count; i++) {
        char buffer[NTK_NUMBER_SIZE];
        fprintf(stream, "%s%s", i + table->text_count == 0 ? "" : "\t",
                ntk_text_number(table->numbers[row * table->number_count + i], buffer));
    }
    fputc('\n', stream);
}

ntk_status ntk_table_write(const ntk_table *table, const char *path) {
    ntk_file *file = NULL;
    NTK_TRY(ntk_file_create(path, &file));
    FILE *stream = ntk_file_stream(file);
    for (size_t i = 0; i < table->text_count + table->number_count; i++)
        fprintf(stream, "%s%s", i == 0 ? "" : "\t", table->columns[i]);
    fputc('\n', stream);
    for (size_t row = 0; row < table->row_count; row++) write_row(stream, table, row);
    return ntk_file_commit(file);
}
