/* ntk kernel straight into a file: the bytes of the matrix in memory, whatever the memory, and
 * whatever ends it. The matrix in memory is what a pipe gets. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/data.h>
#include <ntk/memory.h>

#include "status.h"
#include "toy.h"

TestSuite(kernel_file, .init = toy_begin, .fini = toy_end, .timeout = 300);

static void write_points(const char *name, size_t n, size_t d, uint64_t seed) {
    double *x = NULL;
    assert_ok(ntk_allocate_doubles(n * d, &x));
    for (size_t i = 0; i < n * d; i++) x[i] = (double)((i + 1) * (seed + 7919) % 10007) / 5003.5 - 1;
    assert_ok(ntk_npy_write(toy_path(name), NTK_NPY_FLOAT64, n, d, x));
    ntk_release(x);
}

static void expect_same(const char *command, const char *limits) {
    cr_expect_eq(toy_shell("\"$NTK_FIXTURE\" kernel %s -o - >whole.npy && \"$NTK_FIXTURE\" kernel %s %s -o "
                           "k.npy && cmp k.npy whole.npy && ! ls | grep part",
                           command, limits, command),
                 0, "%s %s: %s", limits, command, toy_output());
}

/* 530 is no multiple of a tile. 1300 kB: bands of one tile row in panels of two tiles; 2M: of one
 * tile row; 3M, two workers: of two. The Gram matrix has 2.2 MB. */
Test(kernel_file, same_bytes_for_any_memory_and_workers) {
    static const char *const networks[] = {"x.npy",           "--type nngp --depth 2 x.npy",
                                           "--float32 x.npy", "--arch residual x.npy",
                                           "x.npy y.npy",     "--float32 --type nngp y.npy x.npy"};
    static const char *const limits[] = {"--jobs 1 --memory 1300K", "--jobs 1 --memory 2M",
                                         "--jobs 2 --memory 3m", "--jobs 2 --memory 1g",
                                         "--jobs 2 --memory 2M --resume"};
    write_points("x.npy", 530, 3, 1);
    write_points("y.npy", 300, 3, 2);
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) expect_same(networks[i], limits[k]);
}

/* 6K: a part of a row of pairs at a time; 131 images are three bands. */
Test(kernel_file, same_bytes_for_convolutional_networks) {
    write_points("x.npy", 131, 12, 1);
    write_points("y.npy", 70, 12, 2);
    const char *const images = "--arch conv --image 3x4x1 --layers 'conv 3, conv 2' ";
    static const char *const sets[] = {"x.npy", "y.npy x.npy"};
    static const char *const limits[] = {"--jobs 1 --memory 6K", "--jobs 2 --memory 20K",
                                         "--jobs 2 --memory 1G"};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 3; k++) {
            char command[128];
            snprintf(command, sizeof command, "%s%s", images, sets[i]);
            expect_same(command, limits[k]);
        }
}

/* Through a symbolic link, which stays; a file that is replaced keeps its permissions. */
Test(kernel_file, links_and_permissions_stay) {
    write_points("x.npy", 530, 3, 1);
    cr_expect_eq(
        toy_shell("mkdir there && echo old >there/k.npy && chmod 600 there/k.npy && ln -s there/k.npy "
                  "l.npy && \"$NTK_FIXTURE\" kernel --jobs 1 --memory 2M x.npy -o l.npy && "
                  "\"$NTK_FIXTURE\" kernel x.npy -o - | cmp - there/k.npy && test -L l.npy && "
                  "test $(stat -c %%a there/k.npy) = 600 && ! ls there | grep part"),
        0, "%s", toy_output());
}

/* Ends it when a first band is in the journal. */
#define SLOW "kernel --activation tanh --depth 12 --weight-variance 1 x.npy"
static void begin_and_kill(void) {
    cr_assert_eq(
        toy_shell("\"$NTK_FIXTURE\" " SLOW " --jobs 1 --memory 2500K -o k.npy & "
                  "until grep -qs rows k.npy.part.journal; do kill -0 $! || exit 3; sleep 0.01; done; "
                  "kill -9 $!; wait $!; test -e k.npy.part && test ! -e k.npy"),
        0, "%s", toy_output());
}

/* An entry of a finished row is spoilt: it stays, for finished rows are not computed again; the
 * rest is right. Element 5 stands behind the header of 128 bytes: bytes 169 to 176, counted from 1.
 * */
