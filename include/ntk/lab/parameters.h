/* Parameters of an experiment: names, types, ranges, defaults; and the settings that change them. */
#ifndef NTK_LAB_PARAMETERS_H
#define NTK_LAB_PARAMETERS_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

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

typedef struct ntk_setting {
    char *name, *value; /* value as after --set */
    size_t line;
} ntk_setting;

/* Validate one setting against a parameter table. Errors: NTK_ERROR_ARGUMENT naming the parameter and what is
 * allowed (unknown name, wrong type, out of range, NaN). */
ntk_status ntk_setting_check(const ntk_parameter *parameters, const ntk_setting *setting);

/* For experiments on the sphere: how many points a problem draws there, and how close they may be (data.h).
 */
#define NTK_SPHERE_PARAMETERS(points)                                                                        \
    {"points", NTK_PARAMETER_INTEGER, points, 2, 1000, NULL, "training points on the unit sphere"},          \
        {"inputs", NTK_PARAMETER_INTEGER, "10", 2, 10000, NULL, "input dimension"}, {                        \
        "max-cosine", NTK_PARAMETER_REAL, "0.6", 0.01, 1, NULL, "largest |cosine| between two points"        \
    }

NTK_END_DECLS

#endif
