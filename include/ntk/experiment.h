/* Experiments: what the code of a claim sees of the suite.
 *
 * suites/<suite>/<claim>/experiment.c defines one constant and nothing else with external linkage:
 *
 *     static const ntk_parameter parameters[] = {
 *         {"widths", NTK_PARAMETER_INTEGER_LIST, "64 256", 1, 1e6, NULL, "hidden widths"},
 *         {"lambda", NTK_PARAMETER_REAL, "0.1", 0, 1e3, NULL, "strength of the regulariser"},
 *         {0}};
 *     static ntk_status run(ntk_context *context) { ... ntk_emit_scalar(context, "worst-ratio", worst); ... }
 *     const ntk_experiment NTK_EXPERIMENT = {parameters, run};
 *
 * The Makefile finds the folder, names the constant and adds it to the registry. An experiment neither prints
 * nor writes files: it emits metrics (scalars, estimates with intervals) and tables. Its randomness comes
 * from ntk_context_stream alone. */
#ifndef NTK_EXPERIMENT_H
#define NTK_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ntk/data.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>

typedef enum ntk_parameter_type {
    NTK_PARAMETER_INTEGER,
    NTK_PARAMETER_REAL,
    NTK_PARAMETER_FLAG, /* true / false */
    NTK_PARAMETER_CHOICE,
    NTK_PARAMETER_INTEGER_LIST, /* at least one element; separated by commas or blanks */
    NTK_PARAMETER_REAL_LIST,
    NTK_PARAMETER_CHOICE_LIST
} ntk_parameter_type;

typedef struct ntk_parameter {
    const char *name; /* lower case, hyphens; NULL ends the table */
    ntk_parameter_type type;
    const char *default_value; /* as it would be written after --set name= */
    double low, high;          /* allowed range of numbers, inclusive; ignored for flags and choices */
    const char *choices;       /* "relu|erf|gelu"; NULL for numbers and flags */
    const char *meaning;       /* one line, with the unit */
} ntk_parameter;

typedef struct ntk_context ntk_context;

typedef struct ntk_experiment {
    const ntk_parameter *parameters;
    ntk_status (*run)(ntk_context *context);
} ntk_experiment;

/* Values after defaults, tier, control and --set, validated. Asking for an undeclared name or with the wrong
 * type is a programming error: it aborts the process, which is that claim's ERROR. */
long ntk_context_integer(const ntk_context *context, const char *name);
double ntk_context_real(const ntk_context *context, const char *name);
bool ntk_context_flag(const ntk_context *context, const char *name);
const char *ntk_context_choice(const ntk_context *context, const char *name);
const long *ntk_context_integers(const ntk_context *context, const char *name, size_t *count);
const double *ntk_context_reals(const ntk_context *context, const char *name,
                                size_t *count); /* of an INTEGER_LIST too */
const char *const *ntk_context_choices(const ntk_context *context, const char *name, size_t *count);

/* The stream (base seed, claim id, unit). A control draws the same numbers as the claim itself. */
ntk_stream ntk_context_stream(const ntk_context *context, uint64_t unit);

/* Confidence level of every interval of the suite: family error 1e-3 shared by NTK_SUITE_INTERVALS intervals
 * (Bonferroni). */
#define NTK_SUITE_FAMILY_ERROR 1e-3
#define NTK_SUITE_INTERVALS    500
double ntk_context_level(const ntk_context *context);

/* The folder of committed data sets (data/, or where `--data` points). */
const char *ntk_context_data(const ntk_context *context);

/* For experiments on the sphere: how many points a problem draws there, and how close they may be (data.h).
 */
#define NTK_SPHERE_PARAMETERS(points)                                                                        \
    {"points", NTK_PARAMETER_INTEGER, points, 2, 1000, NULL, "training points on the unit sphere"},          \
        {"inputs", NTK_PARAMETER_INTEGER, "10", 2, 10000, NULL, "input dimension"}, {                        \
        "max-cosine", NTK_PARAMETER_REAL, "0.6", 0.01, 1, NULL, "largest |cosine| between two points"        \
    }

/* For experiments on digits: the parameter that chooses the images, and the images that it chooses (data.h,
 * ntk_digits_read_folder). Errors: those of ntk_digits_read_folder; the full files are not committed, a user
 * puts them into the data folder. */
#define NTK_DIGIT_SET_PARAMETER                                                                              \
    {                                                                                                        \
        "digit-set", NTK_PARAMETER_CHOICE, "subset", 0, 0, "subset|training|test",                           \
            "MNIST: the committed 5,000, or the full files"                                                  \
    }
ntk_status ntk_context_digits(const ntk_context *context, ntk_digits *out);
/* The integers of the parameter "digits", which are the classes, and their number. classes: (10). Errors:
 * NTK_ERROR_ARGUMENT for more than ten. */
ntk_status ntk_context_digit_classes(const ntk_context *context, uint8_t *classes, size_t *count);

/* Metrics: lower-case names with hyphens, each emitted once. Non-finite values are recorded as they are and
 * make checks fail. Errors: NTK_ERROR_ARGUMENT for a bad or repeated name. Not from inside ntk_map. */
ntk_status ntk_emit_scalar(ntk_context *context, const char *metric, double value);
ntk_status ntk_emit_estimate(ntk_context *context, const char *metric, const ntk_estimate *estimate);
/* The same under a name that is put together: "exponent-%s-%zu", "erf", depth. */
ntk_status ntk_emit_scalar_as(ntk_context *context, double value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
ntk_status ntk_emit_estimate_as(ntk_context *context, const ntk_estimate *estimate, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Tables: rows below named columns, of text first and then of doubles. */
typedef struct ntk_table ntk_table;

/* name: as a metric's, given once, not "metrics". columns: such names separated by blanks; one with a leading
 * '$' holds text (first columns only). The table is owned by the context. Errors: NTK_ERROR_ARGUMENT. */
ntk_status ntk_emit_table(ntk_context *context, const char *name, const char *columns, ntk_table **out);
/* values: as many as there are numeric columns; labels: as many as there are text columns (NULL for none),
 * not empty and without tabs and line breaks. Errors: NTK_ERROR_ARGUMENT. */
ntk_status ntk_table_row(ntk_table *table, const char *const *labels, const double *values);

#endif
