/* Without MPI there is one rank. */
#include "run/catalogue.h"
#include "run/ranks.h"

bool ntk_ranks_built(void) { return false; }

ntk_status ntk_ranks_start(const ntk_transport **out) {
    *out = NULL;
    if (!ntk_ranks_launched()) return NTK_OK;
    return ntk_fail(NTK_ERROR_UNSUPPORTED, "this ntk is built without MPI: make MPI=1");
}

size_t ntk_ranks_processors(void) { return ntk_processor_count(); }

void ntk_ranks_stop(bool lost, int exit_status) { (void)lost, (void)exit_status; }
