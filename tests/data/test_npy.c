/* .npy files: what the library writes is compared with bytes put down by hand, and it reads files
 * whose bytes the test writes. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/data.h>
#include <ntk/file.h>
#include <ntk/memory.h>

#include "array.h"
#include "status.h"
#include "temporary.h"

TestSuite(npy, .init = temporary_create, .fini = temporary_remove);

#define FLOAT64_1X2 "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }"

/* 1.0 and -2.5, least significant byte first. */
static const uint8_t one_and_minus_two_and_a_half[] = {0, 0, 0, 0, 0, 0, 0xf0, 0x3f,
                                                       0, 0, 0, 0, 0, 0, 0x04, 0xc0};
static const uint8_t same_in_float32[] = {0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0};

/* A file of the given version; the header is `dictionary` and a newline. */
static const char *write_npy(uint8_t major, const char *dictionary, const void *elements, size_t size) {
    uint8_t bytes[1024] = {0x93, 'N', 'U', 'M', 'P', 'Y', major, 0};
    const size_t length = strlen(dictionary) + 1, start = major == 1 ? 10 : 12;
    bytes[8] = (uint8_t)(length & 0xff);
    bytes[9] = (uint8_t)(length >> 8);
    memcpy(bytes + start, dictionary, length - 1);
    bytes[start + length - 1] = '\n';
    memcpy(bytes + start + length, elements, size);
    return temporary_write("hand.npy", bytes, start + length + size);
}

static void expect_one_and_minus_two_and_a_half(const char *path) {
    size_t rows, columns;
    double *a;
    assert_ok(array_read(path, &rows, &columns, &a));
    cr_assert(rows == 1 && columns == 2 && a[0] == 1.0 && a[1] == -2.5);
    ntk_release(a);
}

Test(npy, reads_all_versions_and_both_types) {
    const uint8_t *doubles = one_and_minus_two_and_a_half, *floats = same_in_float32;
    for (uint8_t major = 1; major <= 3; major++) {
        expect_one_and_minus_two_and_a_half(write_npy(major, FLOAT64_1X2, doubles, 16));
    }
    const char *float32 = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }         ";
    expect_one_and_minus_two_and_a_half(write_npy(1, float32, floats, 8));
}

/* Whatever NumPy has written, and what its reader would take. */
Test(npy, reads_any_spelling_of_the_dictionary) {
    const char *const dictionaries[] = {
        "{'shape': (1, 2), 'fortran_order': False, 'descr': '<f8'}",
        "{\"descr\":\"<f8\",\"fortran_order\":False,\"shape\":(1,2,),}",
        "  {  'descr'  :  '<f8' ,'fortran_order':False, 'shape': ( 1 , 2 ) }    ",
        /* Python 2 on Windows */
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1L, 2L), }",
        /* unicode_literals */
        "{u'descr': u'<f8', u'fortran_order': False, u'shape': (1, 2), }",
        /* other padding */
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }\n    \t  \r\n",
        "{'descr': '=f8', 'fortran_order': False, 'shape': (1, 2), }",
        "{'descr': 'f8', 'fortran_order': False, 'shape': (1, 2), }",
        "{'descr': '<f8', 'fortran_order': True, 'shape': (1, 2), }",
    };
    for (size_t i = 0; i < sizeof dictionaries / sizeof *dictionaries; i++) {
        expect_one_and_minus_two_and_a_half(write_npy(1, dictionaries[i], one_and_minus_two_and_a_half, 16));
    }
}

/* The same file without the newline that should end its header. */
Test(npy, reads_a_header_without_its_newline) {
    char *content;
    size_t size;
    assert_ok(
        ntk_file_read(write_npy(1, FLOAT64_1X2 " ", one_and_minus_two_and_a_half, 16), &content, &size));
    content[10 + strlen(FLOAT64_1X2) + 1] = ' ';
    expect_one_and_minus_two_and_a_half(temporary_write("blank.npy", content, size));
    ntk_release(content);
}

