/* ntk kernel straight into a file: the bytes of the matrix in memory, whatever the memory, and
 * whatever ends it. The matrix in memory is what a pipe gets. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/data.h>
#include <ntk/file.h>
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

/* 900 rows are four stripes for two shards or three: 256, 256, 256 and 132 rows. */
static void expect_sharded(const char *command, const char *shards) {
    cr_expect_eq(toy_shell("k() { \"$NTK_FIXTURE\" kernel %s --jobs 1 --memory 2M \"$@\"; }; "
                           "rm -f k.npy; k -o whole.npy && %s && cmp k.npy whole.npy && ! ls | grep part",
                           command, shards),
                 0, "%s, %s: %s", command, shards, toy_output());
}

Test(kernel_file, shards_make_the_bytes_of_the_whole) {
    static const char *const networks[] = {"x.npy", "--float32 --type nngp x.npy", "x.npy y.npy",
                                           "y.npy x.npy",
                                           "--arch conv --image 3x4x1 --layers 'conv 3, conv 2' images.npy"};
    static const char *const orders[] = {
        "k --shard 1/3 -o k.npy && k --shard 2/3 -o k.npy && test ! -e k.npy && k --shard 3/3 -o k.npy",
        "k --shard 3/3 -o k.npy --resume && k --shard 1/3 -o k.npy && k --shard 2/3 -o k.npy --memory 5M",
        "{ k --shard 1/3 -o k.npy & a=$!; k --shard 2/3 -o k.npy & b=$!; k --shard 3/3 -o k.npy && wait $a "
        "&& wait $b; }",
        "k --shard 1/1 -o k.npy"};
    write_points("x.npy", 900, 3, 1);
    write_points("y.npy", 531, 3, 2);
    write_points("images.npy", 131, 12, 1);
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        for (size_t k = 0; k < sizeof orders / sizeof *orders; k++) expect_sharded(networks[i], orders[k]);
}

/* Of each entry: by how many of three shards it was written, from zeros, and with which value. With
 * memory for bands that are higher than a stripe. */
static void expect_each_entry_once(const char *points, size_t entries) {
    char *content[4];
    size_t size[4];
    cr_assert_eq(toy_shell("k() { \"$NTK_FIXTURE\" kernel %s --jobs 1 \"$@\"; }; k -o whole.npy; "
                           "for i in 1 2 3; do k --shard $i/3 -o k.npy && mv k.npy.part p.$i && "
                           "rm k.npy.part.*; done",
                           points),
                 0, "%s", toy_output());
    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "p.%d", i + 1);
        assert_ok(ntk_file_read(toy_path(i < 3 ? name : "whole.npy"), &content[i], &size[i]));
        cr_assert_eq(size[i], 128 + entries * sizeof(double));
    }
    size_t wrong = 0;
    for (size_t k = 0; k < entries; k++) {
        int writers = 0;
        for (int i = 0; i < 3; i++) {
            const char *entry = content[i] + 128 + k * sizeof(double);
            const bool written = memcmp(entry, (double[]){0}, sizeof(double)) != 0;
            writers += written;
            wrong += written && memcmp(entry, content[3] + 128 + k * sizeof(double), sizeof(double)) != 0;
        }
        wrong += writers != 1;
    }
    cr_expect_eq(wrong, 0, "%s: %zu", points, wrong);
    for (int i = 0; i < 4; i++) ntk_release(content[i]);
}

Test(kernel_file, an_entry_is_written_by_one_shard) {
    write_points("x.npy", 900, 3, 1);
    write_points("y.npy", 531, 3, 2);
    expect_each_entry_once("x.npy", 900 * 900);
    expect_each_entry_once("x.npy y.npy", 900 * 531);
}

/* Many at once, again and again: one begins the matrix and one ends it. */
Test(kernel_file, shards_that_begin_and_end_together_make_one_matrix) {
    write_points("images.npy", 64, 12, 1);
    for (int i = 0; i < 10; i++)
        expect_sharded(
            "--arch conv --image 3x4x1 --layers 'conv 2' images.npy",
            "{ for i in 1 2 3 4 5 6 7 8; do k --shard $i/8 -o k.npy >said.$i || echo $i >>failed & done; "
            "wait; test ! -e failed && test $(cat said.* | grep -c '^k.npy: complete$') = 1; }");
}

/* An entry of its finished rows is spoilt after the kill, and stays: it is not computed again. Row
 * 256 is the first of the second shard. Where it ends before the kill, both begin anew. Without
 * --resume the share is begun again. */
Test(kernel_file, a_shard_that_was_killed_is_finished) {
    static const char *const options[] = {"--resume", ""};
    write_points("x.npy", 900, 3, 1);
    cr_assert_eq(toy_ntk(SLOW " -o whole.npy"), 0);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(
            toy_shell("try() { rm -f k.npy*; \"$NTK_FIXTURE\" " SLOW " --shard 1/2 --jobs 1 -o k.npy && "
                      "{ \"$NTK_FIXTURE\" " SLOW " --shard 2/2 --jobs 1 --memory 2M -o k.npy & } && "
                      "until grep -qs rows k.npy.part.journal-2-of-2; do kill -0 $! || break; sleep 0.01; "
                      "done; kill -9 $!; wait $!; test -e k.npy.part && test ! -e k.npy; }; "
                      "for i in 1 2 3 4 5 6 7 8; do try && exit 0; done; exit 3"),
            0, "%s", toy_output());
        cr_expect_eq(
            toy_shell("printf rows >>k.npy.part.journal-2-of-2; printf 12345678 | "
                      "dd of=k.npy.part bs=1 seek=$((128 + 8 * 256 * 900)) conv=notrunc 2>/dev/null; "
                      "\"$NTK_FIXTURE\" " SLOW " --shard 2/2 --jobs 1 --memory 2M -o k.npy %s || exit 4; "
                      "! ls | grep part && cmp -l k.npy whole.npy | awk '$1 <= 128 + 8 * 256 * 900 || "
                      "$1 > 136 + 8 * 256 * 900 {bad = 1} END {exit bad || %s}'",
                      options[i], i == 0 ? "NR < 6" : "NR > 0"),
            0, "%s", toy_output());
    }
}

