/* Files that a command reads are not replaced by what it writes, nor two outputs by one another. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/data.h>

#include "status.h"
#include "toy.h"

TestSuite(files, .init = toy_begin, .fini = toy_end, .timeout = 120);

/* here/x.npy and so on, and links to it: link.npy, hard.npy, via/. nowhere.npy leads to a name that
 * is free. */
static void write_files(void) {
    static double x[20 * 2], y[20];
    for (size_t i = 0; i < 40; i++) x[i] = (double)(i * 7919 % 101) / 50 - 1;
    for (size_t i = 0; i < 20; i++) y[i] = x[2 * i];
    assert_ok(ntk_npy_write(toy_path("x.npy"), NTK_NPY_FLOAT64, 20, 2, x));
    assert_ok(ntk_npy_write(toy_path("y.npy"), NTK_NPY_FLOAT64, 20, 1, y));
    assert_ok(ntk_npy_write(toy_path("new.npy"), NTK_NPY_FLOAT64, 4, 2, x));
    cr_assert_eq(
        toy_shell("\"$NTK_FIXTURE\" kernel x.npy -o k.npy && ln -s k.npy link.npy && ln k.npy hard.npy "
                  "&& ln -s . via && ln -s free.npy nowhere.npy && ln -s via/y.npy second.npy && "
                  "cksum x.npy y.npy k.npy new.npy >before"),
        0, "%s", toy_output());
}

static void expect_refused(const char *command, const char *line) {
    cr_expect_eq(toy_ntk("%s", command), 64, "%s: %s", command, toy_output());
    cr_expect(toy_said(line), "%s: %s", command, toy_output());
    cr_expect_eq(
        toy_shell("cksum x.npy y.npy k.npy new.npy | cmp - before && ! ls free.npy a.npy 2>/dev/null"), 0,
        "%s: %s", command, toy_output());
}

Test(files, what_is_read_is_not_overwritten) {
    static const struct {
        const char *command, *line;
    } cases[] = {
        {"solve --lambda 1 --kernel k.npy y.npy -o ./k.npy", "--output would overwrite k.npy, which is read"},
        {"solve --lambda 1 --kernel link.npy y.npy -o k.npy", "--output would overwrite link.npy"},
        {"solve --lambda 1 --kernel k.npy y.npy -o link.npy", "--output would overwrite k.npy"},
        {"solve --lambda 1 --kernel k.npy y.npy -o hard.npy", "--output would overwrite k.npy"},
        {"solve --lambda 1 x.npy y.npy -o via/x.npy", "--output would overwrite x.npy"},
        {"solve --lambda 1 x.npy second.npy -o y.npy", "--output would overwrite second.npy"},
        {"solve --lambda 1 x.npy y.npy -o a.npy --fitted y.npy", "--fitted would overwrite y.npy"},
        {"solve --lambda 1 x.npy y.npy -o a.npy --predict new.npy --predictions ./new.npy",
         "--predictions would overwrite new.npy"},
        {"solve --lambda 1 - y.npy -o x.npy <x.npy", "--output would overwrite standard input"},
        {"kernel x.npy -o ./x.npy", "--output would overwrite x.npy"},
        {"kernel x.npy new.npy -o via/new.npy", "--output would overwrite new.npy"},
        {"kernel --shard 1/2 x.npy -o x.npy", "--output would overwrite x.npy"},
        {"enclose x.npy -o via/via/x.npy", "--output would overwrite x.npy"},
    };
    write_files();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) expect_refused(cases[i].command, cases[i].line);
}

Test(files, outputs_are_different_files) {
    static const char *const same = "--output and --fitted are the same file";
    write_files();
    expect_refused("solve --lambda 1 x.npy y.npy -o a.npy --fitted ./a.npy", same);
    expect_refused("solve --lambda 1 x.npy y.npy -o nowhere.npy --fitted via/free.npy", same);
    expect_refused("solve --lambda 1 x.npy y.npy -o - --fitted -", same);
    expect_refused(
        "solve --lambda 1 x.npy y.npy -o a.npy --predict new.npy --fitted b.npy --predictions via/b.npy",
        "--fitted and --predictions are the same file");
}

Test(files, standard_input_is_read_once) {
    static const char *const commands[] = {
        "solve --lambda 1 - - -o a.npy", "kernel - - -o a.npy", "check - -",
        "solve --lambda 1 - y.npy -o a.npy --predict - --predictions b.npy"};
    write_files();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char command[128];
        snprintf(command, sizeof command, "%s </dev/null", commands[i]);
        expect_refused(command, "standard input is read once: only one file may be -");
    }
}

/* Devices may be named twice, and a name in another folder is another file. */
Test(files, what_does_no_harm_is_done) {
    write_files();
    cr_expect_eq(toy_shell("\"$NTK_FIXTURE\" solve --lambda 1 x.npy y.npy -o /dev/null --fitted /dev/null && "
                           "mkdir other && \"$NTK_FIXTURE\" kernel x.npy -o other/x.npy && "
                           "\"$NTK_FIXTURE\" solve --lambda 1 x.npy y.npy -o other/a.npy --fitted a.npy && "
                           "\"$NTK_FIXTURE\" kernel - -o k.npy <x.npy && \"$NTK_FIXTURE\" kernel x.npy -o - "
                           "| cmp - k.npy && ls a.npy other/x.npy other/a.npy"),
                 0, "%s", toy_output());
}
