/* Bytes are put together by arithmetic, so that the byte order of the machine does not matter; but
 * for long double, which differs between machines and is that of this one. */
#include "data/element.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A long double that is wider than double and fills 16 bytes: x87's on x86-64, binary128 on
 * arm64. */
#define HAS_LONG_DOUBLE (LDBL_MANT_DIG > DBL_MANT_DIG && sizeof(long double) == 16)

bool ntk_element_type_is_known(ntk_element_type type) {
    switch (type.kind) {
    case NTK_ELEMENT_BOOLEAN:
        return type.size == 1;
    case NTK_ELEMENT_SIGNED:
    case NTK_ELEMENT_UNSIGNED:
        return type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8;
    case NTK_ELEMENT_FLOAT:
        return type.size == 2 || type.size == 4 || type.size == 8 || (type.size == 16 && HAS_LONG_DOUBLE);
    }
    return false;
}

uint64_t ntk_element_bits(const char *bytes, size_t count, bool big_endian) {
    uint64_t value = 0;
    for (size_t k = 0; k < count; k++) {
        const uint64_t byte = (uint8_t)bytes[k];
        value |= byte << (8 * (big_endian ? count - 1 - k : k));
    }
    return value;
}

/* Two's complement: what a negative number lacks to 2^(8 size) is its magnitude, exact in 64
 * bits. */
static double signed_value(uint64_t bits, size_t size) {
    const uint64_t sign = UINT64_C(1) << (8 * size - 1), all = sign | (sign - 1);
    return bits & sign ? -(double)((~bits & all) + 1) : (double)bits;
}

/* binary16: 1 bit of sign, 5 of exponent (bias 15), 10 of fraction. */
static double half_value(uint64_t bits) {
    const int exponent = (int)(bits >> 10 & 31);
    const double fraction = (double)(bits & 1023);
    double magnitude;
    if (exponent == 31)
        magnitude = fraction == 0 ? INFINITY : NAN;
    else
        magnitude = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 ? -magnitude : magnitude;
}

static double long_double_value(const char *bytes, bool big_endian) {
    const uint16_t one = 1;
    const bool big_machine = *(const uint8_t *)&one == 0;
    char native[16] = {0};
    long double value = 0;
    for (size_t k = 0; k < 16; k++) native[k] = bytes[big_endian == big_machine ? k : 15 - k];
    memcpy(&value, native, sizeof value < 16 ? sizeof value : 16);
    return (double)value;
}

static double float_value(ntk_element_type type, const char *bytes) {
    if (type.size == 16) return long_double_value(bytes, type.big_endian);
    const uint64_t bits = ntk_element_bits(bytes, type.size, type.big_endian);
    if (type.size == 2) return half_value(bits);
    if (type.size == 4) {
        const uint32_t narrow = (uint32_t)bits;
        float value;
        memcpy(&value, &narrow, sizeof value);
        return value;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double ntk_element_load(ntk_element_type type, const char *bytes) {
    if (type.kind == NTK_ELEMENT_FLOAT) return float_value(type, bytes);
    const uint64_t bits = ntk_element_bits(bytes, type.size, type.big_endian);
    if (type.kind == NTK_ELEMENT_SIGNED) return signed_value(bits, type.size);
    return type.kind == NTK_ELEMENT_BOOLEAN ? bits != 0 : (double)bits;
}
