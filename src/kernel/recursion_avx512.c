#include "base/lanes_avx512.h"

#define TABLE ntk_recursion_avx512

#include "kernel/recursion.inc"
