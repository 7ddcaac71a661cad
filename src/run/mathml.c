/* A formula is a row of items; an item is an atom with what stands below and above it. The extent
 * of an atom is found before it is written, since MathML names the kind of an item first. */
#include "run/mathml.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "run/markup.h"
#include "run/utf8.h"

typedef struct span {
    const char *at, *end;
} span;

/* ---- symbols --------------------------------------------------------------------------------- */

static const struct {
    const char *name, *symbol;
    bool letter; /* an identifier, not an operator */
} symbols[] = {
    {"alpha", "α", true},   {"beta", "β", true},    {"gamma", "γ", true},   {"delta", "δ", true},
    {"epsilon", "ε", true}, {"eta", "η", true},     {"theta", "θ", true},   {"kappa", "κ", true},
    {"lambda", "λ", true},  {"mu", "μ", true},      {"nu", "ν", true},      {"pi", "π", true},
    {"rho", "ρ", true},     {"sigma", "σ", true},   {"tau", "τ", true},     {"phi", "φ", true},
    {"psi", "ψ", true},     {"omega", "ω", true},   {"Gamma", "Γ", true},   {"Delta", "Δ", true},
    {"Theta", "Θ", true},   {"Sigma", "Σ", true},   {"Phi", "Φ", true},     {"Omega", "Ω", true},
    {"infty", "∞", true},   {"le", "≤", false},     {"ge", "≥", false},     {"ne", "≠", false},
    {"to", "→", false},     {"in", "∈", false},     {"cdot", "·", false},   {"times", "×", false},
    {"sum", "∑", false},    {"prod", "∏", false},   {"int", "∫", false},    {"partial", "∂", true},
    {"nabla", "∇", true},   {"pm", "±", false},     {"sim", "∼", false},    {"propto", "∝", false},
    {"|", "‖", false},      {"langle", "⟨", false}, {"rangle", "⟩", false}, {"dots", "…", false},
    {",", "", false},
};

static const char *const functions[] = {"arccos", "argmax", "arcsin",  "cos", "det", "diag",
                                        "exp",    "inf",    "lim",     "log", "max", "min",
                                        "rank",   "sin",    "softmax", "sup", "tan", "tr"};

/* Digits and signs that Unicode sets below or above the line, and what they are. */
static const struct {
    const char *small, *plain;
    bool below;
} scripts[] = {
    {"₀", "0", true},  {"₁", "1", true},  {"₂", "2", true},  {"₃", "3", true},  {"₄", "4", true},
    {"₅", "5", true},  {"₆", "6", true},  {"₇", "7", true},  {"₈", "8", true},  {"₉", "9", true},
    {"⁰", "0", false}, {"¹", "1", false}, {"²", "2", false}, {"³", "3", false}, {"⁴", "4", false},
    {"⁵", "5", false}, {"⁶", "6", false}, {"⁷", "7", false}, {"⁸", "8", false}, {"⁹", "9", false},
    {"⁻", "−", false}, {"⁺", "+", false}, {"ⁿ", "n", false}, {"ᵀ", "T", false}, {"₋", "−", true},
};
enum { SCRIPTS = sizeof scripts / sizeof *scripts };

static bool begins(span s, const char *text) {
    const size_t length = strlen(text);
    return (size_t)(s.end - s.at) >= length && strncmp(s.at, text, length) == 0;
}

static size_t script_at(span s) {
    for (size_t i = 0; i < SCRIPTS; i++)
        if (begins(s, scripts[i].small)) return i;
    return SCRIPTS;
}

/* ---- extents --------------------------------------------------------------------------------- */

static const char *after_character(span s) {
    const size_t bytes = ntk_utf8_length(s.at, (size_t)(s.end - s.at));
    return s.at + (bytes > 0 ? bytes : 1);
}

static const char *after_spaces(span s) {
    while (s.at < s.end && *s.at == ' ') s.at++;
    return s.at;
}

/* Past the brace that closes the group at s; the end where none does. */
static const char *after_group(span s) {
    int depth = 0;
    for (; s.at < s.end; s.at++) {
        depth += *s.at == '{' ? 1 : *s.at == '}' ? -1 : 0;
        if (depth == 0) return s.at + 1;
    }
    return s.end;
}

