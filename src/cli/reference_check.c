/* The cases of data/reference, two for each line of cases.tsv: CASE is NAME.ntk or NAME.nngp. */
#include "cli/reference_check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ntk/data.h>
#include <ntk/memory.h>

#include "cli/accuracy_report.h"
#include "cli/cli.h"
#include "cli/reference.h"
#include "experiment/support.h"
#include "run/catalogue.h"
#include "run/json.h"
#include "run/shell.h"

static const char *const type_names[] = {[NTK_KERNEL_NTK] = "ntk", [NTK_KERNEL_NNGP] = "nngp"};

static ntk_status find_folder(char **folder) {
    ntk_suite suite;
    NTK_TRY(ntk_suite_open(ntk_registry, NULL, &suite));
    const ntk_status status = ntk_text_format(folder, "%s/data/reference", suite.root);
    ntk_suite_release(&suite);
    return status;
}

static ntk_status open_list(char **folder, reference_list *list) {
    NTK_TRY(find_folder(folder));
    return reference_read(*folder, list);
}

static int print_json(json_t *value) {
    const ntk_status status = ntk_json_write(value, "-");
    return status == NTK_OK ? CLI_OK : cli_fail(status);
}

/* ---- the list -------------------------------------------------------------------------------- */

static void print_text_list(const char *folder, const reference_list *list) {
    printf("# Kernels to compute of the points in %s/points. An answer is a matrix\n"
           "# K_CASE.npy; these commands are how ntk itself answers, in the folder where it stands.\n"
           "# `ntk check --reference DIR` judges the answers in DIR.\n",
           folder);
    for (size_t k = 0; k < list->count; k++)
        for (size_t type = 0; type < 2; type++) {
            const reference_case *c = &list->cases[k];
            char points[4096];
            snprintf(points, sizeof points, "%s/points/%s.npy", folder, c->points);
            printf("ntk kernel --type %s %s ", type_names[type], c->options);
            ntk_print_shell_word(points, stdout);
            printf(" -o K_%s.%s.npy\n", c->name, type_names[type]);
        }
}

static json_t *list_to_json(const char *folder, const reference_list *list) {
    json_t *out = json_array();
    for (size_t k = 0; k < list->count; k++)
        for (size_t type = 0; type < 2; type++) {
            const reference_case *c = &list->cases[k];
            char name[256], points[4096];
            snprintf(name, sizeof name, "K_%s.%s.npy", c->name, type_names[type]);
            snprintf(points, sizeof points, "%s/points/%s.npy", folder, c->points);
            json_t *one = json_object();
            ntk_json_set_text(one, "answer", name);
            ntk_json_set_text(one, "points", points);
            ntk_json_set_text(one, "type", type_names[type]);
            ntk_json_set_text(one, "options", c->options);
            json_array_append_new(out, one);
        }
    return out;
}

int reference_print_cases(bool json) {
    char *folder = NULL;
    reference_list list = {0};
    const ntk_status status = open_list(&folder, &list);
    int result = status == NTK_OK ? CLI_OK : cli_fail(status);
    if (status == NTK_OK && json) result = print_json(list_to_json(folder, &list));
    if (status == NTK_OK && !json) print_text_list(folder, &list);
    reference_release(&list);
    ntk_release(folder);
    return result;
}

/* ---- answers --------------------------------------------------------------------------------- */

typedef struct {
    const char *folder; /* of answers */
    double digits;
    size_t enough, few, unreadable, missing;
    json_t *json; /* array of cases; NULL for text */
} judgement;

static ntk_status judge_file(const char *path, const reference_enclosure *exact, ntk_accuracy *out) {
    ntk_array a;
    NTK_TRY(ntk_array_read(path, &a));
    ntk_status status = NTK_OK;
    if (a.axes != 2 || a.rows != exact->points || a.columns != exact->points)
        status = ntk_fail(NTK_ERROR_SHAPE, "%s: %zu x %zu, not %zu x %zu", path, a.rows, a.columns,
                          exact->points, exact->points);
    if (status == NTK_OK)
        status =
            ntk_accuracy_enclosed(exact->points, exact->entries, exact->lambda_min, a.values, a.columns, out);
    ntk_array_release(&a);
    return status;
}

