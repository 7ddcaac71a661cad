#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include <ntk/status.h>

Test(status, every_code_has_a_name_and_a_message) {
    for (int code = NTK_OK; code <= NTK_ERROR_LIBRARY; code++) {
        cr_assert(strncmp(ntk_status_name((ntk_status)code), "NTK_", 4) == 0);
        cr_assert(strcmp(ntk_status_message((ntk_status)code), "unknown status") != 0);
    }
    cr_assert_str_eq(ntk_status_name(NTK_ERROR_IO), "NTK_ERROR_IO");
    cr_assert_str_eq(ntk_status_message((ntk_status)4711), "unknown status");
    cr_assert_str_eq(ntk_status_name((ntk_status)-1), "unknown status");
}

Test(status, detail_is_empty_before_the_first_failure) { cr_assert_str_empty(ntk_error_detail()); }

Test(status, fail_formats_and_returns_its_code) {
    cr_assert(ntk_fail(NTK_ERROR_SHAPE, "row %d of %s", 3, "A") == NTK_ERROR_SHAPE);
    cr_assert_str_eq(ntk_error_detail(), "row 3 of A");
}

Test(status, fail_may_quote_the_previous_detail) {
    ntk_fail(NTK_ERROR_IO, "cannot read");
    ntk_fail(NTK_ERROR_FORMAT, "digits: %s", ntk_error_detail());
    cr_assert_str_eq(ntk_error_detail(), "digits: cannot read");
}

Test(status, a_long_line_is_cut) {
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ntk_fail(NTK_ERROR_IO, "%s", text);
    cr_assert(strlen(ntk_error_detail()) == NTK_DETAIL_SIZE - 1);
}

static void *fail_elsewhere(void *unused) {
    ntk_fail(NTK_ERROR_IO, "elsewhere");
    return unused;
}

Test(status, the_detail_belongs_to_its_thread) {
    ntk_fail(NTK_ERROR_IO, "here");
    pthread_t thread;
    cr_assert(pthread_create(&thread, NULL, fail_elsewhere, NULL) == 0);
    pthread_join(thread, NULL);
    cr_assert_str_eq(ntk_error_detail(), "here");
}

static int evaluations;

static ntk_status counted(ntk_status status) {
    evaluations++;
    return status;
}

static ntk_status tries(ntk_status first, int *reached) {
    NTK_TRY(counted(first));
    *reached = 1;
    return NTK_OK;
}

static ntk_status tries_with_cleanup(ntk_status first, int *cleaned) {
    ntk_status status = NTK_OK;
    NTK_TRY_OR(done, status, counted(first));
    status = NTK_OK;
done:
    *cleaned = 1;
    return status;
}

Test(status, try_evaluates_once_and_returns_on_failure) {
    int reached = 0;
    cr_assert(tries(NTK_ERROR_DIVERGED, &reached) == NTK_ERROR_DIVERGED);
    cr_assert(reached == 0 && evaluations == 1);
    cr_assert(tries(NTK_OK, &reached) == NTK_OK);
    cr_assert(reached == 1 && evaluations == 2);
    int cleaned = 0;
    cr_assert(tries_with_cleanup(NTK_ERROR_STALLED, &cleaned) == NTK_ERROR_STALLED);
    cr_assert(cleaned == 1 && evaluations == 3);
}
