/* A folder of figures that a page shows: <suite>-<claim>.svg and .png, and origins.tsv, which says
 * of each of what tier it is and which commit drew it. */
#ifndef NTK_RUN_GALLERY_H
#define NTK_RUN_GALLERY_H

#include <stdbool.h>

#include "claim/claim.h"
#include "run/figure.h"
#include "run/record.h"

typedef struct ntk_gallery {
    const char *folder;
    const ntk_record *run; /* whose figures it takes */
    char *origins;         /* the text of origins.tsv; empty where there is none */
} ntk_gallery;

/* Make the folder where there is none. Errors: NTK_ERROR_UNSUPPORTED for a run with --set, whose
 * figures are of other parameters than the claims'; NTK_ERROR_IO. */
ntk_status ntk_gallery_open(const char *folder, const ntk_record *run, ntk_gallery *out);
void ntk_gallery_close(ntk_gallery *gallery);

/* Copy a claim's figures of this look. *refusal: why they are not taken (the claim does not hold,
 * or a figure of the full tier would give way to one of the quick); NULL where they are. Only what
 * is drawn for a screen is entered in origins.tsv, and only that is kept from the quick tier. */
ntk_status ntk_gallery_take(ntk_gallery *gallery, const char *id, const ntk_figure_look *look,
                            const char **refusal);

#endif
