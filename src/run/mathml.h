/* Formulas in the texts of claims: written once, between dollar signs, in a part of LaTeX; shown as
 * MathML on a page and as plain text on a terminal.
 *
 *     $\|\theta_t - \theta_0\| \le \sqrt{2 L_0/\lambda}$, or, with the letters themselves,
 *     $‖θ_t − θ_0‖ ≤ \sqrt{2 L_0/λ}$
 *
 * Known are _ and ^ with a letter or a group in braces, \frac{}{}, \sqrt{}, \hat{}, \text{}, names
 * of functions and Greek letters, and the signs of mathml.c; any other character stands for
 * itself. What is no formula is text. A dollar sign without a partner is a dollar sign. */
#ifndef NTK_RUN_MATHML_H
#define NTK_RUN_MATHML_H

#include <stdio.h>

/* The text as HTML, escaped, its formulas as MathML. */
void ntk_mathml_html(FILE *out, const char *text);

/* The text for a terminal: ‖θ_t − θ_0‖ ≤ √(2 L_0/λ). */
void ntk_mathml_plain(FILE *out, const char *text);

#endif
