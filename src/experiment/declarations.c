/* Declared metrics: the names that a declaration stands for under the settings of a context, and
 * whether an experiment has kept what it declares. */
#include <ntk/lab/experiment.h>

#include <stdio.h>
#include <string.h>

#include <ntk/lab/context.h>
#include <ntk/lab/metrics.h>
#include <ntk/status.h>

#include "experiment/context.h"
#include "experiment/parameters.h"
#include "experiment/support.h"

/* ---- names ----------------------------------------------------------------------------------- */

enum { MOST_WORDS = 6, WORD_SIZE = 65, NAME_SIZE = 128 };

typedef struct expansion {
    const ntk_context *context;
    const ntk_metric_declaration *declaration;
    char name[NAME_SIZE]; /* so far */
    char storage[MOST_WORDS][WORD_SIZE];
    const char *words[MOST_WORDS + 1]; /* so far, in storage; NULL behind the last */
    size_t word_count;
    void *names; /* char *[count] */
    size_t count;
} expansion;

static ntk_status fail(const expansion *e, const char *what) {
    return ntk_fail(NTK_ERROR_ARGUMENT, "the declared metric '%s': %s", e->declaration->name, what);
}

static ntk_status add_name(expansion *e) {
    if (!ntk_text_is_name(e->name)) return fail(e, "its names should have " NTK_NAME_RULE);
    if (e->declaration->when != NULL && !e->declaration->when(e->context, e->words)) return NTK_OK;
    NTK_TRY(ntk_array_grow(&e->names, e->count, sizeof(char *)));
    NTK_TRY(ntk_text_copy(e->name, &((char **)e->names)[e->count]));
    e->count++;
    return NTK_OK;
}

static ntk_status expand(expansion *e, const char *rest);

/* Go on with one word in place of the braces, and forget it. */
static ntk_status expand_with(expansion *e, const char *word, size_t length, const char *rest) {
    if (e->word_count == MOST_WORDS || length >= WORD_SIZE)
        return fail(e, "it has too many braces, or too long a word");
    char *copy = e->storage[e->word_count];
    const size_t end = strlen(e->name);
    snprintf(copy, WORD_SIZE, "%.*s", (int)length, word);
    e->words[e->word_count++] = copy;
    ntk_text_append(e->name, sizeof e->name, copy);
    const ntk_status status = expand(e, rest);
    e->name[end] = '\0';
    e->words[--e->word_count] = NULL;
    return status;
}

/* {a,b}: the `length` bytes inside. */
static ntk_status expand_alternatives(expansion *e, const char *inside, size_t length, const char *rest) {
    for (size_t start = 0; start <= length;) {
        size_t end = start;
        while (end < length && inside[end] != ',') end++;
        NTK_TRY(expand_with(e, inside + start, end - start, rest));
        start = end + 1;
    }
    return NTK_OK;
}

/* {parameter}, {parameter%}. */
static ntk_status expand_parameter(expansion *e, const char *inside, size_t length, const char *rest) {
    const bool in_percent = length > 0 && inside[length - 1] == '%';
    char name[WORD_SIZE], percent[32];
    snprintf(name, sizeof name, "%.*s", (int)(length - (in_percent ? 1 : 0)), inside);
    const ntk_value *value = ntk_context_value(e->context, name);
    if (value == NULL) return fail(e, "braces hold a parameter, or alternatives with a comma between them");
    const char *word = value->text; /* elements, separated by single blanks */
    for (size_t i = 0; i < value->count; i++) {
        const size_t size = strcspn(word, " ");
        snprintf(percent, sizeof percent, "%.0f", 100 * value->reals[i]);
        NTK_TRY(in_percent ? expand_with(e, percent, strlen(percent), rest)
                           : expand_with(e, word, size, rest));
        word += size + 1;
    }
    return NTK_OK;
}

static ntk_status expand(expansion *e, const char *rest) {
    const size_t end = strlen(e->name), text = strcspn(rest, "{");
    if (end + text >= sizeof e->name) return fail(e, "a name of it is too long");
    snprintf(e->name + end, sizeof e->name - end, "%.*s", (int)text, rest);
    if (rest[text] == '\0') return add_name(e);
    const char *inside = rest + text + 1, *close = strchr(inside, '}');
    if (close == NULL) return fail(e, "a brace has no counterpart");
    const size_t length = (size_t)(close - inside);
    return memchr(inside, ',', length) != NULL ? expand_alternatives(e, inside, length, close + 1)
                                               : expand_parameter(e, inside, length, close + 1);
}

static ntk_status expand_all(expansion *e) {
    const ntk_experiment *experiment = ntk_context_experiment(e->context);
    for (const ntk_metric_declaration *const *table = experiment->metrics; *table != NULL; table++)
        for (e->declaration = *table; e->declaration->name != NULL; e->declaration++) {
            *e->name = '\0';
            NTK_TRY(expand(e, e->declaration->name));
        }
    return NTK_OK;
}

ntk_status ntk_experiment_metrics(const ntk_context *context, char ***names, size_t *count) {
    expansion e = {.context = context};
    const ntk_status status = expand_all(&e);
    if (status != NTK_OK) {
        ntk_texts_release(e.names, e.count);
        e = (expansion){0};
    }
    *names = e.names;
    *count = e.count;
    return status;
}

/* ---- whether they were kept ------------------------------------------------------------------ */

static bool is_among(const char *name, char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static ntk_status compare(const ntk_metrics *emitted, char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (ntk_metrics_find(emitted, names[i]) == NULL)
            return ntk_fail(NTK_ERROR_ARGUMENT, "metric '%s' is declared and was not emitted", names[i]);
    for (size_t i = 0; i < emitted->count; i++)
        if (!is_among(emitted->items[i].name, names, count))
            return ntk_fail(NTK_ERROR_ARGUMENT, "metric '%s' was emitted and is not declared",
                            emitted->items[i].name);
    return NTK_OK;
}

ntk_status ntk_experiment_check_metrics(const ntk_context *context) {
    char **names;
    size_t count;
    NTK_TRY(ntk_experiment_metrics(context, &names, &count));
    const ntk_status status = compare(ntk_context_metrics(context), names, count);
    ntk_texts_release(names, count);
    return status;
}
