#include "base/lanes_scalar.h"

#define TABLE ntk_recursion_scalar

#include "kernel/recursion.inc"
