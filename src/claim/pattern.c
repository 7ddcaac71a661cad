/* Brace patterns. Let a word be HEAD {A,B,...} TAIL, with the first braces in it: it stands for
 * what the words HEAD A TAIL, HEAD B TAIL, ... stand for, in this order; a word without braces
 * stands for itself. */
#include "claim/pattern.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <ntk/memory.h>

#include "experiment/support.h"

typedef struct expansion {
    const char *pattern; /* for messages */
    void *names;         /* char *[count] */
    size_t count;
} expansion;

/* Part of a word. */
typedef struct piece {
    const char *text;
    size_t length;
} piece;

static ntk_status expand(expansion *e, const char *word);

static ntk_status append(expansion *e, const char *name) {
    if (!ntk_text_is_name(name))
        return ntk_fail(NTK_ERROR_FORMAT, "'%s' gives '%s', and a name has %s", e->pattern, name,
                        NTK_NAME_RULE);
    if (e->count == NTK_PATTERN_MOST)
        return ntk_fail(NTK_ERROR_FORMAT, "'%s' stands for more than %d names", e->pattern, NTK_PATTERN_MOST);
    NTK_TRY(ntk_array_grow(&e->names, e->count, sizeof(char *)));
    NTK_TRY(ntk_text_copy(name, &((char **)e->names)[e->count]));
    e->count++;
    return NTK_OK;
}

/* The end of the alternative that begins at `text`: its comma or closing brace; NULL where there is
 * none. */
static const char *end_of_alternative(const char *text) {
    size_t depth = 0;
    for (; *text != '\0'; text++) {
        if (depth == 0 && (*text == ',' || *text == '}')) return text;
        if (*text == '{') depth++;
        if (*text == '}') depth--;
    }
    return NULL;
}

static ntk_status expand_with(expansion *e, piece head, piece middle, const char *tail) {
    char *word = NULL;
    NTK_TRY(ntk_text_format(&word, "%.*s%.*s%s", (int)head.length, head.text, (int)middle.length, middle.text,
                            tail));
    const ntk_status status = expand(e, word);
    ntk_release(word);
    return status;
}

/* "2..5", all of it. */
static bool is_range(piece text, long *first, long *last) {
    char copy[32];
    if (text.length >= sizeof copy) return false;
    snprintf(copy, sizeof copy, "%.*s", (int)text.length, text.text);
    char *dots = strstr(copy, "..");
    if (dots == NULL) return false;
    *dots = '\0';
    return ntk_text_integer(copy, first) && ntk_text_integer(dots + 2, last);
}

static ntk_status expand_range(expansion *e, piece head, piece range, const char *tail) {
    long first = 0, last = 0;
    if (!is_range(range, &first, &last) || first < 0)
        return ntk_fail(NTK_ERROR_FORMAT, "'%s': braces hold alternatives, {a,b}, or a range, {1..3}",
                        e->pattern);
    if (first > last)
        return ntk_fail(NTK_ERROR_FORMAT, "'%s': the range {%.*s} is empty", e->pattern, (int)range.length,
                        range.text);
    for (long i = first; i <= last; i++) {
        char number[24];
        const int length = snprintf(number, sizeof number, "%ld", i);
        NTK_TRY(expand_with(e, head, (piece){number, (size_t)length}, tail));
    }
    return NTK_OK;
}

static ntk_status expand(expansion *e, const char *word) {
    const char *open = word + strcspn(word, "{}");
    if (*open == '\0') return append(e, word);
    const piece head = {word, (size_t)(open - word)};
    const char *end = *open == '{' ? end_of_alternative(open + 1) : NULL;
    const char *close = end;
    while (close != NULL && *close == ',') close = end_of_alternative(close + 1);
    if (close == NULL) return ntk_fail(NTK_ERROR_FORMAT, "'%s': a brace without its counterpart", e->pattern);
    if (end == close) return expand_range(e, head, (piece){open + 1, (size_t)(end - open - 1)}, close + 1);
    for (const char *start = open + 1; start <= close; start = end + 1) {
        end = end_of_alternative(start);
        NTK_TRY(expand_with(e, head, (piece){start, (size_t)(end - start)}, close + 1));
    }
    return NTK_OK;
}

ntk_status ntk_pattern_expand(const char *pattern, char ***names, size_t *count) {
    expansion e = {.pattern = pattern};
    const ntk_status status = expand(&e, pattern);
    if (status != NTK_OK) {
        ntk_texts_release(e.names, e.count);
        e = (expansion){0};
    }
    *names = e.names;
    *count = e.count;
    return status;
}
