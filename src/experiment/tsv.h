/* Tab-separated files, read strictly. */
#ifndef NTK_EXPERIMENT_TSV_H
#define NTK_EXPERIMENT_TSV_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>

/* A file whose first line is a known header; the fields are NUL-terminated and point into
 * `content`. */
typedef struct ntk_tsv {
    const char *path;
    size_t columns, rows; /* rows below the header; row i stands on line i + 2 */
    char **fields;        /* (rows, columns) */
    char *content;
} ntk_tsv;

/* header: the exact first line, without its end. Errors: NTK_ERROR_IO; NTK_ERROR_FORMAT with path
 * and line for another header, a row with more or fewer fields, a last line without its end (a
 * truncated file), or a NUL byte. path is borrowed. */
ntk_status ntk_tsv_read(const char *path, const char *header, ntk_tsv *out);
void ntk_tsv_release(ntk_tsv *tsv);

const char *ntk_tsv_field(const ntk_tsv *tsv, size_t row, size_t column);

/* A number as these files have it: what ntk_text_real takes, nan, inf, -inf. */
bool ntk_tsv_number(const char *text, double *out);

/* NTK_ERROR_FORMAT, "path:line: field 'x' should be <wanted>". */
ntk_status ntk_tsv_fail(const ntk_tsv *tsv, size_t row, size_t column, const char *wanted);

#endif
