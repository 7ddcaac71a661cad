#include "fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/file.h>

static char base[64]; /* empty until it is made */
static int folder_count;

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *position) {
    (void)info, (void)type, (void)position;
    return remove(path);
}

void fixture_remove(void) {
    if (*base != '\0') nftw(base, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    *base = '\0';
}

fixture_path fixture_folder(void) {
    if (*base == '\0') {
        strcpy(base, "/tmp/ntk-suite-XXXXXX");
        cr_assert_not_null(mkdtemp(base));
    }
    char name[16];
    snprintf(name, sizeof name, "%d", folder_count++);
    const fixture_path path = fixture_join(base, name);
    assert_ok(ntk_folder_create(path.text));
    return path;
}

fixture_path fixture_join(const char *parent, const char *name) {
    fixture_path path;
    snprintf(path.text, sizeof path.text, "%s/%s", parent, name);
    return path;
}

void fixture_write(const char *parent, const char *name, const char *text) {
    const fixture_path path = fixture_join(parent, name);
    fixture_path upper = path;
    *strrchr(upper.text, '/') = '\0';
    assert_ok(ntk_folder_create(upper.text));
    assert_ok(ntk_file_write(path.text, text, strlen(text)));
}

char *fixture_read(const char *path) {
    char *content = NULL;
    size_t size = 0;
    assert_ok(ntk_file_read(path, &content, &size));
    return content;
}

size_t fixture_count(const char *text, const char *needle) {
    size_t count = 0;
    for (const char *at = strstr(text, needle); at != NULL; at = strstr(at + 1, needle)) count++;
    return count;
}

ntk_metric fixture_scalar(char *name, double value) {
    return (ntk_metric){.name = name, .estimate = {.value = value}};
}

ntk_metric fixture_estimate(char *name, double value, double low, double high) {
    const ntk_estimate estimate = {.value = value,
                                   .low = low,
                                   .high = high,
                                   .level = 1 - 0x1p-20,
                                   .standard_error = (high - low) / 10,
                                   .degrees = 7};
    return (ntk_metric){.name = name, .is_estimate = true, .estimate = estimate};
}
