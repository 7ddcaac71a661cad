#include "base/lanes_avx2.h"

#define TABLE ntk_recursion_avx2

#include "kernel/recursion.inc"
