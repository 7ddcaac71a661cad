/* A data folder is frozen by content: a copy is the same, an edit is not, whatever the times
 * say. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "fixture.h"
#include "run/given.h"
#include "run/inputs.h"
#include "status.h"

TestSuite(inputs, .fini = fixture_remove, .timeout = 20);

static ntk_data_state freeze(const char *folder) {
    ntk_data_state state;
    assert_ok(ntk_data_freeze(folder, &state));
    return state;
}

static const char *make_data(void) {
    const char *folder = fixture_folder();
    fixture_write(folder, "images", "0123456789");
    fixture_write(folder, "reference/near/points", "abc");
    fixture_write(folder, ".hidden", "nobody looks at it");
    return folder;
}

Test(inputs, a_copy_and_a_touched_file_are_the_same_data) {
    const char *folder = make_data(), *copy = make_data();
    const ntk_data_state state = freeze(folder), other = freeze(copy);
    cr_assert_eq(state.content, other.content);
    cr_assert_neq(state.attributes, other.attributes);
    assert_ok(ntk_data_check(copy, &state));
    fixture_write(folder, ".hidden", "changed");
    cr_assert_eq(utimensat(AT_FDCWD, fixture_join(folder, "images"), NULL, 0), 0);
    assert_ok(ntk_data_check(folder, &state));
}

static void expect_changed(const char *folder, const ntk_data_state *planned, const char *what) {
    assert_fails(ntk_data_check(folder, planned), NTK_ERROR_CANCELLED, folder);
    cr_assert_neq(freeze(folder).content, planned->content, "%s", what);
}

/* The size and the time of change are those of before. */
Test(inputs, an_edit_that_hides_is_seen) {
    const char *folder = make_data(), *path = fixture_join(folder, "images");
    const ntk_data_state state = freeze(folder);
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    fixture_write(folder, "images", "0123456780");
    cr_assert_eq(utimensat(AT_FDCWD, path, (struct timespec[]){info.st_atim, info.st_mtim}, 0), 0);
    expect_changed(folder, &state, "an edit");
}

Test(inputs, files_that_come_go_or_move_are_seen) {
    const char *folder = make_data();
    const ntk_data_state state = freeze(folder);
    fixture_write(folder, "reference/near/points", "abd");
    expect_changed(folder, &state, "a file below");
    fixture_write(folder, "reference/near/points", "abc");
    assert_ok(ntk_data_check(folder, &state));
    fixture_write(folder, "more", "");
    expect_changed(folder, &state, "one more file");
    cr_assert_eq(unlink(fixture_join(folder, "more")), 0);
    assert_ok(ntk_data_check(folder, &state));
    cr_assert_eq(rename(fixture_join(folder, "reference/near"), fixture_join(folder, "reference/far")), 0);
    expect_changed(folder, &state, "another name");
    cr_assert_eq(rename(fixture_join(folder, "reference/far/points"), fixture_join(folder, "points")), 0);
    expect_changed(folder, &state, "another place");
}

/* Nothing here may be waited for, or be followed for ever. */
Test(inputs, links_in_circles_and_fifos_are_passed_over) {
    const char *folder = make_data();
    cr_assert_eq(symlink("..", fixture_join(folder, "reference/up")), 0);
    cr_assert_eq(symlink("nowhere", fixture_join(folder, "dangling")), 0);
    cr_assert_eq(symlink("images", fixture_join(folder, "link")), 0);
    cr_assert_eq(mkfifo(fixture_join(folder, "fifo"), 0600), 0);
    const ntk_data_state state = freeze(folder);
    cr_assert_eq(unlink(fixture_join(folder, "dangling")), 0);
    cr_assert_eq(symlink("elsewhere", fixture_join(folder, "dangling")), 0);
    expect_changed(folder, &state, "where a link leads");
}

Test(inputs, no_folder_is_an_empty_one) {
    const ntk_data_state none = freeze("/nowhere");
    cr_assert_eq(none.content, NTK_DIGEST_START);
    assert_ok(ntk_data_check("/nowhere", &none));
}

/* claim.yaml has a digest of its own, a figure decides no number, and Python leaves things behind;
 * all else, and the mode of no file, computes. */
Test(inputs, sources_are_what_computes) {
    const char *folder = fixture_folder();
    ntk_digest first, second;
    fixture_write(folder, "experiment.c", "int x;");
    fixture_write(folder, "more/table", "1");
    assert_ok(ntk_sources_digest(folder, &first));
    static const char *const others[] = {"claim.yaml", "figure.gp", ".hidden", "__pycache__/x",
                                         "more/__pycache__/y"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) fixture_write(folder, others[i], "2");
    assert_ok(ntk_sources_digest(folder, &second));
    cr_assert_eq(first, second);
    fixture_write(folder, "more/table", "2");
    assert_ok(ntk_sources_digest(folder, &second));
    cr_assert_neq(first, second);
}

Test(inputs, they_pass_from_process_to_process) {
    const ntk_inputs sent = {1, 2, 3, {UINT64_C(0xfedcba9876543210), 0}};
    ntk_inputs got;
    char text[NTK_INPUTS_SIZE];
    ntk_inputs_print(&sent, text);
    cr_assert_eq(strncmp(text, "NTK_INPUTS=", 11), 0);
    assert_ok(ntk_inputs_parse(text + 11, &got));
    cr_assert(got.claim == sent.claim && got.code == sent.code && got.given == sent.given &&
              got.data.content == sent.data.content && got.data.attributes == 0);
    static const char *const bad[] = {"", "1,2,3,4", "1,2,3,4,5,6", "1,2,3,4,x", "1,2,3,4,5 "};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        cr_assert_eq(ntk_inputs_parse(bad[k], &got), NTK_ERROR_FORMAT, "%s", bad[k]);
}

/* Points and labels of the user's own, as IDX of signed bytes: two points of two coordinates. */
static void write_bytes(const char *folder, const char *name, const char *content, size_t size) {
    FILE *file = fopen(fixture_join(folder, name), "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(content, 1, size, file), size);
    fclose(file);
}

Test(inputs, data_given_are_digested_again_from_their_files) {
    const char *folder = fixture_folder();
    char x[512], y[512];
    ntk_given given;
    ntk_digest again;
    snprintf(x, sizeof x, "%s", fixture_join(folder, "x"));
    snprintf(y, sizeof y, "%s", fixture_join(folder, "y"));
    write_bytes(folder, "x", "\0\0\x08\x02\0\0\0\x02\0\0\0\x02\1\0\0\1", 16);
    write_bytes(folder, "y", "\0\0\x08\x01\0\0\0\x02\0\1", 10);
    assert_ok(ntk_given_read(x, y, &given));
    assert_ok(ntk_given_digest_again(&given, &again));
    cr_expect_eq(again, ntk_given_digest(&given));
    write_bytes(folder, "y", "\0\0\x08\x01\0\0\0\x02\1\0", 10);
    assert_ok(ntk_given_digest_again(&given, &again));
    cr_expect_neq(again, ntk_given_digest(&given), "the labels are others");
    ntk_given_release(&given);
    assert_ok(ntk_given_read(x, NULL, &given));
    assert_ok(ntk_given_digest_again(&given, &again));
    cr_expect_eq(again, ntk_given_digest(&given));
    write_bytes(folder, "x", "\0\0\x08\x02\0\0\0\x02\0\0\0\x02\1\0\1\1", 16);
    assert_ok(ntk_given_digest_again(&given, &again));
    cr_expect_neq(again, ntk_given_digest(&given), "the points are others");
    ntk_given_release(&given);
}
