/* The independent path of tests of tubes: a gradient flow of an erf network in 77 digits, which
 * shares nothing with the library. */
#ifndef NTK_TESTS_CERTIFY_REFERENCE_FLOW_H
#define NTK_TESTS_CERTIFY_REFERENCE_FLOW_H

#include <ntk/tube.h>

#include "base/arb.h"

enum { REFERENCE_BITS = 256 };

/* theta (m d + m): where the flow of the problem is at time t, in `steps` equal steps. */
void reference_flow(const ntk_tube_problem *problem, arb_srcptr t, ulong steps, arb_ptr theta);

/* |a - b| of vectors of numbers, to a double. */
double reference_distance(arb_srcptr a, arb_srcptr b, size_t count);

#endif
