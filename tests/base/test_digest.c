/* Digests: what differs has different ones, however it is read; equal content has equal ones. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/digest.h"
#include "folder.h"
#include "status.h"

enum { SIZE = 100 };

/* Every length, and every change of one bit: all different from one another. */
Test(digest, every_bit_and_every_length_counts) {
    static ntk_digest seen[SIZE * 9];
    size_t count = 0;
    uint8_t bytes[SIZE];
    for (int k = 0; k < SIZE; k++) bytes[k] = (uint8_t)(k * 37);
    for (size_t length = 0; length < SIZE; length++)
        seen[count++] = ntk_digest_bytes(NTK_DIGEST_START, bytes, length);
    for (size_t bit = 0; bit < 8 * SIZE; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        seen[count++] = ntk_digest_bytes(NTK_DIGEST_START, bytes, SIZE);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) cr_assert_neq(seen[i], seen[j], "%zu and %zu", i, j);
}

/* Bytes that were swapped, and words that were. */
Test(digest, order_counts) {
    const char a[] = "0123456789abcdef", b[] = "89abcdef01234567", c[] = "1023456789abcdef";
    const ntk_digest of_a = ntk_digest_bytes(NTK_DIGEST_START, a, 16);
    cr_assert_neq(of_a, ntk_digest_bytes(NTK_DIGEST_START, b, 16));
    cr_assert_neq(of_a, ntk_digest_bytes(NTK_DIGEST_START, c, 16));
}

Test(digest, texts_have_ends) {
    const ntk_digest one = ntk_digest_text(ntk_digest_text(NTK_DIGEST_START, "a"), "bc");
    cr_assert_neq(one, ntk_digest_text(ntk_digest_text(NTK_DIGEST_START, "ab"), "c"));
    cr_assert_neq(one, ntk_digest_text(NTK_DIGEST_START, "abc"));
    cr_assert_eq(one, ntk_digest_text(ntk_digest_text(NTK_DIGEST_START, "a"), "bc"));
}

static ntk_digest digest_of_file(const char *path, const uint8_t *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    cr_assert(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
    ntk_digest digest = NTK_DIGEST_START;
    assert_ok(ntk_digest_file(path, &digest));
    return digest;
}

/* Around the size of the buffer, and the last byte of each. */
Test(digest, files_count_to_their_last_byte) {
    static uint8_t bytes[1 << 17];
    char folder[FOLDER_SIZE], path[64];
    folder_make("digest", folder);
    snprintf(path, sizeof path, "%s/file", folder);
    const size_t sizes[] = {0, 1, 8, 9, 32767, 32768, 32769, 100001};
    ntk_digest previous = 0;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const ntk_digest digest = digest_of_file(path, bytes, sizes[k]);
        cr_assert_neq(digest, previous, "%zu zeros", sizes[k]);
        cr_assert_eq(digest, digest_of_file(path, bytes, sizes[k]));
        previous = digest;
        if (sizes[k] == 0) continue;
        bytes[sizes[k] - 1] = 1;
        cr_assert_neq(digest, digest_of_file(path, bytes, sizes[k]), "the last of %zu bytes", sizes[k]);
        bytes[sizes[k] - 1] = 0;
    }
    ntk_digest digest = NTK_DIGEST_START;
    cr_assert_eq(ntk_digest_file("/nowhere", &digest), NTK_ERROR_IO);
    folder_remove(folder);
}