/* Bytes put down by hand, most significant first; "<" reads them back to front. */
static const struct {
    const char *type;
    uint8_t bytes[16];
    double value;
} elements[] = {
    {"b1", {0}, 0},
    {"b1", {1}, 1},
    {"b1", {7}, 1},
    {"i1", {0x80}, -128},
    {"i1", {0x7f}, 127},
    {"u1", {0xff}, 255},
    {"i2", {0xff, 0xfe}, -2},
    {"u2", {0xff, 0xfe}, 65534},
    {"i4", {0x80, 0, 0, 1}, -2147483647},
    {"u4", {0x80, 0, 0, 1}, 2147483649},
    {"i8", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, -1},
    {"i8", {0x80}, -0x1p63},
    {"i8", {0, 0x20, 0, 0, 0, 0, 0, 3}, 0x1.0000000000002p53}, /* 2^53 + 3: to even */
    {"u8", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0x1p64},
    {"f2", {0x3c, 0}, 1},
    {"f2", {0xc1, 0}, -2.5},
    {"f2", {0x7b, 0xff}, 65504},
    {"f2", {0, 1}, 0x1p-24},
    {"f2", {0x83, 0xff}, -1023 * 0x1p-24},
    {"f4", {0x3f, 0x80, 0, 1}, 1 + 0x1p-23},
    {"f4", {0x80, 0, 0, 1}, -0x1p-149},
    {"f8", {0x3f, 0xf0, 0, 0, 0, 0, 0, 1}, 1 + 0x1p-52},
};

Test(npy, every_real_type_in_both_orders_of_bytes) {
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        const size_t size = (size_t)(elements[i].type[1] - '0');
        for (int big = 0; big < 2; big++) {
            char dictionary[128];
            uint8_t bytes[16];
            for (size_t k = 0; k < size; k++) bytes[k] = elements[i].bytes[big ? k : size - 1 - k];
            snprintf(dictionary, sizeof dictionary,
                     "{'descr': '%c%s', 'fortran_order': False, 'shape': (1,), }",
                     size == 1 ? '|'
                     : big     ? '>'
                               : '<',
                     elements[i].type);
            size_t rows, columns;
            double *a;
            assert_ok(array_read(write_npy(1, dictionary, bytes, size), &rows, &columns, &a));
            cr_assert(rows == 1 && columns == 1 && a[0] == elements[i].value, "%s: %.17g is not %.17g",
                      dictionary, a[0], elements[i].value);
            ntk_release(a);
        }
    }
}

/* As this machine's compiler lays it out. */
Test(npy, long_double_is_that_of_the_machine) {
    const long double values[] = {-2.5L, 1 + 0x1p-60L};
    const char *dictionary = "{'descr': '<f16', 'fortran_order': False, 'shape': (2,), }";
    if (sizeof values[0] != 16) cr_skip("long double has not 16 bytes here");
    size_t rows, columns;
    double *a;
    assert_ok(array_read(write_npy(1, dictionary, values, sizeof values), &rows, &columns, &a));
    cr_assert(a[0] == -2.5 && a[1] == 1);
    ntk_release(a);
}

static void expect_shape(const char *shape, bool fortran, const char *order, size_t rows, size_t columns) {
    char dictionary[256];
    const size_t count = strlen(order);
    uint8_t bytes[64];
    for (size_t k = 0; k < count; k++) bytes[k] = (uint8_t)k;
    snprintf(dictionary, sizeof dictionary, "{'descr': '|u1', 'fortran_order': %s, 'shape': %s, }",
             fortran ? "True" : "False", shape);
    ntk_array a;
    assert_ok(ntk_array_read(write_npy(1, dictionary, bytes, count), &a));
    cr_assert(a.rows == rows && a.columns == columns, "%s: %zu x %zu", shape, a.rows, a.columns);
    for (size_t k = 0; k < count; k++)
        cr_assert_eq(a.values[k], order[k] - 'a', "%s: element %zu is %g", shape, k, a.values[k]);
    ntk_array_release(&a);
    cr_assert(a.values == NULL && a.axes == 0);
}

