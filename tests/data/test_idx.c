/* Reading IDX files whose bytes the test writes; every corruption is refused with a line that names the file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <criterion/criterion.h>

#include <ntk/data.h>

#include "status.h"
#include "temporary.h"

TestSuite(idx, .init = temporary_create, .fini = temporary_remove);

/* Two images of 2 x 3 pixels. */
static const uint8_t images[] = {0, 0, 8, 3, 0,  0, 0, 2, 0, 0, 0,   2,  0, 0,
                                 0, 3, 1, 2, 30, 4, 5, 6, 7, 8, 255, 10, 0, 128};
static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 9, 0};

static const char *write_gzip(const char *name, const uint8_t *bytes, size_t size) {
    const char *path = temporary_path(name);
    gzFile file = gzopen(path, "wb9");
    cr_assert(file && gzwrite(file, bytes, (unsigned)size) == (int)size);
    cr_assert_eq(gzclose(file), Z_OK);
    return path;
}

static void expect_small_digits(const char *images_path, const char *labels_path) {
    ntk_digits digits;
    assert_ok(ntk_digits_read(images_path, labels_path, &digits));
    cr_assert(digits.count == 2 && digits.rows == 2 && digits.columns == 3);
    cr_assert_eq(memcmp(digits.pixels, images + 16, 12), 0);
    cr_assert(digits.labels[0] == 9 && digits.labels[1] == 0);
    ntk_digits_release(&digits);
    cr_assert(digits.count == 0 && digits.pixels == NULL && digits.labels == NULL);
    ntk_digits_release(&digits);
}

Test(idx, plain_and_gzip_whatever_the_name) {
    const char *plain = temporary_write("images.gz", images, sizeof images);
    expect_small_digits(plain, write_gzip("labels", labels, sizeof labels));
    const char *packed = write_gzip("packed", images, sizeof images);
    expect_small_digits(packed, temporary_write("plain", labels, sizeof labels));
}

/* The reader's line must name the file at fault and contain `clue`. */
static void expect_refused(const char *images_path, const char *labels_path, const char *at_fault,
                           ntk_status wanted, const char *clue) {
    ntk_digits digits = {0};
    assert_fails(ntk_digits_read(images_path, labels_path, &digits), wanted, at_fault);
    assert_says(clue);
    cr_assert(digits.pixels == NULL && digits.labels == NULL);
}

static void expect_images_refused(const uint8_t *bytes, size_t size, const char *clue) {
    const char *good = temporary_write("labels", labels, sizeof labels);
    const char *bad = temporary_write("bad-images", bytes, size);
    expect_refused(bad, good, "bad-images", NTK_ERROR_FORMAT, clue);
}

static void expect_labels_refused(const uint8_t *bytes, size_t size, const char *clue) {
    const char *good = temporary_write("images", images, sizeof images);
    const char *bad = temporary_write("bad-labels", bytes, size);
    expect_refused(good, bad, "bad-labels", NTK_ERROR_FORMAT, clue);
}

Test(idx, missing_files_and_folders) {
    const char *good_images = temporary_write("images", images, sizeof images);
    const char *good_labels = temporary_write("labels", labels, sizeof labels);
    expect_refused(temporary_path("nowhere"), good_labels, "nowhere", NTK_ERROR_IO, "No such file");
    expect_refused(good_images, temporary_path("nowhere"), "nowhere", NTK_ERROR_IO, "No such file");
    expect_refused(temporary_folder(), good_labels, temporary_folder(), NTK_ERROR_IO, "directory");
}

/* Cut at every length: within the magic number, the sizes, the pixels. */
Test(idx, truncated_anywhere) {
    for (size_t size = 0; size < sizeof images; size++) expect_images_refused(images, size, "truncated");
    for (size_t size = 0; size < sizeof labels; size++) expect_labels_refused(labels, size, "truncated");
}

Test(idx, trailing_byte) {
    uint8_t longer[sizeof images + 1] = {0};
    memcpy(longer, images, sizeof images);
    expect_images_refused(longer, sizeof longer, "trailing");
}

Test(idx, magic_numbers) {
    expect_images_refused(labels, sizeof labels, "magic number 00000801; 00000803 was wanted");
    expect_labels_refused(images, sizeof images, "magic number 00000803; 00000801 was wanted");
    uint8_t floats[sizeof images];
    memcpy(floats, images, sizeof images);
    floats[2] = 0x0d;
    expect_images_refused(floats, sizeof floats, "00000d03");
    floats[2] = 8;
    floats[0] = 1;
    expect_images_refused(floats, sizeof floats, "01000803");
}

