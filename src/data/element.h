/* Numbers as files hold them, of every type that NumPy and IDX have for real numbers. */
#ifndef NTK_DATA_ELEMENT_H
#define NTK_DATA_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ntk_element_kind {
    NTK_ELEMENT_BOOLEAN, /* 0, or anything else for 1 */
    NTK_ELEMENT_SIGNED,  /* two's complement */
    NTK_ELEMENT_UNSIGNED,
    NTK_ELEMENT_FLOAT /* IEEE 754; of 16 bytes, this machine's long double, as NumPy has it */
} ntk_element_kind;

typedef struct ntk_element_type {
    ntk_element_kind kind;
    size_t size; /* bytes: 1, 2, 4, 8; of floats 2, 4, 8, and 16 where long double has as many */
    bool big_endian;
} ntk_element_type;

/* True for a kind and size that can be loaded on this machine. */
bool ntk_element_type_is_known(ntk_element_type type);

/* The element at `bytes`, rounded to the nearest double. */
double ntk_element_load(ntk_element_type type, const char *bytes);

/* The unsigned integer of `count` <= 8 bytes. */
uint64_t ntk_element_bits(const char *bytes, size_t count, bool big_endian);

#endif
