/* Judgements in one line: a kind, then the numbers that it takes. */
#include "claim/judgement.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiment/support.h"

/* ---- words ----------------------------------------------------------------------------------- */

enum { MOST_WORDS = 5 };

typedef struct line {
    char buffer[128];
    const char *words[MOST_WORDS];
    size_t count; /* one more than what is wanted tells that there are too many */
} line;

static void split(const char *text, line *out) {
    *out = (line){0};
    snprintf(out->buffer, sizeof out->buffer, "%s", text);
    char *rest = NULL;
    for (char *word = strtok_r(out->buffer, " \t\n", &rest); word != NULL && out->count < MOST_WORDS;
         word = strtok_r(NULL, " \t\n", &rest))
        out->words[out->count++] = word;
    if (strlen(text) >= sizeof out->buffer && out->count > 0) out->count = MOST_WORDS; /* cut off */
}

static ntk_status read_number(const line *line, size_t i, double *out) {
    if (ntk_text_real(line->words[i], out)) return NTK_OK;
    return ntk_fail(NTK_ERROR_FORMAT, "'%s' of '%s' should be a finite number", line->words[i],
                    line->words[0]);
}

static const char *check_kind(size_t i) { return ntk_check_kind_text((ntk_check_kind)i); }
static const char *tolerance_kind(size_t i) { return ntk_tolerance_kind_text((ntk_tolerance_kind)i); }

/* The position of the first word among the `count` names. */
static ntk_status find_kind(const line *line, const char *what, const char *(*name)(size_t), size_t count,
                            size_t *out) {
    char names[256] = "";
    for (size_t i = 0; i < count; i++) {
        if (line->count > 0 && strcmp(line->words[0], name(i)) == 0) {
            *out = i;
            return NTK_OK;
        }
        ntk_text_append(names, sizeof names, i == 0 ? "" : ", ");
        ntk_text_append(names, sizeof names, name(i));
    }
    return ntk_fail(NTK_ERROR_FORMAT, "'%s' is no kind of %s: allowed are %s",
                    line->count > 0 ? line->words[0] : "", what, names);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static ntk_status read_between(const line *line, ntk_check *out) {
    if (line->count != 3)
        return ntk_fail(NTK_ERROR_FORMAT, "'between' needs two bounds, the lower first, 'between 0.9 1.1'");
    NTK_TRY(read_number(line, 1, &out->bound));
    NTK_TRY(read_number(line, 2, &out->bound_high));
    if (!(out->bound < out->bound_high))
        return ntk_fail(NTK_ERROR_FORMAT, "the lower bound of 'between' comes first, 'between 0.9 1.1'");
    return NTK_OK;
}

static ntk_status read_equivalent(const line *line, ntk_check *out) {
    const bool has_sign =
        line->count == 4 && (strcmp(line->words[2], "\u00b1") == 0 || strcmp(line->words[2], "+-") == 0);
    if (!has_sign)
        return ntk_fail(NTK_ERROR_FORMAT,
                        "'equivalent' needs a bound and a margin, 'equivalent -0.5 \u00b1 0.05'");
    NTK_TRY(read_number(line, 1, &out->bound));
    NTK_TRY(read_number(line, 3, &out->margin));
    if (!(out->margin > 0))
        return ntk_fail(NTK_ERROR_FORMAT, "the margin of 'equivalent' is '%s' and should be positive",
                        line->words[3]);
    return NTK_OK;
}

static ntk_status read_bound(const line *line, ntk_check *out) {
    if (line->count != 2)
        return ntk_fail(NTK_ERROR_FORMAT, "'%s' needs one bound, '%s 1'", line->words[0], line->words[0]);
    NTK_TRY(read_number(line, 1, &out->bound));
    if (out->kind == NTK_CHECK_IDENTITY && !(out->bound >= 0))
        return ntk_fail(NTK_ERROR_FORMAT, "the bound of 'identity' is '%s' and should not be negative",
                        line->words[1]);
    return NTK_OK;
}

ntk_status ntk_judgement_of_check(const char *text, ntk_check *out) {
    line line;
    split(text, &line);
    size_t kind = 0;
    NTK_TRY(find_kind(&line, "check", check_kind, NTK_CHECK_COUNT, &kind));
    out->kind = (ntk_check_kind)kind;
    out->bound_high = out->margin = NAN;
    if (out->kind == NTK_CHECK_BETWEEN) return read_between(&line, out);
    if (out->kind == NTK_CHECK_EQUIVALENT) return read_equivalent(&line, out);
    return read_bound(&line, out);
}

/* ---- stored results -------------------------------------------------------------------------- */

/* What a tolerance may be. Half of a number's value is no tolerance any more, and two intervals
 * that are made narrower than they are would raise false alarms. */
static const struct {
    double low, high;
    const char *text;
} allowed[] = {
    [NTK_TOLERANCE_ULP] = {0, 0x1p52, "a tolerance from 0 to 2^52, 'ulp 4'"},
    [NTK_TOLERANCE_REL] = {0, 0.5, "a tolerance from 0 to 0.5, 'rel 1e-9'"},
    [NTK_TOLERANCE_ABS] = {0, INFINITY, "a tolerance that is not negative, 'abs 1e-9'"},
    [NTK_TOLERANCE_STATISTICAL] = {1, INFINITY, "a factor on the intervals' widths from 1, 'statistical 1'"},
};

ntk_status ntk_judgement_of_result(const char *text, ntk_regression *out) {
    line line;
    split(text, &line);
    size_t kind = 0;
    NTK_TRY(find_kind(&line, "tolerance", tolerance_kind, NTK_TOLERANCE_COUNT, &kind));
    out->kind = (ntk_tolerance_kind)kind;
    out->tolerance = NAN;
    if (out->kind == NTK_TOLERANCE_EXACT)
        return line.count == 1 ? NTK_OK : ntk_fail(NTK_ERROR_FORMAT, "'exact' takes no tolerance");
    if (line.count == 2) NTK_TRY(read_number(&line, 1, &out->tolerance));
    if (!(out->tolerance >= allowed[kind].low && out->tolerance <= allowed[kind].high))
        return ntk_fail(NTK_ERROR_FORMAT, "'%s' needs %s", line.words[0], allowed[kind].text);
    return NTK_OK;
}
