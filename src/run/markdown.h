/* Text in Markdown. */
#ifndef NTK_RUN_MARKDOWN_H
#define NTK_RUN_MARKDOWN_H

#include <stdio.h>

/* A table's cell: a bar would end it, and a tag would be one. */
void ntk_markdown_cell(const char *text, FILE *stream);

#endif
