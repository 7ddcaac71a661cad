#include <ntk/log.h>

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* One lock for both sinks, so that a program's messages and its progress line do not mix. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static ntk_log_sink log_sink;
static void *log_context;
static ntk_progress_sink progress_sink;
static void *progress_context;

void ntk_log_set_sink(ntk_log_sink sink, void *context) {
    log_sink = sink;
    log_context = context;
}

void ntk_progress_set_sink(ntk_progress_sink sink, void *context) {
    progress_sink = sink;
    progress_context = context;
}

void ntk_log(ntk_log_level level, const char *format, ...) {
    if (log_sink == NULL) return;
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&lock);
    log_sink(level, message, log_context);
    pthread_mutex_unlock(&lock);
}

void ntk_progress(double fraction) {
    if (progress_sink == NULL) return;
    pthread_mutex_lock(&lock);
    progress_sink(fraction, progress_context);
    pthread_mutex_unlock(&lock);
}
