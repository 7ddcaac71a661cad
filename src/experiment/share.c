/* Units are claimed from a counter that stands on rank 0, in the order of their numbers, by whoever
 * is free: the dear ones stand first (grid.c). Their results go to rank 0 at once, which keeps them
 * on disk, and from there to all ranks at the end.
 *
 * Messages are the work of one thread of each rank, beside those that compute. It alone talks to
 * the transport while a map runs, and the main thread alone does otherwise, so that an MPI library
 * need not bear several threads at once. It sleeps between its looks. */
#include "experiment/share.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <ntk/memory.h>
#include <ntk/rounding.h>

#include "base/rounding.h"

static const long look_every = 300 * 1000; /* nanoseconds */
static const double claim_for = 0.02;      /* seconds of work that are claimed at once, if units are
                                            * short */

static const ntk_transport *transport; /* NULL: nothing is shared */
static bool parted;                    /* no rank waits for this one any more */
static bool lost;                      /* the transport has failed */
static uint64_t maps;                  /* that were shared so far */

size_t ntk_share_rank(void) { return transport != NULL ? transport->rank : 0; }

size_t ntk_share_ranks(void) { return transport != NULL ? transport->ranks : 1; }

double ntk_unit_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- meetings -------------------------------------------------------------------------------- */

/* What the ranks should agree on, and how each of them stands. */
typedef struct presence {
    uint64_t call[4]; /* what is agreed on, or 0; the number of the map, or 0 at the end; its units
                       * and size */
    uint64_t status;
} presence;

static ntk_status lose(ntk_status status) {
    if (status != NTK_OK) lost = parted = true;
    return status;
}

/* The failure of the lowest rank, told by itself to all. */
static ntk_status tell_failure(size_t rank, ntk_status status, const char *detail) {
    char mine[NTK_DETAIL_SIZE] = "";
    void *all;
    snprintf(mine, sizeof mine, "%s", detail);
    NTK_TRY(ntk_allocate(transport->ranks, sizeof mine, &all));
    ntk_status told = lose(transport->gather(transport->context, mine, sizeof mine, all));
    if (told == NTK_OK) told = ntk_fail(status, "%s", (const char *)all + rank * sizeof mine);
    ntk_release(all);
    return told;
}

static ntk_status judge_meeting(const presence *all, const char *detail, const char *otherwise) {
    for (size_t r = 0; r < transport->ranks; r++)
        if (all[r].status != NTK_OK) {
            parted = true;
            return tell_failure(r, (ntk_status)all[r].status, detail);
        }
    for (size_t r = 1; r < transport->ranks; r++)
        if (memcmp(all[r].call, all[0].call, sizeof all[0].call) != 0) {
            parted = true;
            return all[r].call[0] != all[0].call[0]
                       ? ntk_fail(NTK_ERROR_LIBRARY, "ranks 0 and %zu %s", r, otherwise)
                       : ntk_fail(NTK_ERROR_LIBRARY,
                                  "ranks 0 and %zu do not run the same maps: number %" PRIu64 " of %" PRIu64
                                  " units, number %" PRIu64 " of %" PRIu64,
                                  r, all[0].call[1], all[0].call[2], all[r].call[1], all[r].call[2]);
        }
    return NTK_OK;
}

/* All ranks come here, to agree, to a map or to their end; the same status on all. */
static ntk_status meet(presence mine, const char *otherwise) {
    char detail[NTK_DETAIL_SIZE];
    void *all;
    snprintf(detail, sizeof detail, "%s", mine.status != NTK_OK ? ntk_error_detail() : "");
    NTK_TRY(lose(ntk_allocate(transport->ranks, sizeof mine, &all)));
    ntk_status status = lose(transport->gather(transport->context, &mine, sizeof mine, all));
    if (status == NTK_OK) status = judge_meeting(all, detail, otherwise);
    ntk_release(all);
    return status;
}

void ntk_share_begin(const ntk_transport *with) {
    transport = with != NULL && with->ranks > 1 ? with : NULL;
    parted = lost = false;
    maps = 0;
}

static const char parting[] = "do not make the same calls"; /* one agrees, another is elsewhere */

