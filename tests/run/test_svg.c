/* Drawings as parts of a page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "run/svg.h"

static const char drawing[] =
    "<?xml version=\"1.0\"?>\n<svg \n viewBox=\"0 0 9 8\"\n xmlns=\"s\">\n<title>Gnuplot</title>\n"
    "<g id=\"gnuplot_canvas\">\n<defs>\n\t<path id='gpPt0' d='M-1,0 h2'/>\n</defs>\n"
    "<g fill=\"none\" color=\"black\" stroke=\"currentColor\" stroke-width=\"1.18\">\n</g>\n"
    "<g fill=\"none\" stroke-linecap=\"butt\">\n\t<path d='M1.26,2.00 L3.4,5.67\n\t\tL7,8 '/></g>\n"
    "<g id=\"gnuplot_plot_1\" ><use xlink:href='#gpPt0' color='#0072b2'/>"
    "<text><tspan font-family=\"DejaVu Sans\" >a  b </tspan></text></g></g></svg>\n";

static char *inlined(bool first) {
    char *content = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&content, &size);
    cr_assert_not_null(out);
    ntk_svg_inline(out, drawing, first, "seen <blind> \"b\"");
    fclose(out);
    return content;
}

Test(svg, what_a_page_has_once_is_left_out) {
    char *rest = inlined(false), *first = inlined(true);
    cr_expect_str_eq(rest,
                     "<svg fill=\"none\" color=\"black\" stroke=\"currentColor\" role=\"img\" "
                     "xmlns=\"http://www.w3.org/2000/svg\" aria-label=\"seen &lt;blind&gt; &quot;b&quot;\" "
                     "viewBox=\"0 0 9 8\"><g><g fill=\"none\"><path d='M1.2,2 3.4,5.6 7,8'/></g>"
                     "<g><use href='#gpPt0' color='#0072b2'/><text><tspan>a b </tspan></text></g></g></svg>");
    cr_expect_not_null(strstr(first, "<defs><path id='gpPt0' d='M-1,0 h2'/></defs>"), "%s", first);
    free(rest);
    free(first);
}
