#include "experiment/parameters.h"

#include <stdio.h>
#include <string.h>

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
    };
    return texts[type];
}

size_t ntk_parameter_count(const ntk_parameter *parameters) {
    size_t count = 0;
    while (parameters != NULL && parameters[count].name != NULL) count++;
    return count;
}

ntk_status ntk_parameter_find(const ntk_parameter *parameters, const char *name, size_t *out) {
    const size_t count = ntk_parameter_count(parameters);
    char names[512] = "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(parameters[i].name, name) == 0) {
            *out = i;
            return NTK_OK;
        }
        ntk_text_append(names, sizeof names, i == 0 ? "" : ", ");
        ntk_text_append(names, sizeof names, parameters[i].name);
    }
    return ntk_fail(NTK_ERROR_ARGUMENT, "unknown parameter '%s': allowed are %s", name,
                    count == 0 ? "none, the experiment declares no parameter" : names);
}

/* ---- one element --------------------------------------------------------------------------------------- */

static bool is_list(ntk_parameter_type type) {
    return type == NTK_PARAMETER_INTEGER_LIST || type == NTK_PARAMETER_REAL_LIST ||
           type == NTK_PARAMETER_CHOICE_LIST;
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

static ntk_status parse_choice(const ntk_parameter *parameter, const char *word) {
    const size_t length = strlen(word);
    for (const char *choice = parameter->choices; choice != NULL && length > 0;) {
        if (strcspn(choice, "|") == length && strncmp(choice, word, length) == 0) return NTK_OK;
        const char *bar = strchr(choice, '|');
        choice = bar == NULL ? NULL : bar + 1;
    }
    return ntk_fail(NTK_ERROR_ARGUMENT, "parameter '%s': '%s' should be one of %s", parameter->name, word,
                    parameter->choices == NULL ? "(no choices are declared)" : parameter->choices);
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
    }
    return ntk_fail(NTK_ERROR_ARGUMENT, "parameter '%s' is of no known type", parameter->name);
}

/* ---- the whole value ----------------------------------------------------------------------------------- */

/* Cut a list in place at blanks, or at single commas with blanks around them. A comma with nothing on one
 * side of it is an element that was forgotten: false. words: NULL counts only. */
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

static ntk_status allocate_elements(ntk_value *value) {
    void *words = NULL, *integers = NULL;
    ntk_status status = ntk_allocate(value->count, sizeof *value->words, &words);
    if (status == NTK_OK) status = ntk_allocate(value->count, sizeof *value->integers, &integers);
    value->words = words;
    value->integers = integers;
    return status == NTK_OK ? ntk_allocate_doubles(value->count, &value->reals) : status;
}

static ntk_status split(const ntk_parameter *parameter, const char *text, ntk_value *value) {
    NTK_TRY(ntk_text_copy(text, &value->storage));
    value->count = 1;
    const bool list = is_list(parameter->type);
    if (list && !cut_list(value->storage, NULL, &value->count))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "parameter '%s': '%s' should be %s, separated by commas or blanks", parameter->name,
                        text, ntk_parameter_type_text(parameter->type));
    NTK_TRY(allocate_elements(value));
    value->words[0] = value->storage;
    if (list) cut_list(value->storage, value->words, &value->count);
    return NTK_OK;
}

/* One spelling for one value: 64,256 and "64 256" are the same run, and 1e-3 and 0.001 too. */
static ntk_status make_canonical(const ntk_parameter *parameter, const char *text, ntk_value *value) {
    const size_t size = strlen(text) + value->count * NTK_NUMBER_SIZE + 1;
    void *canonical = NULL;
    NTK_TRY(ntk_allocate(size, 1, &canonical));
    value->text = canonical;
    const bool real = parameter->type == NTK_PARAMETER_REAL || parameter->type == NTK_PARAMETER_REAL_LIST;
    const bool integer =
        parameter->type == NTK_PARAMETER_INTEGER || parameter->type == NTK_PARAMETER_INTEGER_LIST;
    for (size_t i = 0; i < value->count; i++) {
        char number[NTK_NUMBER_SIZE];
        if (i > 0) ntk_text_append(canonical, size, " ");
        if (integer) snprintf(number, sizeof number, "%ld", value->integers[i]);
        if (real) ntk_text_number(value->reals[i], number);
        ntk_text_append(canonical, size, real || integer ? number : value->words[i]);
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
    ntk_release(value->storage);
    *value = (ntk_value){0};
}

ntk_status ntk_setting_check(const ntk_parameter *parameters, const ntk_setting *setting) {
    size_t index = 0;
    NTK_TRY(ntk_parameter_find(parameters, setting->name, &index));
    ntk_value value;
    NTK_TRY(ntk_value_parse(&parameters[index], setting->value, &value));
    ntk_value_release(&value);
    return NTK_OK;
}
