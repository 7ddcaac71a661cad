/* Convolutional layers and image sizes from text and back. A text is a list of items, "conv ..." or
 * "pool
 * ...", between commas; an item is words between blanks; a word that has a default may be left out.
 */
#include <ntk/architecture.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const pooling_names[NTK_POOLING_COUNT] = {
    [NTK_POOLING_NONE] = "none",
    [NTK_POOLING_BOX] = "box",
    [NTK_POOLING_GAUSS] = "gauss",
    [NTK_POOLING_GAUSS_SAME] = "gauss-same",
    [NTK_POOLING_GAUSS_CIRCULAR] = "gauss-circular",
};

/* ---- reading --------------------------------------------------------------------------------- */

/* A stretch of the text. */
typedef struct {
    const char *start;
    size_t length;
} stretch;

/* An item in the making: its number, counted from 1, what stands there, and what of it is not yet
 * read. */
typedef struct {
    size_t number;
    stretch whole, rest;
} item;

static stretch trim(stretch s) {
    while (s.length > 0 && isspace((unsigned char)*s.start)) s = (stretch){s.start + 1, s.length - 1};
    while (s.length > 0 && isspace((unsigned char)s.start[s.length - 1])) s.length--;
    return s;
}

/* The next word of the item, of length 0 at its end. */
static stretch next_word(item *it) {
    it->rest = trim(it->rest);
    stretch word = {it->rest.start, 0};
    while (word.length < it->rest.length && !isspace((unsigned char)word.start[word.length])) word.length++;
    it->rest = (stretch){word.start + word.length, it->rest.length - word.length};
    return word;
}

static bool is(stretch word, const char *text) {
    return word.length == strlen(text) && memcmp(word.start, text, word.length) == 0;
}

static ntk_status fail_item(const item *it, const char *format, ...) __attribute__((format(printf, 2, 3)));

static ntk_status fail_item(const item *it, const char *format, ...) {
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return ntk_fail(NTK_ERROR_ARGUMENT, "layers, item %zu, '%.*s': %s", it->number, (int)it->whole.length,
                    it->whole.start, what);
}

/* An integer from 1 to NTK_GRID_MAX, digits and nothing else. */
static bool read_count(stretch word, size_t *out) {
    size_t value = 0;
    for (size_t i = 0; i < word.length; i++) {
        if (!isdigit((unsigned char)word.start[i])) return false;
        value = 10 * value + (size_t)(word.start[i] - '0');
        if (value > NTK_GRID_MAX) return false;
    }
    *out = value;
    return value > 0;
}

static ntk_status take_count(item *it, const char *meaning, unsigned *out) {
    const stretch word = next_word(it);
    size_t value = 0;
    if (word.length == 0) return fail_item(it, "the %s is missing", meaning);
    if (!read_count(word, &value))
        return fail_item(it, "the %s is an integer from 1 to %d, not '%.*s'", meaning, NTK_GRID_MAX,
                         (int)word.length, word.start);
    *out = (unsigned)value;
    return NTK_OK;
}

enum { STRIDE = 1, PADDING = 2, SCALE = 4 };

/* One of the words behind the patch size; *seen keeps what was said already. */
static ntk_status take_modifier(item *it, stretch word, ntk_convolution_layer *layer, unsigned *seen) {
    unsigned kind = 0;
    if (is(word, "stride")) {
        kind = STRIDE;
        NTK_TRY(take_count(it, "stride", &layer->stride));
    } else if (is(word, "zero") || is(word, "circular")) {
        kind = PADDING;
        layer->padding = is(word, "zero") ? NTK_PADDING_ZERO : NTK_PADDING_CIRCULAR;
    } else if (is(word, "mean") || is(word, "sum")) {
        kind = SCALE;
        layer->scale = is(word, "mean") ? NTK_PATCH_MEAN : NTK_PATCH_SUM;
    } else {
        return fail_item(it,
                         "'%.*s' is none of the words behind a patch size: stride N, zero, circular, mean, "
                         "sum",
                         (int)word.length, word.start);
    }
    if (*seen & kind)
        return fail_item(it, "'%.*s' comes after another word for the same", (int)word.length, word.start);
    *seen |= kind;
    return NTK_OK;
}

static ntk_status read_convolution(item *it, ntk_convolution_layer *layer) {
    *layer = (ntk_convolution_layer){.stride = 1,
                                     .padding = NTK_PADDING_ZERO,
                                     .scale = NTK_PATCH_MEAN,
                                     .pooling = NTK_POOLING_NONE,
                                     .factor = 1};
    unsigned seen = 0;
    NTK_TRY(take_count(it, "patch size", &layer->patch));
    for (stretch word; (word = next_word(it)).length > 0;) NTK_TRY(take_modifier(it, word, layer, &seen));
    return NTK_OK;
}

