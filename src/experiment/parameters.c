#include "experiment/parameters.h"

#include <stdio.h>
#include <string.h>

#include <ntk/lab/experiment.h>
#include <ntk/lab/network_name.h>
#include <ntk/lab/parameters.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "experiment/support.h"

const char *ntk_parameter_type_text(ntk_parameter_type type) {
    static const char *const texts[] = {
        [NTK_PARAMETER_INTEGER] = "a whole number",
        [NTK_PARAMETER_REAL] = "a number",
        [NTK_PARAMETER_FLAG] = "true or false",
        [NTK_PARAMETER_CHOICE] = "a choice",
        [NTK_PARAMETER_INTEGER_LIST] = "a list of whole numbers",
        [NTK_PARAMETER_REAL_LIST] = "a list of numbers",
        [NTK_PARAMETER_CHOICE_LIST] = "a list of choices",
        [NTK_PARAMETER_NETWORK_LIST] = "a list of networks' names",
    };
    return texts[type];
}

/* ---- the tables of an experiment ------------------------------------------------------------- */

static bool is_declared(const ntk_parameter *const *tables, const char *name) {
    for (; *tables != NULL; tables++)
        for (const ntk_parameter *p = *tables; p->name != NULL; p++)
            if (strcmp(p->name, name) == 0) return true;
    return false;
}

const ntk_parameter *ntk_experiment_parameter(const ntk_experiment *experiment, size_t index) {
    for (const ntk_parameter *const *table = experiment->parameters; *table != NULL; table++)
        for (const ntk_parameter *p = *table; p->name != NULL; p++)
            if (!is_declared(table + 1, p->name) && index-- == 0) return p;
    return NULL;
}

ntk_status ntk_parameter_find(const ntk_experiment *experiment, const char *name, const ntk_parameter **out) {
    char names[512] = "";
    for (size_t i = 0; (*out = ntk_experiment_parameter(experiment, i)) != NULL; i++) {
        if (strcmp((*out)->name, name) == 0) return NTK_OK;
        ntk_text_append(names, sizeof names, i == 0 ? "" : ", ");
        ntk_text_append(names, sizeof names, (*out)->name);
    }
    return ntk_fail(NTK_ERROR_ARGUMENT, "unknown parameter '%s': allowed are %s", name,
                    *names == '\0' ? "none, the experiment declares no parameter" : names);
}

/* ---- one element ----------------------------------------------------------------------------- */

static bool is_list(ntk_parameter_type type) {
    return type == NTK_PARAMETER_INTEGER_LIST || type == NTK_PARAMETER_REAL_LIST ||
           type == NTK_PARAMETER_CHOICE_LIST || type == NTK_PARAMETER_NETWORK_LIST;
}

static ntk_status fail_number(const ntk_parameter *parameter, const char *word, const char *what) {
    return ntk_fail(NTK_ERROR_ARGUMENT, "parameter '%s': '%s' should be %s from %g to %g", parameter->name,
                    word, what, parameter->low, parameter->high);
}

static ntk_status parse_integer(const ntk_parameter *parameter, const char *word, long *integer,
                                double *real) {
    const bool is_number = ntk_text_integer(word, integer);
    *real = (double)*integer;
    if (!is_number || !(*real >= parameter->low && *real <= parameter->high))
        return fail_number(parameter, word, "a whole number");
    return NTK_OK;
}

static ntk_status parse_real(const ntk_parameter *parameter, const char *word, double *real) {
    if (!ntk_text_real(word, real) || !(*real >= parameter->low && *real <= parameter->high))
        return fail_number(parameter, word, "a number");
    return NTK_OK;
}

static ntk_status parse_flag(const ntk_parameter *parameter, const char *word, long *integer) {
    *integer = strcmp(word, "true") == 0;
    if (*integer == 0 && strcmp(word, "false") != 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "parameter '%s': '%s' should be true or false", parameter->name,
                        word);
    return NTK_OK;
}

/* Whether the first `length` bytes of `word` are one of "a|b|c". */
static bool is_choice(const char *choices, const char *word, size_t length) {
    for (const char *choice = choices; choice != NULL && length > 0;) {
        if (strcspn(choice, "|") == length && strncmp(choice, word, length) == 0) return true;
        const char *bar = strchr(choice, '|');
        choice = bar == NULL ? NULL : bar + 1;
    }
    return false;
}

static ntk_status parse_choice(const ntk_parameter *parameter, const char *word) {
    if (is_choice(parameter->choices, word, strlen(word))) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "parameter '%s': '%s' should be one of %s", parameter->name, word,
                    parameter->choices == NULL ? "(no choices are declared)" : parameter->choices);
}

static ntk_status parse_network(const ntk_parameter *parameter, const char *word, ntk_network_name *out) {
    const ntk_status status = ntk_network_name_parse(word, out);
    if (status != NTK_OK) return ntk_fail(status, "parameter '%s': %s", parameter->name, ntk_error_detail());
    if (parameter->choices != NULL && !is_choice(parameter->choices, word, strcspn(word, "-")))
        return ntk_fail(NTK_ERROR_ARGUMENT, "parameter '%s': '%s' should begin with one of %s",
                        parameter->name, word, parameter->choices);
    return NTK_OK;
}

