/* Matrices written in blocks: the bytes of ntk_npy_write, also when another process goes on, and
 * what was left by others stays. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/data.h>
#include <ntk/file.h>
#include <ntk/memory.h>

#include "data/npy_part.h"
#include "status.h"
#include "temporary.h"

TestSuite(npy_part, .init = temporary_create, .fini = temporary_remove);

enum { ROWS = 13, COLUMNS = 11, KEY = 7 };
static double a[ROWS * COLUMNS];

static void fill_matrix(void) {
    for (size_t i = 0; i < ROWS * COLUMNS; i++) a[i] = 1.0 / (double)(i + 3);
}

static ntk_npy_part *open_part(ntk_npy_type type, bool resume, size_t wanted) {
    char path[256];
    ntk_npy_part *part = NULL;
    size_t finished = 777;
    snprintf(path, sizeof path, "%s", temporary_path("k.npy"));
    assert_ok(ntk_npy_part_open(path, type, ROWS, COLUMNS, KEY, resume, &part, &finished));
    cr_assert_eq(finished, wanted);
    return part;
}

/* Block (row, column, rows, columns) of the matrix, as it is or from its transpose. */
static void write_block(ntk_npy_part *part, size_t row, size_t column, size_t rows, size_t columns,
                        bool transposed) {
    double turned[ROWS * COLUMNS];
    if (!transposed) {
        assert_ok(ntk_npy_part_write(part, row, column, rows, columns, a + row * COLUMNS + column, COLUMNS));
        return;
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) turned[j * ROWS + i] = a[(row + i) * COLUMNS + column + j];
    assert_ok(ntk_npy_part_write_transposed(part, row, column, rows, columns, turned, ROWS));
}

static void expect_written(ntk_npy_type type) {
    char *found, *wanted;
    size_t size, wanted_size;
    assert_ok(ntk_npy_write(temporary_path("whole.npy"), type, ROWS, COLUMNS, a));
    assert_ok(ntk_file_read(temporary_path("k.npy"), &found, &size));
    assert_ok(ntk_file_read(temporary_path("whole.npy"), &wanted, &wanted_size));
    cr_expect(size == wanted_size && memcmp(found, wanted, size) == 0);
    ntk_release(found);
    ntk_release(wanted);
    cr_expect_neq(access(temporary_path("k.npy.part"), F_OK), 0);
    cr_expect_neq(access(temporary_path("k.npy.part.journal"), F_OK), 0);
}

Test(npy_part, blocks_in_any_order_are_the_matrix) {
    fill_matrix();
    for (int type = NTK_NPY_FLOAT64; type <= NTK_NPY_FLOAT32; type++) {
        ntk_npy_part *part = open_part((ntk_npy_type)type, false, 0);
        write_block(part, 4, 5, 9, 6, true);
        write_block(part, 0, 5, 4, 6, false);
        write_block(part, 4, 0, 9, 5, false);
        write_block(part, 0, 0, 4, 5, true);
        assert_ok(ntk_npy_part_commit(part));
        expect_written((ntk_npy_type)type);
    }
}

/* A process that ends in the middle: its descriptors are closed, and nothing else is done. */
static void begin_and_end(size_t rows) {
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        ntk_npy_part *part = open_part(NTK_NPY_FLOAT64, false, 0);
        write_block(part, 0, 0, ROWS, 4, false);
        write_block(part, 0, 4, rows, COLUMNS - 4, false);
        assert_ok(ntk_npy_part_finish_rows(part, rows));
        _exit(0);
    }
    int status = 1;
    cr_assert(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

Test(npy_part, another_process_goes_on) {
    fill_matrix();
    begin_and_end(6);
    FILE *journal = fopen(temporary_path("k.npy.part.journal"), "a");
    fputs("rows 1", journal); /* torn: not row 1, nor row 10 */
    fclose(journal);
    ntk_npy_part *part = open_part(NTK_NPY_FLOAT64, true, 6);
    assert_ok(ntk_npy_part_finish_rows(part, 8)); /* on a line of its own */
    char *text;
    size_t size;
    assert_ok(ntk_file_read(temporary_path("k.npy.part.journal"), &text, &size));
    cr_expect_str_eq(text, "ntk matrix 1 key 0000000000000007\nrows 6\nrows 8\n");
    ntk_release(text);
    write_block(part, 6, 4, ROWS - 6, COLUMNS - 4, false);
    assert_ok(ntk_npy_part_commit(part));
    expect_written(NTK_NPY_FLOAT64);
    part = open_part(NTK_NPY_FLOAT64, true, 0); /* there is nothing left to go on with */
    ntk_npy_part_discard(part);
    expect_written(NTK_NPY_FLOAT64);
}

Test(npy_part, what_is_another_s_stays) {
    fill_matrix();
    begin_and_end(6);
    ntk_npy_part *part = NULL;
    size_t finished;
    char path[256];
    snprintf(path, sizeof path, "%s", temporary_path("k.npy"));
    cr_expect_eq(ntk_npy_part_open(path, NTK_NPY_FLOAT64, ROWS, COLUMNS, KEY + 1, true, &part, &finished),
                 NTK_ERROR_FORMAT);
    cr_expect_null(part);
    cr_expect_eq(ntk_npy_part_open(path, NTK_NPY_FLOAT32, ROWS, COLUMNS, KEY, true, &part, &finished),
                 NTK_ERROR_FORMAT);
    part = open_part(NTK_NPY_FLOAT64, true, 6);
    ntk_npy_part *second = NULL;
    cr_expect_eq(ntk_npy_part_open(path, NTK_NPY_FLOAT64, ROWS, COLUMNS, KEY, false, &second, &finished),
                 NTK_ERROR_IO, "it is locked");
    ntk_npy_part_discard(part);
    cr_expect_neq(access(temporary_path("k.npy.part"), F_OK), 0);
}

Test(npy_part, numbers_that_do_not_fit_are_told_by_their_place) {
    fill_matrix();
    ntk_npy_part *part = open_part(NTK_NPY_FLOAT32, false, 0);
    const double large[] = {1, 2, 3, 1e39};
    cr_expect_eq(ntk_npy_part_write(part, 5, 6, 2, 2, large, 2), NTK_ERROR_NOT_FINITE);
    cr_expect_not_null(strstr(ntk_error_detail(), "row 6, column 7 (from 0) is 1e+39: not a finite float32"));
    cr_expect_eq(ntk_npy_part_write_transposed(part, 5, 6, 2, 2, large, 2), NTK_ERROR_NOT_FINITE);
    ntk_npy_part_discard(part);
}
