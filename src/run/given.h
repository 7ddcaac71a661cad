/* Data of the user's own in the place of a claim's (--data-x, --data-y): read, checked against what
 * the claim says of them (`data` in claim.yaml), handed to the experiment. */
#ifndef NTK_RUN_GIVEN_H
#define NTK_RUN_GIVEN_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/data.h>
#include <ntk/lab/context.h>
#include <ntk/lab/parameters.h>
#include <ntk/status.h>

#include "base/digest.h"
#include "claim/claim.h"

typedef struct ntk_given {
    char *x_path, *y_path;      /* absolute; y_path: NULL for none */
    ntk_digest x_file, y_file;  /* of their content; 0 for none */
    ntk_array x;                /* (points, dimension) */
    size_t *labels;             /* (points) 0 or 1; NULL for none */
    char rows[24], columns[24]; /* the numbers of points and coordinates, as after --set */
} ntk_given;

/* Read points, an array of two axes, and labels, one number for each point, 0 and 1 or -1 and 1, or
 * none (y NULL). To be released also after an error; a zeroed value is allowed. Errors: those of
 * ntk_array_read; NTK_ERROR_SHAPE; NTK_ERROR_FORMAT for other labels, or only one of them. */
ntk_status ntk_given_read(const char *x, const char *y, ntk_given *out);
void ntk_given_release(ntk_given *given);

/* Whether a claim takes them. Errors: NTK_ERROR_ARGUMENT where it takes no data (nothing is said of
 * them in claim.yaml), or labels are missing or not asked for; NTK_ERROR_FORMAT, with the file,
 * where the data are none for it: their number or that of their coordinates is out of range, a
 * hypothesis does not hold (with the row). */
ntk_status ntk_given_check(const ntk_given *given, const ntk_claim *claim);

/* The claim's own run uses them; a control keeps the data that it was made for, and so does a twin
 * with settings of its own. */
bool ntk_given_applies(ntk_variant variant);

/* What else is then set: settings of the claim's `data`, the number of points and of coordinates.
 * out: (NTK_GIVEN_MOST_SETTINGS); returns how many. */
enum { NTK_GIVEN_MOST_SETTINGS = 10 };
size_t ntk_given_settings(const ntk_given *given, const ntk_claim *claim, ntk_setting *out);

/* Of both files; 0 for none. */
ntk_digest ntk_given_digest(const ntk_given *given);

/* The same of both files as they are now. Errors: NTK_ERROR_IO. */
ntk_status ntk_given_digest_again(const ntk_given *given, ntk_digest *out);

/* As an experiment sees them; borrowed. */
ntk_given_data ntk_given_view(const ntk_given *given);

#endif
