/* Maps on several ranks: forked processes that reach one another through shared memory. */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/lab/map.h>

#include "base/rounding.h"
#include "experiment/kept.h"
#include "experiment/share.h"
#include "experiment/transport.h"
#include "fixture.h"
#include "status.h"

TestSuite(share, .fini = fixture_remove, .timeout = 60);

enum { RANKS = 3, UNITS = 60, SIZE = 3, BOARD = 2048, MAIL = 256 };

/* ---- a transport through shared memory ------------------------------------------------------- */

typedef struct hall {
    pthread_mutex_t lock;
    pthread_barrier_t door;
    uint64_t cells[2];
    char board[RANKS][BOARD];
    char mail[MAIL][BOARD];
    size_t sizes[MAIL], sent, read;
    atomic_int runs[UNITS]; /* how often a unit was run */
    atomic_int ranks_seen;  /* a bit for each rank that has run a unit */
} hall;

static hall *shared;
static size_t own_rank;
static int sent_here, fails_at; /* the message of this rank that cannot be sent; -1: none */

static void meet_all(void) { pthread_barrier_wait(&shared->door); }

static ntk_status gather(void *context, const void *mine, size_t size, void *all) {
    (void)context;
    if (size > BOARD) return ntk_fail(NTK_ERROR_SHAPE, "board");
    memcpy(shared->board[own_rank], mine, size);
    meet_all();
    for (size_t r = 0; r < RANKS; r++) memcpy((char *)all + r * size, shared->board[r], size);
    meet_all();
    return NTK_OK;
}

static ntk_status spread(void *context, void *bytes, size_t size) {
    (void)context;
    for (size_t at = 0; at < size; at += BOARD) {
        const size_t count = size - at < BOARD ? size - at : BOARD;
        if (own_rank == 0) memcpy(shared->board[0], (char *)bytes + at, count);
        meet_all();
        memcpy((char *)bytes + at, shared->board[0], count);
        meet_all();
    }
    return NTK_OK;
}

static ntk_status reset(void *context) {
    (void)context;
    meet_all();
    shared->cells[0] = 0;
    shared->cells[1] = UINT64_MAX;
    meet_all();
    return NTK_OK;
}

static ntk_status claim(void *context, uint64_t count, uint64_t *next, uint64_t *lowest) {
    (void)context;
    pthread_mutex_lock(&shared->lock);
    *next = shared->cells[0];
    *lowest = shared->cells[1];
    shared->cells[0] += count;
    pthread_mutex_unlock(&shared->lock);
    return NTK_OK;
}

static ntk_status lower(void *context, uint64_t unit) {
    (void)context;
    pthread_mutex_lock(&shared->lock);
    if (unit < shared->cells[1]) shared->cells[1] = unit;
    pthread_mutex_unlock(&shared->lock);
    return NTK_OK;
}

static ntk_status send_message(void *context, const void *bytes, size_t size) {
    (void)context;
    if (sent_here++ == fails_at) return ntk_fail(NTK_ERROR_LIBRARY, "cable cut");
    pthread_mutex_lock(&shared->lock);
    memcpy(shared->mail[shared->sent % MAIL], bytes, size);
    shared->sizes[shared->sent++ % MAIL] = size;
    pthread_mutex_unlock(&shared->lock);
    return NTK_OK;
}

static ntk_status receive_message(void *context, void *bytes, size_t capacity, bool *any) {
    (void)context;
    pthread_mutex_lock(&shared->lock);
    *any = shared->read < shared->sent;
    const size_t size = *any ? shared->sizes[shared->read % MAIL] : 0;
    if (*any && size <= capacity) memcpy(bytes, shared->mail[shared->read++ % MAIL], size);
    pthread_mutex_unlock(&shared->lock);
    return size <= capacity ? NTK_OK : ntk_fail(NTK_ERROR_SHAPE, "mail");
}

static void open_hall(void) {
    pthread_mutexattr_t lock;
    pthread_barrierattr_t door;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(shared != MAP_FAILED);
    pthread_mutexattr_init(&lock);
    pthread_mutexattr_setpshared(&lock, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->lock, &lock);
    pthread_barrierattr_init(&door);
    pthread_barrierattr_setpshared(&door, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->door, &door, RANKS);
}

static void become_rank(size_t rank, bool (*body)(void)) {
    const ntk_transport transport = {rank,  RANKS, gather,       spread,          reset,
                                     claim, lower, send_message, receive_message, NULL};
    own_rank = rank;
    ntk_share_begin(&transport);
    _exit(ntk_set_workers(2) == NTK_OK && body() ? 0 : 1);
}

/* Run `body` on all ranks; it is to be true on each. Where `first` is a rank, the others are killed
 * once that one has ended. */
