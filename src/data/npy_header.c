/* A parser of the Python dictionary in a .npy header, for the three keys that NumPy writes, in
 * every spelling that it has used: either quotes, with or without blanks and padding, u'' and 3L of
 * Python 2. */
#include "data/npy_header.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct header_parser {
    const char *name;
    const char *next, *end; /* what is left of the dictionary */
    ntk_layout layout;
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
    return ntk_fail(NTK_ERROR_FORMAT, "%s: .npy header: %s wanted at: %.*s", p->name, wanted,
                    excerpt_length(p), p->next);
}

static void skip_blanks(header_parser *p) {
    while (p->next < p->end && memchr(" \t\r\n", *p->next, 4) != NULL) p->next++;
}

/* Take `text` if it comes next, after blanks. */
static bool take(header_parser *p, const char *text) {
    skip_blanks(p);
    const size_t length = strlen(text);
    if ((size_t)(p->end - p->next) < length || memcmp(p->next, text, length) != 0) return false;
    p->next += length;
    return true;
}

/* A decimal number up to SIZE_MAX, with the L of Python 2's long integers. */
static bool take_size(header_parser *p, size_t *out) {
    skip_blanks(p);
    const char *start = p->next;
    size_t value = 0;
    for (; p->next < p->end && *p->next >= '0' && *p->next <= '9'; p->next++) {
        const size_t digit = (size_t)(*p->next - '0');
        if (value > (SIZE_MAX - digit) / 10) return false;
        value = 10 * value + digit;
    }
    if (p->next == start) return false;
    if (p->next < p->end && *p->next == 'L') p->next++;
    *out = value;
    return true;
}

/* A quoted text without escapes, u'' and b'' of Python 2 included. */
static bool take_text(header_parser *p, const char **text, size_t *length) {
    skip_blanks(p);
    const char *start = p->next;
    if (start < p->end && (*start == 'u' || *start == 'b')) start++;
    if (start == p->end || (*start != '\'' && *start != '"')) return false;
    const char *close = memchr(start + 1, *start, (size_t)(p->end - start - 1));
    if (close == NULL) return false;
    *text = start + 1;
    *length = (size_t)(close - *text);
    p->next = close + 1;
    return true;
}

/* ---- descr ----------------------------------------------------------------------------------- */

/* NumPy's kinds that hold no real numbers, and what to do about them. */
static const char *advice_for(char kind) {
    switch (kind) {
    case 'c':
        return "complex numbers; save X.real or X.imag";
    case 'O':
        return "Python objects; save X.astype(float)";
    case 'S':
    case 'a':
    case 'U':
        return "text; save X.astype(float)";
    case 'V':
        return "records or raw bytes; save one field, X['name'], or X.astype(float)";
    case 'M':
    case 'm':
        return "dates or times; save X.astype('int64')";
    default:
        return NULL;
    }
}

static bool kind_of(char letter, ntk_element_kind *kind) {
    static const char letters[] = "biuf";
    static const ntk_element_kind kinds[] = {NTK_ELEMENT_BOOLEAN, NTK_ELEMENT_SIGNED, NTK_ELEMENT_UNSIGNED,
                                             NTK_ELEMENT_FLOAT};
    const char *found = memchr(letters, letter, 4);
    if (found != NULL) *kind = kinds[found - letters];
    return found != NULL;
}

/* '<f8': the order of bytes ('|': none, '=': that of the machine, which wrote it little-endian as
 * nearly all do), the kind, the size in bytes. */
static bool parse_type(const char *text, size_t length, ntk_element_type *type) {
    const char *end = text + length;
    *type = (ntk_element_type){0};
    if (text < end && memchr("<>|=", *text, 4) != NULL) type->big_endian = *text++ == '>';
    if (text == end || !kind_of(*text++, &type->kind)) return false;
    if (text == end || end - text > 2) return false;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9') return false;
        type->size = 10 * type->size + (size_t)(*text - '0');
    }
    return ntk_element_type_is_known(*type);
}

static ntk_status parse_descr(header_parser *p) {
    const char *start = p->next, *text;
    size_t length;
    skip_blanks(p);
    if (p->next < p->end && *p->next == '[')
        return ntk_fail(NTK_ERROR_FORMAT, "%s: holds records (descr %.*s...); save one field, X['name']",
                        p->name, excerpt_length(p), p->next);
    if (take_text(p, &text, &length)) {
        if (parse_type(text, length, &p->layout.type)) return NTK_OK;
        const size_t skipped = length > 0 && memchr("<>|=", *text, 4) != NULL;
        const char *advice = length > skipped ? advice_for(text[skipped]) : NULL;
        if (advice != NULL)
            return ntk_fail(NTK_ERROR_FORMAT, "%s: element type '%.*s' holds %s", p->name,
                            (int)(length < EXCERPT_LENGTH ? length : EXCERPT_LENGTH), text, advice);
    }
    p->next = start;
    skip_blanks(p);
    return fail_at(p, "a type of real numbers, '<f8' say (save X.astype(float)),");
}

