/* Digests that tell whether two inputs or results are the same: 64 bits, against mistakes, not
 * against an adversary. */
#ifndef NTK_BASE_DIGEST_H
#define NTK_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include <ntk/status.h>

typedef uint64_t ntk_digest;
#define NTK_DIGEST_START UINT64_C(0xcbf29ce484222325)

/* The digest of what `digest` stands for, followed by these bytes. Data that differ in one place,
 * of eight bytes at most, have different digests. */
ntk_digest ntk_digest_bytes(ntk_digest digest, const void *bytes, size_t size);

/* The text and its end, so that "a" "bc" and "ab" "c" differ. */
ntk_digest ntk_digest_text(ntk_digest digest, const char *text);

/* Of a file's content and length. Errors: NTK_ERROR_IO. */
ntk_status ntk_digest_file(const char *path, ntk_digest *digest);

#endif
