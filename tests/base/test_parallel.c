#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/log.h>
#include <ntk/parallel.h>

#include "base/split.h"
#include "status.h"

enum { UNITS = 200 };

static ntk_status count_unit(size_t unit, void *context) {
    atomic_fetch_add(&((atomic_int *)context)[unit], 1);
    return NTK_OK;
}

Test(parallel, every_unit_runs_exactly_once) {
    for (size_t workers = 1; workers <= 7; workers += 3) {
        atomic_int runs[UNITS] = {0};
        cr_assert(ntk_set_workers(workers) == NTK_OK && ntk_workers() == workers);
        assert_ok(ntk_map(UNITS, count_unit, runs));
        for (size_t i = 0; i < UNITS; i++) cr_assert(runs[i] == 1);
    }
    assert_ok(ntk_map(0, count_unit, NULL));
}

Test(parallel, a_senseless_number_of_workers_is_refused) {
    cr_assert(ntk_workers() == 1);
    cr_assert(ntk_set_workers(0) == NTK_ERROR_ARGUMENT);
    cr_assert(ntk_set_workers(4097) == NTK_ERROR_ARGUMENT);
    cr_assert(ntk_workers() == 1);
}

/* Each of two units waits until the other has begun: passes only if they run at the same time. */
static ntk_status meet(size_t unit, void *context) {
    atomic_int *begun = context;
    atomic_fetch_add(begun, 1);
    (void)unit;
    for (const time_t start = time(NULL); atomic_load(begun) < 2;)
        if (time(NULL) > start + 20) return ntk_fail(NTK_ERROR_STALLED, "alone");
    return NTK_OK;
}

Test(parallel, two_workers_work_at_the_same_time) {
    atomic_int begun = 0;
    assert_ok(ntk_set_workers(2));
    assert_ok(ntk_map(2, meet, &begun));
}

/* Unit 3 fails only after unit 5 has, so that the lowest index is not the first failure. */
static ntk_status fail_in_reverse(size_t unit, void *context) {
    atomic_int *fifth_failed = context;
    if (unit == 5) {
        atomic_store(fifth_failed, 1);
        return ntk_fail(NTK_ERROR_DIVERGED, "unit 5 blew up");
    }
    if (unit != 3) return NTK_OK;
    while (!atomic_load(fifth_failed)) {
    }
    return ntk_fail(NTK_ERROR_STALLED, "unit 3 stalled");
}

Test(parallel, the_lowest_failing_unit_is_reported_to_the_caller) {
    atomic_int fifth_failed = 0;
    assert_ok(ntk_set_workers(2));
    cr_assert(ntk_map(UNITS, fail_in_reverse, &fifth_failed) == NTK_ERROR_STALLED);
    cr_assert_str_eq(ntk_error_detail(), "unit 3 stalled");
}

static ntk_status fail_at_ten(size_t unit, void *context) {
    atomic_fetch_add((atomic_int *)context, 1);
    return unit == 10 ? ntk_fail(NTK_ERROR_IO, "ten") : NTK_OK;
}

Test(parallel, units_after_the_first_error_are_skipped) {
    atomic_int runs = 0;
    cr_assert(ntk_map(UNITS, fail_at_ten, &runs) == NTK_ERROR_IO);
    cr_assert(runs == 11);
    runs = 0;
    assert_ok(ntk_set_workers(4));
    cr_assert(ntk_map(100000, fail_at_ten, &runs) == NTK_ERROR_IO);
    cr_assert(runs < 100000);
}

/* --- a map inside a unit --- */

typedef struct {
    pthread_t outer;
    size_t last;
    bool serial;
} nested;

static ntk_status inner(size_t unit, void *context) {
    nested *state = context;
    if (!pthread_equal(pthread_self(), state->outer) || unit != state->last) state->serial = false;
    state->last++;
    return unit == 20 ? ntk_fail(NTK_ERROR_FORMAT, "inner 20") : NTK_OK;
}

static ntk_status outer(size_t unit, void *context) {
    nested *state = (nested *)context + unit;
    state->outer = pthread_self();
    state->serial = true;
    const ntk_status status = ntk_map(50, inner, state);
    return status == NTK_ERROR_FORMAT && strcmp(ntk_error_detail(), "inner 20") == 0 ? NTK_OK
                                                                                     : NTK_ERROR_LIBRARY;
}

Test(parallel, a_map_inside_a_unit_is_serial) {
    nested states[8] = {0};
    assert_ok(ntk_set_workers(3));
    assert_ok(ntk_map(8, outer, states));
    for (size_t i = 0; i < 8; i++) cr_assert(states[i].serial && states[i].last == 21);
}

/* --- threads that cannot be had, and several maps --- */

static void count_complaints(ntk_log_level level, const char *message, void *context) {
    if (level == NTK_LOG_WARNING && strstr(message, "fewer workers") != NULL) ++*(int *)context;
}

/* Stacks that no address space holds: every unit still runs, and one line says why it takes
 * longer. */
Test(parallel, without_a_second_thread_one_does_all_the_work) {
    atomic_int runs[UNITS] = {0};
    int complaints = 0;
    pthread_attr_t attributes;
    cr_assert_eq(pthread_attr_init(&attributes), 0);
    cr_assert_eq(pthread_attr_setstacksize(&attributes, (size_t)1 << 46), 0);
    cr_assert_eq(pthread_setattr_default_np(&attributes), 0);
    ntk_log_set_sink(count_complaints, &complaints);
    assert_ok(ntk_set_workers(4));
    for (int k = 0; k < 3; k++) assert_ok(ntk_map(UNITS, count_unit, runs));
    for (size_t i = 0; i < UNITS; i++) cr_assert_eq(runs[i], 3);
    cr_assert_eq(complaints, 1);
}

