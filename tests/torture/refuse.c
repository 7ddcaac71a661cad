/* Run a program of which the N-th system call fails: of those that deal with files, memory and
 * processes, in it and in all that it starts, counted from the moment when `ntk` ignores SIGXFSZ,
 * which is the first thing that its main does; what stands before is the loader's.
 *
 *     refuse N PROGRAM ...        N = 0: nothing fails; the number of calls is printed at the end
 *
 * Exit status: the program's; 128 + the signal that ended it; 99: this machine does not allow
 * it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_HERE = 99 };

#ifdef __x86_64__
/* Not brk: it tells of failure by another value than an error. */
static const struct {
    long call;
    int error;
} refusals[] = {
    {SYS_openat, EMFILE},  {SYS_read, EIO},      {SYS_write, ENOSPC},   {SYS_close, EIO},
    {SYS_fsync, EIO},      {SYS_rename, EIO},    {SYS_newfstatat, EIO}, {SYS_fstat, EIO},
    {SYS_stat, EIO},       {SYS_lstat, EIO},     {SYS_mkdir, ENOSPC},   {SYS_unlink, EIO},
    {SYS_unlinkat, EIO},   {SYS_ftruncate, EIO}, {SYS_mmap, ENOMEM},    {SYS_getdents64, EIO},
    {SYS_flock, ENOLCK},   {SYS_pipe2, EMFILE},  {SYS_clone, EAGAIN},   {SYS_clone3, EAGAIN},
    {SYS_readlink, EIO},   {SYS_access, EIO},    {SYS_fchmod, EPERM},   {SYS_fchown, EPERM},
    {SYS_symlink, ENOSPC}, {SYS_statfs, EIO},    {SYS_fcntl, EMFILE},   {SYS_execve, ENOEXEC},
    {SYS_uname, EFAULT},
};

static int refusal_of(long call) {
    for (size_t k = 0; k < sizeof refusals / sizeof *refusals; k++)
        if (refusals[k].call == call) return refusals[k].error;
    return 0;
}

static long victim, count;
static int counting;
static pid_t refused; /* the thread whose call is under way, and what it will return */
static int refused_error;

static void enter(pid_t thread, const struct __ptrace_syscall_info *info) {
    const long call = (long)info->entry.nr;
    if (call == SYS_rt_sigaction && info->entry.args[0] == SIGXFSZ) counting = 1;
    const int error = counting ? refusal_of(call) : 0;
    if (error == 0 || ++count != victim) return;
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0) return;
    registers.orig_rax = (unsigned long long)-1; /* no call at all */
    ptrace(PTRACE_SETREGS, thread, 0, &registers);
    refused = thread;
    refused_error = error;
}

static void leave(pid_t thread) {
    struct user_regs_struct registers;
    if (thread != refused || ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0) return;
    registers.rax = (unsigned long long)-refused_error;
    ptrace(PTRACE_SETREGS, thread, 0, &registers);
    refused = 0;
}

/* Which signal to hand on to a thread that has stopped. */
static int look(pid_t thread, int status) {
    const int stopped_by = WSTOPSIG(status);
    if (stopped_by == (SIGTRAP | 0x80)) {
        struct __ptrace_syscall_info info;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) return 0;
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY) enter(thread, &info);
        if (info.op == PTRACE_SYSCALL_INFO_EXIT) leave(thread);
        return 0;
    }
    /* An event of ptrace's own, or the first stop of a new thread. */
    return stopped_by == SIGTRAP || stopped_by == SIGSTOP ? 0 : stopped_by;
}

static int watch(pid_t first) {
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    int status, result = NOT_HERE;
    if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status)) return NOT_HERE;
    if (ptrace(PTRACE_SETOPTIONS, first, 0, options) != 0) return NOT_HERE;
    ptrace(PTRACE_SYSCALL, first, 0, 0);
    for (pid_t thread; (thread = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFSTOPPED(status)) {
            ptrace(PTRACE_SYSCALL, thread, 0, look(thread, status));
            continue;
        }
        if (thread == first) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    if (victim == 0) fprintf(stderr, "system calls: %ld\n", count);
    return result;
}

int main(int argc, char **argv) {
    if (argc < 3) return NOT_HERE;
    victim = atol(argv[1]);
    const pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) _exit(NOT_HERE);
        raise(SIGSTOP);
        execvp(argv[2], argv + 2);
        _exit(NOT_HERE);
    }
    return child < 0 ? NOT_HERE : watch(child);
}
#else
int main(void) { return NOT_HERE; }
#endif
