/* Brace patterns: one word for several names, as in the shell. */
#ifndef NTK_CLAIM_PATTERN_H
#define NTK_CLAIM_PATTERN_H

#include <stddef.h>

#include <ntk/status.h>

/* The names that a pattern stands for, leftmost braces slowest: "rate-{erf,relu}-{1..3}" for six of
 * them, "loss{,-k3}" for loss and loss-k3. Braces hold alternatives, which may have braces of their
 * own, or a range of whole numbers. *names: (*count), to be given to ntk_texts_release. Errors:
 * NTK_ERROR_FORMAT (braces that do not match or hold less than two alternatives, an empty range, a
 * word that is no name, more than NTK_PATTERN_MOST names), NTK_ERROR_MEMORY; there are then no
 * names. */
#define NTK_PATTERN_MOST 256
ntk_status ntk_pattern_expand(const char *pattern, char ***names, size_t *count);

#endif
