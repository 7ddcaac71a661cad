/* Drawings as parts of a page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "run/svg.h"

static const char drawing[] =
    "<?xml version=\"1.0\"?>\n<svg \n viewBox=\"0 0 9 8\"\n xmlns=\"s\">\n<title>Gnuplot</title>\n"
    "<g id=\"gnuplot_canvas\">\n<rect x=\"0\" fill=\"#ffffff\"/>\n"
    "<defs>\n\t<path id='gpPt0' d='M-1,0 h2'/>\n</defs>\n"
    "<g fill=\"none\" color=\"black\" stroke=\"currentColor\" stroke-width=\"1.18\">\n</g>\n"
    "<g fill=\"none\" stroke-linecap=\"butt\">\n\t<path d='M1.26,2.00 L3.4,5.67\n\t\tL7,3.04 '/></g>\n"
    "<g id=\"gnuplot_plot_1\" ><use xlink:href='#gpPt0' color='#0072b2'/>"
    "<g transform=\"translate(1.04,2)\" fill=\"rgb( 48,  53,  59)\">\n"
    "<text><tspan font-family=\"DejaVu Sans\" >a  b </tspan></text>\n</g></g></g></svg>\n";

static char *inlined(const char *svg, bool first) {
    char *content = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&content, &size);
    cr_assert_not_null(out);
    ntk_svg_inline(out, svg, first, "seen <blind> \"b\"");
    fclose(out);
    return content;
}

Test(svg, what_a_page_has_once_is_left_out) {
    char *rest = inlined(drawing, false), *first = inlined(drawing, true);
    cr_expect_str_eq(rest,
                     "<svg fill=\"none\" color=\"black\" stroke=\"currentColor\" role=\"img\" "
                     "xmlns=\"http://www.w3.org/2000/svg\" aria-label=\"seen &lt;blind&gt; &quot;b&quot;\" "
                     "viewBox=\"0 0 9 8\"><g><rect x=\"0\" fill=\"#ffffff\" stroke=\"none\"/>"
                     "<path d=\"M1.3,2l2.1,3.7l3.6-2.7\"/><g><use href=\"#gpPt0\" color=\"#0072b2\"/>"
                     "<text transform=\"translate(1,2)\" fill=\"#30353b\">a  b </text></g></g></svg>");
    cr_expect_not_null(strstr(first, "<defs><path id=\"gpPt0\" d=\"M-1,0 h2\"/></defs>"), "%s", first);
    free(rest);
    free(first);
}

static void expect_inside(const char *elements, const char *wanted) {
    char svg[1024];
    snprintf(svg, sizeof svg, "<svg viewBox=\"0 0 9 8\">%s</svg>", elements);
    char *content = inlined(svg, false);
    const char *inside = strstr(content, "viewBox=\"0 0 9 8\">");
    cr_assert_not_null(inside);
    inside += strlen("viewBox=\"0 0 9 8\">");
    cr_expect(strncmp(inside, wanted, strlen(wanted)) == 0 && strcmp(inside + strlen(wanted), "</svg>") == 0,
              "%s", inside);
    free(content);
}

/* Points of one kind are one element; another colour, size or symbol begins another. */
Test(svg, points_that_are_alike_are_one_element) {
    expect_inside(
        "<use xlink:href='#gpPt6' transform='translate(1,2) scale(2.00)' color='rgb(0,114,178)'/>\n"
        "<g stroke='a'>\n</g>\n"
        "<use xlink:href='#gpPt6' transform='translate(3.5,4) scale(2.00)' color='rgb(0,114,178)'/>"
        "<use xlink:href='#gpPt6' transform='translate(3.5,4) scale(2.00)' color='rgb(0,0,0)'/>",
        "<path stroke-linecap=\"round\" stroke=\"#0072b2\" stroke-width=\"4.4\" d=\"M1,2h0M3.5,4h0\"/>"
        "<path stroke-linecap=\"round\" stroke=\"#000000\" stroke-width=\"4.4\" d=\"M3.5,4h0\"/>");
    expect_inside(
        "<use xlink:href='#gpPt4' transform='translate(1,2) scale(2.00)' color='black'/>"
        "<use xlink:href='#gpPt4' transform='translate(3,2) scale(2.00)' color='black'/>"
        "<use xlink:href='#gpPt4' transform='translate(3,2) scale(4.00)' color='black'/>",
        "<g color=\"black\" transform=\"scale(2.00)\"><use href=\"#gpPt4\" x=\"0.5\" y=\"1.0\"/>"
        "<use href=\"#gpPt4\" x=\"1.5\" y=\"1.0\"/></g>"
        "<g color=\"black\" transform=\"scale(4.00)\"><use href=\"#gpPt4\" x=\"0.8\" y=\"0.5\"/></g>");
}

/* A point that the line to the next passes within a tenth of a pixel is left out; a corner, a way
 * back and a step to the side are not. Paths that are alike are one, but not where they are
 * translucent. */
Test(svg, lines_keep_their_corners) {
    expect_inside("<path d='M0,0 L1,0 L2,0.04 L5,0 L5,3 L5,1'/>", "<path d=\"M0,0h5v3v-2\"/>");
    expect_inside("<path d='M0,0 L4,0.3 L8,0'/>", "<path d=\"M0,0l4,.3l4-.3\"/>");
    expect_inside("<path stroke='rgb(1, 2, 3)' d='M0,0 L1,0'/>\n<path stroke='rgb(1, 2, 3)' d='M0,1 L1,1'/>"
                  "<path stroke='red' d='M0,1 L1,1'/>",
                  "<path stroke=\"#010203\" d=\"M0,0h1M0,1h1\"/><path stroke=\"red\" d=\"M0,1h1\"/>");
    expect_inside("<path opacity='0.5' d='M0,0 L1,0'/><path opacity='0.5' d='M0,0 L1,1'/>",
                  "<path opacity=\".5\" d=\"M0,0h1\"/><path opacity=\".5\" d=\"M0,0l1,1\"/>");
}

/* What gnuplot does not write stays as it is. */
Test(svg, what_is_not_understood_stands_as_it_is) {
    expect_inside("<path d='M0,0 C1,1 2.25,2 3,3'/>", "<path d=\"M0,0 C1,1 2.3,2 3,3\"/>");
    expect_inside("a < b<text>c</text>", "a < b<text>c</text>");
    expect_inside("<broken name", "<broken name");
}
