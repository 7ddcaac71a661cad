/* Digits from IDX files: LeCun's format of MNIST, plain or gzip.
 *
 * An IDX file of bytes: 0, 0, 8 (unsigned byte), the number D of dimensions; D sizes of four bytes each, most
 * significant first; then the bytes, row-major. Images have D = 3 (count, rows, columns), labels D = 1. */
#include <ntk/data.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <ntk/memory.h>

#define UNSIGNED_BYTE  8
#define MAX_DIMENSIONS 3
/* Refused before anything is allocated: a header that lies. MNIST's training set has 4.7e7 bytes. */
#define MAX_BYTES ((size_t)1 << 30)
#define MAX_LABEL 9
#define MAX_PATH  4096

typedef struct idx_array {
    size_t size[MAX_DIMENSIONS];
    uint8_t *bytes;
} idx_array;

/* The next `n` bytes. zlib reads a file that is not gzip as it stands, and checks gzip's own checksum. */
static ntk_status read_exactly(gzFile file, const char *path, const char *part, size_t n, uint8_t *out) {
    size_t done = 0;
    while (done < n) {
        const size_t rest = n - done, chunk = (size_t)1 << 20;
        const int got = gzread(file, out + done, (unsigned)(rest < chunk ? rest : chunk));
        if (got < 0) {
            int code;
            const char *message = gzerror(file, &code);
            if (code == Z_ERRNO) return ntk_fail(NTK_ERROR_IO, "%s: %s", path, strerror(errno));
            return ntk_fail(NTK_ERROR_FORMAT, "%s: broken gzip data: %s", path, message);
        }
        if (got == 0) {
            return ntk_fail(NTK_ERROR_FORMAT, "%s: truncated: %s has %zu of %zu bytes", path, part, done, n);
        }
        done += (size_t)got;
    }
    return NTK_OK;
}

/* The magic number and the sizes; *total: their product, at most MAX_BYTES. */
static ntk_status read_header(gzFile file, const char *path, unsigned dimensions, size_t *size,
                              size_t *total) {
    uint8_t magic[4], field[4];
    NTK_TRY(read_exactly(file, path, "the magic number", sizeof magic, magic));
    if (magic[0] != 0 || magic[1] != 0 || magic[2] != UNSIGNED_BYTE || magic[3] != dimensions) {
        return ntk_fail(NTK_ERROR_FORMAT, "%s: magic number %02x%02x%02x%02x; %08x was wanted", path,
                        magic[0], magic[1], magic[2], magic[3], (UNSIGNED_BYTE << 8) + dimensions);
    }
    *total = 1;
    for (unsigned k = 0; k < dimensions; k++) {
        NTK_TRY(read_exactly(file, path, "the header", sizeof field, field));
        size[k] = (size_t)field[0] << 24 | (size_t)field[1] << 16 | (size_t)field[2] << 8 | field[3];
        if (size[k] == 0)
            return ntk_fail(NTK_ERROR_FORMAT, "%s: size %u of %u is 0", path, k + 1, dimensions);
        if (size[k] > MAX_BYTES / *total) {
            return ntk_fail(NTK_ERROR_FORMAT, "%s: the header claims more than %zu bytes of data", path,
                            MAX_BYTES);
        }
        *total *= size[k];
    }
    return NTK_OK;
}

/* The stream ends here; for gzip, with its checksum in order. */
static ntk_status expect_end(gzFile file, const char *path) {
    uint8_t byte;
    const int got = gzread(file, &byte, 1);
    if (got > 0) return ntk_fail(NTK_ERROR_FORMAT, "%s: trailing bytes after the data", path);
    int code;
    const char *message = gzerror(file, &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) {
        return ntk_fail(NTK_ERROR_FORMAT, "%s: broken gzip data: %s", path, message);
    }
    return NTK_OK;
}

static ntk_status read_open_file(gzFile file, const char *path, unsigned dimensions, idx_array *out) {
    size_t total = 0;
    NTK_TRY(read_header(file, path, dimensions, out->size, &total));
    void *memory;
    NTK_TRY(ntk_allocate(total, 1, &memory));
    out->bytes = memory;
    ntk_status status = read_exactly(file, path, "the data", total, out->bytes);
    if (status == NTK_OK) status = expect_end(file, path);
    if (status != NTK_OK) ntk_release(out->bytes);
    return status;
}

