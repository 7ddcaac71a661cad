#include "suite/markup.h"

void ntk_markup_text(FILE *stream, const char *text) {
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
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