ntk_status ntk_share_agree(uint64_t what, const char *otherwise) {
    if (transport == NULL) return NTK_OK;
    return parted ? ntk_fail(NTK_ERROR_LIBRARY, "the ranks have parted")
                  : meet((presence){.call = {what}}, otherwise);
}

ntk_status ntk_share_end(ntk_status status, bool *is_lost) {
    *is_lost = false;
    if (transport == NULL) return status;
    if (!parted) {
        const ntk_status met = meet((presence){.status = status}, parting);
        if (met != NTK_OK) status = met;
    }
    *is_lost = lost;
    transport = NULL;
    return status;
}

/* ---- a shared map ---------------------------------------------------------------------------- */

#define NO_UNIT UINT64_MAX

/* A message to rank 0: a unit's row follows; or, from a rank that has come to its end, the detail
 * of its failure. */
typedef struct message {
    uint64_t ends; /* 1: no more will come of this rank */
    uint64_t unit; /* the lowest that failed, or NO_UNIT, where it ends */
    uint64_t status;
    double seconds;
} message;

typedef struct failure {
    uint64_t unit; /* the lowest so far, or NO_UNIT */
    ntk_status status;
    char detail[NTK_DETAIL_SIZE];
} failure;

typedef struct share {
    const ntk_shared_map *map;
    size_t units;
    uint64_t number; /* of the map, for the roundings of its units */

    pthread_mutex_t lock;
    pthread_cond_t news;     /* for the messenger */
    pthread_cond_t supplied; /* for the threads that compute */
    uint64_t next, end;      /* claimed by this rank, and not begun */
    bool exhausted;          /* there will be no more */
    size_t wanting;          /* threads that wait for units */
    uint64_t lowest;         /* unit that has failed on any rank, as far as is known here */
    failure failed;          /* on this rank */
    bool failure_told;
    size_t *finished; /* (finished_count) and not passed on */
    size_t finished_count;
    double *seconds; /* (units) of those run here */
    bool at_end;     /* the threads have come to their end */

    /* The messenger's own. */
    message *parcel; /* with room for a row or a detail */
    size_t parcel_size;
    size_t *taken;     /* (units) finished ones that it passes on */
    double mean, runs; /* seconds of a unit run here, and how many */
    uint64_t seen;     /* of the counter */
    size_t ended;      /* ranks whose last message has come */
    ntk_status status;
    char detail[NTK_DETAIL_SIZE]; /* of that status */
} share;

/* ---- threads that compute -------------------------------------------------------------------- */

static bool take(share *self, size_t *unit) {
    bool got = false;
    pthread_mutex_lock(&self->lock);
    while (!got) {
        while (self->next == self->end && !self->exhausted) {
            self->wanting++;
            pthread_cond_signal(&self->news);
            pthread_cond_wait(&self->supplied, &self->lock);
            self->wanting--;
        }
        if (self->next == self->end) break;
        *unit = (size_t)self->next++;
        got = !self->map->done[*unit] && *unit <= self->lowest;
    }
    pthread_mutex_unlock(&self->lock);
    return got;
}

static void note(failure *known, uint64_t unit, ntk_status status, const char *detail) {
    if (unit >= known->unit) return;
    known->unit = unit;
    known->status = status;
    snprintf(known->detail, sizeof known->detail, "%s", detail);
}

static void finish(share *self, size_t unit, ntk_status status, double seconds) {
    pthread_mutex_lock(&self->lock);
    if (status == NTK_OK) {
        self->seconds[unit] = seconds;
        self->finished[self->finished_count++] = unit;
    } else {
        note(&self->failed, unit, status, ntk_error_detail());
        if (unit < self->lowest) self->lowest = unit;
    }
    pthread_cond_signal(&self->news);
    pthread_mutex_unlock(&self->lock);
}

static ntk_status compute(size_t thread, void *argument) {
    (void)thread;
    share *self = argument;
    for (size_t unit; take(self, &unit);) {
        const double begun = ntk_unit_clock();
        const int rounding = ntk_rounding_enter(self->number, unit);
        const ntk_status status = self->map->unit(unit, self->map->context);
        ntk_rounding_restore(rounding);
        finish(self, unit, status, ntk_unit_clock() - begun);
    }
    return NTK_OK;
}

