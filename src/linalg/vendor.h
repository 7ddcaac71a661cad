/* Makers of BLAS that tell their name and take orders about threads. None is linked: each is asked
 * through the symbols that the library in use has, if it has them. */
#ifndef NTK_LINALG_VENDOR_H
#define NTK_LINALG_VENDOR_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ntk_vendor {
    const char *name;
    const char *marker; /* a symbol that no other maker's library has */
    void (*describe)(char *version, size_t version_size, char *core, size_t core_size);
    void (*set_threads)(int threads); /* NULL: cannot be told */
    int (*get_threads)(void);         /* NULL: does not tell */
} ntk_vendor;

/* The maker of the library that holds an address, which may be a thin one before the maker's own;
 * NULL for one that does not say. */
const ntk_vendor *ntk_vendor_of(const void *address);

/* Address space that OpenBLAS takes for each thread that calls it, in bytes; where it does not get
 * it, it asks again for ever. */
#define NTK_OPENBLAS_BUFFER ((size_t)1 << 27)

/* Have OpenBLAS take `count` buffers now, which it keeps; false where it does not let itself be
 * asked. */
bool ntk_openblas_reserve(size_t count);

#endif
