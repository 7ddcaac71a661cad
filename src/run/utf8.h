/* Text from outside - what a program said, a path, a setting - need not be UTF-8; XML, HTML and
 * JSON must be. */
#ifndef NTK_RUN_UTF8_H
#define NTK_RUN_UTF8_H

#include <stddef.h>

#include <ntk/status.h>

#define NTK_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The bytes of the well-formed character at the start of `text` (size bytes, at least one), 1 to 4;
 * 0 where there is none: a stray or missing byte, an overlong form, a surrogate, what lies beyond
 * U+10FFFF, and U+FFFE and U+FFFF, which XML has no place for. */
size_t ntk_utf8_length(const char *text, size_t size);

/* A copy in which each byte that belongs to no well-formed character is U+FFFD; to be given to
 * ntk_release. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_utf8_repair(const char *text, char **out);

#endif