static ntk_status read_idx(const char *path, unsigned dimensions, idx_array *out) {
    errno = 0;
    const gzFile file = gzopen(path, "rb");
    if (!file) {
        return ntk_fail(NTK_ERROR_IO, "%s: %s", path, errno ? strerror(errno) : "zlib is out of memory");
    }
    const ntk_status status = read_open_file(file, path, dimensions, out);
    gzclose_r(file);
    return status;
}

static ntk_status check_labels(const char *path, const idx_array *labels) {
    for (size_t i = 0; i < labels->size[0]; i++) {
        if (labels->bytes[i] > MAX_LABEL) {
            return ntk_fail(NTK_ERROR_FORMAT, "%s: label %zu is %u; labels are 0 to %d", path, i,
                            labels->bytes[i], MAX_LABEL);
        }
    }
    return NTK_OK;
}

static ntk_status read_labels(const char *path, const char *images_path, size_t count, uint8_t **out) {
    idx_array labels;
    NTK_TRY(read_idx(path, 1, &labels));
    ntk_status status = check_labels(path, &labels);
    if (status == NTK_OK && labels.size[0] != count) {
        status = ntk_fail(NTK_ERROR_FORMAT, "%s: %zu labels for the %zu images of %s", path, labels.size[0],
                          count, images_path);
    }
    if (status == NTK_OK) {
        *out = labels.bytes;
    } else {
        ntk_release(labels.bytes);
    }
    return status;
}

ntk_status ntk_digits_read(const char *images_path, const char *labels_path, ntk_digits *out) {
    idx_array images;
    NTK_TRY(read_idx(images_path, 3, &images));
    uint8_t *labels;
    const ntk_status status = read_labels(labels_path, images_path, images.size[0], &labels);
    if (status != NTK_OK) {
        ntk_release(images.bytes);
        return status;
    }
    *out = (ntk_digits){
        .count = images.size[0],
        .rows = images.size[1],
        .columns = images.size[2],
        .pixels = images.bytes,
        .labels = labels,
    };
    return NTK_OK;
}

/* folder/name where that exists, otherwise folder/name.gz. */
static ntk_status find_file(const char *folder, const char *name, char path[MAX_PATH]) {
    static const char *const suffixes[] = {"", ".gz"};
    for (size_t k = 0; k < 2; k++) {
        const int length = snprintf(path, MAX_PATH, "%s/%s%s", folder, name, suffixes[k]);
        if (length < 0 || length >= MAX_PATH) {
            return ntk_fail(NTK_ERROR_IO, "%s: the path is longer than %d bytes", folder, MAX_PATH - 1);
        }
        if (access(path, F_OK) == 0) return NTK_OK;
    }
    return ntk_fail(NTK_ERROR_IO, "%s: neither %s nor %s.gz is there", folder, name, name);
}

ntk_status ntk_digits_read_folder(const char *folder, ntk_digits_set set, ntk_digits *out) {
    static const char *const names[][2] = {
        [NTK_DIGITS_SUBSET] = {"mnist-5k-images-idx3-ubyte", "mnist-5k-labels-idx1-ubyte"},
        [NTK_DIGITS_TRAINING] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
        [NTK_DIGITS_TEST] = {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
    };
    if ((size_t)set >= sizeof names / sizeof names[0]) {
        return ntk_fail(NTK_ERROR_ARGUMENT, "digits: set %d is not a member of ntk_digits_set", (int)set);
    }
    char images_path[MAX_PATH], labels_path[MAX_PATH];
    NTK_TRY(find_file(folder, names[set][0], images_path));
    NTK_TRY(find_file(folder, names[set][1], labels_path));
    return ntk_digits_read(images_path, labels_path, out);
}

void ntk_digits_release(ntk_digits *digits) {
    ntk_release(digits->pixels);
    ntk_release(digits->labels);
    *digits = (ntk_digits){0};
}
