#include "run/svg.h"

#include <ctype.h>
#include <string.h>

#include "run/markup.h"

/* ---- what is left out ------------------------------------------------------------------------ */

static bool begins(const char *at, const char *text) { return strncmp(at, text, strlen(text)) == 0; }

/* Past an element that is left out with all that is in it, or past an attribute; at itself where
 * none begins there. */
static const char *after_omitted(const char *at, bool symbols) {
    static const char *const elements[][2] = {
        {"<title>", "</title>"}, {"<desc>", "</desc>"}, {"<defs>", "</defs>"}};
    static const char *const attributes[] = {
        " font-family=\"DejaVu Sans\"", " stroke-linecap=\"butt\"",
        " stroke-linejoin=\"miter\"",   " fill=\"none\" color=\"black\" stroke=\"currentColor\"",
        " id=\"gnuplot_canvas\"",       " id=\"gnuplot_plot_"};
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (begins(at, elements[i][0]) && !(symbols && i == 2)) {
            const char *end = strstr(at, elements[i][1]);
            return end != NULL ? end + strlen(elements[i][1]) : at;
        }
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (begins(at, attributes[i])) {
            at += strlen(attributes[i]);
            if (at[-1] == '_') at += strcspn(at, "\"") + 1;
            return at;
        }
    return at;
}

/* Past "<g ...></g>"; at itself where no empty group stands there. */
static const char *after_empty_group(const char *at) {
    if (!begins(at, "<g ")) return at;
    const char *end = at + strcspn(at, ">");
    if (*end == '\0') return at;
    end += 1 + strspn(end + 1, " \t\n");
    return begins(end, "</g>") ? end + 4 : at;
}

/* ---- what is shortened ----------------------------------------------------------------------- */

/* A number of a coordinate: one decimal is a tenth of a pixel. */
static const char *write_number(FILE *out, const char *at) {
    const size_t whole = strspn(at, "0123456789");
    fwrite(at, 1, whole, out);
    at += whole;
    if (whole == 0 || *at != '.' || !isdigit((unsigned char)at[1])) return at;
    if (at[1] != '0') fwrite(at, 1, 2, out);
    return at + 1 + strspn(at + 1, "0123456789");
}

/* White space is one blank, and none before what needs none. In a path, a pair of numbers that
 * follows another is the end of a line anyway. */
static const char *write_space(FILE *out, const char *at) {
    at += strspn(at, " \t\n");
    if (*at == 'L' && (isdigit((unsigned char)at[1]) || at[1] == '-')) at++;
    if (*at != '<' && *at != '>' && *at != '\'' && *at != '"') fputc(' ', out);
    return at;
}

/* A tag, without its omitted attributes; numbers are shortened in it. */
static const char *write_tag(FILE *out, const char *at) {
    while (*at != '\0' && *at != '>') {
        const char *next = after_omitted(at, true);
        if (next == at && begins(at, "xlink:href")) next = at + strlen("xlink:");
        if (next != at)
            at = next;
        else if (isspace((unsigned char)*at))
            at = write_space(out, at);
        else if (isdigit((unsigned char)*at))
            at = write_number(out, at);
        else
            fputc(*at++, out);
    }
    if (*at == '>') fputc(*at++, out);
    return at;
}

/* ---- the drawing ----------------------------------------------------------------------------- */

static const char *write_root(FILE *out, const char *svg, const char *label) {
    const char *box = strstr(svg, "viewBox=\"");
    /* The groups of gnuplot say so each; here they inherit it. */
    fputs("<svg fill=\"none\" color=\"black\" stroke=\"currentColor\" role=\"img\" "
          "xmlns=\"http://www.w3.org/2000/svg\" aria-label=\"",
          out);
    ntk_markup_text(out, label);
    fputs("\" ", out);
    if (box != NULL) {
        const size_t length = strlen("viewBox=\"") + strcspn(box + strlen("viewBox=\""), "\"") + 1;
        fwrite(box, 1, length, out);
    }
    fputc('>', out);
    svg += strcspn(svg, ">");
    return *svg == '>' ? svg + 1 : svg;
}

void ntk_svg_inline(FILE *out, const char *svg, bool first, const char *label) {
    const char *at = strstr(svg, "<svg");
    if (at == NULL) return;
    at = write_root(out, at, label);
    while (*at != '\0') {
        const char *next = after_omitted(at, first);
        if (next == at) next = after_empty_group(at);
        if (next != at)
            at = next;
        else if (*at == '<')
            at = write_tag(out, at);
        else if (isspace((unsigned char)*at)) {
            const char *end = at + strspn(at, " \t\n");
            if (*end != '\0' && (*end != '<' || end[-1] == ' ')) fputc(' ', out);
            at = end;
        } else
            fputc(*at++, out);
    }
}
