/* Limits. The time limit is wall-clock time. The memory limit is the resident set, polled: the
 * kernel's own RLIMIT_AS and RLIMIT_DATA count address space, which a thread pool, OpenBLAS's
 * buffers and a sanitizer's shadow reserve by the gigabyte without touching it, so that no one
 * number would fit every build. The price is that a process may overshoot between two looks, a
 * tenth of a second apart. Where there is no /proc the memory limit is not enforced. */
#include "run/process.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "experiment/support.h"

extern char **environ;

static const double mebibyte = 1048576.0;
static const double launcher_grace = 10; /* seconds */

enum { MOST_PROCESSES = 8, LONGEST_WORDS = 400 };

double ntk_process_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- starting -------------------------------------------------------------------------------- */

static bool same_variable(const char *a, const char *b) {
    const size_t length = strcspn(a, "=");
    return strncmp(a, b, length) == 0 && (b[length] == '=' || b[length] == '\0');
}

/* The caller's environment with some variables replaced; the array is to be released, the strings
 * are not. */
static ntk_status replace_environment(const char *const *replacements, char ***out) {
    size_t count = 0, extra = 0, kept = 0;
    while (environ[count] != NULL) count++;
    while (replacements[extra] != NULL) extra++;
    void *memory;
    NTK_TRY(ntk_allocate(count + extra + 1, sizeof(char *), &memory));
    char **environment = memory;
    for (size_t i = 0; i < count; i++) {
        bool replaced = false;
        for (size_t j = 0; j < extra; j++) replaced = replaced || same_variable(replacements[j], environ[i]);
        if (!replaced) environment[kept++] = environ[i];
    }
    /* posix_spawnp takes char *const * and does not write to it. */
    for (size_t j = 0; j < extra; j++) memcpy(&environment[kept++], &replacements[j], sizeof(char *));
    *out = environment;
    return NTK_OK;
}

/* A group of its own, so that a kill reaches whatever the child starts and a Ctrl-C at the terminal
 * reaches the runner alone, which then decides. */
static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, reset;
    sigemptyset(&none);
    sigemptyset(&reset);
    sigaddset(&reset, SIGINT);
    sigaddset(&reset, SIGTERM);
    sigaddset(&reset, SIGPIPE);
    int error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                                         POSIX_SPAWN_SETSIGMASK);
    if (error == 0) error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0) error = posix_spawnattr_setsigdefault(attributes, &reset);
    if (error == 0) error = posix_spawnattr_setsigmask(attributes, &none);
    return error;
}

static int set_files(posix_spawn_file_actions_t *files, const ntk_process_options *options, int progress) {
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    int error = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0) error = posix_spawn_file_actions_addopen(files, 1, options->stdout_path, flags, 0644);
    if (error == 0) error = posix_spawn_file_actions_addopen(files, 2, options->stderr_path, flags, 0644);
    if (error == 0) error = posix_spawn_file_actions_adddup2(files, progress, NTK_PROGRESS_DESCRIPTOR);
    return error;
}

static int spawn(const ntk_process_options *options, char *const *environment, int progress, pid_t *pid) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0) return error;
    error = posix_spawn_file_actions_init(&files);
    if (error == 0) {
        error = set_attributes(&attributes);
        if (error == 0) error = set_files(&files, options, progress);
        if (error == 0) {
            char **arguments;
            memcpy(&arguments, &options->arguments, sizeof arguments);
            error = posix_spawnp(pid, arguments[0], &files, &attributes, arguments, environment);
        }
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&attributes);
    return error;
}

/* Attached or launched: posix_spawn cannot ask for a death together with the parent. Between fork
 * and exec stand system calls alone; the reason of a failure comes back through a pipe that a
 * success closes. */
static bool take_place(const ntk_process_options *options) {
    if (options->attached_in != NULL)
        return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && chdir(options->attached_in) == 0;
    return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && setpgid(0, 0) == 0;
}

static void become(const ntk_process_options *options, char *const *environment, int progress, int failure) {
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    char **arguments;
    sigset_t none;
    sigemptyset(&none);
    memcpy(&arguments, &options->arguments, sizeof arguments);
    const int in = open("/dev/null", O_RDONLY), out = open(options->stdout_path, flags, 0644),
              error = open(options->stderr_path, flags, 0644);
    if (in >= 0 && out >= 0 && error >= 0 && dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(error, 2) >= 0 &&
        dup2(progress, NTK_PROGRESS_DESCRIPTOR) >= 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0 &&
        take_place(options))
        execvpe(arguments[0], arguments, environment);
    const int reason = errno;
    if (write(failure, &reason, sizeof reason) < 0) _exit(126);
    _exit(127);
}

/* The descriptor is out of the way of those that the child gets. */
static int duplicate_above(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 10); }

