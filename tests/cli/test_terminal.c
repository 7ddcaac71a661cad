/* What a terminal shows: lines no wider than it is, and the same words. */
#include "toy.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(terminal, .init = toy_begin, .fini = toy_end, .timeout = 60);

/* On a terminal of so many columns; carriage returns are the terminal's. */
static void on_terminal(int columns, const char *arguments) {
    cr_assert_eq(
        toy_shell("script -qec \"stty cols %d; '$NTK_FIXTURE' %s\" /dev/null </dev/null | tr -d '\\r'",
                  columns, arguments),
        0, "%s", toy_output());
}

static void expect_within(size_t columns) {
    for (const char *line = toy_output(); *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        cr_expect_leq(length, columns, "%.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

Test(terminal, list_and_show_keep_to_the_width) {
    if (toy_shell("command -v script") != 0) cr_skip_test("there is no script(1)");
    on_terminal(72, "list");
    expect_within(72);
    cr_expect(toy_said("Toy of holds"), "%s", toy_output());
    on_terminal(72, "show toy/holds");
    expect_within(72);
    cr_expect(toy_said("\nChecks:\n"), "%s", toy_output());
    /* Piped, a claim is one line. */
    cr_expect_eq(toy_ntk("list | grep -c 'Lemma 1 (restated)' >a; ls suites/toy | wc -l >b; cmp a b"), 0);
}

Test(terminal, progress_keeps_to_one_line) {
    if (toy_shell("command -v script") != 0) cr_skip_test("there is no script(1)");
    toy_shell("script -qec \"stty cols 40; '$NTK_FIXTURE' verify toy/slow toy/holds --set pause=0.2 "
              "--no-figures --out run\" /dev/null </dev/null | tr '\\r' '\\n' | "
              "sed 's/\\x1b[[][0-9;]*[A-Za-z]//g' | grep -e '^[0-9]*/[0-9]*  '");
    cr_expect(toy_said("4  "), "%s", toy_output());
    expect_within(42); /* bytes: the dots that stand for what is left out take three */
}

Test(terminal, suites_are_accepted_where_claims_are) {
    cr_expect_eq(toy_ntk("show toy | grep -c ', revision 1' >a; ls suites/toy | wc -l >b; cmp a b"), 0, "%s",
                 toy_output());
    cr_assert_eq(toy_ntk("list toy/holds toy/slow | wc -l"), 0, "%s", toy_output());
    cr_expect_str_eq(toy_output(), "2\n");
    cr_expect_eq(toy_ntk("list toys"), 64);
    cr_expect_eq(toy_ntk("show toys"), 64);
}
