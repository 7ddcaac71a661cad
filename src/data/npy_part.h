/* A .npy matrix that is written in blocks, in any order, and that another process can go on with.
 *
 * The matrix is made under its name and ".part" (base/file_lasting.h). Beside it stands a journal,
 * ".part.journal": a line with the key of everything that decides the content, then a line for each
 * number of leading rows that are finished. A line is written when what it tells of is on the disk,
 * so that a crash of the machine does not leave a journal that is ahead of the matrix.
 *
 * Shards, processes that each write a share of the entries, have a journal each,
 * ".part.journal-2-of-3", and agree through a ledger, ".part.shards" (data/npy_ledger.h). What an
 * entry's share is, is the callers' agreement: no entry may be written by two. */
#ifndef NTK_DATA_NPY_PART_H
#define NTK_DATA_NPY_PART_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/data.h>
#include <ntk/status.h>

#include "base/digest.h"

typedef struct ntk_npy_part ntk_npy_part;

/* resume: go on with what an ended process left; where there is nothing, or without, begin. The
 * space is taken from the disk at once, where the file system can. *finished: rows to be kept.
 * Errors: NTK_ERROR_IO, also for a full disk and where another process is writing it;
 * NTK_ERROR_FORMAT where what was left has another key or shape, and stays; NTK_ERROR_MEMORY. */
ntk_status ntk_npy_part_open(const char *path, ntk_npy_type type, size_t rows, size_t columns, ntk_digest key,
                             bool resume, ntk_npy_part **out, size_t *finished);

/* One of `count` shards, from 1. */
typedef struct ntk_npy_shard {
    size_t index, count;
} ntk_npy_shard;

/* The same for a shard. Whoever comes first takes the space. *finished: of the shard's rows, those
 * above this one are to be kept. *out is NULL where the share is complete, and then *missing shards
 * are not; with none missing the matrix is under its name. Errors: those of ntk_npy_part_open,
 * where another key or count is NTK_ERROR_FORMAT with and without resuming; NTK_ERROR_IO also where
 * another process writes this share, and where a file of this name stands before the first
 * begins. */
ntk_status ntk_npy_part_open_shard(const char *path, ntk_npy_type type, size_t rows, size_t columns,
                                   ntk_digest key, ntk_npy_shard shard, bool resume, ntk_npy_part **out,
                                   size_t *finished, size_t *missing);

/* Rows row .. row + rows, columns column .. column + columns: a (rows, columns), leading dimension
 * lda; transposed: a (columns, rows). From any thread. Errors: NTK_ERROR_IO; NTK_ERROR_NOT_FINITE,
 * with the position, where an element is not finite or overflows float32; NTK_ERROR_MEMORY. */
ntk_status ntk_npy_part_write(ntk_npy_part *part, size_t row, size_t column, size_t rows, size_t columns,
                              const double *a, size_t lda);
ntk_status ntk_npy_part_write_transposed(ntk_npy_part *part, size_t row, size_t column, size_t rows,
                                         size_t columns, const double *a, size_t lda);

/* The first `rows` rows, as far as they depend on blocks written so far, need not be computed
 * again. Waits for the disk, but for no more than a twentieth of the time: a line may be left out.
 * Errors: NTK_ERROR_IO. */
ntk_status ntk_npy_part_finish_rows(ntk_npy_part *part, size_t rows);

/* Sync and rename; the journal goes. */
ntk_status ntk_npy_part_commit(ntk_npy_part *part);

/* The share is complete. Whoever completes the last one renames the matrix; *missing shards are not
 * complete. Releases the part in any case. Errors: NTK_ERROR_IO, also where the files of the shards
 * were replaced meanwhile; NTK_ERROR_FORMAT, NTK_ERROR_MEMORY. */
ntk_status ntk_npy_part_commit_shard(ntk_npy_part *part, size_t *missing);

/* Remove all traces; of a shard none is removed, for the matrix is the others' too. NULL is
 * allowed. */
void ntk_npy_part_discard(ntk_npy_part *part);

#endif
