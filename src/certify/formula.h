/* Formulas as lists of operations, and their Taylor coefficients in ball arithmetic. */
#ifndef CERTIFY_FORMULA_H
#define CERTIFY_FORMULA_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/formula.h>
#include <ntk/status.h>

#include "base/arb.h"

enum { FORMULA_BITS = 192, FORMULA_STEPS_MAX = 2048, FORMULA_NAMES_MAX = 256, FORMULA_NAME_SIZE = 32 };

typedef enum formula_operation {
    FORMULA_X,
    FORMULA_CONSTANT,
    FORMULA_ADD,
    FORMULA_SUBTRACT,
    FORMULA_MULTIPLY,
    FORMULA_DIVIDE,
    FORMULA_NEGATE,
    FORMULA_POWER,
    FORMULA_SQRT,
    FORMULA_EXP,
    FORMULA_LOG,
    FORMULA_SIN,
    FORMULA_COS,
    FORMULA_ASIN,
    FORMULA_ATAN,
    FORMULA_ERF,
    FORMULA_ANGLE
} formula_operation;

/* Operands are earlier steps. */
typedef struct formula_step {
    formula_operation operation;
    size_t a, b;
    unsigned long exponent; /* of a power */
    bool constant;          /* does not depend on x */
} formula_step;

struct ntk_formula {
    size_t count, names;
    formula_step steps[FORMULA_STEPS_MAX];
    arb_ptr values; /* (FORMULA_STEPS_MAX), of the steps that are CONSTANT */
    char name[FORMULA_NAMES_MAX][FORMULA_NAME_SIZE];
    size_t named[FORMULA_NAMES_MAX]; /* the step that a name stands for */
};

/* The step of a name. Errors: NTK_ERROR_ARGUMENT. */
ntk_status formula_find(const ntk_formula *formula, const char *name, size_t *step);

/* A constant text ("pi/2"), which becomes a step without a name. Errors: as of
 * ntk_formula_define, and where the text depends on x. */
ntk_status formula_read_constant(ntk_formula *formula, const char *text, size_t *step);

/* The balls of an evaluation, one polynomial a step. */
typedef struct formula_workspace {
    const ntk_formula *formula;
    size_t step;             /* that is evaluated */
    arb_poly_struct *series; /* (step + 1) */
    bool *needed;            /* (step + 1) */
    arb_poly_t quotient;     /* q of formula_jet.c */
} formula_workspace;

/* Errors: NTK_ERROR_MEMORY. */
ntk_status formula_workspace_create(const ntk_formula *formula, size_t step, formula_workspace *out);
void formula_workspace_release(formula_workspace *workspace);

/* Taylor coefficients of the workspace's step about x, the first `order` of them: out (order).
 * Each encloses the coefficient at every point of the ball x; not finite where the step is not
 * defined on all of it. */
void formula_expand(const formula_workspace *workspace, const arb_t x, slong order, arb_ptr out);

#endif
