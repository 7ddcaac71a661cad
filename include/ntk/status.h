/* Status codes: how every fallible function of the library reports what happened.
 *
 * A function that can fail returns an ntk_status and, on failure, records one line that says
 * what went wrong and where (a file and line, an argument, a shape). The line belongs to the
 * calling thread and stays valid until that thread's next failure. No function of the library
 * prints or exits. */
#ifndef NTK_STATUS_H
#define NTK_STATUS_H

#include <ntk/api.h>

NTK_BEGIN_DECLS

/* name, message; codes and messages come from this one table. */
#define NTK_STATUS_TABLE(X)                                                                                  \
    X(NTK_OK, "success")                                                                                     \
    X(NTK_ERROR_ARGUMENT, "invalid argument")                                                                \
    X(NTK_ERROR_SHAPE, "shapes do not match or exceed what is supported")                                    \
    X(NTK_ERROR_NOT_FINITE, "a number is not finite")                                                        \
    X(NTK_ERROR_MEMORY, "out of memory")                                                                     \
    X(NTK_ERROR_IO, "file cannot be read or written")                                                        \
    X(NTK_ERROR_FORMAT, "malformed file")                                                                    \
    X(NTK_ERROR_NOT_FOUND, "no such object")                                                                 \
    X(NTK_ERROR_NOT_POSITIVE_DEFINITE, "matrix is not positive definite")                                    \
    X(NTK_ERROR_NO_CONVERGENCE, "iteration did not converge")                                                \
    X(NTK_ERROR_DIVERGED, "the computation blew up")                                                         \
    X(NTK_ERROR_STALLED, "no further progress is possible")                                                  \
    X(NTK_ERROR_CANCELLED, "cancelled")                                                                      \
    X(NTK_ERROR_UNSUPPORTED, "not supported")                                                                \
    X(NTK_ERROR_LIBRARY, "an external library failed or is not the one required")

typedef enum ntk_status {
#define NTK_STATUS_ENUM(name, message) name,
    NTK_STATUS_TABLE(NTK_STATUS_ENUM)
#undef NTK_STATUS_ENUM
} ntk_status;

/* The table's message for a code; "unknown status" for a value outside the table. */
const char *ntk_status_message(ntk_status status);

/* The table's name for a code, "NTK_ERROR_IO" say. */
const char *ntk_status_name(ntk_status status);

/* Bytes of a recorded line, its NUL included; what is longer is cut. */
#define NTK_DETAIL_SIZE 1024

/* The line recorded by this thread's last failure; empty before the first. */
const char *ntk_error_detail(void);

/* Record a failure's line and return its code: `return ntk_fail(...)`. */
ntk_status ntk_fail(ntk_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Evaluate an expression of type ntk_status once; return it from the enclosing function unless
 * NTK_OK. */
#define NTK_TRY(expression)                                                                                  \
    do {                                                                                                     \
        const ntk_status ntk_try_status_ = (expression);                                                     \
        if (ntk_try_status_ != NTK_OK) return ntk_try_status_;                                               \
    } while (0)

/* The same where something must be released first: sets `status` and jumps to `label`. */
#define NTK_TRY_OR(label, status, expression)                                                                \
    do {                                                                                                     \
        (status) = (expression);                                                                             \
        if ((status) != NTK_OK) goto label;                                                                  \
    } while (0)

NTK_END_DECLS

#endif
