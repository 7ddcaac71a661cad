#include "run/markup.h"

#include <string.h>

void ntk_markup_text(FILE *stream, const char *text) { ntk_markup_span(stream, text, strlen(text)); }

void ntk_markup_span(FILE *stream, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];
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
            if (c < 0x20 && c != '\n' && c != '\t')
                fputs("\xef\xbf\xbd", stream);
            else
                fputc(c, stream);
        }
    }
}
