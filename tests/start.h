/* The .init of a TestSuite whose tests reach BLAS. */
#ifndef NTK_TESTS_START_H
#define NTK_TESTS_START_H

#include <ntk/linalg.h>

#include "status.h"

static inline void start_linalg(void) { assert_ok(ntk_linalg_start()); }

#endif