static size_t command_length(span s) {
    size_t length = 1;
    while (s.at + length < s.end && isalpha((unsigned char)s.at[length])) length++;
    return length > 1 || s.at + length >= s.end ? length : 2;
}

static bool is_command(span s, const char *name) {
    return s.at < s.end && *s.at == '\\' && command_length(s) == strlen(name) + 1 &&
           strncmp(s.at + 1, name, strlen(name)) == 0;
}

static size_t groups_of(span s) {
    return is_command(s, "frac") ? 2 : is_command(s, "sqrt") || is_command(s, "hat") || is_command(s, "text");
}

static size_t function_length(span s) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        const char *next = s.at + strlen(functions[i]);
        if (begins(s, functions[i]) && (next >= s.end || !isalpha((unsigned char)*next)))
            return strlen(functions[i]);
    }
    return 0;
}

static const char *after_number(span s) {
    while (s.at < s.end && (isdigit((unsigned char)*s.at) ||
                            (*s.at == '.' && s.at + 1 < s.end && isdigit((unsigned char)s.at[1]))))
        s.at++;
    return s.at;
}

static const char hat[] = "\u0302", root[] = "√";

/* Past the parenthesis that closes the one at s. */
static const char *after_parenthesis(span s) {
    int depth = 0;
    for (; s.at < s.end; s.at++) {
        depth += *s.at == '(' ? 1 : *s.at == ')' ? -1 : 0;
        if (depth == 0) return s.at + 1;
    }
    return s.end;
}

static const char *after_atom(span s);

/* What stands under the root sign at s. */
static span radicand(span s) {
    s.at += strlen(root);
    if (s.at >= s.end) return s;
    return (span){s.at, *s.at == '(' ? after_parenthesis(s) : after_atom(s)};
}

static const char *after_atom(span s) {
    const size_t groups = groups_of(s);
    if (*s.at == '{') return after_group(s);
    if (*s.at == '\\') {
        s.at += command_length(s);
        for (size_t g = 0; g < groups && s.at < s.end && *s.at == '{'; g++) s.at = after_group(s);
        return s.at;
    }
    if (isdigit((unsigned char)*s.at)) return after_number(s);
    if (begins(s, root)) return radicand(s).end;
    if (function_length(s) > 0) return s.at + function_length(s);
    s.at = after_character(s);
    return begins(s, hat) ? s.at + strlen(hat) : s.at;
}

/* What follows _ or ^. */
static span argument(span s) {
    s.at = after_spaces(s);
    if (s.at >= s.end) return s;
    return (span){s.at, *s.at == '{' || *s.at == '\\' ? after_atom(s) : after_character(s)};
}

static span inside(span group) {
    if (group.at < group.end && *group.at == '{')
        return (span){group.at + 1, group.end - (group.end[-1] == '}' ? 1 : 0)};
    return group;
}

/* An item: its atom, and what stands below and above; empty where nothing does. */
typedef struct item {
    span atom, below, above;
    const char *end;
} item;

static const char *after_scripts(span s, bool below) {
    for (size_t i; (i = script_at(s)) < SCRIPTS && scripts[i].below == below;)
        s.at += strlen(scripts[i].small);
    return s.at;
}

static item next_item(span s) {
    item found = {.atom = {s.at, after_atom(s)}};
    s.at = found.atom.end;
    while (s.at < s.end) {
        span *part = *s.at == '_' ? &found.below : *s.at == '^' ? &found.above : NULL;
        const size_t script = script_at(s);
        if (part != NULL && part->at == NULL)
            *part = argument((span){s.at + 1, s.end});
        else if (part == NULL && script < SCRIPTS) {
            part = scripts[script].below ? &found.below : &found.above;
            if (part->at != NULL) break;
            *part = (span){s.at, after_scripts(s, scripts[script].below)};
        } else
            break;
        s.at = part->end;
    }
    found.end = s.at;
    return found;
}

/* ---- MathML ---------------------------------------------------------------------------------- */

static void write_row(FILE *out, span s);
static void plain_symbol(FILE *out, span command);

static void element(FILE *out, const char *name, span text) {
    fprintf(out, "<%s>", name);
    ntk_markup_span(out, text.at, (size_t)(text.end - text.at));
    fprintf(out, "</%.2s>", name);
}

