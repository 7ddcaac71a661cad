#include "base/lanes_sse2.h"

#define TABLE ntk_recursion_sse2

#include "kernel/recursion.inc"