static int spawn_bound(const ntk_process_options *options, char *const *environment, int progress,
                       pid_t *pid) {
    int ends[2], reason = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    const int failure = duplicate_above(ends[1]), told = duplicate_above(progress);
    close(ends[1]);
    *pid = failure >= 0 && told >= 0 ? fork() : -1;
    if (*pid == 0) become(options, environment, told, failure);
    if (*pid < 0) reason = errno;
    if (failure >= 0) close(failure);
    if (told >= 0) close(told);
    if (*pid > 0 && read(ends[0], &reason, sizeof reason) > 0) waitpid(*pid, NULL, 0);
    close(ends[0]);
    return reason;
}

static ntk_status start(const ntk_process_options *options, char *progress_path, ntk_process *out) {
    *out = (ntk_process){.progress_descriptor = -1,
                         .attached = options->attached_in != NULL,
                         .progress_path = progress_path,
                         .time_limit = options->time_limit,
                         .memory_limit = options->memory_limit,
                         .begun = ntk_process_clock()};
    char **environment;
    NTK_TRY(replace_environment(options->environment, &environment));
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ntk_release(environment);
        return ntk_fail(NTK_ERROR_IO, "no pipe for a child process: %s", strerror(errno));
    }
    const int error = out->attached || progress_path != NULL
                          ? spawn_bound(options, environment, ends[1], &out->pid)
                          : spawn(options, environment, ends[1], &out->pid);
    ntk_release(environment);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        return ntk_fail(NTK_ERROR_IO, "%s cannot be started (output to %s): %s", options->arguments[0],
                        options->stderr_path, strerror(error));
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    out->progress_descriptor = ends[0];
    return NTK_OK;
}

ntk_status ntk_process_start(const ntk_process_options *options, ntk_process *out) {
    return start(options, NULL, out);
}

ntk_status ntk_process_launch(const ntk_process_options *options, const char *progress_path,
                              ntk_process *out) {
    char *path = NULL;
    *out = (ntk_process){.progress_descriptor = -1};
    NTK_TRY(ntk_file_write(progress_path, "", 0));
    NTK_TRY(ntk_text_copy(progress_path, &path));
    const ntk_status status = start(options, path, out);
    if (status == NTK_OK) return NTK_OK;
    unlink(path);
    ntk_release(path);
    out->progress_path = NULL;
    return status;
}

/* ---- watching -------------------------------------------------------------------------------- */

static void take_progress_line(ntk_process *process) {
    process->line[process->line_length] = '\0';
    const double fraction = strtod(process->line, NULL);
    if (fraction >= 0 && fraction <= 1) process->fraction = fraction;
    process->line_length = 0;
}

