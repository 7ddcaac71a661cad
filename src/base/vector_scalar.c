/* One double at a time, on any CPU. */
#include "base/lanes_scalar.h"

#define TABLE ntk_vector_scalar

#include "base/vector_kernels.inc"
