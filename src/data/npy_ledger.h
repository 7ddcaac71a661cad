/* What the shards of a matrix in the making agree on, for data/npy_part.c: a file with the line
 *
 *     ntk matrix 1 key 0123456789abcdef of 3 shards
 *
 * and, for each that is complete, `done 2`. Whoever enters, or leaves with its share complete,
 * locks it, so that one of them begins the matrix and one of them ends it. The lock is flock's,
 * which NFS passes to its server. */
#ifndef NTK_DATA_NPY_LEDGER_H
#define NTK_DATA_NPY_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>

#include "base/digest.h"

typedef struct ntk_npy_ledger {
    char *path;
    int descriptor;
    ntk_digest key;
    size_t count;  /* shards */
    bool begun;    /* its first line is there */
    bool *done;    /* (count) */
    size_t length; /* of whole lines, bytes */
} ntk_npy_ledger;

/* Waits for the lock; makes an empty file where there is none. Errors: NTK_ERROR_FORMAT where it
 * has another key or number of shards; NTK_ERROR_IO; NTK_ERROR_MEMORY. */
ntk_status ntk_npy_ledger_lock(const char *path, ntk_digest key, size_t count, ntk_npy_ledger **out);

/* On the disk when they return; index from 1. Errors: NTK_ERROR_IO. */
ntk_status ntk_npy_ledger_begin(ntk_npy_ledger *ledger);
ntk_status ntk_npy_ledger_note(ntk_npy_ledger *ledger, size_t index);

size_t ntk_npy_ledger_missing(const ntk_npy_ledger *ledger);

/* One that has not begun, or is removed, leaves no file. NULL is allowed. */
void ntk_npy_ledger_unlock(ntk_npy_ledger *ledger);
void ntk_npy_ledger_remove(ntk_npy_ledger *ledger);

#endif
