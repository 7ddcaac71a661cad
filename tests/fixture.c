#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/file.h>
#include <ntk/linalg.h>

#include "fixture.h"
#include "folder.h"

/* ---- contexts -------------------------------------------------------------------------------- */

enum { MAX_CONTEXTS = 16 };
static ntk_context *contexts[MAX_CONTEXTS];
static size_t context_count;

ntk_context *fixture_context(const ntk_parameter *const *tables, const fixture_setting *usual, ...) {
    enum { MAX_SETTINGS = 32 };
    static ntk_experiment experiments[MAX_CONTEXTS];
    cr_assert_lt(context_count, MAX_CONTEXTS);
    ntk_experiment *experiment = &experiments[context_count];
    *experiment = (ntk_experiment){0};
    for (size_t i = 0; tables[i] != NULL; i++) experiment->parameters[i] = tables[i];
    ntk_setting settings[MAX_SETTINGS];
    size_t count = 0;
    for (; usual != NULL && usual->name != NULL; usual++) {
        cr_assert_lt(count, MAX_SETTINGS);
        settings[count++] = (ntk_setting){(char *)usual->name, (char *)usual->value, 0};
    }
    va_list own;
    va_start(own, usual);
    for (char *name; (name = va_arg(own, char *)) != NULL;) {
        cr_assert_lt(count, MAX_SETTINGS);
        settings[count++] = (ntk_setting){name, va_arg(own, char *), 0};
    }
    va_end(own);
    ntk_context **context = &contexts[context_count++];
    assert_ok(ntk_linalg_start());
    assert_ok(ntk_context_create("a/b", experiment, settings, count, 5, "data", context));
    return *context;
}

const ntk_estimate *fixture_metric(const ntk_context *context, const char *name) {
    const ntk_metric *found = ntk_metrics_find(ntk_context_metrics(context), name);
    cr_assert_not_null(found, "%s", name);
    return &found->estimate;
}

char *fixture_table(const ntk_context *context, const char *name) {
    const char *folder = fixture_folder();
    char file[64];
    assert_ok(ntk_context_write(context, folder));
    snprintf(file, sizeof file, "%s.tsv", name);
    return fixture_read(fixture_join(folder, file));
}

/* ---- files ----------------------------------------------------------------------------------- */

static char base[FOLDER_SIZE]; /* empty until it is made */
static int folder_count;

void fixture_remove(void) {
    while (context_count > 0) ntk_context_destroy(contexts[--context_count]);
    if (*base != '\0') folder_remove(base);
    *base = '\0';
}

/* The list keeps it reachable for leak checkers. */
static char *keep(char *text) {
    enum { MAX_KEPT = 4096 };
    static char *kept[MAX_KEPT];
    static size_t used;
    cr_assert(text != NULL && used < MAX_KEPT);
    return kept[used++] = text;
}

const char *fixture_folder(void) {
    if (*base == '\0') folder_make("suite", base);
    char name[16];
    snprintf(name, sizeof name, "%d", folder_count++);
    const char *path = fixture_join(base, name);
    assert_ok(ntk_folder_create(path));
    return path;
}

const char *fixture_join(const char *parent, const char *name) {
    char *path = NULL;
    cr_assert_geq(asprintf(&path, "%s/%s", parent, name), 0);
    return keep(path);
}

void fixture_write(const char *parent, const char *name, const char *text) {
    const char *path = fixture_join(parent, name);
    char upper[512];
    snprintf(upper, sizeof upper, "%.*s", (int)(strrchr(path, '/') - path), path);
    assert_ok(ntk_folder_create(upper));
    assert_ok(ntk_file_write(path, text, strlen(text)));
}

char *fixture_read(const char *path) {
    char *content = NULL;
    size_t size = 0;
    assert_ok(ntk_file_read(path, &content, &size));
    return keep(content);
}

size_t fixture_count(const char *text, const char *needle) {
    size_t count = 0;
    for (const char *at = strstr(text, needle); at != NULL; at = strstr(at + 1, needle)) count++;
    return count;
}

/* ---- metrics --------------------------------------------------------------------------------- */

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
