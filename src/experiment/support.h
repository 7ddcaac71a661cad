/* Strings, strict numbers, names, and arrays that grow. */
#ifndef NTK_EXPERIMENT_SUPPORT_H
#define NTK_EXPERIMENT_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>

/* A copy, or a formatted string, to be given to ntk_release. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_text_copy(const char *text, char **out);
ntk_status ntk_text_format(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append `text` to `buffer` (capacity bytes), truncating: for the lists in messages. */
void ntk_text_append(char *buffer, size_t capacity, const char *text);

/* Names of suites, claims, checks, metrics, tables and columns: a lower-case letter, then
 * lower-case letters, digits and single hyphens; at most 64 bytes. NULL is none. */
#define NTK_NAME_RULE "lower-case letters, digits and single hyphens, beginning with a letter (at most 64)"
bool ntk_text_is_name(const char *text);

/* No tab, line break or other control character: fits one field of a tab-separated file. */
bool ntk_text_is_field(const char *text);

/* The whole text as one finite decimal number, or one decimal integer; false otherwise.
 * Hexadecimal, blanks, nan, inf and what overflows (or underflows to zero) are refused. */
bool ntk_text_real(const char *text, double *out);
bool ntk_text_integer(const char *text, long *out);

/* %.17g, with nan, inf and -inf spelled so; buffer: at least NTK_NUMBER_SIZE bytes. */
#define NTK_NUMBER_SIZE 32
const char *ntk_text_number(double x, char buffer[NTK_NUMBER_SIZE]);

/* Make room for one more element behind `count` in an array that has grown by this function alone:
 * its capacity is the least power of two that is not below count, so nothing but the count needs to
 * be kept. The new element is zeroed. Errors: NTK_ERROR_MEMORY; the array is then as it was. */
ntk_status ntk_array_grow(void **items, size_t count, size_t size);

/* Release the `count` strings and the array itself. */
void ntk_texts_release(char **texts, size_t count);

#endif
