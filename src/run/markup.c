#include "run/markup.h"

#include <string.h>

#include "run/utf8.h"

void ntk_markup_text(FILE *stream, const char *text) { ntk_markup_span(stream, text, strlen(text)); }

void ntk_markup_span(FILE *stream, const char *text, size_t length) {
    for (size_t i = 0, bytes; i<length; i += bytes> 0 ? bytes : 1) {
        const unsigned char c = (unsigned char)text[i];
        bytes = ntk_utf8_length(text + i, length - i);
        switch (c) {
        case '&':
            fputs("&amp;", stream);
            break;
        case '<':
            fputs("&lt;", stream);
            break;
        case '>':
            fputs("&gt;", stream);
            break;
        case '"':
            fputs("&quot;", stream);
            break;
        case '\'':
            fputs("&#39;", stream);
            break;
        default:
            if (bytes == 0 || (c < 0x20 && c != '\n' && c != '\t'))
                fputs(NTK_UTF8_REPLACEMENT, stream);
            else
                fwrite(text + i, 1, bytes, stream);
        }
    }
}
