#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/memory.h>

#include "experiment/support.h"
#include "status.h"

Test(support, reals_are_read_strictly) {
    static const struct {
        const char *text;
        double value;
    } good[] = {{"1e-3", 1e-3}, {"-.5", -0.5}, {"+2", 2}, {"0", 0}, {"1.0000001", 1.0000001}, {"0e-999", 0}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double x = NAN;
        cr_expect(ntk_text_real(good[i].text, &x) && x == good[i].value, "%s", good[i].text);
    }
    static const char *const bad[] = {"",     " 1",   "1 ",    "1,5",    "nan", "inf", ".nan",
                                      ".inf", "0x10", "1e999", "1e-999", "1e",  "-",   "1_000"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double x;
        cr_expect_not(ntk_text_real(bad[i], &x), "'%s' was taken", bad[i]);
    }
}

Test(support, reals_survive_printing_and_reading) {
    const double values[] = {0.1, -1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 1 - 2e-6};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char buffer[NTK_NUMBER_SIZE];
        double x;
        cr_assert(ntk_text_real(ntk_text_number(values[i], buffer), &x));
        cr_expect_eq(memcmp(&x, &values[i], sizeof x), 0, "%s", buffer);
    }
    char buffer[NTK_NUMBER_SIZE];
    cr_expect_str_eq(ntk_text_number(-NAN, buffer), "nan");
    cr_expect_str_eq(ntk_text_number(-INFINITY, buffer), "-inf");
}

Test(support, integers_are_read_strictly) {
    long i = 0;
    cr_expect(ntk_text_integer("-12", &i) && i == -12);
    static const char *const bad[] = {"", "1.0", "1e3", "99999999999999999999", " 1", "0x1", "--1"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        cr_expect_not(ntk_text_integer(bad[k], &i), "'%s' was taken", bad[k]);
}

Test(support, names_have_one_spelling) {
    cr_expect(ntk_text_is_name("worst-ratio-2"));
    static const char *const bad[] = {"",   "Worst", "2nd", "a_b", "a-", "a--b",
                                      "-a", "a b",   "a.b", "a/b", "µ",  NULL};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(ntk_text_is_name(bad[i]), "'%s' was taken", bad[i] == NULL ? "NULL" : bad[i]);
}

Test(support, growing_arrays_keep_their_elements) {
    void *items = NULL;
    for (size_t count = 0; count < 100; count++) {
        assert_ok(ntk_array_grow(&items, count, sizeof(size_t)));
        cr_assert_eq(((size_t *)items)[count], 0, "the new element is zeroed");
        ((size_t *)items)[count] = count;
    }
    for (size_t i = 0; i < 100; i++) cr_expect_eq(((size_t *)items)[i], i);
    ntk_release(items);
}

Test(support, appending_truncates) {
    char buffer[6] = "ab";
    ntk_text_append(buffer, sizeof buffer, "cdefg");
    cr_expect_str_eq(buffer, "abcde");
}