/* What stands where, by the definition of column-major order: a is the first byte of the file. For
 * shape (2, 3, 2) element (i, j, k) is byte i + 2 j + 6 k. */
Test(npy, any_shape_in_both_orders) {
    expect_shape("(6,)", false, "abcdef", 6, 1);
    expect_shape("(6,)", true, "abcdef", 6, 1);
    expect_shape("(2, 3)", false, "abcdef", 2, 3);
    expect_shape("(2, 3)", true, "acebdf", 2, 3);
    expect_shape("(2, 3, 2)", false, "abcdefghijkl", 2, 6);
    expect_shape("(2, 3, 2)", true, "agciekbhdjfl", 2, 6);
    expect_shape("(1, 2, 1, 3)", true, "acebdf", 1, 6);
}

Test(npy, an_array_knows_its_axes) {
    ntk_array a;
    const char *dictionary = "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 1, 3), }";
    assert_ok(ntk_array_read(write_npy(1, dictionary, "abcdef", 6), &a));
    cr_assert(a.axes == 3 && a.shape[0] == 2 && a.shape[1] == 1 && a.shape[2] == 3);
    ntk_array_release(&a);
}

static void expect_refused(const char *path, ntk_status wanted, const char *clue) {
    size_t rows = 77, columns = 77;
    double *a = NULL;
    assert_fails(array_read(path, &rows, &columns, &a), wanted, clue);
    assert_says(path);
    cr_assert(a == NULL && rows == 77 && columns == 77, "an output of a failed read was touched");
}

Test(npy, refuses_headers) {
    static const struct {
        const char *dictionary, *clue;
    } bad[] = {
        {"{'descr': '<c16', 'fortran_order': False, 'shape': (1, 2), }", "save X.real"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1, 2), }", "X.astype(float)"},
        {"{'descr': '<U2', 'fortran_order': False, 'shape': (1, 2), }", "text"},
        {"{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1, 2), }", "dates"},
        {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1, 2), }", "[('a'"},
        {"{'descr': '<f3', 'fortran_order': False, 'shape': (1, 2), }", "at: '<f3'"},
        {"{'descr': '<f', 'fortran_order': False, 'shape': (1, 2), }", "at: '<f'"},
        {"{'descr': '<i16', 'fortran_order': False, 'shape': (1, 2), }", "'<i16'"},
        {"{'descr': '<f888888888888888888888', 'fortran_order': False, 'shape': (1, 2), }", "'<f888"},
        {"{'descr': '', 'fortran_order': False, 'shape': (1, 2), }", "type"},
        {"{'descr': '<f8, 'fortran_order': False, 'shape': (1, 2), }", "type"},
        {"{'descr': '<f8', 'fortran_order': 0, 'shape': (1, 2), }", "True or False"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (), }", "reshape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 2), }", "empty"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2), }", "a shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,, 2), }", "a shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1 2), }", "a shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 99999999999999999999999), }", "a shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2)", "'}'"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), } x", "newline"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }\nx", "newline"},
        {"{'descr': '<f8', 'fortran_order': False, }", "missing"},
        {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }", "each once"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), 'more': 1, }", "'more'"},
        {"{'descr': '<f8' 'fortran_order': False, 'shape': (1, 2), }", "','"},
        {"", "'{'"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *path = write_npy(1, bad[i].dictionary, one_and_minus_two_and_a_half, 16);
        expect_refused(path, NTK_ERROR_FORMAT, bad[i].clue);
    }
}