static void on_ranks(bool (*body)(void), size_t first) {
    pid_t ranks[RANKS];
    int status;
    for (size_t r = 0; r < RANKS; r++) {
        ranks[r] = fork();
        if (ranks[r] == 0) become_rank(r, body);
    }
    if (first < RANKS) {
        cr_assert(waitpid(ranks[first], &status, 0) == ranks[first]);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "rank %zu", first);
    }
    for (size_t r = 0; r < RANKS; r++) {
        if (first < RANKS && r != first) kill(ranks[r], SIGKILL);
        if (r == first) continue;
        cr_assert(waitpid(ranks[r], &status, 0) == ranks[r]);
        cr_expect(first < RANKS || (WIFEXITED(status) && WEXITSTATUS(status) == 0), "rank %zu", r);
    }
}

/* ---- units ----------------------------------------------------------------------------------- */

typedef struct work {
    double values[UNITS * SIZE], more[UNITS];
    long pause;          /* nanoseconds */
    size_t fails[RANKS]; /* units that fail */
    bool one_by_one;     /* those in this order, five milliseconds apart */
} work;

static ntk_status compute(size_t unit, void *context) {
    work *self = context;
    const struct timespec time = {.tv_nsec = self->pause};
    nanosleep(&time, NULL);
    atomic_fetch_add(&shared->runs[unit], 1);
    atomic_fetch_or(&shared->ranks_seen, 1 << own_rank);
    for (size_t k = 0; k < RANKS; k++)
        if (self->fails[k] != 0 && unit == self->fails[k]) {
            const struct timespec lag = {.tv_nsec = self->one_by_one ? (long)k * 5000000 : 0};
            nanosleep(&lag, NULL);
            return ntk_fail(NTK_ERROR_DIVERGED, "unit %zu blew up", unit);
        }
    for (size_t i = 0; i < SIZE; i++) self->values[unit * SIZE + i] = (double)unit / 3 + (double)i;
    if (unit == 7) self->values[unit * SIZE] = NAN;
    self->more[unit] += (double)unit; /* what adds up finds what was there */
    return NTK_OK;
}

static ntk_status map(work *self, size_t units) {
    const ntk_slots slots[] = {{self->values, SIZE}, {self->more, 1}};
    for (size_t u = 0; u < UNITS; u++) self->more[u] = 1;
    return ntk_map_units(units, compute, self, slots, 2);
}