Test(idx, sizes_of_zero) {
    for (size_t position = 7; position < 16; position += 4) {
        uint8_t empty[sizeof images];
        memcpy(empty, images, sizeof images);
        empty[position] = 0;
        expect_images_refused(empty, sizeof empty, "is 0");
    }
}

/* A header that claims 2^96 bytes, and one just over the limit: refused before anything is allocated. */
Test(idx, absurd_sizes) {
    uint8_t huge[sizeof images];
    memcpy(huge, images, sizeof images);
    memset(huge + 4, 0xff, 12);
    expect_images_refused(huge, sizeof huge, "claims more than");
    const uint8_t large[16] = {0, 0, 8, 3, 0, 0, 0x80, 1, 0, 0, 0x80, 0, 0, 0, 0, 1};
    expect_images_refused(large, sizeof large, "claims more than");
}

Test(idx, label_out_of_range) {
    uint8_t bad[sizeof labels];
    memcpy(bad, labels, sizeof labels);
    bad[9] = 10;
    expect_labels_refused(bad, sizeof bad, "label 1 is 10");
}

Test(idx, unequal_counts) {
    const uint8_t three[] = {0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3};
    expect_labels_refused(three, sizeof three, "3 labels for the 2 images");
}

/* The gzip file itself is cut, or a byte of its data or of its checksum is changed. */
Test(idx, broken_gzip) {
    uint8_t packed[256];
    const char *path = write_gzip("packed", images, sizeof images);
    FILE *file = fopen(path, "rb");
    const size_t size = fread(packed, 1, sizeof packed, file);
    fclose(file);
    cr_assert(size > 20 && size < sizeof packed);
    expect_images_refused(packed, size - 1, "gzip");
    expect_images_refused(packed, size - 8, "gzip");
    expect_images_refused(packed, size / 2, "");
    packed[size - 6] ^= 1;
    expect_images_refused(packed, size, "gzip");
}

Test(idx, folder_prefers_plain_and_falls_back_to_gzip) {
    ntk_digits digits;
    assert_fails(ntk_digits_read_folder(temporary_folder(), NTK_DIGITS_TRAINING, &digits), NTK_ERROR_IO,
                 "train-images-idx3-ubyte");
    write_gzip("train-images-idx3-ubyte.gz", images, sizeof images);
    temporary_write("train-labels-idx1-ubyte", labels, sizeof labels);
    assert_ok(ntk_digits_read_folder(temporary_folder(), NTK_DIGITS_TRAINING, &digits));
    cr_assert_eq(digits.count, 2);
    ntk_digits_release(&digits);
    assert_fails(ntk_digits_read_folder(temporary_folder(), NTK_DIGITS_TEST, &digits), NTK_ERROR_IO,
                 "t10k-images-idx3-ubyte");
    temporary_write("train-images-idx3-ubyte", images, 3);
    cr_assert_eq(ntk_digits_read_folder(temporary_folder(), NTK_DIGITS_TRAINING, &digits), NTK_ERROR_FORMAT);
    cr_assert_eq(ntk_digits_read_folder(temporary_folder(), (ntk_digits_set)3, &digits), NTK_ERROR_ARGUMENT);
}

Test(committed_digits, checksums) {
    cr_assert_eq(system("cd data && sha256sum --quiet --strict -c SHA256SUMS"), 0);
}

/* 500 digits a class; each image has ink, and mean brightness is that of MNIST (0.1307 of white) within 2 %.
 */
Test(committed_digits, content) {
    ntk_digits digits;
    assert_ok(ntk_digits_read_folder("data", NTK_DIGITS_SUBSET, &digits));
    cr_assert(digits.count == 5000 && digits.rows == 28 && digits.columns == 28);
    size_t of_class[10] = {0};
    double brightness = 0;
    for (size_t i = 0; i < digits.count; i++) {
        of_class[digits.labels[i]]++;
        uint64_t ink = 0;
        for (size_t k = 0; k < 784; k++) ink += digits.pixels[i * 784 + k];
        cr_assert(ink > 0, "image %zu is black", i);
        brightness += (double)ink / (255.0 * 784 * 5000);
    }
    for (size_t c = 0; c < 10; c++) cr_assert_eq(of_class[c], 500);
    cr_assert(brightness > 0.98 * 0.1307 && brightness < 1.02 * 0.1307, "mean brightness %g", brightness);
    ntk_digits_release(&digits);
}
