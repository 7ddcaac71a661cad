/* AVX-512: eight doubles at a time. */
#include "base/lanes_avx512.h"

#define TABLE ntk_vector_avx512

#include "base/vector_kernels.inc"
