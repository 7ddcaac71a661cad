#include <criterion/criterion.h>
#include <string.h>

#include <ntk/log.h>

typedef struct {
    int calls;
    ntk_log_level level;
    char message[2000];
    double fraction;
} record;

static void keep_message(ntk_log_level level, const char *message, void *context) {
    record *last = context;
    last->calls++;
    last->level = level;
    strcpy(last->message, message);
}

static void keep_fraction(double fraction, void *context) {
    record *last = context;
    last->calls++;
    last->fraction = fraction;
}

Test(log, without_a_sink_messages_are_discarded) {
    ntk_log(NTK_LOG_WARNING, "nobody hears this");
    ntk_progress(0.5);
}

Test(log, messages_reach_the_sink_formatted) {
    record last = {0};
    ntk_log_set_sink(keep_message, &last);
    ntk_log(NTK_LOG_WARNING, "width %d of %s", 64, "erf");
    cr_assert(last.calls == 1 && last.level == NTK_LOG_WARNING);
    cr_assert_str_eq(last.message, "width 64 of erf");
    ntk_log_set_sink(NULL, NULL);
    ntk_log(NTK_LOG_INFO, "too late");
    cr_assert(last.calls == 1);
}

Test(log, a_long_message_is_cut_not_overrun) {
    record last = {0};
    ntk_log_set_sink(keep_message, &last);
    ntk_log(NTK_LOG_INFO, "%*d", 5000, 1);
    cr_assert(strlen(last.message) == 1023);
}

Test(log, progress_reaches_its_sink) {
    record last = {0};
    ntk_progress_set_sink(keep_fraction, &last);
    ntk_progress(0.25);
    cr_assert(last.calls == 1 && last.fraction == 0.25);
}