/* ---- the messenger --------------------------------------------------------------------------- */

/* As many units as there are threads that wait; of short ones as many as take a while, but never
 * more than a small part of what is left. */
static uint64_t worth_claiming(const share *self, size_t wanting) {
    const double left = self->seen < self->units ? (double)(self->units - self->seen) : 0;
    const double threads = (double)ntk_workers(), most = left / (4 * (double)transport->ranks * threads);
    const double timely = self->mean > 0 ? threads * claim_for / self->mean : 0;
    const double count = timely < most ? timely : most;
    return count > (double)wanting ? (uint64_t)count : wanting;
}

static ntk_status claim(share *self, size_t wanting) {
    uint64_t first, lowest;
    const uint64_t count = worth_claiming(self, wanting);
    NTK_TRY(transport->claim(transport->context, count, &first, &lowest));
    self->seen = first + count;
    pthread_mutex_lock(&self->lock);
    if (lowest < self->lowest) self->lowest = lowest;
    self->next = first < self->units ? first : self->units;
    self->end = self->seen < self->units ? self->seen : self->units;
    self->exhausted = self->seen >= self->units || first > self->lowest;
    pthread_cond_broadcast(&self->supplied);
    pthread_mutex_unlock(&self->lock);
    return NTK_OK;
}

static ntk_status pass_on(share *self, size_t unit) {
    self->mean += (self->seconds[unit] - self->mean) / ++self->runs;
    if (transport->rank == 0) {
        self->map->arrived(unit, self->seconds[unit], self->map->keeper);
        return NTK_OK;
    }
    *self->parcel = (message){.unit = unit, .seconds = self->seconds[unit]};
    ntk_rows_pack(self->map->rows, unit, (double *)(self->parcel + 1));
    return transport->send(transport->context, self->parcel,
                           sizeof *self->parcel + self->map->rows->size * sizeof(double));
}

static ntk_status say_end(share *self) {
    *self->parcel = (message){1, self->failed.unit, self->failed.status, 0};
    memcpy(self->parcel + 1, self->failed.detail, sizeof self->failed.detail);
    return transport->send(transport->context, self->parcel,
                           sizeof *self->parcel + sizeof self->failed.detail);
}

/* On rank 0: a message, if there is one. */
static ntk_status receive(share *self, bool *any) {
    const message *parcel = self->parcel;
    NTK_TRY(transport->receive(transport->context, self->parcel, self->parcel_size, any));
    if (!*any) return NTK_OK;
    if (parcel->ends) {
        self->ended++;
        pthread_mutex_lock(&self->lock);
        note(&self->failed, parcel->unit, (ntk_status)parcel->status, (const char *)(parcel + 1));
        pthread_mutex_unlock(&self->lock);
    } else if (parcel->unit < self->units) {
        ntk_rows_unpack(self->map->rows, (size_t)parcel->unit, (const double *)(parcel + 1));
        self->map->arrived((size_t)parcel->unit, parcel->seconds, self->map->keeper);
    }
    return NTK_OK;
}

/* Under the lock: sleep until there is news, or for a while. */
static void rest(share *self) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += look_every;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_clockwait(&self->news, &self->lock, CLOCK_MONOTONIC, &until);
}

/* One look at everything. *over: this rank has no more to do. */
static ntk_status look(share *self, bool *over) {
    bool any = false;
    pthread_mutex_lock(&self->lock);
    if (self->finished_count == 0 && !self->at_end) rest(self);
    if (self->finished_count == 0 && self->at_end && transport->rank == 0) rest(self);
    const size_t wanting = self->next == self->end && !self->exhausted ? self->wanting : 0;
    const size_t count = self->finished_count;
    const bool at_end = self->at_end, failed = self->failed.unit != NO_UNIT && !self->failure_told;
    const uint64_t unit = self->failed.unit;
    self->failure_told = self->failure_told || failed;
    memcpy(self->taken, self->finished, count * sizeof *self->taken);
    self->finished_count = 0;
    pthread_mutex_unlock(&self->lock);
    if (failed) NTK_TRY(transport->lower(transport->context, unit));
    if (wanting > 0) NTK_TRY(claim(self, wanting));
    for (size_t i = 0; i < count; i++) NTK_TRY(pass_on(self, self->taken[i]));
    if (transport->rank == 0) do
            NTK_TRY(receive(self, &any));
        while (any);
    *over = at_end && (transport->rank > 0 || self->ended + 1 == transport->ranks);
    return NTK_OK;
}