/* ---- order and shape ------------------------------------------------------------------------- */

static ntk_status parse_order(header_parser *p) {
    p->layout.fortran_order = take(p, "True");
    return p->layout.fortran_order || take(p, "False") ? NTK_OK : fail_at(p, "fortran_order: True or False");
}

/* Sizes up to the closing parenthesis; "(6)" would be a number in Python, not a tuple. */
static bool take_tuple(header_parser *p) {
    if (!take(p, "(")) return false;
    for (bool comma = true; !take(p, ")"); comma = take(p, ",")) {
        if (!comma || p->layout.axes == NTK_ARRAY_MOST_AXES) return false;
        if (!take_size(p, &p->layout.shape[p->layout.axes++])) return false;
    }
    return true;
}

static ntk_status parse_shape(header_parser *p) {
    skip_blanks(p);
    const char *start = p->next;
    const bool good = take_tuple(p);
    const int length = (int)(p->next - start);
    if (!good) {
        p->next = start;
        return fail_at(p, "a shape of 1 to 64 sizes");
    }
    if (p->layout.axes == 0)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: a single number (shape ()); save X.reshape(1, 1)", p->name);
    for (size_t k = 0; k < p->layout.axes; k++)
        if (p->layout.shape[k] == 0)
            return ntk_fail(NTK_ERROR_FORMAT, "%s: the array is empty: its shape is %.*s", p->name, length,
                            start);
    return NTK_OK;
}

/* ---- the dictionary -------------------------------------------------------------------------- */

static bool is_text(const char *text, size_t length, const char *wanted) {
    return length == strlen(wanted) && memcmp(text, wanted, length) == 0;
}

static ntk_status parse_entry(header_parser *p) {
    struct {
        const char *name;
        bool *seen;
        ntk_status (*parse)(header_parser *);
    } keys[] = {{"descr", &p->has_descr, parse_descr},
                {"fortran_order", &p->has_order, parse_order},
                {"shape", &p->has_shape, parse_shape}};
    skip_blanks(p);
    const char *start = p->next, *text;
    size_t length;
    if (take_text(p, &text, &length))
        for (size_t k = 0; k < 3; k++)
            if (is_text(text, length, keys[k].name) && !*keys[k].seen) {
                *keys[k].seen = true;
                return take(p, ":") ? keys[k].parse(p) : fail_at(p, "':'");
            }
    p->next = start;
    return fail_at(p, "descr, fortran_order and shape, each once,");
}

static ntk_status parse_dictionary(header_parser *p) {
    if (!take(p, "{")) return fail_at(p, "'{'");
    while (!take(p, "}")) {
        NTK_TRY(parse_entry(p));
        if (take(p, ",")) continue;
        if (!take(p, "}")) return fail_at(p, "',' or '}'");
        break;
    }
    skip_blanks(p); /* the padding, and the newline that ends it */
    if (p->next != p->end) return fail_at(p, "blanks and a newline as the end");
    if (!(p->has_descr && p->has_order && p->has_shape)) {
        return ntk_fail(NTK_ERROR_FORMAT, "%s: .npy header: descr, fortran_order or shape is missing",
                        p->name);
    }
    return NTK_OK;
}

ntk_status ntk_npy_header_parse(const char *name, const char *content, size_t size, ntk_layout *layout,
                                size_t *data_offset) {
    const size_t versions = NTK_NPY_MAGIC_LENGTH, field = versions + 2;
    if (size < field || memcmp(content, NTK_NPY_MAGIC, versions) != 0) {
        return ntk_fail(NTK_ERROR_FORMAT, "%s: not a .npy file: the magic string is missing", name);
    }
    const unsigned major = (uint8_t)content[versions], minor = (uint8_t)content[versions + 1];
    if (major < 1 || major > 3 || minor != 0) {
        return ntk_fail(NTK_ERROR_FORMAT, "%s: .npy version %u.%u; 1.0, 2.0 and 3.0 can be read", name, major,
                        minor);
    }
    const size_t field_size = major == 1 ? 2 : 4, start = field + field_size;
    const size_t length = size < start ? 0 : (size_t)ntk_element_bits(content + field, field_size, false);
    if (size < start || size - start < length) {
        return ntk_fail(NTK_ERROR_FORMAT, "%s: truncated within the .npy header", name);
    }
    header_parser parser = {.name = name, .next = content + start, .end = content + start + length};
    NTK_TRY(parse_dictionary(&parser));
    *layout = parser.layout;
    *data_offset = start + length;
    return NTK_OK;
}
