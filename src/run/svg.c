#include "run/svg.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run/markup.h"

/* ---- tags ------------------------------------------------------------------------------------ */

typedef struct {
    const char *text;
    size_t length;
} span;

typedef struct {
    span name, value;
} attribute;

typedef struct {
    span name; /* with the '/' of an end tag */
    attribute attributes[16];
    size_t count;
    bool empty;
    const char *end; /* past '>'; NULL where no tag that is understood stands here */
} tag;

static bool begins(const char *at, const char *text) { return strncmp(at, text, strlen(text)) == 0; }

static bool is(span text, const char *wanted) {
    return text.length == strlen(wanted) && strncmp(text.text, wanted, text.length) == 0;
}

static bool equal(span a, span b) { return a.length == b.length && strncmp(a.text, b.text, a.length) == 0; }

static const char *past_space(const char *at) { return at + strspn(at, " \t\r\n"); }

static const char *read_attribute(const char *at, attribute *into) {
    into->name = (span){at, strcspn(at, " \t\r\n=>/")};
    at = past_space(at + into->name.length);
    if (*at != '=' || into->name.length == 0) return NULL;
    at = past_space(at + 1);
    if (*at != '"' && *at != '\'') return NULL;
    const char quote[] = {*at, '\0'};
    into->value = (span){at + 1, strcspn(at + 1, quote)};
    at += 1 + into->value.length;
    return *at != '\0' ? at + 1 : NULL;
}

static tag read_tag(const char *at) {
    tag t = {.end = NULL};
    if (*at != '<') return t;
    t.name = (span){at + 1, strcspn(at + 1, " \t\r\n>")};
    at = past_space(at + 1 + t.name.length);
    while (*at != '>' && *at != '/') {
        if (t.count == sizeof t.attributes / sizeof *t.attributes) return t;
        at = read_attribute(at, &t.attributes[t.count++]);
        if (at == NULL) return t;
        at = past_space(at);
    }
    t.empty = *at == '/';
    at += t.empty;
    if (*at == '>') t.end = at + 1;
    return t;
}

static span value_of(const tag *t, const char *name) {
    for (size_t i = 0; i < t->count; i++)
        if (is(t->attributes[i].name, name)) return t->attributes[i].value;
    return (span){"", 0};
}

/* Past white space and groups of nothing. */
static const char *past_nothing(const char *at) {
    for (;;) {
        at = past_space(at);
        const tag t = read_tag(at);
        if (t.end == NULL || !is(t.name, "g") || !begins(past_space(t.end), "</g>")) return at;
        at = past_space(t.end) + strlen("</g>");
    }
}

/* ---- numbers and colours, shorter ------------------------------------------------------------ */

/* Tenths of a pixel: what can be seen. */
static long tenths(double x) { return lround(10 * x); }

static void write_tenths(FILE *out, long n) {
    if (n < 0) fputc('-', out);
    n = labs(n);
    if (n >= 10 || n == 0) fprintf(out, "%ld", n / 10);
    if (n % 10 != 0) fprintf(out, ".%ld", n % 10);
}

/* A pair of numbers; a minus sign separates as well as a comma does. */
static void write_pair(FILE *out, long x, long y) {
    write_tenths(out, x);
    if (y >= 0) fputc(',', out);
    write_tenths(out, y);
}

/* The colour as #rrggbb where it is written rgb(r, g, b). */
static bool write_colour(FILE *out, span value) {
    unsigned r, g, b;
    if (!begins(value.text, "rgb(") || sscanf(value.text, "rgb(%u ,%u ,%u )", &r, &g, &b) != 3) return false;
    fprintf(out, "#%02x%02x%02x", r & 255, g & 255, b & 255);
    return true;
}