/* rows * columns * 8 is 16 modulo 2^64; and 65 axes, one more than there may be. */
Test(npy, refuses_sizes_that_wrap_and_too_many_axes) {
    const char *wraps = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1152921504606846977), }";
    expect_refused(write_npy(1, wraps, one_and_minus_two_and_a_half, 16), NTK_ERROR_FORMAT, "were wanted");
    char axes[512] = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,";
    for (int k = 0; k < 63; k++) strcat(axes, " 1,");
    const size_t length = strlen(axes);
    strcat(axes, "), }");
    ntk_array a;
    assert_ok(ntk_array_read(write_npy(1, axes, one_and_minus_two_and_a_half, 16), &a));
    cr_assert(a.axes == 64 && a.rows == 2 && a.columns == 1);
    ntk_array_release(&a);
    strcpy(axes + length, " 1), }");
    expect_refused(write_npy(1, axes, one_and_minus_two_and_a_half, 16), NTK_ERROR_FORMAT, "a shape");
}

/* Every proper beginning of a good file, and one byte too many. */
Test(npy, refuses_truncated_and_longer_files) {
    char *content;
    size_t size;
    const char *good = write_npy(1, FLOAT64_1X2, one_and_minus_two_and_a_half, 16);
    assert_ok(ntk_file_read(good, &content, &size));
    for (size_t length = 0; length < size; length++) {
        expect_refused(temporary_write("cut.npy", content, length), NTK_ERROR_FORMAT, "");
    }
    expect_refused(temporary_write("long.npy", content, size + 1), NTK_ERROR_FORMAT, "17 bytes of elements");
    ntk_release(content);
}

Test(npy, refuses_other_magic_and_versions) {
    expect_refused(write_npy(0, FLOAT64_1X2, one_and_minus_two_and_a_half, 16), NTK_ERROR_FORMAT,
                   "version 0.0");
    expect_refused(write_npy(4, FLOAT64_1X2, one_and_minus_two_and_a_half, 16), NTK_ERROR_FORMAT,
                   "version 4.0");
    expect_refused(temporary_write("text.npy", "1 2 3 4 5 6\n", 12), NTK_ERROR_FORMAT, "magic");
    expect_refused(temporary_path("nowhere.npy"), NTK_ERROR_IO, "");
}

Test(npy, refuses_numbers_that_are_not_finite) {
    const uint8_t nan[] = {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f};
    expect_refused(write_npy(1, FLOAT64_1X2, nan, 16), NTK_ERROR_NOT_FINITE, "row 0, column 1");
    const uint8_t infinity[] = {0, 0, 0x80, 0x3f, 0, 0, 0x80, 0xff};
    const char *column = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }";
    expect_refused(write_npy(1, column, infinity, 8), NTK_ERROR_NOT_FINITE, "row 1, column 0");
    const uint8_t half[] = {0, 0x3c, 0, 0x7c};
    const char *halves = "{'descr': '<f2', 'fortran_order': True, 'shape': (1, 2), }";
    expect_refused(write_npy(1, halves, half, 4), NTK_ERROR_NOT_FINITE, "row 0, column 1");
}

/* The bytes of a written file, by hand: a header of 128 bytes in all, as numpy.save makes it. */
Test(npy, writes_version_1_with_an_aligned_header) {
    const double a[] = {1.0, -2.5};
    assert_ok(ntk_npy_write(temporary_path("a.npy"), NTK_NPY_FLOAT64, 1, 2, a));
    char expected[128 + 16];
    memset(expected, ' ', sizeof expected);
    memcpy(expected, "\x93NUMPY\x01\x00\x76\x00" FLOAT64_1X2, 10 + strlen(FLOAT64_1X2));
    expected[127] = '\n';
    memcpy(expected + 128, one_and_minus_two_and_a_half, 16);
    char *content;
    size_t size;
    assert_ok(ntk_file_read(temporary_path("a.npy"), &content, &size));
    cr_assert_eq(size, sizeof expected);
    cr_assert_eq(memcmp(content, expected, size), 0);
    ntk_release(content);
}

#define ROWS    37
#define COLUMNS 41 /* 1517 elements: more than one buffer of the writer */