static ntk_status read_pooling(item *it, ntk_convolution_layer *layer) {
    const stretch kind = next_word(it);
    if (kind.length == 0)
        return fail_item(it, "the kind of pooling is missing: box, gauss, gauss-same or "
                             "gauss-circular, and a factor");
    if (layer->pooling != NTK_POOLING_NONE)
        return fail_item(it, "a second pooling without a convolution in between");
    for (size_t k = NTK_POOLING_NONE + 1; k < NTK_POOLING_COUNT; k++)
        if (is(kind, pooling_names[k])) layer->pooling = (ntk_pooling)k;
    if (layer->pooling == NTK_POOLING_NONE)
        return fail_item(it, "no pooling is called '%.*s'; there are box, gauss, gauss-same, gauss-circular",
                         (int)kind.length, kind.start);
    NTK_TRY(take_count(it, "factor", &layer->factor));
    const stretch left = next_word(it);
    if (left.length > 0)
        return fail_item(it, "'%.*s' follows the factor, and nothing should", (int)left.length, left.start);
    return NTK_OK;
}

static ntk_status read_item(item *it, size_t *depth, ntk_convolution_layer *layers) {
    const stretch word = next_word(it);
    if (is(word, "conv")) {
        if (*depth == NTK_CONVOLUTION_DEPTH_MAX)
            return fail_item(it, "more than %d convolutions", NTK_CONVOLUTION_DEPTH_MAX);
        NTK_TRY(read_convolution(it, &layers[*depth]));
        ++*depth;
        return NTK_OK;
    }
    if (is(word, "pool")) {
        if (*depth == 0) return fail_item(it, "a pooling needs a convolution before it");
        return read_pooling(it, &layers[*depth - 1]);
    }
    if (word.length == 0) return fail_item(it, "nothing stands there; want 'conv P' or 'pool KIND N'");
    return fail_item(it, "an item begins with conv or pool, not with '%.*s'", (int)word.length, word.start);
}

ntk_status ntk_architecture_parse_layers(const char *text, ntk_architecture *architecture) {
    ntk_convolution_layer layers[NTK_CONVOLUTION_DEPTH_MAX];
    size_t depth = 0;
    item it = {.number = 0};
    for (const char *start = text; start != NULL;) {
        const char *comma = strchr(start, ',');
        it.number++;
        it.whole = trim((stretch){start, comma != NULL ? (size_t)(comma - start) : strlen(start)});
        it.rest = it.whole;
        NTK_TRY(read_item(&it, &depth, layers));
        start = comma != NULL ? comma + 1 : NULL;
    }
    memcpy(architecture->convolution.layer, layers, depth * sizeof *layers);
    architecture->depth = depth;
    return NTK_OK;
}

ntk_status ntk_architecture_parse_image(const char *text, ntk_architecture *architecture) {
    size_t sizes[3] = {0, 0, 1}, count = 0;
    const char *start = text;
    for (; count < 3; count++) {
        const size_t length = strcspn(start, "x");
        if (!read_count((stretch){start, length}, &sizes[count])) break;
        start += length;
        if (*start == '\0') break;
        start++;
    }
    if (count < 1 || count > 2 || *start != '\0' || start == text || start[-1] == 'x')
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "an image is HEIGHTxWIDTHxCHANNELS, 28x28x1 say, each from 1 to %d; not '%s'",
                        NTK_GRID_MAX, text);
    architecture->convolution.height = sizes[0];
    architecture->convolution.width = sizes[1];
    architecture->convolution.channels = sizes[2];
    return NTK_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* As much of it as there is room for, at position *length of text, which it moves on. */
static void append(size_t size, char *text, size_t *length, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void append(size_t size, char *text, size_t *length, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const size_t left = *length < size ? size - *length : 0;
    *length += (size_t)vsnprintf(left > 0 ? text + *length : NULL, left, format, arguments);
    va_end(arguments);
}

size_t ntk_architecture_print_layers(const ntk_architecture *architecture, size_t size, char *text) {
    size_t length = 0;
    for (size_t l = 0; l < architecture->depth; l++) {
        const ntk_convolution_layer *layer = &architecture->convolution.layer[l];
        append(size, text, &length, "%sconv %u stride %u %s %s", l > 0 ? ", " : "", layer->patch,
               layer->stride, layer->padding == NTK_PADDING_ZERO ? "zero" : "circular",
               layer->scale == NTK_PATCH_MEAN ? "mean" : "sum");
        if (layer->pooling != NTK_POOLING_NONE)
            append(size, text, &length, ", pool %s %u", pooling_names[layer->pooling], layer->factor);
    }
    return length;
}
