#include "experiment/support.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/memory.h>

ntk_status ntk_text_copy(const char *text, char **out) {
    const size_t size = strlen(text) + 1;
    void *copy = NULL;
    NTK_TRY(ntk_allocate(size, 1, &copy));
    *out = memcpy(copy, text, size);
    return NTK_OK;
}

ntk_status ntk_text_format(char **out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) return ntk_fail(NTK_ERROR_ARGUMENT, "the format '%s' cannot be applied", format);

    void *text = NULL;
    NTK_TRY(ntk_allocate((size_t)length + 1, 1, &text));
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    *out = text;
    return NTK_OK;
}

void ntk_text_append(char *buffer, size_t capacity, const char *text) {
    const size_t used = strlen(buffer);
    snprintf(buffer + used, capacity - used, "%s", text);
}

bool ntk_text_is_name(const char *text) {
    if (text == NULL || !(text[0] >= 'a' && text[0] <= 'z')) return false;
    const size_t length = strlen(text);
    if (length > 64 || text[length - 1] == '-' || strstr(text, "--") != NULL) return false;
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

bool ntk_text_is_field(const char *text) {
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == '\x7f') return false;
    return true;
}

bool ntk_text_real(const char *text, double *out) {
    /* strtod by itself would take blanks, hexadecimal, nan and inf. */
    if (*text == '\0' || strspn(text, "+-.0123456789eE") != strlen(text)) return false;
    char *end = NULL;
    errno = 0;
    const double x = strtod(text, &end);
    if (*end != '\0' || !isfinite(x)) return false;
    if (errno == ERANGE && fabs(x) == 0) return false;
    *out = x;
    return true;
}

bool ntk_text_integer(const char *text, long *out) {
    if (*text == '\0' || strspn(text, "+-0123456789") != strlen(text)) return false;
    char *end = NULL;
    errno = 0;
    const long x = strtol(text, &end, 10);
    if (*end != '\0' || errno != 0) return false;
    *out = x;
    return true;
}

const char *ntk_text_number(double x, char buffer[NTK_NUMBER_SIZE]) {
    if (isnan(x)) return "nan"; /* whatever its sign, which printf would show */
    snprintf(buffer, NTK_NUMBER_SIZE, "%.17g", x);
    return buffer;
}

ntk_status ntk_array_grow(void **items, size_t count, size_t size) {
    if ((count & (count - 1)) == 0) { /* full: 0 or a power of two */
        void *larger = NULL;
        NTK_TRY(ntk_allocate(count == 0 ? 1 : 2 * count, size, &larger));
        if (count > 0) memcpy(larger, *items, count * size);
        ntk_release(*items);
        *items = larger;
    }
    memset((char *)*items + count * size, 0, size);
    return NTK_OK;
}

void ntk_texts_release(char **texts, size_t count) {
    for (size_t i = 0; texts != NULL && i < count; i++) ntk_release(texts[i]);
    ntk_release(texts);
}
