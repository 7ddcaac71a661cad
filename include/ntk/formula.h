/* Formulas in one variable x, written as text and evaluated in ball arithmetic: what
 * ntk_prove_positive (prove.h) proves. A formula is a list of definitions, each of which may
 * name those before it:
 *
 *     ntk_formula_number(f, "c", 0.99);
 *     ntk_formula_define(f, "chord", "2*sin(x/2)");
 *     ntk_formula_define(f, "margin", "c*chord - 2*x/pi");
 *
 * Numbers, x, pi, names of lower-case letters and digits that begin with a letter, + - * / and
 * whole powers (a^2) with the usual precedence (-a^2 is -(a^2)), parentheses, and the functions
 * sqrt exp log sin cos asin atan erf and angle. Decimal numbers stand for exactly what they say
 * ("0.1" is one tenth); those set by ntk_formula_number are the doubles themselves.
 *
 * angle(t) is arccos kappa_1(cos t), the angle that a ReLU layer makes of the angle t
 * (kernel.h), 0 <= t <= 4: a smooth function there, t = 0 included, where the arccosine itself
 * is none (certify/formula_jet.c). */
#ifndef NTK_FORMULA_H
#define NTK_FORMULA_H

#include <ntk/api.h>
#include <ntk/interval.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef struct ntk_formula ntk_formula;

ntk_status ntk_formula_create(ntk_formula **out);
void ntk_formula_destroy(ntk_formula *formula);

/* Define a name by a finite number, or by a text. Errors: NTK_ERROR_ARGUMENT for a bad, taken or
 * unknown name and for a text that cannot be read, with the place; NTK_ERROR_SHAPE for more than
 * 2,048 operations or 256 names. */
ntk_status ntk_formula_number(ntk_formula *formula, const char *name, double value);
ntk_status ntk_formula_define(ntk_formula *formula, const char *name, const char *text);
/* The same of a text that is put together: "angle(t%zu)", layer. */
ntk_status ntk_formula_define_as(ntk_formula *formula, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An interval that holds the value at the double x, a few ulps wide as a rule; from -infinity to
 * infinity where the formula is not defined or its value cannot be enclosed. Errors:
 * NTK_ERROR_ARGUMENT for an unknown name or an x that is not finite. */
ntk_status ntk_formula_evaluate(const ntk_formula *formula, const char *name, double x, ntk_interval *out);

NTK_END_DECLS

#endif
