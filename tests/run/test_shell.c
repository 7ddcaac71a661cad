/* Command lines that are given as one text. */
#include <string.h>

#include <criterion/criterion.h>

#include "experiment/support.h"
#include "run/shell.h"
#include "status.h"

Test(shell, words_are_split_and_quotes_taken_away) {
    char **words;
    size_t count;
    assert_ok(ntk_shell_split("  mpirun -x 'A=b  c'\t\"it's\"d e\\ f '' ", &words, &count));
    const char *const wanted[] = {"mpirun", "-x", "A=b  c", "it'sd", "e f", ""};
    cr_assert_eq(count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < count; i++) cr_expect_str_eq(words[i], wanted[i]);
    ntk_texts_release(words, count);
}

Test(shell, what_only_a_shell_could_do_is_refused) {
    static const char *const lines[] = {"",        "  ",          "mpirun 'a", "a \"b", "a; b",
                                        "a $HOME", "a \"$HOME\"", "a > b",     "a\\"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char **words;
        size_t count;
        cr_expect_eq(ntk_shell_split(lines[i], &words, &count), NTK_ERROR_ARGUMENT, "%s", lines[i]);
        cr_expect_null(words);
    }
    char **words;
    size_t count;
    assert_ok(ntk_shell_split("a '$HOME;'", &words, &count));
    cr_expect_str_eq(words[1], "$HOME;");
    ntk_texts_release(words, count);
}
