/* Assertions on the status of a call, for the tests of every folder; they show the line that it
 * recorded. */
#ifndef NTK_TESTS_STATUS_H
#define NTK_TESTS_STATUS_H

#include <string.h>

#include <criterion/criterion.h>

#include <ntk/status.h>

#define assert_ok(expression)                                                                                \
    do {                                                                                                     \
        const ntk_status assert_status_ = (expression);                                                      \
        cr_assert(assert_status_ == NTK_OK, "%s: %s", ntk_status_name(assert_status_), ntk_error_detail());  \
    } while (0)

/* The line that the latest failure recorded contains `text`. */
#define assert_says(text)                                                                                    \
    cr_assert(strstr(ntk_error_detail(), (text)), "'%s' does not say '%s'", ntk_error_detail(), (text))

/* It fails with this status and says `text` ("" for whatever it says). */
#define assert_fails(expression, expected, text)                                                             \
    do {                                                                                                     \
        const ntk_status assert_status_ = (expression);                                                      \
        cr_assert(assert_status_ == (expected), "%s: %s, where it should say '%s'",                          \
                  ntk_status_name(assert_status_), ntk_error_detail(), (text));                              \
        assert_says(text);                                                                                   \
    } while (0)

#endif