static void read_progress(ntk_process *process) {
    char bytes[256];
    ssize_t count;
    while ((count = read(process->progress_descriptor, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < count; i++) {
            if (bytes[i] == '\n')
                take_progress_line(process);
            else if (process->line_length < sizeof process->line - 1)
                process->line[process->line_length++] = bytes[i];
        }
    if (count == 0) {
        close(process->progress_descriptor);
        process->progress_descriptor = -1;
    }
}

/* What the file of a launched process holds: one number, at most a line. */
static void look_at_progress(ntk_process *process) {
    if (process->progress_path == NULL) return;
    FILE *file = fopen(process->progress_path, "re");
    if (file == NULL) return;
    double fraction;
    if (fscanf(file, "%lf", &fraction) == 1 && fraction >= 0 && fraction <= 1) process->fraction = fraction;
    fclose(file);
}

static double resident_memory(pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    long size = 0, resident = 0;
    const int fields = fscanf(file, "%ld %ld", &size, &resident);
    fclose(file);
    return fields == 2 ? (double)resident * (double)sysconf(_SC_PAGESIZE) / mebibyte : 0;
}

static double seconds_of(struct timeval time) { return (double)time.tv_sec + 1e-6 * (double)time.tv_usec; }

/* Note the end of a process if it has ended; flags as for wait4. */
static void reap(ntk_process *process, int flags) {
    struct rusage usage;
    int status;
    pid_t pid;
    do pid = wait4(process->pid, &status, flags, &usage);
    while (pid < 0 && errno == EINTR);
    if (pid != process->pid) return;
    process->ending = WIFSIGNALED(status) ? NTK_ENDING_SIGNAL : NTK_ENDING_EXIT;
    process->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    process->seconds = ntk_process_clock() - process->begun;
    process->cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    process->peak_memory = (double)usage.ru_maxrss / 1024;
    if (process->progress_descriptor >= 0) {
        read_progress(process);
        if (process->progress_descriptor >= 0) close(process->progress_descriptor);
        process->progress_descriptor = -1;
    }
    if (process->progress_path != NULL) unlink(process->progress_path);
    ntk_release(process->progress_path);
    process->progress_path = NULL;
}

static void enforce_limits(ntk_process *process) {
    if (ntk_process_clock() - process->begun > process->time_limit)
        ntk_process_kill(process, NTK_ENDING_TIME);
    else if (process->progress_path == NULL && resident_memory(process->pid) > process->memory_limit)
        ntk_process_kill(process, NTK_ENDING_MEMORY);
}

void ntk_process_wait(ntk_process *const *processes, size_t count, double seconds) {
    struct pollfd pipes[MOST_PROCESSES];
    if (count > MOST_PROCESSES) count = MOST_PROCESSES;
    bool closed = false;
    for (size_t i = 0; i < count; i++) {
        pipes[i] = (struct pollfd){.fd = processes[i]->progress_descriptor, .events = POLLIN};
        closed = closed || processes[i]->progress_descriptor < 0;
    }
    /* A pipe that is closed says that the end is near, and says it once only: look again soon. */
    const double wait = closed ? fmin(seconds, 0.002) : seconds;
    poll(pipes, (nfds_t)count, (int)ceil(1000 * wait));
    for (size_t i = 0; i < count; i++) {
        ntk_process *process = processes[i];
        if (process->ending != NTK_ENDING_NONE) continue;
        if (process->progress_descriptor >= 0) read_progress(process);
        look_at_progress(process);
        reap(process, WNOHANG);
        if (process->ending == NTK_ENDING_NONE) enforce_limits(process);
    }
}

/* A launcher ends what it has started, here and elsewhere, if it is given the time. */
static void ask_to_end(ntk_process *process) {
    const double asked = ntk_process_clock();
    kill(-process->pid, SIGTERM);
    while (process->ending == NTK_ENDING_NONE && ntk_process_clock() - asked < launcher_grace) {
        poll(NULL, 0, 20);
        reap(process, WNOHANG);
    }
}

void ntk_process_kill(ntk_process *process, ntk_ending ending) {
    if (process->ending != NTK_ENDING_NONE) return;
    if (process->progress_path != NULL) ask_to_end(process);
    if (process->ending != NTK_ENDING_NONE) {
        process->ending = ending;
        return;
    }
    kill(process->attached ? process->pid : -process->pid, SIGKILL);
    reap(process, 0);
    process->ending = ending;
}

void ntk_process_describe(const ntk_process *process, char *text, size_t size) {
    switch (process->ending) {
    case NTK_ENDING_NONE:
        snprintf(text, size, "is running");
        break;
    case NTK_ENDING_EXIT:
        snprintf(text, size, "ended with exit status %d", process->code);
        break;
    case NTK_ENDING_SIGNAL:
        snprintf(text, size, "ended by signal %d (%s)", process->code, strsignal(process->code));
        break;
    case NTK_ENDING_TIME:
        snprintf(text, size, "exceeded its time limit of %g s and was stopped", process->time_limit);
        break;
    case NTK_ENDING_MEMORY:
        snprintf(text, size, "exceeded its memory limit of %.0f MiB and was stopped", process->memory_limit);
        break;
    case NTK_ENDING_CANCELLED:
        snprintf(text, size, "was interrupted");
        break;
    }
}

ntk_status ntk_process_last_words(const char *path, char **out) {
    char *content = NULL;
    size_t size = 0;
    if (ntk_file_read(path, &content, &size) != NTK_OK) return ntk_text_copy("", out);
    while (size > 0 && strchr(" \t\r\n", content[size - 1]) != NULL) content[--size] = '\0';
    const char *newline = strrchr(content, '\n');
    const ntk_status status =
        ntk_text_format(out, "%.*s", (int)LONGEST_WORDS, newline ? newline + 1 : content);
    ntk_release(content);
    return status;
}

/* Whether a line is the word of this program, warnings aside; or has a letter, as rules have
 * not. */
static bool is_own(const char *line) {
    return strncmp(line, "ntk: ", 5) == 0 && strncmp(line, "ntk: warning: ", 14) != 0;
}

static bool has_letter(const char *line) {
    return strpbrk(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL;
}

ntk_status ntk_process_launched_words(const char *path, char **out) {
    char *content = NULL, *rest;
    const char *own = NULL, *last = "";
    size_t size = 0;
    if (ntk_file_read(path, &content, &size) != NTK_OK) return ntk_text_copy("", out);
    for (char *line = strtok_r(content, "\r\n", &rest); line != NULL; line = strtok_r(NULL, "\r\n", &rest)) {
        if (is_own(line)) own = line;
        if (has_letter(line)) last = line;
    }
    const ntk_status status = ntk_text_format(out, "%.*s", (int)LONGEST_WORDS, own != NULL ? own : last);
    ntk_release(content);
    return status;
}
