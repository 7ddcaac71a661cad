/* Values of an experiment's parameters: parsed, validated, canonical. */
#ifndef NTK_EXPERIMENT_PARAMETERS_H
#define NTK_EXPERIMENT_PARAMETERS_H

#include <ntk/lab/experiment.h>
#include <ntk/lab/network_name.h>
#include <ntk/lab/parameters.h>
#include <ntk/status.h>

typedef struct ntk_value {
    char *text;                 /* canonical: elements separated by a blank, reals with %.17g */
    size_t count;               /* elements; 1 for what is no list */
    char **words;               /* (count) the elements as written; they point into `storage` */
    long *integers;             /* (count) of integers and lists of them; of a flag, 0 or 1 */
    double *reals;              /* (count) of every number */
    ntk_network_name *networks; /* (count) of networks; else NULL */
    char *storage;
} ntk_value;

/* Errors: NTK_ERROR_ARGUMENT naming the parameter, what was found, what is allowed; *out is then
 * zeroed. */
ntk_status ntk_value_parse(const ntk_parameter *parameter, const char *text, ntk_value *out);
void ntk_value_release(ntk_value *value);

/* The parameter of this name. Errors: NTK_ERROR_ARGUMENT, listing the names that exist. */
ntk_status ntk_parameter_find(const ntk_experiment *experiment, const char *name, const ntk_parameter **out);

/* "a whole number", ...: for messages. */
const char *ntk_parameter_type_text(ntk_parameter_type type);

#endif
