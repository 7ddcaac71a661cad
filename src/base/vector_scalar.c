/* Scalar twin of the vector files: SLEEF's plain C functions, on any CPU. */
#include <sleef.h>

enum { WIDTH = 1 };
#define VECTOR      double
#define VECTOR_PAIR Sleef_double_2
#define LOAD(p)     (*(p))
#define STORE(p, v) (*(p) = (v))
#define EXP         Sleef_cinz_expd1_u10purec
#define LOG         Sleef_cinz_logd1_u10purec
#define TANH        Sleef_cinz_tanhd1_u10purec
#define ERF         Sleef_cinz_erfd1_u10purec
#define ERFC        Sleef_cinz_erfcd1_u15purec
#define SINCOSPI    Sleef_cinz_sincospid1_u35purec
#define ISA         "scalar"
#define TABLE       ntk_vector_scalar

#include "base/vector_kernels.inc"
