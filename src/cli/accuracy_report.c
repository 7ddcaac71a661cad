#include "cli/accuracy_report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "run/json.h"

definiteness definiteness_of(ntk_interval lambda_min) {
    if (lambda_min.low > 0) return POSITIVE_DEFINITE;
    return lambda_min.high <= 0 ? NOT_POSITIVE_DEFINITE : DEFINITENESS_UNKNOWN;
}

/* The error, not its logarithm: 1e-12 are 12 digits, whatever log10 makes of it. */
bool accuracy_is_enough(const ntk_accuracy *accuracy, double digits) {
    return accuracy->error <= pow(10, -digits);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void line(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line(const char *name, const char *format, ...) {
    va_list arguments;
    printf("%-12s ", name);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

static void print_symmetry(const ntk_accuracy *a) {
    if (a->asymmetry == 0)
        line("symmetric", "yes, bit for bit");
    else
        line("symmetric", "no: [%zu, %zu] and [%zu, %zu] differ by %.2g of sqrt(K_ii K_jj)", a->asymmetry_row,
             a->asymmetry_column, a->asymmetry_column, a->asymmetry_row, a->asymmetry);
}

static void print_definiteness(const ntk_accuracy *a) {
    const char *triangle = a->asymmetry == 0 ? "" : " (lower triangle)";
    switch (definiteness_of(a->lambda_min)) {
    case POSITIVE_DEFINITE:
        line("definite", "positive definite, certified%s", triangle);
        break;
    case NOT_POSITIVE_DEFINITE:
        line("definite", "not positive definite, certified%s", triangle);
        break;
    default:
        line("definite", "cannot be told in double precision%s", triangle);
    }
    line("lambda_min", "from %.17g to %.17g", a->lambda_min.low, a->lambda_min.high);
    if (isfinite(a->exact_lambda_min.low))
        line("", "exact kernel: from %.17g to %.17g", a->exact_lambda_min.low, a->exact_lambda_min.high);
    else
        line("", "exact kernel: not enclosed for so many points");
}

void accuracy_print(const ntk_accuracy *a, double digits) {
    line("digits", "%.1f (%g wanted%s)", ntk_accuracy_digits(a), digits,
         accuracy_is_enough(a, digits) ? "" : ": too few");
    line("worst entry", "[%zu, %zu] is %.17g, exactly %.17g to %.17g", a->row, a->column, a->stored,
         a->exact.low, a->exact.high);
    line("", "off by at most %.2g of sqrt(K_ii K_jj)", a->error);
    line("judged", "%zu of %zu entries%s", a->judged, a->rows * a->columns,
         a->judged < a->rows * a->columns ? ": a fixed sample, the diagonal, and the suspicious ones" : "");
    if (!a->square) return;
    print_symmetry(a);
    print_definiteness(a);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *interval(ntk_interval value) {
    json_t *out = json_object();
    ntk_json_set_number(out, "low", value.low);
    ntk_json_set_number(out, "high", value.high);
    return out;
}

static json_t *place(size_t row, size_t column) {
    return json_pack("[I, I]", (json_int_t)row, (json_int_t)column);
}

static void set_square(json_t *out, const ntk_accuracy *a) {
    static const char *const names[] = {[DEFINITENESS_UNKNOWN] = "unknown",
                                        [POSITIVE_DEFINITE] = "certified",
                                        [NOT_POSITIVE_DEFINITE] = "refuted"};
    json_object_set_new(out, "symmetric", json_boolean(a->asymmetry == 0));
    ntk_json_set_number(out, "asymmetry", a->asymmetry);
    if (a->asymmetry > 0)
        json_object_set_new(out, "asymmetric_entry", place(a->asymmetry_row, a->asymmetry_column));
    json_object_set_new(out, "positive_definite", json_string(names[definiteness_of(a->lambda_min)]));
    json_object_set_new(out, "lambda_min", interval(a->lambda_min));
    json_object_set_new(out, "exact_lambda_min", interval(a->exact_lambda_min));
}

json_t *accuracy_to_json(const ntk_accuracy *a) {
    json_t *out = json_object();
    ntk_json_set_number(out, "digits", ntk_accuracy_digits(a));
    ntk_json_set_number(out, "error", a->error);
    json_object_set_new(out, "worst_entry", place(a->row, a->column));
    ntk_json_set_number(out, "stored", a->stored);
    json_object_set_new(out, "exact", interval(a->exact));
    json_object_set_new(out, "judged", json_integer((json_int_t)a->judged));
    json_object_set_new(out, "entries", json_integer((json_int_t)(a->rows * a->columns)));
    if (a->square) set_square(out, a);
    return out;
}
