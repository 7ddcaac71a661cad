/* Each step, d -> mix(d xor word), is one-to-one in d and in the word: what differs once cannot
 * meet again while the rest is equal. Words are put together by arithmetic, so that all machines
 * agree. */
#include "base/digest.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Multiplication by an odd number carries differences upwards, the shift brings them down. */
static ntk_digest mix(ntk_digest digest) {
    digest *= UINT64_C(0x9e3779b97f4a7c15);
    return digest ^ (digest >> 32);
}

ntk_digest ntk_digest_bytes(ntk_digest digest, const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    for (; size >= 8; size -= 8, byte += 8) {
        uint64_t word = 0;
        for (int k = 0; k < 8; k++) word |= (uint64_t)byte[k] << (8 * k);
        digest = mix(digest ^ word);
    }
    for (; size > 0; size--, byte++) digest = mix(digest ^ *byte);
    return digest;
}

/* A byte of its own for the end: no text holds a zero. */
ntk_digest ntk_digest_text(ntk_digest digest, const char *text) {
    return mix(ntk_digest_bytes(digest, text, strlen(text)));
}

ntk_status ntk_digest_file(const char *path, ntk_digest *digest) {
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(errno));
    char buffer[1 << 15]; /* full but for the last time, so that words do not depend on the
                           * reading */
    size_t count;
    uint64_t size = 0;
    while ((count = fread(buffer, 1, sizeof buffer, file)) > 0) {
        *digest = ntk_digest_bytes(*digest, buffer, count);
        size += count;
    }
    const bool failed = ferror(file) != 0;
    const int error = errno;
    fclose(file);
    *digest = ntk_digest_bytes(*digest, &size, sizeof size);
    return failed ? ntk_fail(NTK_ERROR_IO, "%s: cannot read it: %s", path, strerror(error)) : NTK_OK;
}
