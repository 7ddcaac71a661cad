/* Random doubles in [-1, 1) that owe nothing to the library, the same in every run. */
#ifndef NTK_TESTS_PSEUDO_RANDOM_H
#define NTK_TESTS_PSEUDO_RANDOM_H

static inline double pseudo_random(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)*state / 2147483648.0 - 1;
}

#endif
