/* Formulas: reading text into a list of operations. Recursive descent:
 *
 *     sum     = product { (+ | -) product }
 *     product = signed { (* | /) signed }
 *     signed  = [-] power
 *     power   = atom [^ digits]
 *     atom    = number | x | pi | name | function ( sum ) | ( sum )
 */
#include "base/guard.h"
#include "certify/formula.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/memory.h>

enum { TEXT_MAX = 1024, NESTING_MAX = 64, EXPONENT_MAX = 1000 };

/* ---- the list -------------------------------------------------------------------------------- */

ntk_status ntk_formula_create(ntk_formula **out) {
    NTK_BALL_GUARD;
    NTK_TRY(ntk_allocate(1, sizeof **out, (void **)out));
    (*out)->values = _arb_vec_init(FORMULA_STEPS_MAX);
    return NTK_OK;
}

void ntk_formula_destroy(ntk_formula *formula) {
    if (!formula) return;
    _arb_vec_clear(formula->values, FORMULA_STEPS_MAX);
    ntk_release(formula);
    flint_cleanup();
}

ntk_status formula_find(const ntk_formula *formula, const char *name, size_t *step) {
    for (size_t i = 0; i < formula->names; i++)
        if (strcmp(formula->name[i], name) == 0) {
            *step = formula->named[i];
            return NTK_OK;
        }
    return ntk_fail(NTK_ERROR_ARGUMENT, "formula: nothing is called '%s'", name);
}

static ntk_status add_step(ntk_formula *formula, formula_step step, size_t *out) {
    if (formula->count == FORMULA_STEPS_MAX)
        return ntk_fail(NTK_ERROR_SHAPE, "formula: more than %d operations", (int)FORMULA_STEPS_MAX);
    *out = formula->count++;
    formula->steps[*out] = step;
    return NTK_OK;
}

static ntk_status add_binary(ntk_formula *formula, formula_operation operation, size_t a, size_t b,
                             size_t *out) {
    const bool constant = formula->steps[a].constant && formula->steps[b].constant;
    return add_step(formula, (formula_step){operation, a, b, 0, constant}, out);
}

static ntk_status add_unary(ntk_formula *formula, formula_operation operation, size_t a,
                            unsigned long exponent, size_t *out) {
    return add_step(formula, (formula_step){operation, a, a, exponent, formula->steps[a].constant}, out);
}

