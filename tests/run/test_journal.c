/* The journal: what counts as finished after a crash, a torn write, a full disk. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "fixture.h"
#include "folder.h"
#include "run/journal.h"

TestSuite(journal, .fini = fixture_remove);

static ntk_journal_entry entry_of(ntk_digest key, double seconds) {
    ntk_journal_entry entry = {.key = key, .tables = key + 1, .seconds = seconds, .cpu_seconds = 2 * seconds};
    snprintf(entry.unit, sizeof entry.unit, "suite/claim%d quick", (int)(key % 10));
    return entry;
}

static ntk_journal *open_journal(const char *path) {
    ntk_journal *journal;
    assert_ok(ntk_journal_open(path, &journal));
    return journal;
}

static void append(ntk_journal *journal, ntk_digest key, double seconds) {
    const ntk_journal_entry entry = entry_of(key, seconds);
    assert_ok(ntk_journal_append(journal, &entry));
}

Test(journal, what_was_appended_is_found_again) {
    const char *path = fixture_join(fixture_folder(), "journal.log");
    ntk_journal *journal = open_journal(path);
    append(journal, 0xfedcba9876543211u, 1.5);
    append(journal, 2, 2.5);
    append(journal, 2, 3.5);
    ntk_journal_close(journal);
    assert_ok(ntk_journal_read(path, &journal));
    const ntk_journal_entry *entry = ntk_journal_find(journal, 0xfedcba9876543211u);
    cr_assert_not_null(entry);
    cr_expect_eq(entry->tables, 0xfedcba9876543212u);
    cr_expect_eq(entry->seconds, 1.5);
    cr_expect_str_eq(entry->unit, entry_of(0xfedcba9876543211u, 0).unit);
    cr_expect_eq(ntk_journal_find(journal, 2)->seconds, 3.5, "the latest counts");
    cr_expect_eq(ntk_journal_seconds(journal, entry_of(2, 0).unit), 3.5);
    cr_expect_lt(ntk_journal_seconds(journal, "suite/other quick"), 0);
    cr_expect_null(ntk_journal_find(journal, 3));
    ntk_journal_close(journal);
}

Test(journal, a_torn_line_is_cut_and_a_bad_one_counts_for_nothing) {
    const char *folder = fixture_folder();
    fixture_write(folder, "journal.log",
                  "0000000000000001\t0000000000000002\t1.000\t1.000\t5.0\t9.0\ta/b quick\n"
                  "rubbish\n"
                  "0000000000000003\t0000000000000004\t1.000\t1.000\t5.0\t9.0\ta/b quick\textra\n"
                  "0000000000000005\t0000000000000006\t1.000\t1.000\t5.0\t9.0\ta/b quick");
    const char *path = fixture_join(folder, "journal.log");
    ntk_journal *journal = open_journal(path);
    cr_expect_not_null(ntk_journal_find(journal, 1));
    cr_expect_null(ntk_journal_find(journal, 3));
    cr_expect_null(ntk_journal_find(journal, 5), "a line without its end may be cut anywhere");
    append(journal, 7, 1);
    ntk_journal_close(journal);
    char *content = fixture_read(path);
    cr_expect_eq(fixture_count(content, "\n"), 4);
    cr_expect_eq(fixture_count(content, "0000000000000005"), 0);
}

/* The time of a run is that of its last line, CPU time that of all of them. */
Test(journal, times_are_those_of_all_slices) {
    const char *path = fixture_join(fixture_folder(), "journal.log");
    ntk_journal *journal = open_journal(path);
    ntk_journal_entry entry = entry_of(1, 2);
    entry.elapsed = 5;
    assert_ok(ntk_journal_append(journal, &entry));
    entry = entry_of(0, 0);
    entry.elapsed = 7.5;
    entry.cpu_seconds = 1.25;
    assert_ok(ntk_journal_append(journal, &entry));
    ntk_journal_close(journal);
    double elapsed, cpu_seconds;
    assert_ok(ntk_journal_read(path, &journal));
    ntk_journal_times(journal, &elapsed, &cpu_seconds);
    cr_expect_eq(elapsed, 7.5);
    cr_expect_eq(cpu_seconds, 5.25);
    ntk_journal_close(journal);
}

Test(journal, a_full_disk_leaves_the_journal_as_it_was) {
    const char *path = fixture_join(fixture_folder(), "journal.log");
    ntk_journal *journal = open_journal(path);
    append(journal, 1, 1);
    char *before = fixture_read(path);
    fill_the_disk_at(strlen(before) + 10);
    const ntk_journal_entry entry = entry_of(2, 1);
    cr_expect_eq(ntk_journal_append(journal, &entry), NTK_ERROR_IO);
    fill_the_disk_at(RLIM_INFINITY);
    char *after = fixture_read(path);
    cr_expect_str_eq(after, before);
    cr_expect_null(ntk_journal_find(journal, 2));
    append(journal, 2, 1);
    ntk_journal_close(journal);
}
