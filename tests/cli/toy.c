#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "folder.h"
#include "toy.h"

static char folder[FOLDER_SIZE];
static char output[1 << 18];

/* ---- the suite ------------------------------------------------------------------------------- */

static const struct {
    const char *name, *parameters, *control, *restores; /* NULL: the claim itself is the twin */
    double seconds, megabytes;
    const char *breaks; /* NULL: small */
} claims[] = {
    {"holds", "value: 0.5", "value: 2", NULL, 20, 4096, NULL},
    {"violated", "value: 1.25", "value: 2", NULL, 20, 4096, NULL},
    {"inconclusive", "half-width: 3", "value: 2", NULL, 20, 4096, NULL},
    {"vacuous", "value: 0.5", "value: 0.75", NULL, 20, 4096, NULL},
    {"dead-control", "value: 0.5", "behaviour: kill", NULL, 20, 4096, NULL},
    {"crash", "behaviour: kill", "value: 2, behaviour: normal", "value: 0.5", 20, 4096, NULL},
    {"fails", "behaviour: fail", "value: 2, behaviour: normal", "value: 0.5", 20, 4096, NULL},
    {"timeout", "behaviour: sleep", "value: 2, behaviour: normal", "value: 0.5", 1, 4096, NULL},
    {"memory", "behaviour: hog", "value: 2, behaviour: normal", "value: 0.5", 20, 128, NULL},
    {"nan", "behaviour: nan", "value: 2, behaviour: normal", "value: 0.5", 20, 4096, NULL},
    {"breaks-down", "behaviour: break", "value: 2, behaviour: normal", "value: 0.5", 20, 4096, NULL},
    {"hides", "value: 1.25", "value: 0.75", NULL, 20, 4096, NULL},
    {"missing", "behaviour: missing", "value: 2, behaviour: normal", "value: 0.5", 20, 4096, NULL},
    {"no-metrics", "behaviour: exit", "value: 2, behaviour: normal", "value: 0.5", 20, 4096, NULL},
    {"forgets", "behaviour: forget", "value: 2, behaviour: normal", "value: 0.5", 20, 4096, NULL},
    {"invents", "behaviour: invent", "value: 2, behaviour: normal", "value: 0.5", 20, 4096, NULL},
    {"skipped", "behaviour: skip", "value: 2", NULL, 20, 4096, NULL},
    {"false-twin", "value: 0.5", "value: 2, units: 2", "units: 3", 20, 4096, NULL},
    {"dead-twin", "value: 0.5", "value: 2, behaviour: normal", "behaviour: kill", 20, 4096, NULL},
    {"undecided-twin", "value: 0.5", "half-width: 3, centre: 9", "centre: 0", 20, 4096, "rate"},
    {"slow", "units: 8, pause: 0.05", "value: 2", NULL, 20, 4096, NULL},
};

static void write_claim(size_t i) {
    char name[128], text[4096], restores[128] = "";
    snprintf(name, sizeof name, "suites/toy/%s/claim.yaml", claims[i].name);
    if (claims[i].restores != NULL)
        snprintf(restores, sizeof restores, "restores: {%s}, ", claims[i].restores);
    snprintf(
        text, sizeof text,
        "id: toy/%s\nrevision: 1\ntitle: Toy of %s\nstatement: \"a < b & 'c'\"\nhypotheses: [smallness]\n"
        "source: {paper: toy-2026, result: Lemma 1, wording: restated}\n"
        "parameters:\n  quick: {%s}\n  full: {%s}\n"
        "resources: {quick-seconds: %g, full-seconds: 20, megabytes: %g}\n"
        "checks:\n"
        "  - {small: at-most 1, metric: value, why: toys are small}\n"
        "  - {rate: rate-at-most 1, metric: exponent, why: toys are slow}\n"
        "controls:\n"
        "  - {name: large, removes: smallness, set: {%s}, %sbreaks: %s, why: it is large}\n"
        "regression:\n"
        "  - {constant: abs 1e-9, depends-on-seed: false}\n"
        "figure: a toy\nmeasured: 'at {constant} <, then {exponent}, {nothing}'\nlimits: it is a "
        "toy\n",
        claims[i].name, claims[i].name, claims[i].parameters, claims[i].parameters, claims[i].seconds,
        claims[i].megabytes, claims[i].control, restores,
        claims[i].breaks == NULL ? "small" : claims[i].breaks);
    toy_write(name, text);
    snprintf(name, sizeof name, "expected/toy/%s.tsv", claims[i].name);
    toy_write(name, "tier\tmetric\tvalue\tlow\thigh\tlevel\nquick\tconstant\t3\t\t\t\n");
}

void toy_end(void) { folder_remove(folder); }

void toy_begin(void) {
    folder_make("toy", folder);
    toy_write("suites/papers.yaml",
              "papers:\n  - name: toy-2026\n    authors: A. Toy\n    title: On Toys\n    venue: Toys 1\n"
              "    version: v1\n    seen: read\n    results:\n"
              "      - {number: Lemma 1, says: toys are small, hypotheses: smallness}\n"
              "      - {number: Lemma 11, says: toys are few, because: nobody counts}\n"
              "      - {number: Lemma 2, says: toys are round, test: tests/toy.c}\n");
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) write_claim(i);
}

/* ---- files ----------------------------------------------------------------------------------- */

const char *toy_path(const char *name) {
    static char paths[4][512];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof *paths, "%s/%s", folder, name);
    return paths[next];
}

const char *toy_read(const char *name) {
    static char content[1 << 18];
    FILE *file = fopen(toy_path(name), "rb");
    size_t length = 0;
    if (file != NULL) {
        length = fread(content, 1, sizeof content - 1, file);
        fclose(file);
    }
    content[length] = '\0';
    return content;
}

void toy_write(const char *name, const char *content) {
    char path[512];
    snprintf(path, sizeof path, "%s", toy_path(name));
    for (char *slash = path + strlen(folder); (slash = strchr(slash + 1, '/')) != NULL;) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    fputs(content, file);
    fclose(file);
}

/* ---- commands -------------------------------------------------------------------------------- */

/* `await -e FILE` and `await -s FILE`: until it is there, but no longer than half a minute. */
static const char await[] = "await() { n=0; until [ \"$1\" \"$2\" ]; do n=$((n + 1)); "
                            "[ $n -lt 3000 ] || return 1; sleep 0.01; done; }";

static int execute(const char *command) {
    char line[4096];
    snprintf(line, sizeof line, "%s; cd '%s' && export NTK_ROOT=\"$PWD\" && (%s) >output.txt 2>&1", await,
             folder, command);
    const int status = system(line);
    snprintf(output, sizeof output, "%s", toy_read("output.txt"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int toy_shell(const char *format, ...) {
    char command[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return execute(command);
}

int toy_ntk(const char *format, ...) {
    char command[2048], tail[1536];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(tail, sizeof tail, format, arguments);
    va_end(arguments);
    snprintf(command, sizeof command, "\"$NTK_FIXTURE\" %s", tail);
    return execute(command);
}

const char *toy_output(void) { return output; }

bool toy_said(const char *text) { return strstr(output, text) != NULL; }

const char *toy_after(const char *text) {
    const char *found = strstr(output, text);
    return found == NULL ? "" : found + strlen(text);
}

const char *toy_last_line(void) {
    static char line[512];
    size_t end = strlen(output);
    while (end > 0 && output[end - 1] == '\n') end--;
    size_t start = end;
    while (start > 0 && output[start - 1] != '\n') start--;
    snprintf(line, sizeof line, "%.*s", (int)(end - start), output + start);
    return line;
}