/* Finite doubles of all magnitudes, signed zeros and subnormals among them. */
static void fill(double *a) {
    for (int k = 0; k < ROWS * COLUMNS; k++) a[k] = sin(k) * pow(2, 50 * sin(3 * k));
    a[5] = -0.0;
    a[6] = 0x1p-1074;
    a[7] = DBL_MAX;
    a[8] = -DBL_MIN;
}

Test(npy, float64_round_trip_keeps_every_bit) {
    static double a[ROWS * COLUMNS];
    fill(a);
    const char *path = temporary_path("a.npy");
    assert_ok(ntk_npy_write(path, NTK_NPY_FLOAT64, ROWS, COLUMNS, a));
    size_t rows, columns;
    double *b;
    assert_ok(array_read(path, &rows, &columns, &b));
    cr_assert(rows == ROWS && columns == COLUMNS);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    ntk_release(b);
}

Test(npy, float32_round_trip_rounds_to_nearest) {
    static double a[ROWS * COLUMNS];
    fill(a);
    a[7] = 0x1.fffffeffffffp127; /* below the midpoint between FLT_MAX and its overflow */
    const char *path = temporary_path("a.npy");
    assert_ok(ntk_npy_write(path, NTK_NPY_FLOAT32, ROWS, COLUMNS, a));
    size_t rows, columns;
    double *b;
    assert_ok(array_read(path, &rows, &columns, &b));
    for (size_t k = 0; k < ROWS * COLUMNS; k++) {
        const double unit = fmax(fabs(a[k]) * 0x1p-24, 0x1p-150);
        cr_assert(fabs(a[k] - b[k]) <= unit, "element %zu: %g became %g", k, a[k], b[k]);
    }
    cr_assert_eq(b[7], (double)FLT_MAX);
    cr_assert(b[5] == 0 && signbit(b[5]));
    ntk_release(b);
}

/* A refusal leaves what stood there, and no other file. */
static void expect_write_refused(ntk_npy_type type, size_t rows, size_t columns, const double *a,
                                 ntk_status wanted, const char *clue) {
    const char *path = temporary_write("old.npy", "old", 3);
    assert_fails(ntk_npy_write(path, type, rows, columns, a), wanted, clue);
    char *content;
    size_t size;
    assert_ok(ntk_file_read(path, &content, &size));
    cr_assert(size == 3 && memcmp(content, "old", 3) == 0);
    ntk_release(content);
    cr_assert_eq(temporary_count(), 1);
}

Test(npy, refuses_to_write_what_it_would_refuse_to_read) {
    const double bad[] = {1, 2, 3, NAN}, infinite[] = {-INFINITY}, large[] = {1, 1e39};
    expect_write_refused(NTK_NPY_FLOAT64, 2, 2, bad, NTK_ERROR_NOT_FINITE, "row 1, column 1");
    expect_write_refused(NTK_NPY_FLOAT64, 1, 1, infinite, NTK_ERROR_NOT_FINITE, "row 0, column 0");
    expect_write_refused(NTK_NPY_FLOAT32, 1, 2, large, NTK_ERROR_NOT_FINITE, "float32");
    assert_ok(ntk_npy_write(temporary_path("old.npy"), NTK_NPY_FLOAT64, 1, 2, large));
    expect_write_refused(NTK_NPY_FLOAT64, 0, 2, bad, NTK_ERROR_SHAPE, "empty");
}

Test(npy, an_unwritable_place_is_an_error_and_stays_empty) {
    const double a[] = {1};
    cr_assert_eq(ntk_npy_write(temporary_path("no/such/folder.npy"), NTK_NPY_FLOAT64, 1, 1, a), NTK_ERROR_IO);
    const char *file = temporary_write("file", "x", 1);
    char below[600];
    snprintf(below, sizeof below, "%s/a.npy", file);
    cr_assert_eq(ntk_npy_write(below, NTK_NPY_FLOAT64, 1, 1, a), NTK_ERROR_IO);
    cr_assert_eq(temporary_count(), 1);
}
