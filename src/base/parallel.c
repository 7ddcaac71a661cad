/* A pool of threads that sleep between maps. The calling thread works as well, so a map goes on,
 * and gives the same results, with as many threads as the system grants: one, if need be. */
#include <ntk/parallel.h>

#include <fenv.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <ntk/log.h>
#include <ntk/rounding.h>

#include "base/rounding.h"
#include "base/split.h"

enum { MAX_WORKERS = 4096 };

static size_t workers = 1;

/* Maps around the code that this thread runs. */
static _Thread_local int depth;

/* What the units of one map share. */
typedef struct {
    size_t units;
    ntk_unit unit;
    void *context;
    uint64_t number;           /* of this map, for the roundings of its units */
    int rounding;              /* of the thread that began it */
    bool silent;               /* about progress */
    atomic_size_t next;        /* the first unit that nobody has taken */
    size_t done;               /* the rest is written under report_lock */
    atomic_size_t failed_unit; /* the lowest so far; SIZE_MAX: none */
    ntk_status status;         /* of that unit */
    char detail[NTK_DETAIL_SIZE];
} map_state;

/* One map at a time has the helpers; another one, of another thread of the program, works alone. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    size_t threads;  /* started, and alive */
    bool taken;      /* by a map */
    map_state *map;  /* the map of this round */
    uint64_t round;  /* counts maps: a helper works once in each */
    size_t wanted;   /* the first so many threads help in this round */
    size_t working;  /* those of them that have not finished */
    bool complained; /* of a thread that could not be started */
} pool = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .begin = PTHREAD_COND_INITIALIZER, .end = PTHREAD_COND_INITIALIZER};

static pthread_mutex_t report_lock = PTHREAD_MUTEX_INITIALIZER;

ntk_status ntk_set_workers(size_t count) {
    if (count == 0 || count > MAX_WORKERS)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu workers: want 1 to %d", count, MAX_WORKERS);
    workers = count;
    return NTK_OK;
}

size_t ntk_workers(void) { return workers; }

bool ntk_inside_map(void) { return depth > 0; }

/* ---- units ----------------------------------------------------------------------------------- */

static void report_failure(map_state *state, size_t unit, ntk_status status) {
    pthread_mutex_lock(&report_lock);
    if (unit < atomic_load(&state->failed_unit)) {
        atomic_store(&state->failed_unit, unit);
        state->status = status;
        snprintf(state->detail, sizeof state->detail, "%s", ntk_error_detail());
    }
    pthread_mutex_unlock(&report_lock);
}

/* Counting and reporting under one lock: the fractions arrive in ascending order. */
static void report_progress(map_state *state) {
    pthread_mutex_lock(&report_lock);
    state->done++;
    ntk_progress((double)state->done / (double)state->units);
    pthread_mutex_unlock(&report_lock);
}

/* Skips what stands above a failure only: the lowest failing unit always runs, whatever the
 * timing. */
static void run_unit(map_state *state, size_t index) {
    if (index > atomic_load(&state->failed_unit)) return;
    const int rounding = fegetround();
    ntk_rounding_restore(state->rounding); /* a helper has the mode of whoever started it */
    (void)ntk_rounding_enter(state->number, index);
    depth++;
    const ntk_status status = state->unit(index, state->context);
    depth--;
    ntk_rounding_restore(rounding);
    if (status != NTK_OK)
        report_failure(state, index, status);
    else if (!state->silent)
        report_progress(state);
}

/* One after the other, until there are none left. */
static void work(map_state *state) {
    for (size_t i; (i = atomic_fetch_add(&state->next, 1)) < state->units;) run_unit(state, i);
}

/* ---- the pool -------------------------------------------------------------------------------- */

static void *help(void *number) {
    pthread_mutex_lock(&pool.lock);
    uint64_t seen = pool.round;
    pool.threads++;
    pthread_cond_signal(&pool.end);
    for (;;) {
        while (pool.round == seen) pthread_cond_wait(&pool.begin, &pool.lock);
        seen = pool.round;
        if ((size_t)(uintptr_t)number >= pool.wanted) continue;
        map_state *const map = pool.map;
        pthread_mutex_unlock(&pool.lock);
        work(map);
        pthread_mutex_lock(&pool.lock);
        if (--pool.working == 0) pthread_cond_signal(&pool.end);
    }
    return NULL;
}

/* Threads do not survive a fork: the child begins without any. */
static void forget(void) {
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.begin, NULL);
    pthread_cond_init(&pool.end, NULL);
    pthread_mutex_init(&report_lock, NULL);
    pool.threads = 0;
    pool.taken = false;
}