static bool ends_well(void) {
    bool lost;
    return ntk_share_end(NTK_OK, &lost) == NTK_OK && !lost;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static bool compare_with_one_rank(void) {
    static work whole, part;
    part.pause = 1000000;
    bool good = true;
    for (size_t k = 0; k < 2; k++) good = good && map(&part, UNITS - k) == NTK_OK;
    good = ends_well() && good; /* what follows has one rank */
    return good && map(&whole, UNITS) == NTK_OK &&
           memcmp(whole.values, part.values, sizeof whole.values) == 0 &&
           memcmp(whole.more, part.more, sizeof whole.more - sizeof *whole.more) == 0;
}

Test(share, all_ranks_have_the_results_of_one_thread) {
    open_hall();
    fails_at = -1;
    on_ranks(compare_with_one_rank, RANKS);
    cr_expect_eq(shared->ranks_seen, (1 << RANKS) - 1);
    for (size_t u = 0; u < UNITS - 1; u++) cr_expect_eq(shared->runs[u], 2 + RANKS, "unit %zu", u);
}

static ntk_status divide(size_t unit, void *context) {
    volatile double divisor = 3 + (double)unit;
    for (size_t k = 0; k < SIZE; k++) ((double *)context)[unit * SIZE + k] = ((double)k + 1) / divisor;
    return NTK_OK;
}

static bool divide_at_random(double quotients[2][UNITS * SIZE]) {
    bool good = ntk_rounding_begin(NTK_ROUNDING_RANDOM, 7, "a/b") == NTK_OK;
    for (size_t k = 0; k < 2; k++) {
        const ntk_slots slots = {quotients[k], SIZE};
        good = good && ntk_map_units(UNITS, divide, quotients[k], &slots, 1) == NTK_OK;
    }
    ntk_rounding_end();
    return good;
}

/* Also the second map has the modes of the second map. */
static bool round_alike(void) {
    static double whole[2][UNITS * SIZE], part[2][UNITS * SIZE];
    bool good = divide_at_random(part);
    good = ends_well() && good;
    return good && divide_at_random(whole) && memcmp(whole, part, sizeof whole) == 0 &&
           memcmp(whole[0], whole[1], sizeof whole[0]) != 0;
}

Test(share, units_have_their_own_rounding_on_any_rank) {
    open_hall();
    fails_at = -1;
    on_ranks(round_alike, RANKS);
}

static bool nine_is_told(work *self) {
    return map(self, UNITS) == NTK_ERROR_DIVERGED && strcmp(ntk_error_detail(), "unit 9 blew up") == 0;
}

/* Unit 9, on whatever rank: of several, before others that have begun, and after them. */
static bool fail_alike(void) {
    static work far = {.pause = 1000000, .fails = {30, 9, 31}};
    static work first = {.pause = 1000000, .fails = {9, 10, 11}, .one_by_one = true};
    static work last = {.pause = 1000000, .fails = {11, 10, 9}, .one_by_one = true};
    static work self;
    const bool good = nine_is_told(&far) && nine_is_told(&first) && nine_is_told(&last);
    return map(&self, UNITS) == NTK_OK && ends_well() && good;
}

Test(share, the_lowest_failing_unit_is_reported_on_all_ranks) {
    open_hall();
    fails_at = -1;
    on_ranks(fail_alike, RANKS);
    for (size_t u = 0; u <= 9; u++) cr_expect_eq(shared->runs[u], 4, "unit %zu", u);
    cr_expect_eq(shared->runs[UNITS - 1], 1); /* far above a failure units are skipped */
}

static bool call_differently(void) {
    static work self;
    bool lost;
    const ntk_status status = map(&self, own_rank == 1 ? UNITS - 1 : UNITS);
    return status == NTK_ERROR_LIBRARY &&
           strstr(ntk_error_detail(), "ranks 0 and 1 do not run the same maps") &&
           ntk_share_end(status, &lost) == NTK_ERROR_LIBRARY && !lost;
}

Test(share, ranks_that_make_different_calls_are_told_so) {
    open_hall();
    on_ranks(call_differently, RANKS);
    for (size_t u = 0; u < UNITS; u++) cr_expect_eq(shared->runs[u], 0);
}

/* Rank 2 has failed before the map that the others come to. */
static bool end_early(void) {
    static work self;
    bool lost;
    ntk_status status = NTK_ERROR_MEMORY;
    if (own_rank == 2)
        ntk_fail(status, "rank 2 has no room");
    else
        status = map(&self, UNITS);
    return ntk_share_end(status, &lost) == NTK_ERROR_MEMORY && !lost &&
           strcmp(ntk_error_detail(), "rank 2 has no room") == 0;
}

Test(share, one_rank_that_fails_alone_ends_all) {
    open_hall();
    on_ranks(end_early, RANKS);
}

static bool agree(void) {
    bool lost;
    const ntk_status status = ntk_share_agree(own_rank == 1 ? 6 : 5, "would compute what is other");
    return status == NTK_ERROR_LIBRARY &&
           strstr(ntk_error_detail(), "ranks 0 and 1 would compute what is other") &&
           ntk_share_end(status, &lost) == status && !lost;
}

Test(share, ranks_of_different_code_do_not_begin) {
    open_hall();
    on_ranks(agree, RANKS);
}

/* Rank 1 sends four results, and then nothing any more. */
static bool lose_the_others(void) {
    static work self = {.pause = 1000000};
    bool lost = false;
    if (own_rank != 1) fails_at = -1;
    const ntk_status status = map(&self, UNITS);
    return own_rank != 1 || (status == NTK_ERROR_LIBRARY && strcmp(ntk_error_detail(), "cable cut") == 0 &&
                             ntk_share_end(status, &lost) == NTK_ERROR_LIBRARY && lost);
}

Test(share, a_rank_that_cannot_reach_the_others_says_so) {
    open_hall();
    fails_at = 4;
    on_ranks(lose_the_others, 1);
}

/* Results reach rank 0's disk while the map is going on: when it fails, those of other ranks are
 * there. */
static const char *prefix;

static bool fail_late(void) {
    static work self = {.pause = 100 * 1000 * 1000, .fails = {UNITS - 1}};
    return ntk_kept_begin(prefix) == NTK_OK && map(&self, UNITS) == NTK_ERROR_DIVERGED && ends_well();
}

static bool go_on(void) {
    static work self, whole;
    if (ntk_kept_begin(prefix) != NTK_OK || map(&self, UNITS) != NTK_OK || !ends_well()) return false;
    return ntk_kept_begin(NULL) == NTK_OK && map(&whole, UNITS) == NTK_OK &&
           memcmp(whole.values, self.values, sizeof whole.values) == 0;
}

Test(share, rank_0_keeps_the_results_of_all) {
    open_hall();
    fails_at = -1;
    prefix = fixture_join(fixture_folder(), "key");
    on_ranks(fail_late, RANKS);
    for (size_t u = 0; u < UNITS; u++) atomic_store(&shared->runs[u], 0);
    on_ranks(go_on, RANKS);
    int again = 0;
    /* and RANKS times in `whole` */
    for (size_t u = 0; u < UNITS; u++) again += shared->runs[u] > RANKS;
    cr_expect(again >= 1 && again <= UNITS / 2, "%d units were run again", again);
}
