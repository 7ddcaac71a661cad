/* The names of activations and architectures, read and written. */
#include <ntk/architecture.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

static const char residual[] = "residual";
enum { RESIDUAL = NTK_ACTIVATION_COUNT, WORDS }; /* words that a name can begin with */

static const char *word_of(size_t i) {
    return i == RESIDUAL ? residual : ntk_activation_name((ntk_activation)i);
}

/* The position among the first `count` words; `count` where it is none of them. */
static size_t find(const char *word, size_t length, size_t count) {
    size_t i = 0;
    while (i < count && (strlen(word_of(i)) != length || strncmp(word, word_of(i), length) != 0)) i++;
    return i;
}

/* "'relv-2': ...": the word that is meant, where one is near, and all `count` of them. */
static ntk_status fail_unknown(const char *name, size_t length, size_t count) {
    const char *words[WORDS];
    char word[64], list[192] = "", meant[64] = "";
    snprintf(word, sizeof word, "%.*s", (int)length, name);
    for (size_t i = 0; i < count; i++) {
        words[i] = word_of(i);
        snprintf(list + strlen(list), sizeof list - strlen(list), " %s", words[i]);
    }
    const char *nearest = ntk_nearest_name(word, words, count);
    if (nearest != NULL) snprintf(meant, sizeof meant, " did you mean '%s'?", nearest);
    return ntk_fail(NTK_ERROR_ARGUMENT, "'%s': no activation has this name;%s there are:%s", name, meant,
                    list);
}

ntk_status ntk_activation_parse(const char *name, ntk_activation *out) {
    const size_t length = strlen(name), i = find(name, length, NTK_ACTIVATION_COUNT);
    if (i == NTK_ACTIVATION_COUNT) return fail_unknown(name, length, NTK_ACTIVATION_COUNT);
    *out = (ntk_activation)i;
    return NTK_OK;
}

/* "-3" at the start of `text`, if it stands there. */
static ntk_status parse_depth(const char *name, const char *text, size_t *depth, const char **rest) {
    char *end = NULL;
    *depth = 0;
    *rest = text;
    if (text[0] != '-' || !isdigit((unsigned char)text[1])) return NTK_OK;
    const unsigned long number = strtoul(text + 1, &end, 10);
    if (*end != '-' && *end != '\0')
        return ntk_fail(NTK_ERROR_ARGUMENT, "'%s': '%s' should be a whole number, the depth", name, text + 1);
    if (number < 1 || number > NTK_DEPTH_MAX)
        return ntk_fail(NTK_ERROR_ARGUMENT, "'%s': the depth should be 1 to %d", name, NTK_DEPTH_MAX);
    *depth = number;
    *rest = end;
    return NTK_OK;
}

/* How long the word is that the name begins with: up to a hyphen, and with it the next part where
 * that makes a word. */
static size_t word_length(const char *name) {
    const size_t first = strcspn(name, "-");
    if (name[first] == '\0') return first;
    const size_t second = first + 1 + strcspn(name + first + 1, "-");
    return find(name, second, WORDS) < WORDS ? second : first;
}

/* Behind "residual", at text: "-erf", say, whose length is added. ReLU where no activation stands
 * there. */
static ntk_activation activation_behind(const char *text, size_t *length) {
    if (text[0] != '-') return NTK_RELU;
    const size_t own = word_length(text + 1), word = find(text + 1, own, NTK_ACTIVATION_COUNT);
    if (word == NTK_ACTIVATION_COUNT) return NTK_RELU;
    *length += 1 + own;
    return (ntk_activation)word;
}

ntk_status ntk_architecture_parse(const char *name, ntk_architecture *out, const char **rest) {
    size_t length = word_length(name), depth = 0;
    const size_t word = find(name, length, WORDS);
    const char *end = NULL;
    if (word == WORDS) return fail_unknown(name, length, WORDS);
    const ntk_activation activation =
        word == RESIDUAL ? activation_behind(name + length, &length) : (ntk_activation)word;
    NTK_TRY(parse_depth(name, name + length, &depth, &end));
    if (rest == NULL && *end != '\0')
        return ntk_fail(NTK_ERROR_ARGUMENT, "'%s': '%s' should be the depth, or nothing", name, end + 1);
    out->family = word == RESIDUAL ? NTK_RESIDUAL : NTK_DENSE;
    out->activation = activation;
    out->depth = depth;
    if (rest != NULL) *rest = end;
    return NTK_OK;
}

const char *ntk_architecture_name(const ntk_architecture *architecture,
                                  char buffer[NTK_ARCHITECTURE_NAME_SIZE]) {
    const bool blocks = architecture->family == NTK_RESIDUAL;
    const bool named = !blocks || architecture->activation != NTK_RELU;
    char depth[24] = "";
    if (architecture->depth > 0) snprintf(depth, sizeof depth, "-%zu", architecture->depth);
    snprintf(buffer, NTK_ARCHITECTURE_NAME_SIZE, "%s%s%s%s", blocks ? residual : "",
             blocks && named ? "-" : "", named ? ntk_activation_name(architecture->activation) : "", depth);
    return buffer;
}
