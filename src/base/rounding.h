/* The rounding mode of the processor, for runs that ask how much of a number rounding decides. The
 * library assumes rounding to nearest, in its error bounds and not in what it returns: under
 * another mode it computes with errors up to twice as large, and its certificates refuse. Ball
 * arithmetic (guard.h) and output (ntk_rounding_nearest) go back to nearest while they work. */
#ifndef NTK_BASE_ROUNDING_H
#define NTK_BASE_ROUNDING_H

#include <stddef.h>
#include <stdint.h>

#include <ntk/rounding.h>
#include <ntk/status.h>

/* name, text */
#define NTK_ROUNDING_TABLE(X)                                                                                \
    X(NTK_ROUNDING_NEAREST, "nearest")                                                                       \
    X(NTK_ROUNDING_UP, "up")                                                                                 \
    X(NTK_ROUNDING_DOWN, "down")                                                                             \
    X(NTK_ROUNDING_ZERO, "zero")                                                                             \
    X(NTK_ROUNDING_RANDOM, "random") /* each unit of a map under one of the four, drawn from its
                                      * stream */

typedef enum ntk_rounding {
#define NTK_ROUNDING_ENUM(name, text) name,
    NTK_ROUNDING_TABLE(NTK_ROUNDING_ENUM)
#undef NTK_ROUNDING_ENUM
        NTK_ROUNDING_COUNT
} ntk_rounding;

const char *ntk_rounding_text(ntk_rounding rounding);

/* Errors: NTK_ERROR_ARGUMENT, with a line that lists what is known. */
ntk_status ntk_rounding_parse(const char *text, ntk_rounding *out);

/* From here to ntk_rounding_end this thread, and every unit of the maps that it begins, computes
 * under the mode; random: each unit under one drawn from the stream (seed, label, unit) and the
 * number of its map, and what stands between maps under one more. So the modes, and with them the
 * results, do not depend on the number of workers. Units of a map inside a unit have its mode.
 * label: borrowed. Errors: NTK_ERROR_UNSUPPORTED where the processor has no such mode. */
ntk_status ntk_rounding_begin(ntk_rounding rounding, uint64_t seed, const char *label);

/* To nearest, here and in later maps. */
void ntk_rounding_end(void);

#endif
