/* Gzip, strictly: what gunzip passes over in silence is an error here. */
#ifndef NTK_DATA_GUNZIP_H
#define NTK_DATA_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>

bool ntk_is_gzip(const char *content, size_t size);

/* The first `most` bytes, or all of them where there are fewer, of the members of a gzip file (RFC
 * 1952); to be given to ntk_release. Memory grows with what comes out. Where the end is reached,
 * every checksum is in order and nothing stands behind the last member. `name`: of the file, for
 * messages. Errors: NTK_ERROR_FORMAT, NTK_ERROR_MEMORY. */
ntk_status ntk_gunzip(const char *name, const char *content, size_t size, size_t most, char **out,
                      size_t *out_size);

#endif
