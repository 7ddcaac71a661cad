/* IDX files: LeCun's format of MNIST, plain or gzip.
 *
 *     0, 0, the type of the elements, the number D of dimensions     4 bytes: the magic number
 *     D sizes                                                        4 bytes each
 *     the elements, row-major
 *
 * All numbers have their most significant byte first. Types: 8 unsigned byte, 9 signed byte, 11 and
 * 12 integers of 2 and 4 bytes, 13 and 14 floats of 4 and 8. MNIST's images have D = 3 (count,
 * rows, columns), its labels D = 1; both are unsigned bytes. */
#include <ntk/data.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "data/array.h"
#include "data/gunzip.h"

#define UNSIGNED_BYTE 8
#define MAX_LABEL     9
#define MAX_PATH      4096

enum { FIELD = 4, LONGEST_HEADER = FIELD * (1 + NTK_ARRAY_MOST_AXES) };

static const struct {
    uint8_t code;
    ntk_element_type type;
} types[] = {
    {UNSIGNED_BYTE, {NTK_ELEMENT_UNSIGNED, 1, true}},
    {9, {NTK_ELEMENT_SIGNED, 1, true}},
    {11, {NTK_ELEMENT_SIGNED, 2, true}},
    {12, {NTK_ELEMENT_SIGNED, 4, true}},
    {13, {NTK_ELEMENT_FLOAT, 4, true}},
    {14, {NTK_ELEMENT_FLOAT, 8, true}},
};

/* The content of a file, unpacked where it was gzip. */
typedef struct idx_file {
    const char *name;
    ntk_layout layout;
    const char *elements;
    char *unpacked; /* to be given to ntk_release; NULL where it was not gzip */
} idx_file;

/* ---- the format ------------------------------------------------------------------------------ */

static const ntk_element_type *find_type(char code) {
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        if (types[k].code == (uint8_t)code) return &types[k].type;
    return NULL;
}

bool ntk_idx_is_likely(const char *content, size_t size) {
    return ntk_is_gzip(content, size) || (size >= FIELD && content[0] == 0 && content[1] == 0 &&
                                          find_type(content[2]) != NULL && content[3] != 0);
}

static ntk_status need(const char *name, const char *part, size_t size, size_t wanted) {
    if (size >= wanted) return NTK_OK;
    return ntk_fail(NTK_ERROR_FORMAT, "%s: truncated: %s has %zu of %zu bytes", name, part, size, wanted);
}

/* wanted: the low half of the only magic number that will do, 0x0803 say; 0 for any. *offset: where
 * the elements begin. */
static ntk_status parse_header(const char *name, const char *content, size_t size, unsigned wanted,
                               ntk_layout *layout, size_t *offset) {
    NTK_TRY(need(name, "the magic number", size, FIELD));
    const uint64_t magic = ntk_element_bits(content, FIELD, true);
    const ntk_element_type *type = find_type(content[2]);
    if (wanted != 0 && magic != wanted)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: magic number %08llx; %08x was wanted", name,
                        (unsigned long long)magic, wanted);
    const size_t axes = magic & 0xff;
    if (magic >> 16 != 0 || type == NULL || axes == 0 || axes > NTK_ARRAY_MOST_AXES)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: magic number %08llx: not an IDX file of 1 to %d dimensions",
                        name, (unsigned long long)magic, NTK_ARRAY_MOST_AXES);
    *offset = FIELD * (1 + axes);
    NTK_TRY(need(name, "the header", size, *offset));
    *layout = (ntk_layout){.type = *type, .axes = axes};
    for (size_t k = 0; k < axes; k++) {
        layout->shape[k] = (size_t)ntk_element_bits(content + FIELD * (1 + k), FIELD, true);
        if (layout->shape[k] == 0)
            return ntk_fail(NTK_ERROR_FORMAT, "%s: size %zu of %zu is 0", name, k + 1, axes);
    }
    return NTK_OK;
}

/* Exactly as many bytes as the header says. */
static ntk_status check_length(const idx_file *file, size_t offset, size_t size) {
    const size_t total = ntk_layout_bytes(&file->layout);
    NTK_TRY(need(file->name, "the data", size - offset, total));
    if (size - offset > total)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: trailing bytes after the data", file->name);
    return NTK_OK;
}

/* The header tells how much is worth unpacking: one byte more than the data shows that there is too
 * much. */
static ntk_status unpack(idx_file *file, unsigned wanted, const char *content, size_t size) {
    char *header;
    size_t length, offset;
    NTK_TRY(ntk_gunzip(file->name, content, size, LONGEST_HEADER, &header, &length));
    const ntk_status status = parse_header(file->name, header, length, wanted, &file->layout, &offset);
    ntk_release(header);
    NTK_TRY(status);
    size_t most;
    if (__builtin_add_overflow(ntk_layout_bytes(&file->layout), offset + 1, &most)) most = SIZE_MAX;
    NTK_TRY(ntk_gunzip(file->name, content, size, most, &file->unpacked, &length));
    file->elements = file->unpacked + offset;
    return check_length(file, offset, length);
}

