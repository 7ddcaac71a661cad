/* Scalar twin of the vector files: SLEEF's plain C functions, on any CPU. */
#include <math.h>
#include <sleef.h>

enum { WIDTH = 1 };
#define VECTOR           double
#define LOAD(p)          (*(p))
#define STORE(p, x)      (*(p) = (x))
#define SPLAT(x)         ((double)(x))
#define MIN(a, b)        ((a) < (b) ? (a) : (b))
#define MAX(a, b)        ((a) > (b) ? (a) : (b))
#define SQRT             sqrt
#define ABS              fabs
#define BEYOND(x, limit) ((unsigned)!(fabs(x) <= (limit)))
#define ACOS             Sleef_cinz_acosd1_u35purec
#define ASIN             Sleef_cinz_asind1_u35purec
#define EXP              Sleef_cinz_expd1_u10purec
#define EXPM1            Sleef_cinz_expm1d1_u10purec
#define ISA              "scalar"
#define TABLE            ntk_recursion_scalar

#include "kernel/recursion.inc"