static const char *definiteness_text(const ntk_accuracy *a) {
    const definiteness stored = definiteness_of(a->lambda_min), exact = definiteness_of(a->exact_lambda_min);
    if (exact != POSITIVE_DEFINITE)
        return stored == POSITIVE_DEFINITE ? "exact one not told from singular, stored definite"
                                           : "exact one not told from singular";
    return stored == POSITIVE_DEFINITE       ? ""
           : stored == NOT_POSITIVE_DEFINITE ? "stored not definite"
                                             : "stored: cannot be told";
}

static void tell_answer(judgement *self, const char *name, const ntk_accuracy *a) {
    const bool enough = accuracy_is_enough(a, self->digits);
    *(enough ? &self->enough : &self->few) += 1;
    if (self->json != NULL) {
        json_t *one = accuracy_to_json(a);
        ntk_json_set_text(one, "case", name);
        ntk_json_set_text(one, "result", enough ? "enough" : "few");
        json_array_append_new(self->json, one);
        return;
    }
    const ntk_interval exact = a->exact_lambda_min;
    printf("%5.1f  %-32s [%zu, %zu]  lambda_min %8.1e exactly %7.1e  %s\n", ntk_accuracy_digits(a), name,
           a->row, a->column, a->lambda_min.high, exact.low <= 0 && exact.high >= 0 ? 0 : exact.high,
           definiteness_text(a));
}

static void tell_problem(judgement *self, const char *name, bool missing) {
    *(missing ? &self->missing : &self->unreadable) += 1;
    if (self->json != NULL) {
        json_t *one = json_object();
        ntk_json_set_text(one, "case", name);
        ntk_json_set_text(one, "result", missing ? "missing" : "unreadable");
        if (!missing) ntk_json_set_text(one, "problem", ntk_error_detail());
        json_array_append_new(self->json, one);
    } else if (!missing) {
        printf("    -  %-34s %s\n", name, ntk_error_detail());
    }
}

static ntk_status judge_case(judgement *self, const char *reference, const char *name, ntk_kernel_type type) {
    char *path = NULL, *full = NULL;
    reference_enclosure exact = {0};
    ntk_accuracy accuracy;
    ntk_status status = ntk_text_format(&full, "%s.%s", name, type_names[type]);
    if (status == NTK_OK) status = ntk_text_format(&path, "%s/K_%s.npy", self->folder, full);
    if (status == NTK_OK) status = reference_enclosure_read(reference, name, type, &exact);
    if (status == NTK_OK) {
        const bool missing = access(path, F_OK) != 0;
        if (!missing && judge_file(path, &exact, &accuracy) == NTK_OK)
            tell_answer(self, full, &accuracy);
        else
            tell_problem(self, full, missing);
    }
    reference_enclosure_release(&exact);
    ntk_release(path);
    ntk_release(full);
    return status;
}

/* Cases without an answer are counted, not held against the others. */
static int conclude(judgement *self) {
    const bool good = self->enough > 0 && self->few == 0 && self->unreadable == 0;
    if (self->json == NULL)
        printf("%zu have %g digits, %zu have fewer, %zu cannot be used, %zu are missing\n", self->enough,
               self->digits, self->few, self->unreadable, self->missing);
    else if (print_json(json_pack("{s:O, s:f, s:I, s:I, s:I, s:I}", "cases", self->json, "digits_wanted",
                                  self->digits, "enough", (json_int_t)self->enough, "few",
                                  (json_int_t)self->few, "unreadable", (json_int_t)self->unreadable,
                                  "missing", (json_int_t)self->missing)) != CLI_OK)
        return CLI_ERROR;
    return good ? CLI_OK : CLI_NO;
}

int reference_judge(const char *folder, double digits, bool json) {
    char *reference = NULL;
    reference_list list = {0};
    judgement self = {.folder = folder, .digits = digits, .json = json ? json_array() : NULL};
    ntk_status status = open_list(&reference, &list);
    if (status == NTK_OK && access(folder, F_OK) != 0)
        status = ntk_fail(NTK_ERROR_NOT_FOUND, "%s: no such folder", folder);
    for (size_t k = 0; k < list.count && status == NTK_OK; k++)
        for (int type = 0; type < 2 && status == NTK_OK; type++)
            status = judge_case(&self, reference, list.cases[k].name, (ntk_kernel_type)type);
    const int result = status == NTK_OK ? conclude(&self) : cli_fail(status);
    json_decref(self.json);
    reference_release(&list);
    ntk_release(reference);
    return result;
}