/* White space as one blank, and numbers to one decimal. */
static void write_value(FILE *out, span value) {
    const char *end = value.text + value.length;
    for (const char *at = value.text; at < end;) {
        const size_t whole = strspn(at, "0123456789");
        if (whole > 0 && at[whole] == '.' && isdigit((unsigned char)at[whole + 1])) {
            char *next;
            write_tenths(out, tenths(strtod(at, &next)));
            at = next;
        } else if (isspace((unsigned char)*at)) {
            at = past_space(at);
            if (at < end) fputc(' ', out);
        } else
            fputc(*at++, out);
    }
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* What draws a path of M and L with few points. Those left out lie within TOLERANCE of the line:
 * from `at` on, the line to each point left out, give or take TOLERANCE, is a cone of directions,
 * and
 * `next` lies in all of them, farther away than each. */
typedef struct {
    FILE *out;
    long at[2], next[2]; /* written; not yet written, where `pending` */
    bool pending;
    double direction, low, high, reach; /* of `next` as `at` sees it; the cone about `direction` */
} pen;

#define TOLERANCE 1.0 /* tenths of a pixel */

/* Differences of tenths are exact: a long line does not drift. */
static void flush_line(pen *p) {
    const long dx = p->next[0] - p->at[0], dy = p->next[1] - p->at[1];
    if (p->pending && dy == 0) {
        fputc('h', p->out);
        write_tenths(p->out, dx);
    } else if (p->pending && dx == 0) {
        fputc('v', p->out);
        write_tenths(p->out, dy);
    } else if (p->pending) {
        fputc('l', p->out);
        write_pair(p->out, dx, dy);
    }
    if (p->pending) memcpy(p->at, p->next, sizeof p->at);
    p->pending = false;
}

static void move_to(pen *p, const long to[2]) {
    flush_line(p);
    fputc('M', p->out);
    write_pair(p->out, to[0], to[1]);
    memcpy(p->at, to, sizeof p->at);
}

/* Let the line go on to `to` in place of `next`: false where it would miss a point left out. */
static bool extends(pen *p, const long to[2]) {
    const double dx = (double)(to[0] - p->at[0]), dy = (double)(to[1] - p->at[1]), reach = hypot(dx, dy);
    double turn = atan2(dy, dx) - p->direction;
    turn -= 2 * M_PI * round(turn / (2 * M_PI));
    if (!(reach >= p->reach && turn >= p->low && turn <= p->high)) return false;
    const double half = asin(fmin(1, TOLERANCE / reach));
    p->low = fmax(p->low, turn - half);
    p->high = fmin(p->high, turn + half);
    p->reach = reach;
    memcpy(p->next, to, sizeof p->next);
    return true;
}

static void line_to(pen *p, const long to[2]) {
    if (p->pending && extends(p, to)) return;
    flush_line(p);
    const double dx = (double)(to[0] - p->at[0]), dy = (double)(to[1] - p->at[1]);
    p->pending = true;
    p->reach = hypot(dx, dy);
    p->direction = atan2(dy, dx);
    p->high = asin(fmin(1, TOLERANCE / fmax(1, p->reach)));
    p->low = -p->high;
    memcpy(p->next, to, sizeof p->next);
}

/* Along a path of M and L; false where something else stands in it. p NULL: only look. */
static bool walk_path(span d, pen *p) {
    const char *at = d.text, *end = d.text + d.length;
    for (char command = 'M';; command = 'L') { /* a pair that follows another is the end of a
                                                * line */
        at += strspn(at, " \t\r\n,");
        if (at >= end) return true;
        if (*at == 'M' || *at == 'L') command = *at++;
        long to[2];
        for (int k = 0; k < 2; k++) {
            at += strspn(at, " \t\r\n,");
            char *next;
            to[k] = tenths(strtod(at, &next));
            if (next == at || next > end) return false;
            at = next;
        }
        if (p != NULL && command == 'M') move_to(p, to);
        if (p != NULL && command == 'L') line_to(p, to);
    }
}

static void write_lines(FILE *out, span d) {
    pen p = {.out = out};
    if (walk_path(d, NULL)) {
        walk_path(d, &p);
        flush_line(&p);
    } else
        write_value(out, d);
}

/* ---- attributes ------------------------------------------------------------------------------ */

/* What the root says already, what a browser takes without being told, names nothing refers to. */
static bool is_omitted(const attribute *a, bool is_group) {
    static const char *const everywhere[][2] = {{"font-family", "DejaVu Sans"}, {"class", "gridline"}};
    static const char *const of_groups[][2] = {{"stroke-linecap", "butt"},
                                               {"stroke-linejoin", "miter"},
                                               {"fill", "none"},
                                               {"color", "black"},
                                               {"stroke", "currentColor"}};
    for (size_t i = 0; i < sizeof everywhere / sizeof *everywhere; i++)
        if (is(a->name, everywhere[i][0]) && is(a->value, everywhere[i][1])) return true;
    for (size_t i = 0; is_group && i < sizeof of_groups / sizeof *of_groups; i++)
        if (is(a->name, of_groups[i][0]) && is(a->value, of_groups[i][1])) return true;
    return is(a->name, "id") && begins(a->value.text, "gnuplot_");
}

static void write_attribute(FILE *out, const attribute *a) {
    span name = a->name;
    if (begins(name.text, "xlink:href")) name = (span){name.text + 6, name.length - 6};
    const char quote = memchr(a->value.text, '"', a->value.length) != NULL ? '\'' : '"';
    fprintf(out, " %.*s=%c", (int)name.length, name.text, quote);
    if (is(name, "href"))
        fwrite(a->value.text, 1, a->value.length, out);
    else if (!write_colour(out, a->value))
        write_value(out, a->value);
    fputc(quote, out);
}

/* All but those that `unless` has itself, and `but`. */
static void write_attributes(FILE *out, const tag *t, const tag *unless, const char *but) {
    for (size_t i = 0; i < t->count; i++) {
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)t->attributes[i].name.length, t->attributes[i].name.text);
        if (is_omitted(&t->attributes[i], is(t->name, "g"))) continue;
        if (but != NULL && is(t->attributes[i].name, but)) continue;
        if (unless == NULL || value_of(unless, name).length == 0) write_attribute(out, &t->attributes[i]);
    }
}

