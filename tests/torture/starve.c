/* A library to preload: the N-th allocation of a program fails, and all after it where STARVE_AFTER
 * is set. What stands before main is not counted: it is the loader's and the runtime libraries'
 * own.
 *
 *     STARVE=N LD_PRELOAD=starve.so PROGRAM ...
 *
 * STARVE=0 counts, and prints the number at the end. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* glibc's own, under names that are not replaced. */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_long count;
static long victim = -1;
static bool counting, after;

static bool fails(void) {
    if (!counting) return false;
    const long n = atomic_fetch_add(&count, 1) + 1;
    if (victim <= 0 || !(n == victim || (after && n > victim))) return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void *calloc(size_t n, size_t size) { return fails() ? NULL : __libc_calloc(n, size); }
void *realloc(void *old, size_t size) { return fails() ? NULL : __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { return fails() ? NULL : __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **out, size_t alignment, size_t size) {
    void *memory = fails() ? NULL : __libc_memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *out = memory;
    return 0;
}

static void report(void) {
    char text[64];
    counting = false;
    const int length = snprintf(text, sizeof text, "allocations: %ld\n", atomic_load(&count));
    if (victim == 0 && write(STDERR_FILENO, text, (size_t)length) < 0) return;
}

static int (*program)(int, char **, char **);

static int begin(int argc, char **argv, char **environment) {
    const char *text = getenv("STARVE");
    victim = text != NULL ? atol(text) : -1;
    after = getenv("STARVE_AFTER") != NULL;
    counting = text != NULL;
    const int status = program(argc, argv, environment);
    report();
    return status;
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end) {
    typedef int starter(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                        void (*)(void), void *);
    starter *next;
    void *symbol = dlsym(RTLD_NEXT, "__libc_start_main");
    memcpy(&next, &symbol, sizeof next);
    program = main;
    return next(begin, argc, argv, init, fini, rtld_fini, stack_end);
}
