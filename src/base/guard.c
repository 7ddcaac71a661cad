/* FLINT and GMP allocate through functions that a program may replace. These are the C library's,
 * but do not return without memory: where a guard stands, they go back to it. */
#include "base/guard.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arb.h"
#include <ntk/rounding.h>

static _Thread_local ntk_ball_guard *innermost;
static _Thread_local bool starved;

static void *deliver(void *memory, size_t size) {
    if (memory != NULL || size == 0 || innermost == NULL) return memory;
    starved = true;
    longjmp(innermost->place, 1);
}

static void *take(size_t size) { return deliver(malloc(size), size); }
static void *take_zeros(size_t count, size_t size) { return deliver(calloc(count, size), count * size); }
static void *retake(void *old, size_t size) { return deliver(realloc(old, size), size); }
static void *retake_sized(void *old, size_t old_size, size_t size) {
    (void)old_size;
    return retake(old, size);
}
static void give_sized(void *memory, size_t size) {
    (void)size;
    free(memory);
}

/* A function of GMP, which is FLINT's library and not linked here; *out is its address. */
static bool find(const char *name, void *out) {
    void *address = dlsym(RTLD_DEFAULT, name);
    memcpy(out, &address, sizeof address);
    return address != NULL;
}

/* GMP has one set of functions for the whole program. A program that has chosen its own keeps
 * them. */
static void replace_gmp(void) {
    void (*get)(void *(**)(size_t), void *(**)(void *, size_t, size_t), void (**)(void *, size_t));
    void (*set)(void *(*)(size_t), void *(*)(void *, size_t, size_t), void (*)(void *, size_t));
    void *(*usual)(size_t), *(*now)(size_t) = NULL;
    if (!find("__gmp_get_memory_functions", &get) || !find("__gmp_set_memory_functions", &set) ||
        !find("__gmp_default_allocate", &usual))
        return;
    get(&now, NULL, NULL);
    if (now == usual) set(take, retake_sized, give_sized);
}

static void replace_functions(void) {
    __flint_set_memory_functions(take, take_zeros, retake, free);
    replace_gmp();
}

int ntk_ball_enter(ntk_ball_guard *guard) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, replace_functions);
    guard->outer = innermost;
    guard->rounding = ntk_rounding_nearest();
    innermost = guard;
    return !starved;
}

void ntk_ball_leave(ntk_ball_guard *guard) {
    innermost = guard->outer;
    ntk_rounding_restore(guard->rounding);
}

ntk_status ntk_ball_starved(void) {
    return ntk_fail(NTK_ERROR_MEMORY, "ball arithmetic (FLINT) is out of memory");
}