/* ---- points ---------------------------------------------------------------------------------- */

typedef struct {
    span symbol, colour;
    double x, y, scale;
    const char *end;
} point;

/* A point of a series, as gnuplot writes it; end NULL where something else stands here. */
static point read_point(const char *at) {
    const tag t = read_tag(at);
    point p = {.end = NULL};
    if (t.end == NULL || !is(t.name, "use") || !t.empty || t.count != 3) return p;
    p.symbol = value_of(&t, "xlink:href");
    p.colour = value_of(&t, "color");
    const span place = value_of(&t, "transform");
    if (p.symbol.length == 0 || p.colour.length == 0 || place.length == 0) return p;
    if (sscanf(place.text, "translate(%lf,%lf) scale(%lf)", &p.x, &p.y, &p.scale) != 3) return p;
    if (p.scale > 0) p.end = t.end;
    return p;
}

/* A colour's attribute. */
static void write_coloured(FILE *out, const char *name, span colour) {
    fprintf(out, " %s=\"", name);
    if (!write_colour(out, colour)) fwrite(colour.text, 1, colour.length, out);
    fputc('"', out);
}

/* The points from here on that are alike, as one element: discs (gpPt6) as the round ends of lines
 * of no length, other symbols as a group that is scaled once. Past them. */
static const char *write_points(FILE *out, const char *at, point p) {
    const point first = p;
    const bool disc = is(first.symbol, "#gpPt6");
    fputs(disc ? "<path stroke-linecap=\"round\"" : "<g", out);
    write_coloured(out, disc ? "stroke" : "color", first.colour);
    if (disc) /* A radius of 1 with an outline of 0.205, half of it outside. */
        fprintf(out, " stroke-width=\"%.1f\" d=\"", 2 * first.scale * (1 + 0.205 / 2));
    else
        fprintf(out, " transform=\"scale(%.2f)\">", first.scale);
    while (p.end != NULL && equal(p.symbol, first.symbol) && equal(p.colour, first.colour) &&
           p.scale == first.scale) {
        if (disc) {
            fputc('M', out);
            write_pair(out, tenths(p.x), tenths(p.y));
            fputs("h0", out);
        } else
            fprintf(out, "<use href=\"%.*s\" x=\"%.1f\" y=\"%.1f\"/>", (int)p.symbol.length, p.symbol.text,
                    p.x / p.scale, p.y / p.scale);
        at = p.end;
        p = read_point(past_nothing(at));
    }
    fputs(disc ? "\"/>" : "</g>", out);
    return at;
}

/* ---- the drawing ----------------------------------------------------------------------------- */

/* Past an element that is left out with all that is in it; at itself where none begins there. */
static const char *after_omitted(const char *at, bool symbols) {
    static const char *const elements[][2] = {
        {"<title>", "</title>"}, {"<desc>", "</desc>"}, {"<defs>", "</defs>"}};
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (begins(at, elements[i][0]) && !(symbols && i == 2)) {
            const char *end = strstr(at, elements[i][1]);
            return end != NULL ? end + strlen(elements[i][1]) : at;
        }
    return at;
}

static void write_tag(FILE *out, const tag *t) {
    fprintf(out, "<%.*s", (int)t->name.length, t->name.text);
    write_attributes(out, t, NULL, NULL);
    /* Outside a group, gnuplot's rectangles have no outline; here the root has one. */
    if (is(t->name, "rect") && value_of(t, "stroke").length == 0) fputs(" stroke=\"none\"", out);
    fputs(t->empty ? "/>" : ">", out);
}

/* A path, and the group that holds nothing else, if one does. */
typedef struct {
    tag path, group;
    const char *end; /* NULL where something else stands */
} drawn;

