/* Files: read whole, written atomically. A reader sees the old file or the new one, never a part.
 *
 * A symbolic link is followed, and a file that is replaced keeps its permissions. What is no
 * regular file (a FIFO, a device, /dev/stdout) is written through as it stands, without the promise
 * of atomicity. The path "-" is standard input to what reads and standard output to what writes. */
#ifndef NTK_FILE_H
#define NTK_FILE_H

#include <stddef.h>
#include <stdio.h>

#include <ntk/api.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* A file in the making: a temporary neighbour of the file that `path` leads to, renamed over it on
 * commit. */
typedef struct ntk_file ntk_file;

/* Opening a FIFO waits for its reader. Errors: NTK_ERROR_IO with the path and the system's
 * reason. */
ntk_status ntk_file_create(const char *path, ntk_file **out);

/* The stream to write to; its errors are found by ntk_file_commit. */
FILE *ntk_file_stream(ntk_file *file);

/* Flush and sync to disk, and no more writing: ntk_file_commit has then only to rename. Of several
 * files none is replaced before all are on the disk where each is finished before the first is
 * committed. On an error the file is to be abandoned. */
ntk_status ntk_file_finish(ntk_file *file);

/* Flush, sync to disk and rename; destroys the handle either way. On any error (a full disk, a
 * failed write) the temporary file is removed and the file at `path` is untouched; but for one:
 * where only the sync of the folder fails, the new file stands and may not survive a crash of the
 * machine. */
ntk_status ntk_file_commit(ntk_file *file);

/* Remove the temporary file and destroy the handle; NULL is allowed. */
void ntk_file_abandon(ntk_file *file);

/* The whole content of `path`, NUL-terminated (the NUL not counted in *size), to be given to
 * ntk_release. Errors: NTK_ERROR_IO, NTK_ERROR_MEMORY. */
ntk_status ntk_file_read(const char *path, char **content, size_t *size);

/* Write `size` bytes to `path` atomically: create, write, commit. */
ntk_status ntk_file_write(const char *path, const void *content, size_t size);

/* Make a folder and its parents; one that exists is no error. */
ntk_status ntk_folder_create(const char *path);

NTK_END_DECLS

#endif
