/* The reference cases of data/reference: what they are, and the enclosures that are stored of
 * them. */
#ifndef NTK_CLI_REFERENCE_H
#define NTK_CLI_REFERENCE_H

#include <stddef.h>

#include <ntk/interval.h>
#include <ntk/kernel.h>
#include <ntk/status.h>

/* A line of cases.tsv. Texts are owned by the list. */
typedef struct reference_case {
    const char *name, *points; /* of the case and of its point set */
    char *options;             /* of `ntk kernel`, as a shell reads them */
} reference_case;

typedef struct reference_list {
    size_t count;
    reference_case *cases;
    char *text; /* the file, its tabs and ends of lines replaced */
} reference_list;

/* Reads folder/cases.tsv. Errors: as of ntk_file_read; NTK_ERROR_FORMAT with the line. */
ntk_status reference_read(const char *folder, reference_list *out);
void reference_release(reference_list *list);

/* The enclosures of a kernel of a case: (points, points). */
typedef struct reference_enclosure {
    size_t points;
    ntk_interval *entries, lambda_min;
} reference_enclosure;

/* Reads folder/NAME.json. Errors: NTK_ERROR_FORMAT, naming the file. */
ntk_status reference_enclosure_read(const char *folder, const char *name, ntk_kernel_type type,
                                    reference_enclosure *out);
void reference_enclosure_release(reference_enclosure *enclosure);

#endif