static drawn read_drawn(const char *at) {
    drawn d = {.path = read_tag(at)};
    if (d.path.end != NULL && is(d.path.name, "g") && !d.path.empty) {
        d.group = d.path;
        d.path = read_tag(past_space(d.group.end));
    }
    if (d.path.end == NULL || !is(d.path.name, "path") || !d.path.empty) return d;
    d.end = d.path.end;
    if (d.group.end == NULL) return d;
    d.end = past_space(d.end);
    d.end = begins(d.end, "</g>") ? d.end + strlen("</g>") : NULL;
    return d;
}

/* Whether both have the same attributes but for `but`. */
static bool alike(const tag *a, const tag *b, const char *but) {
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++)
        if (!equal(a->attributes[i].name, b->attributes[i].name) ||
            (!is(a->attributes[i].name, but) && !equal(a->attributes[i].value, b->attributes[i].value)))
            return false;
    return true;
}

/* Whether one path can hold the lines of both: where they cross, opacity would tell. */
static bool joins(const drawn *a, const drawn *b) {
    return b->end != NULL && alike(&a->path, &b->path, "d") && alike(&a->group, &b->group, "") &&
           value_of(&a->path, "opacity").length == 0 && value_of(&a->path, "id").length == 0 &&
           walk_path(value_of(&a->path, "d"), NULL) && walk_path(value_of(&b->path, "d"), NULL);
}

/* The paths from here on that are alike, as one, with what their groups say of them. Past them. */
static const char *write_paths(FILE *out, drawn d) {
    const drawn first = d;
    fputs("<path", out);
    write_attributes(out, &first.path, NULL, "d");
    write_attributes(out, &first.group, &first.path, NULL);
    fputs(" d=\"", out);
    const char *end = d.end;
    do {
        write_lines(out, value_of(&d.path, "d"));
        end = d.end;
        d = read_drawn(past_nothing(end));
    } while (joins(&first, &d));
    fputs("\"/>", out);
    return end;
}

static void write_part(FILE *out, const char *at, const char *end, bool first);

/* The text that is all that a group holds, with what the group says of it. Past the group; NULL
 * where another stands here. */
static const char *write_label(FILE *out, const tag *group) {
    const tag text = read_tag(past_space(group->end));
    if (!is(group->name, "g") || text.end == NULL || !is(text.name, "text") || text.count > 0) return NULL;
    const char *end = strstr(text.end, "</text>");
    const char *after = end != NULL ? past_space(end + strlen("</text>")) : NULL;
    if (after == NULL || !begins(after, "</g>")) return NULL;
    if (end > past_space(text.end)) {
        fputs("<text", out);
        write_attributes(out, group, NULL, NULL);
        fputc('>', out);
        write_part(out, text.end, end, false);
        fputs("</text>", out);
    }
    return after + strlen("</g>");
}

/* Text without the element about it that says nothing. Past it; at itself where none stands. */
static const char *write_plain_text(FILE *out, const char *at) {
    const tag t = read_tag(at);
    if (t.end == NULL || !is(t.name, "tspan") || t.empty) return at;
    for (size_t i = 0; i < t.count; i++)
        if (!is_omitted(&t.attributes[i], false)) return at;
    const char *end = t.end + strcspn(t.end, "<");
    if (!begins(end, "</tspan>")) return at;
    fwrite(t.end, 1, (size_t)(end - t.end), out);
    return end + strlen("</tspan>");
}

static const char *write_element(FILE *out, const char *at) {
    const point p = read_point(at);
    if (p.end != NULL) return write_points(out, at, p);
    const drawn d = read_drawn(at);
    if (d.end != NULL) return write_paths(out, d);
    const tag t = read_tag(at);
    if (t.end == NULL) { /* as it stands */
        fputc(*at, out);
        return at + 1;
    }
    if (past_nothing(at) != at) return past_nothing(at);
    /* What moves the text that follows, and none does. */
    if (is(t.name, "tspan") && begins(t.end, "</tspan></text>")) return t.end + strlen("</tspan>");
    const char *end = write_label(out, &t);
    if (end != NULL) return end;
    end = write_plain_text(out, at);
    if (end != at) return end;
    write_tag(out, &t);
    return t.end;
}

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

/* Part of a drawing, to `end`. */
static void write_part(FILE *out, const char *at, const char *end, bool first) {
    while (at < end) {
        const char *next = after_omitted(at, first);
        if (next != at)
            at = next;
        else if (*at == '<')
            at = write_element(out, at);
        else if (*at == '\n' || *at == '\t') /* between elements; in text, gnuplot writes blanks
                                              * alone */
            at = past_space(at);
        else
            fputc(*at++, out);
    }
}

void ntk_svg_inline(FILE *out, const char *svg, bool first, const char *label) {
    const char *at = strstr(svg, "<svg");
    if (at != NULL) write_part(out, write_root(out, at, label), svg + strlen(svg), first);
}