static void prepare_for_forks(void) { pthread_atfork(NULL, NULL, forget); }

/* Start threads until there are `count`, or as many as the system grants; the lock is held. *error:
 * why there are fewer. */
static void grow(size_t count, int *error) {
    size_t started = pool.threads;
    while (started < count && *error == 0) {
        pthread_t thread;
        *error = pthread_create(&thread, NULL, help, (void *)(uintptr_t)started);
        if (*error == 0) pthread_detach(thread);
        if (*error == 0) started++;
    }
    while (pool.threads < started) pthread_cond_wait(&pool.end, &pool.lock); /* until they listen */
}

/* Take the pool and set `helpers` threads to work. False: another map has it. */
static bool begin_round(map_state *state, size_t helpers) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare_for_forks);
    int error = 0;
    pthread_mutex_lock(&pool.lock);
    const bool free = !pool.taken;
    if (free) {
        pool.taken = true;
        grow(helpers, &error);
        pool.map = state;
        pool.wanted = pool.working = helpers < pool.threads ? helpers : pool.threads;
        pool.round++;
        pthread_cond_broadcast(&pool.begin);
    }
    const bool complain = error != 0 && !pool.complained;
    pool.complained = pool.complained || complain;
    pthread_mutex_unlock(&pool.lock);
    if (complain)
        ntk_log(NTK_LOG_WARNING, "fewer workers than asked for: a thread cannot be started: %s",
                strerror(error));
    return free;
}

static void end_round(void) {
    pthread_mutex_lock(&pool.lock);
    while (pool.working > 0) pthread_cond_wait(&pool.end, &pool.lock);
    pool.taken = false;
    pthread_mutex_unlock(&pool.lock);
}

/* ---- maps ------------------------------------------------------------------------------------ */

/* Inside a unit: serial, and silent about progress. */
static ntk_status map_nested(size_t units, ntk_unit unit, void *context) {
    for (size_t i = 0; i < units; i++) NTK_TRY(unit(i, context));
    return NTK_OK;
}

/* The parts of a split and the members of a team report no progress; a team shares out the units of
 * another map, whose roundings they have. */
typedef enum map_kind { MAP, SPLIT, TEAM } map_kind;

static ntk_status map(size_t units, ntk_unit unit, void *context, map_kind kind) {
    if (units == 0) return NTK_OK;
    if (depth > 0) return map_nested(units, unit, context);
    map_state state = {.units = units,
                       .unit = unit,
                       .context = context,
                       .silent = kind != MAP,
                       .number = kind == TEAM ? 0 : ntk_rounding_map(),
                       .rounding = fegetround(),
                       .status = NTK_OK};
    atomic_init(&state.next, 0);
    atomic_init(&state.failed_unit, SIZE_MAX);
    const size_t team = units < workers ? units : workers;
    const bool helped = team > 1 && begin_round(&state, team - 1);
    work(&state);
    if (helped) end_round();
    /* The failure may have been recorded on another thread: hand its line to this one. */
    return state.status == NTK_OK ? NTK_OK : ntk_fail(state.status, "%s", state.detail);
}

ntk_status ntk_map(size_t units, ntk_unit unit, void *context) { return map(units, unit, context, MAP); }

ntk_status ntk_split(size_t parts, ntk_unit part, void *context) { return map(parts, part, context, SPLIT); }

/* Short ranges of long items begin anywhere. */
enum { LONG_RANGE = 64, LINE = 8 };

size_t ntk_range_begin(size_t count, size_t ranges, size_t range) {
    const size_t each = count / ranges, rest = count % ranges;
    const size_t begin = each * range + (range < rest ? range : rest);
    return each < LONG_RANGE || range == ranges ? begin : begin - begin % LINE;
}

typedef struct {
    size_t count, ranges;
    ntk_range range;
    void *context;
} ranges_state;

static ntk_status run_range(size_t part, void *context) {
    const ranges_state *state = context;
    const size_t first = ntk_range_begin(state->count, state->ranges, part);
    return state->range(first, ntk_range_begin(state->count, state->ranges, part + 1) - first,
                        state->context);
}

ntk_status ntk_split_range(size_t count, size_t ranges, ntk_range range, void *context) {
    ranges_state state = {count, ranges, range, context};
    return ranges <= 1 ? range(0, count, context) : ntk_split(ranges, run_range, &state);
}

ntk_status ntk_team(size_t members, ntk_unit member, void *context) {
    return map(members, member, context, TEAM);
}