/* The threads of a pool are not there after a fork. */
Test(parallel, a_forked_child_has_threads_of_its_own) {
    atomic_int begun = 0;
    assert_ok(ntk_set_workers(2));
    assert_ok(ntk_map(2, meet, &begun));
    const pid_t child = fork();
    if (child == 0) {
        atomic_store(&begun, 0);
        _exit(ntk_map(2, meet, &begun) == NTK_OK ? 0 : 1);
    }
    int status = 1;
    cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    atomic_store(&begun, 0);
    assert_ok(ntk_map(2, meet, &begun));
}

static void *map_often(void *context) {
    for (int k = 0; k < 300; k++)
        if (ntk_map(UNITS, count_unit, context) != NTK_OK) return context;
    return NULL;
}

Test(parallel, maps_of_several_threads_do_not_mix) {
    static atomic_int runs[3][UNITS];
    pthread_t threads[3];
    assert_ok(ntk_set_workers(3));
    for (size_t t = 0; t < 3; t++) cr_assert_eq(pthread_create(&threads[t], NULL, map_often, runs[t]), 0);
    for (size_t t = 0; t < 3; t++) {
        void *failed;
        cr_assert_eq(pthread_join(threads[t], &failed), 0);
        cr_assert_null(failed);
        for (size_t i = 0; i < UNITS; i++) cr_assert_eq(runs[t][i], 300);
    }
}

/* Many short maps, with as many workers as there were, fewer and more. */
Test(parallel, the_number_of_workers_may_change_between_maps) {
    atomic_int runs[UNITS] = {0};
    for (size_t k = 0; k < 500; k++) {
        assert_ok(ntk_set_workers(1 + k * 7 % 5));
        assert_ok(ntk_map(UNITS, count_unit, runs));
    }
    for (size_t i = 0; i < UNITS; i++) cr_assert_eq(runs[i], 500);
}

/* --- progress --- */

typedef struct {
    size_t calls;
    double last;
    bool ascending;
} progress;

static void watch(double fraction, void *context) {
    progress *seen = context;
    if (!(fraction > seen->last)) seen->ascending = false;
    seen->last = fraction;
    seen->calls++;
}

static ntk_status nothing(size_t unit, void *context) {
    (void)unit, (void)context;
    return NTK_OK;
}

static ntk_status map_nothing(size_t unit, void *context) {
    (void)unit;
    return ntk_map(5, nothing, context);
}

Test(parallel, progress_is_that_of_the_outermost_map) {
    for (size_t workers = 1; workers <= 2; workers++) {
        progress seen = {.ascending = true};
        assert_ok(ntk_set_workers(workers));
        ntk_progress_set_sink(watch, &seen);
        assert_ok(ntk_map(UNITS, map_nothing, NULL));
        cr_assert(seen.calls == UNITS && seen.last == 1.0 && seen.ascending);
    }
}

Test(parallel, a_split_computation_is_silent_and_shares_its_parts) {
    progress seen = {.ascending = true};
    atomic_int runs[UNITS] = {0}, begun = 0;
    assert_ok(ntk_set_workers(2));
    ntk_progress_set_sink(watch, &seen);
    assert_ok(ntk_split(UNITS, count_unit, runs));
    for (size_t i = 0; i < UNITS; i++) cr_assert(runs[i] == 1);
    assert_ok(ntk_split(2, meet, &begun));
    cr_assert_eq(seen.calls, 0);
}

/* ntk_range: counts its items; a range of `split` was asked for where `ranges` is not 0. */
typedef struct {
    atomic_int items[1000], ranges, nested;
} counted;

static ntk_status count_range(size_t first, size_t count, void *context) {
    counted *c = context;
    c->ranges++;
    c->nested += ntk_inside_map();
    for (size_t i = first; i < first + count; i++) c->items[i]++;
    return NTK_OK;
}

Test(parallel, ranges_cover_every_item_once) {
    for (size_t items = 0; items <= 1000; items += items < 70 ? 1 : 93)
        for (size_t ranges = 0; ranges <= 9; ranges++) {
            counted c = {.ranges = 0};
            assert_ok(ntk_set_workers(1 + ranges % 3));
            assert_ok(ntk_split_range(items, ranges, count_range, &c));
            for (size_t i = 0; i < items; i++) cr_assert_eq(c.items[i], 1, "item %zu of %zu", i, items);
            cr_assert_eq(c.ranges, ranges == 0 ? 1 : (int)ranges);
            cr_assert_eq(c.nested, ranges <= 1 ? 0 : c.ranges); /* one is no map */
        }
}

Test(parallel, long_ranges_begin_at_lines_of_the_cache_and_are_even) {
    for (size_t k = 0; k < 7; k++) cr_assert_eq(ntk_range_begin(10007, 7, k) % 8, 0);
    for (size_t k = 0; k < 7; k++) {
        const size_t count = ntk_range_begin(10007, 7, k + 1) - ntk_range_begin(10007, 7, k);
        cr_assert(count >= 10007 / 7 - 8 && count <= 10007 / 7 + 16);
    }
}
