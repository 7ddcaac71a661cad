/* What `ntk check` says of one kernel matrix, as text and as JSON. */
#ifndef NTK_CLI_ACCURACY_REPORT_H
#define NTK_CLI_ACCURACY_REPORT_H

#include <stdbool.h>

#include <jansson.h>

#include <ntk/accuracy.h>

/* A smallest eigenvalue's sign, as far as its interval tells it. */
typedef enum { DEFINITENESS_UNKNOWN, POSITIVE_DEFINITE, NOT_POSITIVE_DEFINITE } definiteness;
definiteness definiteness_of(ntk_interval lambda_min);

/* As many digits as are wanted. */
bool accuracy_is_enough(const ntk_accuracy *accuracy, double digits);

/* Some lines on stdout. */
void accuracy_print(const ntk_accuracy *accuracy, double digits);

/* A new object. */
json_t *accuracy_to_json(const ntk_accuracy *accuracy);

#endif
