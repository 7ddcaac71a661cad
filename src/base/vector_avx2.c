/* AVX2: four doubles at a time. */
#include "base/lanes_avx2.h"

#define TABLE ntk_vector_avx2

#include "base/vector_kernels.inc"