static void row(FILE *out, span s) {
    fputs("<mrow>", out);
    write_row(out, inside(s));
    fputs("</mrow>", out);
}

static bool is_letter(span s) {
    const unsigned char c = (unsigned char)*s.at;
    return isalpha(c) || (c >= 0xce && c <= 0xcf) || begins(s, "∞") || begins(s, "∂") || begins(s, "∇") ||
           begins(s, "ℓ") || begins(s, "ŵ");
}

static void write_text(FILE *out, span group) {
    const span content = inside(group);
    fputs("<mtext>", out);
    ntk_markup_span(out, content.at, (size_t)(content.end - content.at));
    fputs("</mtext>", out);
}

static void write_symbol(FILE *out, span command) {
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (is_command(command, symbols[i].name)) {
            const span symbol = {symbols[i].symbol, symbols[i].symbol + strlen(symbols[i].symbol)};
            if (symbol.at < symbol.end)
                element(out, symbols[i].letter ? "mi" : "mo stretchy=\"false\"", symbol);
            return;
        }
    element(out, "mi", (span){command.at + 1, command.at + command_length(command)});
}

static void write_command(FILE *out, span s) {
    span rest = {s.at + command_length(s), s.end};
    const span first = {rest.at, rest.at < s.end && *rest.at == '{' ? after_group(rest) : rest.at};
    if (groups_of(s) == 0) {
        write_symbol(out, s);
    } else if (is_command(s, "text")) {
        write_text(out, first);
    } else if (is_command(s, "sqrt")) {
        fputs("<msqrt>", out);
        row(out, first);
        fputs("</msqrt>", out);
    } else if (is_command(s, "hat")) {
        fputs("<mover accent=\"true\">", out);
        row(out, first);
        fputs("<mo>^</mo></mover>", out);
    } else {
        fputs("<mfrac>", out);
        row(out, first);
        row(out, (span){first.end, s.end});
        fputs("</mfrac>", out);
    }
}

/* Without the parentheses that the root sign of plain text needs. */
static void write_root(FILE *out, span under) {
    const bool closed = under.at < under.end && *under.at == '(' && under.end[-1] == ')';
    fputs("<msqrt>", out);
    write_row(out, closed ? (span){under.at + 1, under.end - 1} : under);
    fputs("</msqrt>", out);
}

static void write_atom(FILE *out, span s) {
    const char *plain = after_character(s);
    if (*s.at == '{')
        row(out, s);
    else if (*s.at == '\\')
        write_command(out, s);
    else if (isdigit((unsigned char)*s.at))
        element(out, "mn", s);
    else if (begins(s, root))
        write_root(out, radicand(s));
    else if (plain < s.end && begins((span){plain, s.end}, hat)) {
        fputs("<mover accent=\"true\">", out);
        element(out, "mi", (span){s.at, plain});
        fputs("<mo>^</mo></mover>", out);
    } else
        element(out, is_letter(s) ? "mi" : "mo stretchy=\"false\"", s);
}

/* Below or above: a group, a letter, or small digits, which are set as what they are. */
static void write_script(FILE *out, span s) {
    fputs("<mrow>", out);
    if (s.at < s.end && script_at(s) < SCRIPTS)
        for (size_t i; s.at < s.end && (i = script_at(s)) < SCRIPTS; s.at += strlen(scripts[i].small))
            element(out, isdigit((unsigned char)*scripts[i].plain) ? "mn" : "mi",
                    (span){scripts[i].plain, scripts[i].plain + strlen(scripts[i].plain)});
    else
        write_row(out, inside(s));
    fputs("</mrow>", out);
}

static void write_row(FILE *out, span s) {
    while ((s.at = after_spaces(s)) < s.end) {
        const item next = next_item(s);
        const bool below = next.below.at != NULL, above = next.above.at != NULL;
        const char *name = below && above ? "msubsup" : below ? "msub" : above ? "msup" : NULL;
        if (name != NULL) fprintf(out, "<%s>", name);
        write_atom(out, next.atom);
        if (below) write_script(out, next.below);
        if (above) write_script(out, next.above);
        if (name != NULL) fprintf(out, "</%s>", name);
        s.at = next.end;
    }
}