Test(kernel_file, what_was_killed_is_finished_to_the_same_bytes) {
    write_points("x.npy", 900, 3, 1);
    begin_and_kill();
    cr_expect_eq(toy_shell("cp k.npy.part a; cp k.npy.part.journal b; \"$NTK_FIXTURE\" " SLOW
                           " --resume --jobs 2 -o k.npy && \"$NTK_FIXTURE\" " SLOW " -o - >whole.npy && "
                           "cmp k.npy whole.npy && ! ls | grep part"),
                 0, "%s", toy_output());
    cr_expect_eq(toy_shell("mv a k.npy.part; mv b k.npy.part.journal; printf rows >>k.npy.part.journal; "
                           "printf 12345678 | dd of=k.npy.part bs=1 seek=168 conv=notrunc 2>/dev/null; "
                           "\"$NTK_FIXTURE\" " SLOW " --resume --jobs 1 --memory 2M -o k.npy || exit 4; "
                           "cmp -l k.npy whole.npy | awk '$1 < 169 || $1 > 176 {bad = 1} "
                           "END {exit bad || NR < 6}'"),
                 0, "%s", toy_output());
}

Test(kernel_file, what_another_command_began_is_refused_and_stays) {
    write_points("x.npy", 900, 3, 1);
    write_points("z.npy", 900, 3, 2);
    begin_and_kill();
    static const char *const others[] = {
        "kernel --activation tanh --depth 12 --weight-variance 1 z.npy",
        "kernel --activation tanh --depth 12 --weight-variance 1 x.npy z.npy",
        "kernel --activation tanh --depth 12 --weight-variance 1.5 x.npy",
        "kernel --activation tanh --depth 12 --weight-variance 1 --type nngp x.npy",
        "kernel --activation tanh --depth 12 --weight-variance 1 --float32 x.npy",
    };
    cr_assert_eq(toy_shell("cksum k.npy.part k.npy.part.journal >before"), 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cr_expect_eq(toy_ntk("%s --resume -o k.npy", others[i]), 5, "%s: %s", others[i], toy_output());
        cr_expect(toy_said("k.npy.part: begun by another program, or from other inputs or options"), "%s",
                  toy_output());
    }
    cr_expect_eq(toy_shell("flock k.npy.part \"$NTK_FIXTURE\" " SLOW " --resume -o k.npy"), 5);
    cr_expect(toy_said("another process is writing it"), "%s", toy_output());
    cr_expect_eq(toy_shell("cksum k.npy.part k.npy.part.journal | cmp - before"), 0, "%s", toy_output());
    cr_expect_eq(toy_shell("truncate -s -1 k.npy.part; \"$NTK_FIXTURE\" " SLOW " --resume -o k.npy"), 5);
    cr_expect(toy_said("not the matrix that its journal tells of"), "%s", toy_output());
    /* Without --resume it begins again. */
    cr_expect_eq(toy_ntk("kernel x.npy --jobs 1 --memory 2M -o k.npy"), 0, "%s", toy_output());
    cr_expect_eq(toy_shell("\"$NTK_FIXTURE\" kernel x.npy -o - | cmp - k.npy && ! ls | grep part"), 0, "%s",
                 toy_output());
}

Test(kernel_file, refuses_what_it_cannot_do) {
    write_points("x.npy", 530, 3, 1);
    static const char *const sizes[] = {"0", "1X", "1GB", "-1", "", "99999999999T", "G"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        cr_expect_eq(toy_ntk("kernel --memory '%s' x.npy -o k.npy", sizes[i]), 64, "%s", sizes[i]);
    cr_expect_eq(toy_ntk("kernel --jobs 1 --memory 100K x.npy -o k.npy"), 5);
    cr_expect(toy_said("1 workers need 1088 kB of memory at least, not 100"), "%s", toy_output());
    cr_expect_eq(toy_ntk("kernel --memory 2M x.npy -o - >k"), 5);
    cr_expect(toy_said("--memory wants a regular file"), "%s", toy_output());
    cr_expect_eq(toy_ntk("kernel --resume x.npy -o /dev/null"), 5);
    cr_expect(toy_said("--resume wants a regular file"), "%s", toy_output());
    /* A value that overflows float32 is told by its place, and nothing stays. */
    double *x = NULL;
    assert_ok(ntk_allocate_doubles(600, &x));
    for (size_t i = 0; i < 600; i++) x[i] = i < 590 ? 1 : 1e25;
    assert_ok(ntk_npy_write(toy_path("big.npy"), NTK_NPY_FLOAT64, 600, 1, x));
    ntk_release(x);
    cr_expect_eq(toy_ntk("kernel --float32 --jobs 1 --memory 2M big.npy -o k.npy"), 5);
    cr_expect(toy_said("k.npy: row 590, column 590 (from 0) is 4e+50: not a finite float32"), "%s",
              toy_output());
    cr_expect_eq(toy_shell("ls | grep -q '^k.npy'"), 1, "%s", toy_output());
}