static ntk_status parse_element(const ntk_parameter *parameter, ntk_value *value, size_t i) {
    switch (parameter->type) {
    case NTK_PARAMETER_INTEGER:
    case NTK_PARAMETER_INTEGER_LIST:
        return parse_integer(parameter, value->words[i], &value->integers[i], &value->reals[i]);
    case NTK_PARAMETER_REAL:
    case NTK_PARAMETER_REAL_LIST:
        return parse_real(parameter, value->words[i], &value->reals[i]);
    case NTK_PARAMETER_FLAG:
        return parse_flag(parameter, value->words[i], &value->integers[i]);
    case NTK_PARAMETER_CHOICE:
    case NTK_PARAMETER_CHOICE_LIST:
        return parse_choice(parameter, value->words[i]);
    case NTK_PARAMETER_NETWORK_LIST:
        return parse_network(parameter, value->words[i], &value->networks[i]);
    }
    return ntk_fail(NTK_ERROR_ARGUMENT, "parameter '%s' is of no known type", parameter->name);
}

/* ---- the whole value ------------------------------------------------------------------------- */

/* Cut a list in place at blanks, or at single commas with blanks around them. A comma with nothing
 * on one side of it is an element that was forgotten: false. words: NULL counts only. */
static bool cut_list(char *list, char **words, size_t *count) {
    *count = 0;
    for (char *rest = list + strspn(list, " ");;) {
        const size_t length = strcspn(rest, " ,");
        if (length == 0) return false;
        if (words != NULL) words[*count] = rest;
        (*count)++;
        char *end = rest + length;
        char *next = end + strspn(end, " ");
        const bool comma = *next == ',';
        if (comma) next += 1 + strspn(next + 1, " ");
        const bool last = !comma && *next == '\0';
        if (words != NULL) *end = '\0';
        if (last) return true;
        rest = next;
    }
}

static ntk_status allocate_elements(const ntk_parameter *parameter, ntk_value *value) {
    const size_t n = value->count;
    const bool networks = parameter->type == NTK_PARAMETER_NETWORK_LIST;
    NTK_TRY(ntk_allocate(n, sizeof *value->words, (void **)&value->words));
    NTK_TRY(ntk_allocate(n, sizeof *value->integers, (void **)&value->integers));
    if (networks) NTK_TRY(ntk_allocate(n, sizeof *value->networks, (void **)&value->networks));
    return ntk_allocate_doubles(n, &value->reals);
}

static ntk_status split(const ntk_parameter *parameter, const char *text, ntk_value *value) {
    NTK_TRY(ntk_text_copy(text, &value->storage));
    value->count = 1;
    const bool list = is_list(parameter->type);
    if (list && !cut_list(value->storage, NULL, &value->count))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "parameter '%s': '%s' should be %s, separated by commas or blanks", parameter->name,
                        text, ntk_parameter_type_text(parameter->type));
    NTK_TRY(allocate_elements(parameter, value));
    value->words[0] = value->storage;
    if (list) cut_list(value->storage, value->words, &value->count);
    return NTK_OK;
}

/* An element as it is always spelt: a number in `buffer`, or text of the value's own. */
static const char *spell(const ntk_parameter *parameter, const ntk_value *value, size_t i,
                         char buffer[NTK_NUMBER_SIZE]) {
    switch (parameter->type) {
    case NTK_PARAMETER_INTEGER:
    case NTK_PARAMETER_INTEGER_LIST:
        snprintf(buffer, NTK_NUMBER_SIZE, "%ld", value->integers[i]);
        return buffer;
    case NTK_PARAMETER_REAL:
    case NTK_PARAMETER_REAL_LIST:
        return ntk_text_number(value->reals[i], buffer);
    case NTK_PARAMETER_NETWORK_LIST:
        return value->networks[i].text;
    case NTK_PARAMETER_FLAG:
    case NTK_PARAMETER_CHOICE:
    case NTK_PARAMETER_CHOICE_LIST:
        break;
    }
    return value->words[i];
}

/* One spelling for one value: 64,256 and "64 256" are the same run, and 1e-3 and 0.001 too. */
static ntk_status make_canonical(const ntk_parameter *parameter, const char *text, ntk_value *value) {
    const size_t size = strlen(text) + value->count * NTK_NETWORK_NAME_SIZE + 1;
    NTK_TRY(ntk_allocate(size, 1, (void **)&value->text));
    for (size_t i = 0; i < value->count; i++) {
        char buffer[NTK_NUMBER_SIZE];
        if (i > 0) ntk_text_append(value->text, size, " ");
        ntk_text_append(value->text, size, spell(parameter, value, i, buffer));
    }
    return NTK_OK;
}

ntk_status ntk_value_parse(const ntk_parameter *parameter, const char *text, ntk_value *out) {
    *out = (ntk_value){0};
    ntk_status status = split(parameter, text, out);
    for (size_t i = 0; status == NTK_OK && i < out->count; i++) status = parse_element(parameter, out, i);
    if (status == NTK_OK) status = make_canonical(parameter, text, out);
    if (status != NTK_OK) ntk_value_release(out);
    return status;
}

void ntk_value_release(ntk_value *value) {
    ntk_release(value->text);
    ntk_release(value->words);
    ntk_release(value->integers);
    ntk_release(value->reals);
    ntk_release(value->networks);
    ntk_release(value->storage);
    *value = (ntk_value){0};
}

ntk_status ntk_setting_check(const ntk_experiment *experiment, const ntk_setting *setting) {
    const ntk_parameter *parameter;
    NTK_TRY(ntk_parameter_find(experiment, setting->name, &parameter));
    ntk_value value;
    NTK_TRY(ntk_value_parse(parameter, setting->value, &value));
    ntk_value_release(&value);
    return NTK_OK;
}