static ntk_status open_content(idx_file *file, unsigned wanted, const char *content, size_t size) {
    size_t offset;
    if (ntk_is_gzip(content, size)) return unpack(file, wanted, content, size);
    NTK_TRY(parse_header(file->name, content, size, wanted, &file->layout, &offset));
    file->elements = content + offset;
    return check_length(file, offset, size);
}

ntk_status ntk_idx_decode(const char *name, const char *content, size_t size, ntk_array *out) {
    idx_file file = {.name = name};
    ntk_status status = open_content(&file, 0, content, size);
    if (status == NTK_OK) status = ntk_layout_load(name, &file.layout, file.elements, out);
    ntk_release(file.unpacked);
    return status;
}

/* ---- digits ---------------------------------------------------------------------------------- */

/* Unsigned bytes of so many dimensions. */
typedef struct idx_bytes {
    size_t shape[3];
    uint8_t *bytes;
} idx_bytes;

static ntk_status copy_bytes(const idx_file *file, idx_bytes *out) {
    const size_t total = ntk_layout_bytes(&file->layout);
    void *memory;
    NTK_TRY(ntk_allocate(total, 1, &memory));
    memcpy(memory, file->elements, total);
    for (size_t k = 0; k < file->layout.axes; k++) out->shape[k] = file->layout.shape[k];
    out->bytes = memory;
    return NTK_OK;
}

static ntk_status read_bytes(const char *path, unsigned dimensions, idx_bytes *out) {
    char *content;
    size_t size;
    NTK_TRY(ntk_file_read(path, &content, &size));
    idx_file file = {.name = path};
    ntk_status status = open_content(&file, (UNSIGNED_BYTE << 8) + dimensions, content, size);
    if (status == NTK_OK) status = copy_bytes(&file, out);
    ntk_release(file.unpacked);
    ntk_release(content);
    return status;
}

static ntk_status check_labels(const char *path, const idx_bytes *labels) {
    for (size_t i = 0; i < labels->shape[0]; i++) {
        if (labels->bytes[i] > MAX_LABEL) {
            return ntk_fail(NTK_ERROR_FORMAT, "%s: label %zu is %u; labels are 0 to %d", path, i,
                            labels->bytes[i], MAX_LABEL);
        }
    }
    return NTK_OK;
}

static ntk_status read_labels(const char *path, const char *images_path, size_t count, uint8_t **out) {
    idx_bytes labels;
    NTK_TRY(read_bytes(path, 1, &labels));
    ntk_status status = check_labels(path, &labels);
    if (status == NTK_OK && labels.shape[0] != count) {
        status = ntk_fail(NTK_ERROR_FORMAT, "%s: %zu labels for the %zu images of %s", path, labels.shape[0],
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
    idx_bytes images;
    NTK_TRY(read_bytes(images_path, 3, &images));
    uint8_t *labels;
    const ntk_status status = read_labels(labels_path, images_path, images.shape[0], &labels);
    if (status != NTK_OK) {
        ntk_release(images.bytes);
        return status;
    }
    *out = (ntk_digits){
        .count = images.shape[0],
        .rows = images.shape[1],
        .columns = images.shape[2],
        .pixels = images.bytes,
        .labels = labels,
    };
    return NTK_OK;
}

/* A name stands for itself, for itself with ".gz", and for what it becomes where an unpacker takes
 * the part before "-ubyte" for a suffix: train-images.idx3-ubyte. A folder of the name is not
 * it. */
static ntk_status find_file(const char *folder, const char *name, char path[MAX_PATH]) {
    static const char *const suffixes[] = {"", ".gz"};
    const char *idx = strstr(name, "-idx");
    for (int dotted = 0; dotted < 2; dotted++)
        for (size_t k = 0; k < 2; k++) {
            const int length = dotted ? snprintf(path, MAX_PATH, "%s/%.*s.%s%s", folder, (int)(idx - name),
                                                 name, idx + 1, suffixes[k])
                                      : snprintf(path, MAX_PATH, "%s/%s%s", folder, name, suffixes[k]);
            if (length < 0 || length >= MAX_PATH)
                return ntk_fail(NTK_ERROR_IO, "%s: the path is longer than %d bytes", folder, MAX_PATH - 1);
            struct stat info;
            if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode)) return NTK_OK;
        }
    return ntk_fail(NTK_ERROR_IO, "%s: %s is not there, nor %s.gz, nor either with .idx for -idx", folder,
                    name, name);
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
