#include "experiment/tsv.h"

#include <math.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "experiment/support.h"

static size_t count_of(const char *text, size_t size, char wanted) {
    size_t count = 0;
    for (size_t i = 0; i < size; i++) count += text[i] == wanted;
    return count;
}

/* Cut one line, of which the end has been replaced by NUL, into exactly tsv->columns fields. */
static ntk_status cut_row(ntk_tsv *tsv, char *line, size_t row) {
    const size_t found = 1 + count_of(line, strlen(line), '\t');
    if (found != tsv->columns)
        return ntk_fail(NTK_ERROR_FORMAT, "%s:%zu: %zu fields in a table of %zu columns", tsv->path, row + 2,
                        found, tsv->columns);
    for (size_t column = 0; column < tsv->columns; column++)
        tsv->fields[row * tsv->columns + column] = strsep(&line, "\t");
    return NTK_OK;
}

static ntk_status cut_content(ntk_tsv *tsv, size_t size, const char *header) {
    char *rest = tsv->content;
    if (memchr(rest, '\0', size) != NULL)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: a NUL byte in a text file", tsv->path);
    const char *cr = memchr(rest, '\r', size);
    if (cr != NULL)
        return ntk_fail(NTK_ERROR_FORMAT,
                        "%s:%zu: a carriage return (CR, \\r): lines end with a newline alone; was the file "
                        "checked out or edited with the line ends of Windows?",
                        tsv->path, 1 + count_of(rest, (size_t)(cr - rest), '\n'));
    if (size == 0 || rest[size - 1] != '\n')
        return ntk_fail(NTK_ERROR_FORMAT, "%s:%zu: the last line has no end: the file is truncated",
                        tsv->path, count_of(rest, size, '\n') + 1);
    tsv->rows = count_of(rest, size, '\n') - 1;
    tsv->columns = 1 + count_of(header, strlen(header), '\t');
    const char *first = strsep(&rest, "\n");
    if (strcmp(first, header) != 0)
        return ntk_fail(NTK_ERROR_FORMAT, "%s:1: the header is '%s' and should be '%s'", tsv->path, first,
                        header);

    void *fields = NULL;
    NTK_TRY(ntk_allocate(tsv->rows * tsv->columns, sizeof *tsv->fields, &fields));
    tsv->fields = fields;
    for (size_t row = 0; row < tsv->rows; row++) NTK_TRY(cut_row(tsv, strsep(&rest, "\n"), row));
    return NTK_OK;
}

ntk_status ntk_tsv_read(const char *path, const char *header, ntk_tsv *out) {
    *out = (ntk_tsv){.path = path};
    size_t size = 0;
    NTK_TRY(ntk_file_read(path, &out->content, &size));
    const ntk_status status = cut_content(out, size, header);
    if (status != NTK_OK) ntk_tsv_release(out);
    return status;
}

void ntk_tsv_release(ntk_tsv *tsv) {
    ntk_release(tsv->fields);
    ntk_release(tsv->content);
    *tsv = (ntk_tsv){0};
}

const char *ntk_tsv_field(const ntk_tsv *tsv, size_t row, size_t column) {
    return tsv->fields[row * tsv->columns + column];
}

bool ntk_tsv_number(const char *text, double *out) {
    static const struct {
        const char *text;
        double value;
    } words[] = {{"nan", NAN}, {"inf", INFINITY}, {"-inf", -INFINITY}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i].text) != 0) continue;
        *out = words[i].value;
        return true;
    }
    return ntk_text_real(text, out);
}

ntk_status ntk_tsv_fail(const ntk_tsv *tsv, size_t row, size_t column, const char *wanted) {
    return ntk_fail(NTK_ERROR_FORMAT, "%s:%zu: field '%s' should be %s", tsv->path, row + 2,
                    ntk_tsv_field(tsv, row, column), wanted);
}
