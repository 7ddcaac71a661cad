#include "base/lanes_avx2.h"

#define TABLE ntk_planes_avx2

#include "kernel/convolution_planes.inc"
