/* Messages and progress: the library hands them up to whoever asked for them. */
#ifndef NTK_LOG_H
#define NTK_LOG_H

#include <ntk/api.h>

NTK_BEGIN_DECLS

typedef enum ntk_log_level { NTK_LOG_DEBUG, NTK_LOG_INFO, NTK_LOG_WARNING } ntk_log_level;

typedef void (*ntk_log_sink)(ntk_log_level level, const char *message, void *context);

/* fraction in [0, 1] of the work in hand. Called from the thread that works, one at a time. */
typedef void (*ntk_progress_sink)(double fraction, void *context);

/* NULL (the state at the start) discards. Set from the main thread, outside a map. Sinks are called
 * one at a time and must not call ntk_log or ntk_progress themselves. */
void ntk_log_set_sink(ntk_log_sink sink, void *context);
void ntk_progress_set_sink(ntk_progress_sink sink, void *context);

void ntk_log(ntk_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ntk_progress(double fraction);

NTK_END_DECLS

#endif
