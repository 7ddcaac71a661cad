/* Child processes: started with posix_spawn in a group of their own, watched, and ended when they
 * exceed a limit. */
#ifndef NTK_RUN_PROCESS_H
#define NTK_RUN_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <ntk/status.h>

/* The descriptor on which a child finds the pipe for its progress: lines of one number in [0,
 * 1]. */
#define NTK_PROGRESS_DESCRIPTOR 3

typedef struct ntk_process_options {
    const char *const *arguments;          /* NULL-terminated; the first is the program, looked up
                                            * in PATH */
    const char *const *environment;        /* "NAME=value", NULL-terminated: these replace the
                                            * caller's */
    const char *stdout_path, *stderr_path; /* created or truncated */
    double time_limit;                     /* seconds of wall-clock time */
    double memory_limit;                   /* MiB of resident memory */
    const char *attached_in;               /* NULL: in the caller's folder and a group of its own.
                                            * Else in this folder, in the caller's group, and ended
                                            * with the thread that starts it */
} ntk_process_options;

typedef enum ntk_ending {
    NTK_ENDING_NONE, /* still running */
    NTK_ENDING_EXIT,
    NTK_ENDING_SIGNAL, /* ended by a signal that was not ours */
    NTK_ENDING_TIME,
    NTK_ENDING_MEMORY,
    NTK_ENDING_CANCELLED
} ntk_ending;

typedef struct ntk_process {
    pid_t pid;
    int progress_descriptor; /* -1 once the child has closed its end */
    bool attached;
    char *progress_path; /* of a launched one: the file that holds its last number; else NULL */
    double time_limit, memory_limit;
    double begun;    /* seconds of the monotonic clock */
    double fraction; /* last progress heard of */
    char line[64];   /* progress text that has no newline yet */
    size_t line_length;
    ntk_ending ending;
    int code;           /* exit status, or the signal's number */
    double seconds;     /* wall-clock */
    double cpu_seconds; /* user and system */
    double peak_memory; /* MiB */
} ntk_process;

/* Seconds of the monotonic clock. */
double ntk_process_clock(void);

/* Errors: NTK_ERROR_IO where the program or a file cannot be opened. */
ntk_status ntk_process_start(const ntk_process_options *options, ntk_process *out);

/* The same for a program that starts the process itself on this machine or others, mpirun say. It
 * is asked to end, so that it can end them, when it is to be killed and when the calling thread
 * ends; after ten seconds it is killed. Progress is read from a file, created or truncated, that
 * the process itself overwrites; the memory limit, which is that of one process, does not apply. */
ntk_status ntk_process_launch(const ntk_process_options *options, const char *progress_path,
                              ntk_process *out);

/* Wait until one of the processes reports or ends, at most `seconds`; note progress, endings and
 * limits. A signal to the caller ends the wait early. */
void ntk_process_wait(ntk_process *const *processes, size_t count, double seconds);

/* Kill the whole group, of an attached process itself alone, wait for its end and note it as
 * `ending`. */
void ntk_process_kill(ntk_process *process, ntk_ending ending);

/* How it ended, in words: "ended by signal 11 (Segmentation fault)". text: (size). */
void ntk_process_describe(const ntk_process *process, char *text, size_t size);

/* The last line of a file (a child's stderr) that is not blank, cut at 400 bytes; "" where there is
 * none. To be given to ntk_release. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_process_last_words(const char *path, char **out);

/* The same of a launched process: its own last line "ntk: ...", warnings aside, where it has said
 * one, and else the last line with a letter, which is its launcher's. */
ntk_status ntk_process_launched_words(const char *path, char **out);

#endif