/* Whether a line may break before an item: at a relation or a sign between blanks. */
static bool may_break(span formula, span atom) {
    static const char *const signs[] = {"=", "≤", "≥", "<", ">", "→", "∼", "≠", "+", "−", "\\le", "\\ge"};
    if (atom.at == formula.at || atom.at[-1] != ' ' || atom.end >= formula.end || *atom.end != ' ')
        return false;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if ((size_t)(atom.end - atom.at) == strlen(signs[i]) && begins(atom, signs[i])) return true;
    return false;
}

/* Browsers break no line within a formula: it is written in parts, between which they do. */
static void write_formula(FILE *out, span s) {
    span part = s;
    while ((s.at = after_spaces(s)) < s.end) {
        const item next = next_item(s);
        if (may_break(part, next.atom) && next.end == next.atom.end) {
            write_row(out, (span){part.at, s.at});
            fputs("</math> <math>", out);
            fputs("<mo form=\"infix\" stretchy=\"false\">", out);
            if (*s.at == '\\')
                plain_symbol(out, next.atom);
            else
                ntk_markup_span(out, next.atom.at, (size_t)(next.atom.end - next.atom.at));
            fputs("</mo>", out);
            part.at = next.end;
        }
        s.at = next.end;
    }
    write_row(out, part);
}

/* ---- plain text ------------------------------------------------------------------------------ */

static void plain_row(FILE *out, span s);

/* In parentheses where it is more than one item. */
static void plain_group(FILE *out, span group) {
    const span content = inside(group);
    const bool single = content.at < content.end && next_item(content).end == content.end;
    if (!single) fputc('(', out);
    plain_row(out, content);
    if (!single) fputc(')', out);
}

static void plain_symbol(FILE *out, span command) {
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (is_command(command, symbols[i].name)) {
            fputs(symbols[i].symbol, out);
            return;
        }
    fwrite(command.at + 1, 1, command_length(command) - 1, out);
}

static void plain_command(FILE *out, span s) {
    const span rest = {s.at + command_length(s), s.end};
    const span first = {rest.at, rest.at < s.end && *rest.at == '{' ? after_group(rest) : rest.at};
    if (groups_of(s) == 0) {
        plain_symbol(out, s);
    } else if (is_command(s, "frac")) {
        plain_group(out, first);
        fputc('/', out);
        plain_group(out, (span){first.end, s.end});
    } else if (is_command(s, "sqrt")) {
        fputs("√", out);
        plain_group(out, first);
    } else if (is_command(s, "hat")) {
        plain_row(out, inside(first));
        fputs(hat, out);
    } else
        fwrite(inside(first).at, 1, (size_t)(inside(first).end - inside(first).at), out);
}

/* As written, but for commands and for braces that only hold together. */
static void plain_row(FILE *out, span s) {
    while (s.at < s.end) {
        const char *next = *s.at == '\\' || *s.at == '{' ? after_atom(s) : after_character(s);
        const span atom = {s.at, next};
        if (*s.at == '\\')
            plain_command(out, atom);
        else if (*s.at == '{') {
            fputc('{', out);
            plain_row(out, inside(atom));
            fputc('}', out);
        } else
            fwrite(s.at, 1, (size_t)(next - s.at), out);
        s.at = next;
    }
}

/* ---- texts ----------------------------------------------------------------------------------- */

static void write(FILE *out, const char *text, void (*prose)(FILE *, const char *, size_t), const char *open,
                  void (*formula)(FILE *, span), const char *close) {
    for (const char *first; (first = strchr(text, '$')) != NULL;) {
        const char *second = strchr(first + 1, '$');
        if (second == NULL) break;
        prose(out, text, (size_t)(first - text));
        fputs(open, out);
        formula(out, (span){first + 1, second});
        fputs(close, out);
        text = second + 1;
    }
    prose(out, text, strlen(text));
}

static void copy(FILE *out, const char *text, size_t length) { fwrite(text, 1, length, out); }

void ntk_mathml_html(FILE *out, const char *text) {
    write(out, text, ntk_markup_span, "<math>", write_formula, "</math>");
}

void ntk_mathml_plain(FILE *out, const char *text) { write(out, text, copy, "", plain_row, ""); }
