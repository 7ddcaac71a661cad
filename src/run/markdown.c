#include "run/markdown.h"

void ntk_markdown_cell(const char *text, FILE *stream) {
    for (; *text != '\0'; text++)
        if (*text == '|')
            fputs("\\|", stream);
        else if (*text == '<')
            fputs("&lt;", stream);
        else
            fputc(*text == '\n' ? ' ' : *text, stream);
}
