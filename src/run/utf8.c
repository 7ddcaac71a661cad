/* The ranges are those of the Unicode standard, table 3-7. */
#include "run/utf8.h"

#include <stdbool.h>
#include <string.h>

#include <ntk/memory.h>

/* First bytes from `low`; then `more` bytes, of which the first lies in [from, to] and the others
 * in [80, bf]. */
static const struct {
    unsigned char low, more, from, to;
} forms[] = {
    {0xf5, 0, 0, 0},       {0xf4, 3, 0x80, 0x8f}, {0xf1, 3, 0x80, 0xbf}, {0xf0, 3, 0x90, 0xbf},
    {0xee, 2, 0x80, 0xbf}, {0xed, 2, 0x80, 0x9f}, {0xe1, 2, 0x80, 0xbf}, {0xe0, 2, 0xa0, 0xbf},
    {0xc2, 1, 0x80, 0xbf}, {0x80, 0, 0, 0},
};

static bool lies_in(char c, unsigned char from, unsigned char to) {
    return (unsigned char)c >= from && (unsigned char)c <= to;
}

static bool is_noncharacter(const char *text) {
    return memcmp(text, "\xef\xbf\xbe", 3) == 0 || memcmp(text, "\xef\xbf\xbf", 3) == 0;
}

size_t ntk_utf8_length(const char *text, size_t size) {
    const unsigned char first = (unsigned char)text[0];
    if (first < 0x80) return 1;
    size_t f = 0;
    while (first < forms[f].low) f++;
    const size_t more = forms[f].more;
    if (more == 0 || size <= more || !lies_in(text[1], forms[f].from, forms[f].to)) return 0;
    for (size_t k = 2; k <= more; k++)
        if (!lies_in(text[k], 0x80, 0xbf)) return 0;
    return more == 2 && is_noncharacter(text) ? 0 : more + 1;
}

ntk_status ntk_utf8_repair(const char *text, char **out) {
    const size_t replacement = strlen(NTK_UTF8_REPLACEMENT), size = strlen(text);
    void *memory;
    NTK_TRY(ntk_allocate(size + 1, replacement, &memory));
    char *to = *out = memory;
    for (size_t i = 0; i < size;) {
        const size_t length = ntk_utf8_length(text + i, size - i);
        memcpy(to, length > 0 ? text + i : NTK_UTF8_REPLACEMENT, length > 0 ? length : replacement);
        to += length > 0 ? length : replacement;
        i += length > 0 ? length : 1;
    }
    return NTK_OK;
}