static void expect_refused(const char *arguments, const char *line) {
    cr_expect_eq(toy_ntk("kernel --jobs 1 %s -o k.npy", arguments), 5, "%s: %s", arguments, toy_output());
    cr_expect(toy_said(line), "%s: %s", arguments, toy_output());
}

Test(kernel_file, shards_must_agree) {
    static const char *const others[] = {"x.npy --depth 2", "x.npy --float32", "z.npy", "x.npy z.npy",
                                         "x.npy --type nngp"};
    write_points("x.npy", 900, 3, 1);
    write_points("z.npy", 900, 3, 2);
    cr_assert_eq(toy_ntk("kernel --jobs 1 x.npy --shard 1/3 -o k.npy"), 0);
    cr_expect(toy_said("k.npy: shard 1/3 is complete, 2 to come"), "%s", toy_output());
    cr_assert_eq(toy_shell("cksum k.npy.part* >before"), 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char command[64];
        snprintf(command, sizeof command, "%s --shard 2/3", others[i]);
        expect_refused(command,
                       "k.npy.part.shards: begun by another program, or from other inputs or options");
    }
    expect_refused("x.npy --shard 2/2", "begun by 3 shards, not by 2");
    expect_refused("x.npy --memory 2M", "k.npy.part.shards: shards have begun the matrix");
    expect_refused("x.npy --resume", "k.npy.part.shards: shards have begun the matrix");
    cr_expect_eq(toy_ntk("kernel --jobs 1 x.npy --shard 1/3 -o k.npy"), 0, "it is done: %s", toy_output());
    cr_expect(toy_said("k.npy: shard 1/3 is complete, 2 to come"), "%s", toy_output());
    cr_expect_eq(toy_shell("cksum k.npy.part* | cmp - before"), 0, "%s", toy_output());
    cr_expect_eq(toy_shell(": >k.npy.part.journal-2-of-3; flock k.npy.part.journal-2-of-3 \"$NTK_FIXTURE\" "
                           "kernel --jobs 1 x.npy --shard 2/3 -o k.npy"),
                 5);
    cr_expect(toy_said("k.npy: another process is writing shard 2/3"), "%s", toy_output());
    cr_expect_eq(toy_shell("truncate -s -1 k.npy.part"), 0);
    expect_refused("x.npy --shard 2/3", "k.npy.part: not the matrix that its shards have begun");
}

/* Neither is a finished matrix replaced by an unfinished one, nor one in the making that is not of
 * shards; and journals that tell of a matrix that was removed are not believed. */
Test(kernel_file, shards_overwrite_nothing) {
    write_points("x.npy", 900, 3, 1);
    cr_assert_eq(toy_ntk("kernel x.npy -o k.npy && cp k.npy whole.npy"), 0);
    expect_refused("x.npy --shard 1/2", "k.npy: is complete already");
    cr_expect_eq(toy_shell("rm k.npy; ls | grep part"), 1, "%s", toy_output());
    begin_and_kill();
    expect_refused("x.npy --shard 1/2", "k.npy: begun by a run without shards");
    cr_expect_eq(toy_shell("rm k.npy.part.journal; flock k.npy.part \"$NTK_FIXTURE\" kernel x.npy --jobs 1 "
                           "--shard 1/2 -o k.npy"),
                 5);
    cr_expect(toy_said("k.npy.part: another process is writing it"), "%s", toy_output());
    cr_expect_eq(
        toy_shell(
            "s() { \"$NTK_FIXTURE\" kernel x.npy --jobs 1 --memory 2M --resume --shard $1/2 -o k.npy; }; "
            "s 1 && cp k.npy.part.shards a && "
            "sed '1{s/ of .*//;q}' a >k.npy.part.journal-2-of-2 && "
            "echo rows 800 >>k.npy.part.journal-2-of-2 && rm k.npy.part k.npy.part.shards && s 1 && "
            "s 2 && cmp k.npy whole.npy && ! ls | grep part"),
        0, "%s", toy_output());
    /* Who completed the last share was ended behind the rename, and before it. */
    cr_expect_eq(toy_shell("{ cat a; echo done 2; } >k.npy.part.shards; \"$NTK_FIXTURE\" kernel x.npy --jobs "
                           "1 --shard 2/2 -o k.npy && ! ls | grep part; "
                           "mv k.npy k.npy.part; { cat a; echo done 2; } >k.npy.part.shards; "
                           "\"$NTK_FIXTURE\" kernel x.npy --jobs 1 --shard 1/2 -o k.npy && "
                           "cmp k.npy whole.npy && ! ls | grep part"),
                 0, "%s", toy_output());
    cr_expect(toy_said("k.npy: complete"), "%s", toy_output());
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
    cr_expect_eq(toy_ntk("kernel --shard 1/2 x.npy -o /dev/null"), 5);
    cr_expect(toy_said("--shard wants a regular file"), "%s", toy_output());
    cr_expect_eq(toy_ntk("kernel --shard 3/2 x.npy -o k.npy"), 64);
    cr_expect_eq(toy_ntk("kernel --jobs 1 --shard 1/4 x.npy -o k.npy"), 5);
    cr_expect(toy_said("530 rows are 3 stripes of 256: too few for 4 shards"), "%s", toy_output());
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
