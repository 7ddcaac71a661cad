#include <ntk/status.h>

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char detail[NTK_DETAIL_SIZE];

const char *ntk_status_message(ntk_status status) {
    switch (status) {
#define CASE(name, message)                                                                                  \
    case name:                                                                                               \
        return message;
        NTK_STATUS_TABLE(CASE)
#undef CASE
    }
    return "unknown status";
}

const char *ntk_status_name(ntk_status status) {
    switch (status) {
#define CASE(name, message)                                                                                  \
    case name:                                                                                               \
        return #name;
        NTK_STATUS_TABLE(CASE)
#undef CASE
    }
    return "unknown status";
}

const char *ntk_error_detail(void) { return detail; }

ntk_status ntk_fail(ntk_status status, const char *format, ...) {
    /* Formatted aside first: an argument may be the previous detail itself. */
    char line[NTK_DETAIL_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    snprintf(detail, sizeof detail, "%s", line);
    return status;
}
