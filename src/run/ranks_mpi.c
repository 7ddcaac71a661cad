/* Ranks that reach one another through MPI.
 *
 * MPI_THREAD_SERIALIZED is enough: at any time one thread of a rank calls MPI (experiment/share.c).
 * More would be a risk without a gain: Open MPI 4 has no one-sided calls over plain messages for
 * MPI_THREAD_MULTIPLE. Waiting is asking again after a sleep, since MPI's own waits keep a
 * processor busy that others compute on. */
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <mpi.h>

#include <ntk/memory.h>

#include "run/catalogue.h"
#include "run/ranks.h"

enum { NEXT, LOWEST, CELLS };
enum { TAG = 1, PIECE = 1 << 30 };

static struct {
    bool running, open;
    MPI_Comm ranks;
    MPI_Win window; /* the cells, on rank 0 */
    uint64_t *cells;
    ntk_transport transport;
} self;

bool ntk_ranks_built(void) { return true; }

static ntk_status judge(int code, const char *what) {
    if (code == MPI_SUCCESS) return NTK_OK;
    char reason[MPI_MAX_ERROR_STRING];
    int length;
    if (MPI_Error_string(code, reason, &length) != MPI_SUCCESS) reason[0] = 0;
    return ntk_fail(NTK_ERROR_LIBRARY, "MPI: %s: %s", what, reason);
}

/* ---- collective calls ------------------------------------------------------------------------ */

static ntk_status wait_for(MPI_Request *request, const char *what) {
    struct timespec time = {.tv_nsec = 10 * 1000};
    for (int done = 0; !done;) {
        NTK_TRY(judge(MPI_Test(request, &done, MPI_STATUS_IGNORE), what));
        if (!done) nanosleep(&time, NULL);
        if (time.tv_nsec < 1000 * 1000) time.tv_nsec *= 2;
    }
    return NTK_OK;
}

static ntk_status gather(void *context, const void *mine, size_t size, void *all) {
    (void)context;
    MPI_Request request;
    if (size > PIECE) return ntk_fail(NTK_ERROR_SHAPE, "MPI: %zu bytes of each rank", size);
    NTK_TRY(judge(MPI_Iallgather(mine, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, self.ranks, &request),
                  "gathering"));
    return wait_for(&request, "gathering");
}

static ntk_status spread(void *context, void *bytes, size_t size) {
    (void)context;
    for (size_t at = 0; at < size; at += PIECE) {
        MPI_Request request;
        const int count = size - at < PIECE ? (int)(size - at) : PIECE;
        NTK_TRY(judge(MPI_Ibcast((char *)bytes + at, count, MPI_BYTE, 0, self.ranks, &request), "spreading"));
        NTK_TRY(wait_for(&request, "spreading"));
    }
    return NTK_OK;
}

/* ---- one-sided calls ------------------------------------------------------------------------- */

static ntk_status reset(void *context) {
    (void)context;
    const uint64_t cells[CELLS] = {0, UINT64_MAX};
    MPI_Request request;
    if (self.transport.rank == 0) {
        NTK_TRY(judge(
            MPI_Accumulate(cells, CELLS, MPI_UINT64_T, 0, 0, CELLS, MPI_UINT64_T, MPI_REPLACE, self.window),
            "setting the counter"));
        NTK_TRY(judge(MPI_Win_flush(0, self.window), "setting the counter"));
    }
    NTK_TRY(judge(MPI_Ibarrier(self.ranks, &request), "meeting"));
    return wait_for(&request, "meeting");
}

static ntk_status claim(void *context, uint64_t count, uint64_t *next, uint64_t *lowest) {
    (void)context;
    const uint64_t nothing = 0;
    NTK_TRY(judge(MPI_Fetch_and_op(&count, next, MPI_UINT64_T, 0, NEXT, MPI_SUM, self.window), "claiming"));
    NTK_TRY(judge(MPI_Fetch_and_op(&nothing, lowest, MPI_UINT64_T, 0, LOWEST, MPI_NO_OP, self.window),
                  "claiming"));
    return judge(MPI_Win_flush(0, self.window), "claiming");
}

static ntk_status lower(void *context, uint64_t unit) {
    (void)context;
    NTK_TRY(judge(MPI_Accumulate(&unit, 1, MPI_UINT64_T, 0, LOWEST, 1, MPI_UINT64_T, MPI_MIN, self.window),
                  "telling"));
    return judge(MPI_Win_flush(0, self.window), "telling");
}

/* ---- messages -------------------------------------------------------------------------------- */

