/* Text inside XML and HTML. */
#ifndef NTK_RUN_MARKUP_H
#define NTK_RUN_MARKUP_H

#include <stdio.h>

/* Escaped for an element or a quoted attribute; control characters, which XML has no place for, and
 * what is not UTF-8 become U+FFFD. */
void ntk_markup_text(FILE *stream, const char *text);
/* The same of its first `length` bytes. */
void ntk_markup_span(FILE *stream, const char *text, size_t length);

#endif
