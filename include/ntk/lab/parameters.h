/* Parameters of an experiment: names, types, ranges, defaults; and the settings that change
 * them. */
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
    NTK_PARAMETER_CHOICE_LIST,
    NTK_PARAMETER_NETWORK_LIST /* names of networks (network_name.h) */
} ntk_parameter_type;

typedef struct ntk_parameter {
    const char *name; /* lower case, hyphens; NULL ends the table */
    ntk_parameter_type type;
    const char *default_value; /* as it would be written after --set name= */
    double low, high;          /* allowed range of numbers, inclusive; ignored elsewhere */
    const char *choices;       /* "relu|erf|gelu"; of networks: what their names may begin with,
                                * NULL: any */
    const char *meaning;       /* one line, with the unit */
} ntk_parameter;

/* The lines of a table:
 *
 *     const ntk_parameter ntk_sphere_parameters[] = {
 *         NTK_INTEGER("points", 8, 2, 1000, "training points on the unit sphere"),
 *         NTK_INTEGERS("widths", "64 256", 2, 65536, "hidden widths, ascending"),
 *         NTK_CHOICE("loss", "cross-entropy", "cross-entropy|squared", "whose gradient flow is
 *         run"),
 *         {0},
 *     };
 *
 * Single numbers and flags have their default as it stands in C, choices and lists as text. */
#define NTK_INTEGER(name, value, low, high, meaning)                                                         \
    { name, NTK_PARAMETER_INTEGER, #value, low, high, NULL, meaning }
#define NTK_REAL(name, value, low, high, meaning)                                                            \
    { name, NTK_PARAMETER_REAL, #value, low, high, NULL, meaning }
#define NTK_FLAG(name, value, meaning)                                                                       \
    { name, NTK_PARAMETER_FLAG, #value, 0, 0, NULL, meaning }
#define NTK_CHOICE(name, value, choices, meaning)                                                            \
    { name, NTK_PARAMETER_CHOICE, value, 0, 0, choices, meaning }
#define NTK_INTEGERS(name, values, low, high, meaning)                                                       \
    { name, NTK_PARAMETER_INTEGER_LIST, values, low, high, NULL, meaning }
#define NTK_REALS(name, values, low, high, meaning)                                                          \
    { name, NTK_PARAMETER_REAL_LIST, values, low, high, NULL, meaning }
#define NTK_CHOICES(name, values, choices, meaning)                                                          \
    { name, NTK_PARAMETER_CHOICE_LIST, values, 0, 0, choices, meaning }
#define NTK_NETWORKS(name, values, first_words, meaning)                                                     \
    { name, NTK_PARAMETER_NETWORK_LIST, values, 0, 0, first_words, meaning }

typedef struct ntk_setting {
    char *name, *value; /* value as after --set */
    size_t line;
} ntk_setting;

NTK_END_DECLS

#endif
