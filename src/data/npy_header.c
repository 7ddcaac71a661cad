/* A parser of the Python dictionary in a .npy header, for the three keys that NumPy writes. */
#include "data/npy_header.h"

#include <stdbool.h>
#include <string.h>

typedef struct header_parser {
    const char *path;
    const char *next, *end; /* what is left of the dictionary */
    ntk_npy_header header;
    bool has_descr, has_order, has_shape;
} header_parser;

#define EXCERPT_LENGTH 24

/* How much of the rest an error quotes: the printable start of it. */
static int excerpt_length(const header_parser *p) {
    int length = 0;
    while (length < EXCERPT_LENGTH && p->next + length < p->end && p->next[length] >= ' ' &&
           p->next[length] <= '~') {
        length++;
    }
    return length;
}

static ntk_status fail_at(const header_parser *p, const char *wanted) {
    return ntk_fail(NTK_ERROR_FORMAT, "%s: .npy header: %s wanted at: %.*s", p->path, wanted,
                    excerpt_length(p), p->next);
}

static void skip_blanks(header_parser *p) {
    while (p->next < p->end && *p->next == ' ') p->next++;
}

/* Take `text` if it comes next, after blanks. */
static bool take(header_parser *p, const char *text) {
    skip_blanks(p);
    const size_t length = strlen(text);
    if ((size_t)(p->end - p->next) < length || memcmp(p->next, text, length) != 0) return false;
    p->next += length;
    return true;
}

/* A decimal number from 1 to SIZE_MAX. */
static bool take_size(header_parser *p, size_t *out) {
    skip_blanks(p);
    size_t value = 0;
    for (; p->next < p->end && *p->next >= '0' && *p->next <= '9'; p->next++) {
        const size_t digit = (size_t)(*p->next - '0');
        if (value > (SIZE_MAX - digit) / 10) return false;
        value = 10 * value + digit;
    }
    *out = value;
    return value > 0;
}

static ntk_status parse_descr(header_parser *p) {
    if (take(p, "'<f8'") || take(p, "\"<f8\"")) {
        p->header.item_size = 8;
        return NTK_OK;
    }
    if (take(p, "'<f4'") || take(p, "\"<f4\"")) {
        p->header.item_size = 4;
        return NTK_OK;
    }
    return fail_at(p, "element type '<f8' (float64) or '<f4' (float32)");
}

static ntk_status parse_order(header_parser *p) {
    return take(p, "False") ? NTK_OK : fail_at(p, "C order, that is fortran_order: False,");
}

static ntk_status parse_shape(header_parser *p) {
    skip_blanks(p);
    const char *start = p->next;
    bool good =
        take(p, "(") && take_size(p, &p->header.rows) && take(p, ",") && take_size(p, &p->header.columns);
    if (good) take(p, ",");
    good = good && take(p, ")");
    if (good) return NTK_OK;
    p->next = start;
    return fail_at(p, "the shape of a two-dimensional array that is not empty");
}

/* Take a quoted key that has not been there before. */
static bool take_key(header_parser *p, const char *single, const char *double_quoted, bool *seen) {
    if (*seen || !(take(p, single) || take(p, double_quoted))) return false;
    *seen = true;
    return true;
}

static ntk_status parse_entry(header_parser *p) {
    ntk_status (*parse_value)(header_parser *);
    if (take_key(p, "'descr'", "\"descr\"", &p->has_descr)) {
        parse_value = parse_descr;
    } else if (take_key(p, "'fortran_order'", "\"fortran_order\"", &p->has_order)) {
        parse_value = parse_order;
    } else if (take_key(p, "'shape'", "\"shape\"", &p->has_shape)) {
        parse_value = parse_shape;
    } else {
        return fail_at(p, "descr, fortran_order and shape, each once,");
    }
    return take(p, ":") ? parse_value(p) : fail_at(p, "':'");
}

static ntk_status parse_dictionary(header_parser *p) {
    if (!take(p, "{")) return fail_at(p, "'{'");
    while (!take(p, "}")) {
        NTK_TRY(parse_entry(p));
        if (take(p, ",")) continue;
        if (!take(p, "}")) return fail_at(p, "',' or '}'");
        break;
    }
    if (!take(p, "\n") || p->next != p->end) return fail_at(p, "a newline as the end");
    if (!(p->has_descr && p->has_order && p->has_shape)) {
        return ntk_fail(NTK_ERROR_FORMAT, "%s: .npy header: descr, fortran_order or shape is missing",
                        p->path);
    }
    return NTK_OK;
}

uint64_t ntk_npy_load_bytes(const char *bytes, size_t count) {
    uint64_t value = 0;
    for (size_t k = 0; k < count; k++) value |= (uint64_t)(uint8_t)bytes[k] << (8 * k);
    return value;
}

ntk_status ntk_npy_header_parse(const char *path, const char *content, size_t size, ntk_npy_header *out) {
    const size_t versions = NTK_NPY_MAGIC_LENGTH, field = versions + 2;
    if (size < field || memcmp(content, NTK_NPY_MAGIC, versions) != 0) {
        return ntk_fail(NTK_ERROR_FORMAT, "%s: not a .npy file: the magic string is missing", path);
    }
    const unsigned major = (uint8_t)content[versions], minor = (uint8_t)content[versions + 1];
    if (major < 1 || major > 3 || minor != 0) {
        return ntk_fail(NTK_ERROR_FORMAT, "%s: .npy version %u.%u; 1.0, 2.0 and 3.0 can be read", path, major,
                        minor);
    }
    const size_t field_size = major == 1 ? 2 : 4, start = field + field_size;
    const size_t length = size < start ? 0 : (size_t)ntk_npy_load_bytes(content + field, field_size);
    if (size < start || size - start < length) {
        return ntk_fail(NTK_ERROR_FORMAT, "%s: truncated within the .npy header", path);
    }
    header_parser parser = {.path = path, .next = content + start, .end = content + start + length};
    NTK_TRY(parse_dictionary(&parser));
    *out = parser.header;
    out->data_offset = start + length;
    return NTK_OK;
}
