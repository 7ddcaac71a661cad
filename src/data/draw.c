/* Drawing digits: which images are eligible, and a uniform choice among them.
 *
 * Eligible is the first of every set of equal images (a repeated training point makes a Gram matrix
 * singular), provided that it has a pixel other than 0 (a black image has no direction). */
#include <ntk/data.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/memory.h>

static size_t pixel_count(const ntk_digits *digits) { return digits->rows * digits->columns; }

static const uint8_t *image(const ntk_digits *digits, size_t i) {
    return digits->pixels + i * pixel_count(digits);
}

/* Exact: integers below 2^53 for any image of fewer than 1e11 pixels. */
static double squared_norm(size_t n, const uint8_t *pixels) {
    uint64_t sum = 0;
    for (size_t k = 0; k < n; k++) sum += (uint64_t)pixels[k] * pixels[k];
    return (double)sum;
}

/* An image by a hash of its content: sorting compares contents only where the hashes agree. */
typedef struct hashed_image {
    uint64_t hash;
    size_t position;
    bool black;
} hashed_image;

/* FNV-1a of words of eight bytes, the last one padded with zeros: four running hashes, which do not
 * wait for each other, put together by a fifth. */
static hashed_image hash_image(const ntk_digits *digits, size_t position) {
    enum { HASHES = 4, WORD = sizeof(uint64_t) };
    const uint64_t basis = 0xcbf29ce484222325u, prime = 0x00000100000001b3u;
    const size_t pixels = pixel_count(digits);
    const uint8_t *pixel = image(digits, position);
    uint64_t hash[HASHES] = {basis, basis, basis, basis}, light = 0, all = basis;
    for (size_t k = 0; k < pixels; k += HASHES * WORD) {
        uint64_t word[HASHES] = {0};
        memcpy(word, pixel + k, pixels - k < sizeof word ? pixels - k : sizeof word);
        for (size_t h = 0; h < HASHES; h++) hash[h] = (hash[h] ^ word[h]) * prime, light |= word[h];
    }
    for (size_t h = 0; h < HASHES; h++) all = (all ^ hash[h]) * prime;
    return (hashed_image){all, position, light == 0};
}

static int compare_contents(const ntk_digits *digits, const hashed_image *a, const hashed_image *b) {
    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    return memcmp(image(digits, a->position), image(digits, b->position), pixel_count(digits));
}

/* Equal images by position. */
static int compare_images(const void *left, const void *right, void *digits) {
    const hashed_image *a = left, *b = right;
    const int order = compare_contents(digits, a, b);
    return order != 0 ? order : (a->position > b->position) - (a->position < b->position);
}

/* eligible: (digits->count). */
static ntk_status mark_eligible(const ntk_digits *digits, bool *eligible) {
    void *memory;
    NTK_TRY(ntk_allocate(digits->count, sizeof(hashed_image), &memory));
    hashed_image *order = memory;
    for (size_t i = 0; i < digits->count; i++) order[i] = hash_image(digits, i);
    qsort_r(order, digits->count, sizeof *order, compare_images, (void *)digits);
    for (size_t k = 0; k < digits->count; k++) {
        const bool repeated = k > 0 && compare_contents(digits, &order[k - 1], &order[k]) == 0;
        eligible[order[k].position] = !repeated && !order[k].black;
    }
    ntk_release(order);
    return NTK_OK;
}

/* What is drawn, and where it goes. */
typedef struct draw_plan {
    const ntk_digits *digits;
    const bool *eligible;
    size_t *pool;        /* work: (digits->count) */
    size_t *permutation; /* work: (digits->count) */
    size_t class_count, n;
    double *x;
    size_t *label, *index;
} draw_plan;

static void store_image(const draw_plan *plan, size_t from, size_t class_index, size_t to) {
    const size_t pixels = pixel_count(plan->digits);
    const uint8_t *pixel = image(plan->digits, from);
    const double norm = sqrt(squared_norm(pixels, pixel));
    for (size_t k = 0; k < pixels; k++) plan->x[to * pixels + k] = pixel[k] / norm;
    plan->label[to] = class_index;
    if (plan->index) plan->index[to] = from;
}

/* The whole pool is permuted, however few are needed: a larger n keeps the images of a smaller
 * one. */
static ntk_status draw_class(const draw_plan *plan, ntk_stream *stream, uint8_t class, size_t class_index) {
    const ntk_digits *digits = plan->digits;
    size_t available = 0;
    for (size_t i = 0; i < digits->count; i++) {
        if (plan->eligible[i] && digits->labels[i] == class) plan->pool[available++] = i;
    }
    const size_t needed = plan->n / plan->class_count + (class_index < plan->n % plan->class_count);
    if (needed > available) {
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "digits: %zu images of class %u wanted; there are %zu distinct ones", needed, class,
                        available);
    }
    ntk_stream_permutation(stream, available, plan->permutation);
    for (size_t k = 0; k < needed; k++) {
        store_image(plan, plan->pool[plan->permutation[k]], class_index, class_index + k * plan->class_count);
    }
    return NTK_OK;
}

static ntk_status check_classes(const uint8_t *classes, size_t class_count) {
    bool seen[UINT8_MAX + 1] = {false};
    if (class_count == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "digits: no class to draw from");
    for (size_t c = 0; c < class_count; c++) {
        if (seen[classes[c]]) {
            return ntk_fail(NTK_ERROR_ARGUMENT, "digits: class %u is listed twice", classes[c]);
        }
        seen[classes[c]] = true;
    }
    return NTK_OK;
}

ntk_status ntk_digits_draw(const ntk_digits *digits, ntk_stream *stream, const uint8_t *classes,
                           size_t class_count, size_t n, double *x, size_t *label, size_t *index_out) {
    NTK_TRY(check_classes(classes, class_count));
    void *eligible = NULL, *work = NULL;
    ntk_status status;
    NTK_TRY_OR(done, status, ntk_allocate(digits->count, sizeof(bool), &eligible));
    NTK_TRY_OR(done, status, ntk_allocate(digits->count, 2 * sizeof(size_t), &work));
    NTK_TRY_OR(done, status, mark_eligible(digits, eligible));
    const draw_plan plan = {
        .digits = digits,
        .eligible = eligible,
        .pool = work,
        .permutation = (size_t *)work + digits->count,
        .class_count = class_count,
        .n = n,
        .x = x,
        .label = label,
        .index = index_out,
    };
    for (size_t c = 0; c < class_count; c++) {
        NTK_TRY_OR(done, status, draw_class(&plan, stream, classes[c], c));
    }
done:
    ntk_release(work);
    ntk_release(eligible);
    return status;
}
