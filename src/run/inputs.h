/* The inputs of a run, frozen when it is planned: what its processes read must be what the plan has
 * seen. */
#ifndef NTK_RUN_INPUTS_H
#define NTK_RUN_INPUTS_H

#include <ntk/status.h>

#include "base/digest.h"

/* A folder of data sets. Two states with equal contents are the same data; equal attributes (sizes,
 * times, inodes) show it at little cost. */
typedef struct ntk_data_state {
    ntk_digest content;    /* names and contents of all files, in folders below it too */
    ntk_digest attributes; /* names and attributes */
} ntk_data_state;

/* The state of a data folder; one that does not exist is empty. Errors: NTK_ERROR_IO, also where it
 * changes while it is looked at. */
ntk_status ntk_data_freeze(const char *folder, ntk_data_state *out);

/* NTK_ERROR_CANCELLED, naming the folder, where its content is no longer that of `planned`;
 * NTK_ERROR_IO. */
ntk_status ntk_data_check(const char *folder, const ntk_data_state *planned);

/* Of the files that compute a claim outside this program: names and contents of all in its folder
 * and below, but for claim.yaml, figure.gp, what is hidden and __pycache__. Errors:
 * NTK_ERROR_IO. */
ntk_status ntk_sources_digest(const char *folder, ntk_digest *out);

/* What a process of a run is told of its inputs. */
typedef struct ntk_inputs {
    ntk_digest claim; /* the content of claim.yaml */
    ntk_digest code;  /* of what computes it outside this program; else 0 */
    ntk_digest given; /* of the user's own data (given.h); else 0 */
    ntk_data_state data;
} ntk_inputs;

/* The variable NTK_INPUTS by which the runner tells it. text: (NTK_INPUTS_SIZE), "NAME=value". */
#define NTK_INPUTS_VARIABLE "NTK_INPUTS"
enum { NTK_INPUTS_SIZE = 112 };
void ntk_inputs_print(const ntk_inputs *inputs, char *text);

/* Its value. Errors: NTK_ERROR_FORMAT. */
ntk_status ntk_inputs_parse(const char *value, ntk_inputs *out);

#endif
