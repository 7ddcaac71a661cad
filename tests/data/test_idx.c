/* Reading IDX files whose bytes the test writes; every corruption is refused with a line that names
 * the file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

/* The bytes of a file of at most 256, and how many they are. */
static size_t read_whole(const char *path, uint8_t *bytes) {
    FILE *file = fopen(path, "rb");
    cr_assert(file);
    const size_t size = fread(bytes, 1, 256, file);
    fclose(file);
    return size;
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

/* Plain, inside the gzip data, and behind it: rubbish, zeros as tapes leave them, half a member. */
Test(idx, trailing_bytes) {
    uint8_t longer[sizeof images + 1] = {0}, packed[256] = {0};
    memcpy(longer, images, sizeof images);
    expect_images_refused(longer, sizeof longer, "trailing");
    expect_images_refused(packed, read_whole(write_gzip("packed", longer, sizeof longer), packed),
                          "trailing");
    const size_t size = read_whole(write_gzip("packed", images, sizeof images), packed);
    memset(packed + size, 0, 32);
    expect_images_refused(packed, size + 1, "1 trailing bytes after the gzip data");
    expect_images_refused(packed, size + 32, "32 trailing bytes after the gzip data");
    memcpy(packed + size, "junk", 4);
    expect_images_refused(packed, size + 4, "4 trailing bytes after the gzip data");
    memcpy(packed + size, packed, 12);
    expect_images_refused(packed, size + 12, "gzip");
}

/* RFC 1952 lets a file have several members, cut anywhere. */
Test(idx, gzip_members_are_joined) {
    temporary_write("labels", labels, sizeof labels);
    for (size_t cut = 0; cut <= sizeof images; cut++) {
        uint8_t packed[256];
        const size_t first = read_whole(write_gzip("packed", images, cut), packed);
        write_gzip("packed", images + cut, sizeof images - cut);
        const size_t second = read_whole(temporary_path("packed"), packed + first);
        expect_small_digits(temporary_write("joined", packed, first + second), temporary_path("labels"));
    }
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

/* A header that claims 2^96 bytes, and one that claims a gigabyte, plain and packed: what is
 * allocated follows what is there, of which there is little. */
Test(idx, sizes_that_lie_cost_nothing) {
    uint8_t huge[sizeof images];
    memcpy(huge, images, sizeof images);
    memset(huge + 4, 0xff, 12);
    const uint8_t large[16] = {0, 0, 8, 3, 0, 0, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 1};
    struct rusage before, after;
    cr_assert_eq(getrusage(RUSAGE_SELF, &before), 0);
    expect_images_refused(huge, sizeof huge, "truncated: the data has 12 of");
    expect_images_refused(large, sizeof large, "truncated: the data has 0 of 1073741824 bytes");
    uint8_t packed[256];
    expect_images_refused(packed, read_whole(write_gzip("packed", large, sizeof large), packed), "truncated");
    cr_assert_eq(getrusage(RUSAGE_SELF, &after), 0);
    cr_assert(after.ru_maxrss - before.ru_maxrss < 65536, "%ld KiB more", after.ru_maxrss - before.ru_maxrss);
}

/* Zeros behind the two images, of which gzip packs a thousand into one byte: unpacked is one byte
 * more than the header tells of. */
Test(idx, what_stands_behind_is_not_unpacked) {
    enum { SIZE = 1 << 27 };
    static uint8_t zeros[1 << 20];
    const char *path = temporary_path("bomb");
    gzFile file = gzopen(path, "wb9");
    cr_assert(file && gzwrite(file, images, sizeof images) == (int)sizeof images);
    for (size_t k = 0; k < SIZE / sizeof zeros; k++)
        cr_assert_eq(gzwrite(file, zeros, sizeof zeros), (int)sizeof zeros);
    cr_assert_eq(gzclose(file), Z_OK);
    struct rusage before, after;
    cr_assert_eq(getrusage(RUSAGE_SELF, &before), 0);
    const char *good = temporary_write("labels", labels, sizeof labels);
    expect_refused(path, good, "bomb", NTK_ERROR_FORMAT, "trailing");
    cr_assert_eq(getrusage(RUSAGE_SELF, &after), 0);
    cr_assert(after.ru_maxrss - before.ru_maxrss < 65536, "%ld KiB more", after.ru_maxrss - before.ru_maxrss);
}

/* The other types of IDX, which digits do not have but kernels may be computed of. */
Test(idx, arrays_of_every_type) {
    static const struct {
        uint8_t code, size, bytes[8];
        double value;
    } types[] = {
        {8, 1, {0xff}, 255},         {9, 1, {0xff}, -1},
        {11, 2, {0xff, 0xfe}, -2},   {12, 4, {0x80, 0, 0, 0}, -2147483648.0},
        {13, 4, {0xc0, 0x20}, -2.5}, {14, 8, {0x3f, 0xf0, 0, 0, 0, 0, 0, 1}, 1 + 0x1p-52},
    };
    for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
        uint8_t file[32] = {0, 0, types[k].code, 2, 0, 0, 0, 1, 0, 0, 0, 2};
        for (size_t i = 0; i < 2; i++) memcpy(file + 12 + i * types[k].size, types[k].bytes, types[k].size);
        const size_t size = 12 + 2 * (size_t)types[k].size;
        for (int packed = 0; packed < 2; packed++) {
            ntk_array a;
            assert_ok(
                ntk_array_read(packed ? write_gzip("a", file, size) : temporary_write("a", file, size), &a));
            cr_assert(a.axes == 2 && a.rows == 1 && a.columns == 2);
            cr_assert(a.values[0] == types[k].value && a.values[1] == types[k].value);
            ntk_array_release(&a);
        }
        ntk_array a = {0};
        assert_fails(ntk_array_read(temporary_write("a", file, size - 1), &a), NTK_ERROR_FORMAT, "truncated");
        cr_assert_null(a.values);
    }
}

Test(idx, arrays_of_images_are_points) {
    ntk_array a;
    assert_ok(ntk_array_read(temporary_write("images", images, sizeof images), &a));
    cr_assert(a.axes == 3 && a.rows == 2 && a.columns == 6 && a.values[2] == 30 && a.values[8] == 255);
    ntk_array_release(&a);
}

Test(idx, what_is_no_array_is_refused_with_advice) {
    static const struct {
        const char *content, *clue;
        size_t size;
    } bad[] = {{"", "empty", 0},
               {"<!DOCTYPE html>", "web page", 15},
               {"PK\x03\x04 and so on", "savez", 12},
               {"1 2 3\n4 5 6\n", "magic", 12},
               {"\x03\x08\0\0\0\0\0\2\1\2", "magic", 10}, /* an IDX file, least significant byte
                                                           * first */
               {"\0\0\x0a\x01\0\0\0\1\0", "magic", 9},
               {"\0\0\x08\0\1", "magic", 5},
               {"\0\0\x08\x7f\1", "dimensions", 5}};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        ntk_array a = {0};
        const char *path = temporary_write("bad", bad[k].content, bad[k].size);
        assert_fails(ntk_array_read(path, &a), NTK_ERROR_FORMAT, bad[k].clue);
        assert_says(path);
        cr_assert_null(a.values);
    }
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
    const size_t size = read_whole(write_gzip("packed", images, sizeof images), packed);
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

/* Names as 7-zip makes them; and a folder with the file in it, as one archive of MNIST unpacks. */
Test(idx, folder_finds_dotted_names) {
    ntk_digits digits;
    char inner[512];
    snprintf(inner, sizeof inner, "%s", temporary_path("train-images-idx3-ubyte"));
    cr_assert_eq(mkdir(inner, 0777), 0);
    temporary_write("train-images.idx3-ubyte", images, sizeof images);
    write_gzip("train-labels.idx1-ubyte.gz", labels, sizeof labels);
    assert_ok(ntk_digits_read_folder(temporary_folder(), NTK_DIGITS_TRAINING, &digits));
    cr_assert_eq(digits.count, 2);
    ntk_digits_release(&digits);
}

Test(committed_digits, checksums) {
    cr_assert_eq(system("cd data && sha256sum --quiet --strict -c SHA256SUMS"), 0);
}

/* 500 digits a class; each image has ink, and mean brightness is that of MNIST (0.1307 of white)
 * within 2 %. */
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