/* A rank that cannot reach the others claims no more, and ends. */
static void *carry_messages(void *argument) {
    share *self = argument;
    bool over = false;
    while (self->status == NTK_OK && !over) self->status = look(self, &over);
    if (self->status == NTK_OK && transport->rank > 0) self->status = say_end(self);
    if (self->status == NTK_OK) return NULL;
    snprintf(self->detail, sizeof self->detail, "%s", ntk_error_detail());
    pthread_mutex_lock(&self->lock);
    self->next = self->end;
    self->exhausted = true;
    pthread_cond_broadcast(&self->supplied);
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Units on the threads, messages on one more. */
static ntk_status run_units(share *self) {
    pthread_t messenger;
    const int error = pthread_create(&messenger, NULL, carry_messages, self);
    if (error != 0)
        return ntk_fail(NTK_ERROR_LIBRARY, "no thread for the messages of ranks: %s", strerror(error));
    const ntk_status status = ntk_team(ntk_workers(), compute, self);
    pthread_mutex_lock(&self->lock);
    self->at_end = true;
    pthread_cond_signal(&self->news);
    pthread_mutex_unlock(&self->lock);
    pthread_join(messenger, NULL);
    NTK_TRY(status);
    return self->status == NTK_OK ? NTK_OK : ntk_fail(self->status, "%s", self->detail);
}

/* What rank 0 knows of the whole: the failure, or all results. */
static ntk_status spread_results(share *self) {
    failure outcome = self->failed;
    const ntk_rows *rows = self->map->rows;
    NTK_TRY(lose(transport->spread(transport->context, &outcome, sizeof outcome)));
    if (outcome.unit != NO_UNIT) return ntk_fail(outcome.status, "%s", outcome.detail);
    for (size_t k = 0; k < rows->count; k++)
        NTK_TRY(lose(transport->spread(transport->context, rows->slots[k].values,
                                       rows->units * rows->slots[k].size * sizeof(double))));
    return NTK_OK;
}

static ntk_status prepare(share *self) {
    void *memory;
    const size_t row = self->map->rows->size * sizeof(double), detail = sizeof self->failed.detail;
    self->parcel_size = sizeof(message) + (row > detail ? row : detail);
    NTK_TRY(ntk_allocate(1, self->parcel_size, &memory));
    self->parcel = memory;
    NTK_TRY(ntk_allocate(2 * self->units, sizeof(size_t), &memory));
    self->finished = memory;
    self->taken = self->finished + self->units;
    return ntk_allocate_doubles(self->units, &self->seconds);
}

static ntk_status run_shared(share *self) {
    NTK_TRY(lose(transport->spread(transport->context, self->map->done, self->units * sizeof(bool))));
    NTK_TRY(lose(transport->reset(transport->context)));
    NTK_TRY(lose(run_units(self)));
    return spread_results(self);
}

ntk_status ntk_share_map(const ntk_shared_map *map, ntk_status prepared) {
    share self = {.map = map,
                  .units = map->rows->units,
                  .number = ntk_rounding_map(),
                  .lowest = NO_UNIT,
                  .failed = {.unit = NO_UNIT, .status = NTK_OK}};
    if (parted) return ntk_fail(NTK_ERROR_LIBRARY, "the ranks have parted");
    if (prepared == NTK_OK) prepared = prepare(&self);
    pthread_mutex_init(&self.lock, NULL);
    pthread_cond_init(&self.news, NULL);
    pthread_cond_init(&self.supplied, NULL);
    ntk_status status = meet((presence){{0, ++maps, self.units, map->rows->size}, prepared}, parting);
    if (status == NTK_OK) status = run_shared(&self);
    pthread_cond_destroy(&self.supplied);
    pthread_cond_destroy(&self.news);
    pthread_mutex_destroy(&self.lock);
    ntk_release(self.seconds);
    ntk_release(self.finished);
    ntk_release(self.parcel);
    return status;
}
