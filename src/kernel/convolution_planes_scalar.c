#include "base/lanes_scalar.h"

#define TABLE ntk_planes_scalar

#include "kernel/convolution_planes.inc"