static ntk_status send_message(void *context, const void *bytes, size_t size) {
    (void)context;
    if (size > INT_MAX) return ntk_fail(NTK_ERROR_SHAPE, "MPI: a message of %zu bytes", size);
    return judge(MPI_Send(bytes, (int)size, MPI_BYTE, 0, TAG, self.ranks), "sending");
}

static ntk_status receive_message(void *context, void *bytes, size_t capacity, bool *any) {
    (void)context;
    MPI_Message message;
    int found;
    *any = false;
    NTK_TRY(judge(MPI_Improbe(MPI_ANY_SOURCE, TAG, self.ranks, &found, &message, MPI_STATUS_IGNORE),
                  "receiving"));
    if (!found) return NTK_OK;
    const int most = capacity < INT_MAX ? (int)capacity : INT_MAX;
    NTK_TRY(judge(MPI_Mrecv(bytes, most, MPI_BYTE, &message, MPI_STATUS_IGNORE), "receiving"));
    *any = true;
    return NTK_OK;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

/* The cells stand on rank 0, open to all until the end. */
static ntk_status open_window(void) {
    const MPI_Aint size = self.transport.rank == 0 ? CELLS * (MPI_Aint)sizeof(uint64_t) : 0;
    NTK_TRY(
        judge(MPI_Win_allocate(size, sizeof(uint64_t), MPI_INFO_NULL, self.ranks, &self.cells, &self.window),
              "a window"));
    NTK_TRY(judge(MPI_Win_set_errhandler(self.window, MPI_ERRORS_RETURN), "a window"));
    NTK_TRY(judge(MPI_Win_lock_all(MPI_MODE_NOCHECK, self.window), "a window"));
    self.open = true;
    return NTK_OK;
}

static ntk_status join(void) {
    int rank, ranks;
    NTK_TRY(judge(MPI_Comm_dup(MPI_COMM_WORLD, &self.ranks), "joining"));
    NTK_TRY(judge(MPI_Comm_set_errhandler(self.ranks, MPI_ERRORS_RETURN), "joining"));
    NTK_TRY(judge(MPI_Comm_rank(self.ranks, &rank), "joining"));
    NTK_TRY(judge(MPI_Comm_size(self.ranks, &ranks), "joining"));
    /* Else each of them would compute everything, into the same folder. */
    if (ranks == 1)
        return ntk_fail(NTK_ERROR_LIBRARY,
                        "MPI: the launcher says that it has started several ranks, and MPI knows of one: "
                        "a launcher of another MPI library?");
    self.transport = (ntk_transport){.rank = (size_t)rank,
                                     .ranks = (size_t)ranks,
                                     .gather = gather,
                                     .spread = spread,
                                     .reset = reset,
                                     .claim = claim,
                                     .lower = lower,
                                     .send = send_message,
                                     .receive = receive_message};
    return open_window();
}

ntk_status ntk_ranks_start(const ntk_transport **out) {
    *out = NULL;
    if (!ntk_ranks_launched()) return NTK_OK;
    int level;
    NTK_TRY(judge(MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level), "starting"));
    self.running = true;
    if (level < MPI_THREAD_SERIALIZED)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "this MPI library does not serve more than one thread");
    NTK_TRY(join());
    *out = &self.transport;
    return NTK_OK;
}

/* A processor that k ranks may use counts 1/k. */
static size_t part_of(const unsigned char *mine, const int *users) {
    double part = 0;
    for (size_t c = 0; c < CPU_SETSIZE; c++)
        if (mine[c]) part += 1 / (double)users[c];
    return part >= 1 ? (size_t)(part + 1e-9) : 1;
}

size_t ntk_ranks_processors(void) {
    cpu_set_t set;
    MPI_Comm machine;
    unsigned char mine[CPU_SETSIZE];
    int own[CPU_SETSIZE], users[CPU_SETSIZE];
    if (!self.running || sched_getaffinity(0, sizeof set, &set) != 0) return ntk_processor_count();
    for (size_t c = 0; c < CPU_SETSIZE; c++) own[c] = mine[c] = CPU_ISSET(c, &set) ? 1 : 0;
    if (MPI_Comm_split_type(self.ranks, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine) != MPI_SUCCESS)
        return 1;
    const int code = MPI_Allreduce(own, users, CPU_SETSIZE, MPI_INT, MPI_SUM, machine);
    MPI_Comm_free(&machine);
    return code == MPI_SUCCESS ? part_of(mine, users) : 1;
}

void ntk_ranks_stop(bool lost, int exit_status) {
    if (!self.running) return;
    if (lost) MPI_Abort(MPI_COMM_WORLD, exit_status);
    if (self.open) {
        MPI_Win_unlock_all(self.window);
        MPI_Win_free(&self.window);
    }
    MPI_Finalize();
    self.running = false;
}
