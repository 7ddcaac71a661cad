/* Files in the making that outlive their process, so that another one can go on with them: the
 * temporary neighbour of the file that `path` leads to has its name and ".part" behind it, and is
 * kept by ntk_file_abandon. ntk_file_commit renames it as that of any file. */
#ifndef NTK_BASE_FILE_LASTING_H
#define NTK_BASE_FILE_LASTING_H

#include <stdbool.h>

#include <ntk/file.h>

/* *replaceable: `path` leads to a regular file or to a name that is free, and so may be replaced by
 * a rename; "-" does not. Errors: NTK_ERROR_IO. */
ntk_status ntk_file_examine(const char *path, bool *replaceable);

/* Opens what an ended process left, or an empty file, for reading and writing, and locks it.
 * Errors: NTK_ERROR_IO, also where another process has it; NTK_ERROR_ARGUMENT where it is not
 * replaceable. */
ntk_status ntk_file_create_lasting(const char *path, ntk_file **out);

/* *target: the name that the symbolic links of `path` lead to, to be given to ntk_release; *exists:
 * a file stands there. Errors: NTK_ERROR_IO; NTK_ERROR_ARGUMENT where it is not replaceable. */
ntk_status ntk_file_find_target(const char *path, char **target, bool *exists);

/* As ntk_file_create_lasting, but without the lock and for writing only, for several processes that
 * write different bytes. Write-only matters on NFS: a client that never reads a page sends the
 * server the bytes that were written into it, and not the rest of the page, which may be another's.
 * Errors: NTK_ERROR_IO, also where a process holds it alone; NTK_ERROR_ARGUMENT. */
ntk_status ntk_file_join_lasting(const char *path, ntk_file **out);

/* The name of the temporary file. */
const char *ntk_file_temporary(const ntk_file *file);

/* As ntk_file_abandon, and removes the temporary file of a lasting one too. */
void ntk_file_discard(ntk_file *file);

#endif
