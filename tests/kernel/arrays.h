/* Arrays of the tests of this folder; they live as long as the process of a test. */
#ifndef TESTS_KERNEL_ARRAYS_H
#define TESTS_KERNEL_ARRAYS_H

#include <stddef.h>
#include <stdint.h>

double *zeros(size_t n);

/* n standard normals from the stream (seed, name, 0). */
double *normals(uint64_t seed, const char *name, size_t n);

#endif