/* A constant whose value is set by the caller. */
static ntk_status add_constant(ntk_formula *formula, size_t *out) {
    return add_step(formula, (formula_step){FORMULA_CONSTANT, 0, 0, 0, true}, out);
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct reader {
    ntk_formula *formula;
    const char *text, *at;
    int nesting;
} reader;

static ntk_status read_sum(reader *r, size_t *out);

static void skip_blanks(reader *r) {
    while (*r->at == ' ') r->at++;
}

static bool take(reader *r, char c) {
    skip_blanks(r);
    if (*r->at != c) return false;
    r->at++;
    return true;
}

static ntk_status complain(const reader *r, const char *wanted) {
    return ntk_fail(NTK_ERROR_ARGUMENT, "formula '%s', column %zu: %s", r->text,
                    (size_t)(r->at - r->text) + 1, wanted);
}

/* Digits with a point, exactly what they say to the precision of evaluation. */
static ntk_status read_number(reader *r, size_t *out) {
    char digits[64];
    size_t length = strspn(r->at, "0123456789.");
    if (length >= sizeof digits) return complain(r, "a number too long");
    memcpy(digits, r->at, length);
    digits[length] = 0;
    NTK_TRY(add_constant(r->formula, out));
    if (arb_set_str(r->formula->values + *out, digits, FORMULA_BITS)) return complain(r, "not a number");
    r->at += length;
    return NTK_OK;
}

static const struct {
    const char *name;
    formula_operation operation;
} functions[] = {{"sqrt", FORMULA_SQRT}, {"exp", FORMULA_EXP}, {"log", FORMULA_LOG},
                 {"sin", FORMULA_SIN},   {"cos", FORMULA_COS}, {"asin", FORMULA_ASIN},
                 {"atan", FORMULA_ATAN}, {"erf", FORMULA_ERF}, {"angle", FORMULA_ANGLE}};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static bool is_reserved(const char *name) {
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (strcmp(functions[i].name, name) == 0) return true;
    return strcmp(name, "x") == 0 || strcmp(name, "pi") == 0;
}

static ntk_status read_function(reader *r, formula_operation operation, size_t *out) {
    size_t argument;
    if (!take(r, '(')) return complain(r, "a function is followed by (");
    NTK_TRY(read_sum(r, &argument));
    if (!take(r, ')')) return complain(r, ") is missing");
    return add_unary(r->formula, operation, argument, 0, out);
}

static size_t name_length(const char *text) { return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789"); }

static ntk_status read_name(reader *r, size_t *out) {
    char name[FORMULA_NAME_SIZE];
    const size_t length = name_length(r->at);
    if (length >= sizeof name) return complain(r, "a name too long");
    memcpy(name, r->at, length);
    name[length] = 0;
    if (formula_find(r->formula, name, out) != NTK_OK && !is_reserved(name))
        return complain(r, "an unknown name");
    r->at += length;
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (strcmp(functions[i].name, name) == 0) return read_function(r, functions[i].operation, out);
    if (strcmp(name, "x") == 0) return add_step(r->formula, (formula_step){FORMULA_X, 0, 0, 0, false}, out);
    if (strcmp(name, "pi") != 0) return NTK_OK; /* one of the list, found above */
    NTK_TRY(add_constant(r->formula, out));
    arb_const_pi(r->formula->values + *out, FORMULA_BITS);
    return NTK_OK;
}

static ntk_status read_atom(reader *r, size_t *out) {
    skip_blanks(r);
    if (take(r, '(')) {
        NTK_TRY(read_sum(r, out));
        return take(r, ')') ? NTK_OK : complain(r, ") is missing");
    }
    if (isdigit((unsigned char)*r->at)) return read_number(r, out);
    if (islower((unsigned char)*r->at)) return read_name(r, out);
    return complain(r, "a number, a name or ( is missing");
}

static ntk_status read_power(reader *r, size_t *out) {
    NTK_TRY(read_atom(r, out));
    if (!take(r, '^')) return NTK_OK;
    skip_blanks(r);
    if (!isdigit((unsigned char)*r->at)) return complain(r, "an exponent is a whole number");
    char *end;
    const unsigned long exponent = strtoul(r->at, &end, 10);
    if (exponent > EXPONENT_MAX) return complain(r, "an exponent above 1000");
    r->at = end;
    return add_unary(r->formula, FORMULA_POWER, *out, exponent, out);
}

static ntk_status read_signed(reader *r, size_t *out) {
    const bool negative = take(r, '-');
    NTK_TRY(read_power(r, out));
    return negative ? add_unary(r->formula, FORMULA_NEGATE, *out, 0, out) : NTK_OK;
}

static ntk_status read_product(reader *r, size_t *out) {
    NTK_TRY(read_signed(r, out));
    for (;;) {
        const bool times = take(r, '*');
        if (!times && !take(r, '/')) return NTK_OK;
        size_t factor;
        NTK_TRY(read_signed(r, &factor));
        NTK_TRY(add_binary(r->formula, times ? FORMULA_MULTIPLY : FORMULA_DIVIDE, *out, factor, out));
    }
}

static ntk_status read_sum(reader *r, size_t *out) {
    if (++r->nesting > NESTING_MAX) return complain(r, "nested too deeply");
    NTK_TRY(read_product(r, out));
    for (;;) {
        const bool plus = take(r, '+');
        if (!plus && !take(r, '-')) break;
        size_t term;
        NTK_TRY(read_product(r, &term));
        NTK_TRY(add_binary(r->formula, plus ? FORMULA_ADD : FORMULA_SUBTRACT, *out, term, out));
    }
    r->nesting--;
    return NTK_OK;
}

static ntk_status read_text(ntk_formula *formula, const char *text, size_t *out) {
    reader r = {formula, text, text, 0};
    if (strlen(text) >= TEXT_MAX) return ntk_fail(NTK_ERROR_ARGUMENT, "formula: a text too long");
    NTK_TRY(read_sum(&r, out));
    skip_blanks(&r);
    return *r.at == 0 ? NTK_OK : complain(&r, "not understood");
}

ntk_status formula_read_constant(ntk_formula *formula, const char *text, size_t *step) {
    NTK_TRY(read_text(formula, text, step));
    if (formula->steps[*step].constant) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "formula '%s' depends on x, where a constant is wanted", text);
}

/* ---- definitions ----------------------------------------------------------------------------- */

static ntk_status check_name(const ntk_formula *formula, const char *name) {
    const size_t length = strlen(name);
    if (length == 0 || length >= FORMULA_NAME_SIZE || name_length(name) != length ||
        !islower((unsigned char)*name))
        return ntk_fail(NTK_ERROR_ARGUMENT, "formula: '%s' is no name: lower-case letters and digits", name);
    if (formula->names == FORMULA_NAMES_MAX)
        return ntk_fail(NTK_ERROR_SHAPE, "formula: more than %d names", (int)FORMULA_NAMES_MAX);
    for (size_t i = 0; i < formula->names; i++)
        if (strcmp(formula->name[i], name) == 0)
            return ntk_fail(NTK_ERROR_ARGUMENT, "formula: '%s' is defined already", name);
    if (is_reserved(name)) return ntk_fail(NTK_ERROR_ARGUMENT, "formula: '%s' has a meaning already", name);
    return NTK_OK;
}

static void give_name(ntk_formula *formula, const char *name, size_t step) {
    memcpy(formula->name[formula->names], name, strlen(name) + 1);
    formula->named[formula->names++] = step;
}

ntk_status ntk_formula_number(ntk_formula *formula, const char *name, double value) {
    NTK_BALL_GUARD;
    size_t step = 0;
    NTK_TRY(check_name(formula, name));
    if (!isfinite(value)) return ntk_fail(NTK_ERROR_ARGUMENT, "formula: '%s' is %g", name, value);
    NTK_TRY(add_constant(formula, &step));
    arb_set_d(formula->values + step, value);
    give_name(formula, name, step);
    return NTK_OK;
}

ntk_status ntk_formula_define(ntk_formula *formula, const char *name, const char *text) {
    NTK_BALL_GUARD;
    size_t step = 0;
    NTK_TRY(check_name(formula, name));
    NTK_TRY(read_text(formula, text, &step));
    give_name(formula, name, step);
    return NTK_OK;
}

ntk_status ntk_formula_define_as(ntk_formula *formula, const char *name, const char *format, ...) {
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= TEXT_MAX) return ntk_fail(NTK_ERROR_ARGUMENT, "formula: a text too long");
    return ntk_formula_define(formula, name, text);
}
