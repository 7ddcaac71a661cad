#include "base/lanes_sse2.h"

#define TABLE ntk_planes_sse2

#include "kernel/convolution_planes.inc"
