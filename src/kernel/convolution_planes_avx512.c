#include "base/lanes_avx512.h"

#define TABLE ntk_planes_avx512

#include "kernel/convolution_planes.inc"
