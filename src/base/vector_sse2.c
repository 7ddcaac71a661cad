/* SSE2: two doubles at a time. */
#include "base/lanes_sse2.h"

#define TABLE ntk_vector_sse2

#include "base/vector_kernels.inc"
