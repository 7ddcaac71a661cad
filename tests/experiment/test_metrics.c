#include <math.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "experiment/metrics.h"
#include "fixture.h"

TestSuite(metrics, .fini = fixture_remove);

#define HEADER "metric\tvalue\tlow\thigh\tlevel\tstandard-error\tdegrees\tminimum-detectable-effect\n"

Test(metrics, what_is_written_is_read_back_bit_by_bit) {
    ntk_metric items[] = {fixture_scalar("a", 0.1), fixture_estimate("b", -1.0 / 3, -0.5, 5e-324),
                          fixture_scalar("c", NAN), fixture_scalar("d", -INFINITY)};
    const char *path = fixture_join(fixture_folder(), "metrics.tsv");
    assert_ok(ntk_metrics_write(path, &(ntk_metrics){items, 4}));

    ntk_metrics found;
    assert_ok(ntk_metrics_read(path, &found));
    cr_assert_eq(found.count, 4);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_str_eq(found.items[i].name, items[i].name);
        cr_expect_eq(found.items[i].is_estimate, items[i].is_estimate);
        if (i == 2)
            cr_expect(isnan(found.items[i].estimate.value));
        else
            cr_expect_eq(memcmp(&found.items[i].estimate, &items[i].estimate, sizeof(ntk_estimate)), 0);
    }
    ntk_metrics_release(&found);
}

Test(metrics, an_empty_table_is_a_table) {
    const char *path = fixture_join(fixture_folder(), "metrics.tsv");
    assert_ok(ntk_metrics_write(path, &(ntk_metrics){0}));
    ntk_metrics found;
    assert_ok(ntk_metrics_read(path, &found));
    cr_expect_eq(found.count, 0);
    ntk_metrics_release(&found);
}

Test(metrics, malformed_files_are_refused_with_their_line) {
    static const struct {
        const char *content, *message;
    } cases[] = {
        {"", ":1: the last line has no end"},
        {"metric\tvalue\n", ":1: the header is"},
        {HEADER "a\t1\t\t\t\t\t\t\r\n", ":2: a carriage return (CR"},
        {HEADER "a\t1\t\t\t\t\t\t", ":2: the last line has no end"},
        {HEADER "a\t1\t\t\t\t\t\t\nb\t2", ":3: the last line has no end"},
        {HEADER "a\t1\t\t\t\t\t\n", ":2: 7 fields in a table of 8 columns"},
        {HEADER "a\t1\t\t\t\t\t\t\t\n", ":2: 9 fields in a table of 8 columns"},
        {HEADER "\n", ":2: 1 fields in a table of 8 columns"},
        {HEADER "a\tone\t\t\t\t\t\t\n", ":2: field 'one' should be a number"},
        {HEADER "a\tNaN\t\t\t\t\t\t\n", ":2: field 'NaN' should be a number"},
        {HEADER "a\t1\t\t2\t\t\t\t\n", ":2: field '2' should be empty"},
        {HEADER "a\t1\t0\t2\t0.9\t1\t7\t\n", ":2: field '' should be a number"},
        {HEADER "a\t1\t\t\t\t\t\t\na\t1\t\t\t\t\t\t\n", ":3: field 'a' should be given once only"},
        {HEADER "A\t1\t\t\t\t\t\t\n", ":2: field 'A' should be a metric's name"},
    };
    const char *folder = fixture_folder();
    const char *path = fixture_join(folder, "metrics.tsv");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_write(folder, "metrics.tsv", cases[i].content);
        ntk_metrics found;
        assert_fails(ntk_metrics_read(path, &found), NTK_ERROR_FORMAT, cases[i].message);
        cr_expect(found.count == 0 && found.items == NULL);
    }
}

Test(metrics, every_cut_of_a_file_inside_a_row_is_noticed) {
    const char *folder = fixture_folder();
    const char whole[] = HEADER "a\t1.5\t1\t2\t0.99\t0.1\t7\t0.3\nb\t2\t\t\t\t\t\t\n";
    const char *path = fixture_join(folder, "metrics.tsv");
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        if (size > 0 && whole[size - 1] == '\n')
            continue; /* whole rows: the missing metric
                                                            * shows */
        char cut[sizeof whole];
        memcpy(cut, whole, size);
        cut[size] = '\0';
        fixture_write(folder, "metrics.tsv", cut);
        ntk_metrics found;
        cr_expect_eq(ntk_metrics_read(path, &found), NTK_ERROR_FORMAT, "%zu bytes", size);
    }
}

Test(metrics, a_missing_file_is_an_input_error) {
    const char *path = fixture_join(fixture_folder(), "none.tsv");
    ntk_metrics found;
    assert_fails(ntk_metrics_read(path, &found), NTK_ERROR_IO, path);
}

Test(metrics, names_are_checked_and_given_once) {
    ntk_metrics metrics = {0};
    const ntk_estimate estimate = {.value = 1};
    cr_expect_eq(ntk_metrics_append(&metrics, "ratio", false, &estimate), NTK_OK);
    cr_expect_eq(ntk_metrics_append(&metrics, "ratio", false, &estimate), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_metrics_append(&metrics, "Ratio", false, &estimate), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_metrics_append(&metrics, NULL, false, &estimate), NTK_ERROR_ARGUMENT);
    cr_expect_eq(metrics.count, 1);
    ntk_metrics_release(&metrics);
}
