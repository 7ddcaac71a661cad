/* Finished runs, read back from their folders. */
#ifndef NTK_RUN_RECORD_H
#define NTK_RUN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include <ntk/lab/metrics.h>
#include <ntk/status.h>

#include "claim/claim.h"

/* A run that has ended, or the stored results, which have no manifest and no summary. */
typedef struct ntk_record {
    char *folder; /* of the run; of expected/ for the stored results */
    bool stored;
    ntk_tier tier;
    json_t *manifest, *summary;
} ntk_record;

/* folder: a path, or the name of a folder in results/. Errors: NTK_ERROR_NOT_FOUND for what is no
 * folder of a run, or of one that has not ended; NTK_ERROR_FORMAT. */
ntk_status ntk_record_open(const char *folder, ntk_record *out);

/* The stored results of a tier; expected: their folder. */
ntk_status ntk_record_open_stored(const char *expected, ntk_tier tier, ntk_record *out);

/* A zeroed one is allowed. */
void ntk_record_close(ntk_record *record);

/* What the summary says of a claim; NULL where the run does not have it. */
const json_t *ntk_record_claim(const ntk_record *record, const char *id);

/* A text of the manifest: "machine", "cpu", say; section NULL: of the manifest itself. "" where
 * there is none. */
const char *ntk_record_text(const ntk_record *record, const char *section, const char *key);

/* Whether parameters were changed by --set, or data by --data-x. */
bool ntk_record_has_overrides(const ntk_record *record);

/* The settings in effect of a process, "suite/claim", "suite/claim/control" or
 * "suite/claim/control/twin"; NULL where it has none of this name. */
const char *ntk_record_settings(const ntk_record *record, const char *process);

/* The metrics of a claim (control NULL), of one of its controls, or of a control's twin
 * ("NAME/twin"), which has some where it has a process of its own; none where its
 * process failed or nothing is stored. To be released. Errors: NTK_ERROR_FORMAT,
 * NTK_ERROR_MEMORY. */
ntk_status ntk_record_metrics(const ntk_record *record, const char *id, const char *control,
                              ntk_metrics *out);

/* All ended runs below a folder, the oldest first; what is none is passed over, and a folder that
 * is not there has none. *records: (*count), to be given to ntk_records_release. Errors:
 * NTK_ERROR_IO, NTK_ERROR_MEMORY. */
ntk_status ntk_records_read(const char *results, ntk_record **records, size_t *count);
void ntk_records_release(ntk_record *records, size_t count);

#endif
