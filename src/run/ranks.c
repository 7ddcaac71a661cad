#include "run/ranks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool is_many(const char *variable) {
    const char *value = getenv(variable);
    return value != NULL && strtol(value, NULL, 10) > 1;
}

/* What Open MPI's launcher, those of MPICH's kind and srun tell their children. */
bool ntk_ranks_launched(void) {
    return is_many("OMPI_COMM_WORLD_SIZE") || is_many("PMI_SIZE") ||
           (getenv("PMIX_RANK") != NULL && is_many("SLURM_STEP_NUM_TASKS"));
}

/* Not by SLURM_NTASKS: a batch script has it as well, and runs once. */
bool ntk_ranks_apart(void) {
    return is_many("SLURM_STEP_NUM_TASKS") && getenv("OMPI_COMM_WORLD_SIZE") == NULL &&
           getenv("PMI_SIZE") == NULL && getenv("PMIX_RANK") == NULL;
}

/* By asking: the signal of PR_SET_PDEATHSIG follows the end of the thread that started a process,
 * and launchers have several. */
static void *watch_launcher(void *parent) {
    const struct timespec time = {.tv_nsec = 300 * 1000 * 1000};
    while ((long)getppid() == *(long *)parent) nanosleep(&time, NULL);
    _Exit(5);
}

ntk_status ntk_ranks_end_with_launcher(void) {
    static long parent;
    pthread_t thread;
    parent = (long)getppid();
    const int error = pthread_create(&thread, NULL, watch_launcher, &parent);
    if (error != 0)
        return ntk_fail(NTK_ERROR_LIBRARY, "no thread to watch the launcher: %s", strerror(error));
    pthread_detach(thread);
    return NTK_OK;
}
