/* The folder of a new claim: what `make` then finds is a claim that can be read. */
#include "toy.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

TestSuite(new, .init = toy_begin, .fini = toy_end, .timeout = 60);

static void copy_template(void) {
    static const char *const files[] = {"claim.yaml", "experiment.c", "figure.gp"};
    char from[64], to[64], text[1 << 14];
    for (int i = 0; i < 3; i++) {
        snprintf(from, sizeof from, "suites/template/%s", files[i]);
        snprintf(to, sizeof to, "suites/template/%s", files[i]);
        FILE *file = fopen(from, "rb");
        cr_assert_not_null(file, "%s", from);
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        toy_write(to, text);
    }
}

Test(new, a_folder_is_written_once) {
    copy_template();
    cr_expect_eq(toy_ntk("new own/first-try"), 0, "%s", toy_output());
    cr_expect(toy_said("build/ntk verify own/first-try"), "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("suites/own/first-try/claim.yaml"), "\nid: own/first-try\n"));
    cr_expect_null(strstr(toy_read("suites/own/first-try/claim.yaml"), "@ID@"));
    cr_expect_not_null(strstr(toy_read("suites/own/first-try/experiment.c"), "NTK_EXPERIMENT = {"));
    char here[512];
    cr_assert_not_null(getcwd(here, sizeof here));
    cr_expect_eq(toy_shell("cc -std=c11 -Wall -Wextra -Wconversion -Werror -fsyntax-only -I'%s/include' "
                           "-DNTK_EXPERIMENT=own suites/own/first-try/experiment.c",
                           here),
                 0, "%s", toy_output());
    cr_expect_eq(toy_shell("cmp suites/template/figure.gp suites/own/first-try/figure.gp"), 0);
    cr_expect_eq(toy_ntk("new own/first-try"), 64);
    cr_expect(toy_said("is there already"), "%s", toy_output());
}

Test(new, the_commands_that_follow_can_be_pasted) {
    copy_template();
    cr_expect_eq(toy_shell("mkdir 'o wn' && \"$NTK_FIXTURE\" new own/first --suites 'o wn'"), 0, "%s",
                 toy_output());
    cr_expect(toy_said("ntk verify --suites 'o wn' own/first    build"), "%s", toy_output());
    cr_expect(toy_said("ntk accept --suites 'o wn' own/first --why"), "%s", toy_output());
}

Test(new, a_name_is_a_suite_and_a_claim) {
    static const char *const wrong[] = {"own",       "own/",          "/first",
                                        "Own/first", "own/first/try", "../own/first"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(toy_ntk("new %s", wrong[i]), 64, "%s: %s", wrong[i], toy_output());
    cr_expect_eq(toy_shell("ls suites | grep -i -e own -e first"), 1, "%s", toy_output());
}
