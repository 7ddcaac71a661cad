/* Formulas between dollar signs, on a page and on a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "run/mathml.h"

static char *written(void (*write)(FILE *, const char *), const char *text) {
    char *content = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&content, &size);
    cr_assert_not_null(out);
    write(out, text);
    fclose(out);
    return content;
}

#define MI(x) "<mi>" x "</mi>"
#define MN(x) "<mn>" x "</mn>"
#define MO(x) "<mo stretchy=\"false\">" x "</mo>"

static const struct {
    const char *text, *html, *plain;
} cases[] = {
    {"no formula: a < b", "no formula: a &lt; b", "no formula: a < b"},
    {"5 $ and no more", "5 $ and no more", "5 $ and no more"},
    {"at $x_1$.", "at <math><msub>" MI("x") "<mrow>" MN("1") "</mrow></msub></math>.", "at x_1."},
    {"$\\theta_t^2$",
     "<math><msubsup>" MI("θ") "<mrow>" MI("t") "</mrow><mrow>" MN("2") "</mrow></msubsup></math>", "θ_t^2"},
    {"$L₀ ≤ 1.5$",
     "<math><msub>" MI("L") "<mrow>" MN("0") "</mrow></msub></math> <math>"
                                             "<mo form=\"infix\" stretchy=\"false\">≤</mo>" MN(
                                                 "1.5") "</math>",
     "L₀ ≤ 1.5"},
    {"$m^{−1/2}$", "<math><msup>" MI("m") "<mrow>" MO("−") MN("1") MO("/") MN("2") "</mrow></msup></math>",
     "m^{−1/2}"},
    {"$\\sqrt{2 m}$", "<math><msqrt><mrow>" MN("2") MI("m") "</mrow></msqrt></math>", "√(2 m)"},
    {"$√(2m)^3$", "<math><msup><msqrt>" MN("2") MI("m") "</msqrt><mrow>" MN("3") "</mrow></msup></math>",
     "√(2m)^3"},
    {"$b√m$", "<math>" MI("b") "<msqrt>" MI("m") "</msqrt></math>", "b√m"},
    {"$\\frac{1}{n+1}$",
     "<math><mfrac><mrow>" MN("1") "</mrow><mrow>" MI("n") MO("+") MN("1") "</mrow></mfrac></math>",
     "1/(n+1)"},
    {"$\\hat{Θ}$", "<math><mover accent=\"true\"><mrow>" MI("Θ") "</mrow><mo>^</mo></mover></math>",
     "Θ\u0302"},
    {"$Θ\u0302_0$",
     "<math><msub><mover accent=\"true\">" MI("Θ") "<mo>^</mo></mover><mrow>" MN("0") "</mrow></msub></math>",
     "Θ\u0302_0"},
    {"$log T \\le logit$",
     "<math>" MI("log") MI("T") "</math> <math><mo form=\"infix\" stretchy=\"false\">≤</mo>" MI("l") MI("o")
         MI("g") MI("i") MI("t") "</math>",
     "log T ≤ logit"},
    {"$a<b$", "<math>" MI("a") MO("&lt;") MI("b") "</math>", "a<b"},
    {"$\\text{if } x$", "<math><mtext>if </mtext>" MI("x") "</math>", "if  x"},
};

Test(mathml, formulas_are_typeset_and_texts_are_escaped) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *html = written(ntk_mathml_html, cases[i].text),
             *plain = written(ntk_mathml_plain, cases[i].text);
        cr_expect_str_eq(html, cases[i].html, "%s: %s", cases[i].text, html);
        cr_expect_str_eq(plain, cases[i].plain, "%s: %s", cases[i].text, plain);
        free(html);
        free(plain);
    }
}

/* Every beginning of a formula ends somewhere, and leaves no element open. */
Test(mathml, what_is_cut_is_well_formed) {
    static const char whole[] = "\\frac{a_{ij}^{\\sqrt{2}}}{\\hat{Θ}_0} ⁻¹ √(x {y}) \\text{z} _ ^ \\";
    for (size_t length = 0; length < sizeof whole; length++) {
        char text[128];
        snprintf(text, sizeof text, "$%.*s$", (int)length, whole);
        char *html = written(ntk_mathml_html, text), *plain = written(ntk_mathml_plain, text);
        long open = 0, slashes = 0;
        for (const char *at = html; *at != '\0'; at++) {
            open += *at == '<' && at[1] != '/';
            slashes += *at == '<' && at[1] == '/';
        }
        cr_expect_eq(open, slashes, "%s: %s", text, html);
        free(html);
        free(plain);
    }
}
