/* Brace patterns against their expansions written out, and what is no pattern. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "claim/pattern.h"
#include "experiment/support.h"
#include "status.h"

/* The names in one line. */
static void expect_names(const char *pattern, const char *wanted) {
    char **names = NULL, line[2048] = "";
    size_t count = 0;
    assert_ok(ntk_pattern_expand(pattern, &names, &count));
    for (size_t i = 0; i < count; i++) {
        ntk_text_append(line, sizeof line, i == 0 ? "" : " ");
        ntk_text_append(line, sizeof line, names[i]);
    }
    ntk_texts_release(names, count);
    cr_expect_str_eq(line, wanted, "%s", pattern);
}

static void expect_fault(const char *pattern, const char *message) {
    char **names = NULL;
    size_t count = 1;
    assert_fails(ntk_pattern_expand(pattern, &names, &count), NTK_ERROR_FORMAT, message);
    cr_expect(names == NULL && count == 0);
}

Test(pattern, stands_for_its_names_in_the_shells_order) {
    expect_names("rate", "rate");
    expect_names("rate-{erf,relu}", "rate-erf rate-relu");
    expect_names("{a,b}-{c,d}-e", "a-c-e a-d-e b-c-e b-d-e");
    expect_names("a{,-k3}", "a a-k3");
    expect_names("a-{b,c{d,e},f}", "a-b a-cd a-ce a-f");
    expect_names("a-{{b,c}-{1,2},d}", "a-b-1 a-b-2 a-c-1 a-c-2 a-d");
    expect_names("a{,-b{,-c}}", "a a-b a-b-c");
    expect_names("a-{8..11}", "a-8 a-9 a-10 a-11");
    expect_names("a-{2..2}-{x,y}", "a-2-x a-2-y");
}

Test(pattern, braces_that_are_none) {
    expect_fault("a-{b,c", "'a-{b,c': a brace without its counterpart");
    expect_fault("a-b}", "a brace without its counterpart");
    expect_fault("a-{b,{c}", "a brace without its counterpart");
    expect_fault("a-{b,c}}", "a brace without its counterpart");
    expect_fault("a{}", "braces hold alternatives, {a,b}, or a range, {1..3}");
    expect_fault("a-{b}", "braces hold alternatives");
    expect_fault("a-{1...3}", "braces hold alternatives");
    expect_fault("a-{-1..3}", "braces hold alternatives");
    expect_fault("a-{x..z}", "braces hold alternatives");
    expect_fault("a-{3..1}", "the range {3..1} is empty");
}

Test(pattern, words_that_are_no_names) {
    expect_fault("", "'' gives '', and a name has lower-case letters");
    expect_fault("a-{b,}", "'a-{b,}' gives 'a-'");
    expect_fault("{a,2}", "gives '2'");
    expect_fault("a-{b, c}", "gives 'a- c'");
    expect_fault("a-{B,c}", "gives 'a-B'");
}

Test(pattern, stands_for_a_bounded_number_of_names) {
    char **names = NULL;
    size_t count = 0;
    assert_ok(ntk_pattern_expand("a-{1..256}", &names, &count));
    cr_expect_eq(count, 256);
    cr_expect_str_eq(names[255], "a-256");
    ntk_texts_release(names, count);
    expect_fault("a-{1..257}", "stands for more than 256 names");
    expect_fault("a-{0..9}{0..9}{0..9}", "stands for more than 256 names");
    expect_fault("a-{1..9223372036854775807}", "stands for more than 256 names");
}
