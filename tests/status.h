/* Assertions on the status of a call, for the tests of every folder; they show the line that it recorded. */
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

/* It fails with this status, and the line that it recorded contains `text` ("" for any line). */
#define assert_fails(expression, expected, text)                                                             \
    do {                                                                                                     \
        const ntk_status assert_status_ = (expression);                                                      \
        cr_assert(assert_status_ == (expected), "%s: %s", ntk_status_name(assert_status_),                   \
                  ntk_error_detail());                                                                       \
        cr_assert(strstr(ntk_error_detail(), (text)), "%s", ntk_error_detail());                             \
    } while (0)

#endif
