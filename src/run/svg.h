/* A drawing of gnuplot as a part of a page. */
#ifndef NTK_RUN_SVG_H
#define NTK_RUN_SVG_H

#include <stdbool.h>
#include <stdio.h>

/* Write the drawing (well-formed, as gnuplot leaves it) without what a page has once or does not
 * need: the declaration, white space, groups of nothing, fonts, names that nothing refers to. Its
 * symbols for points, alike in every drawing, are written with the first alone. label: what a
 * reader who sees no picture is told. */
void ntk_svg_inline(FILE *out, const char *svg, bool first, const char *label);

#endif
