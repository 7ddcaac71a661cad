/* What the files of this room know of a context. */
#ifndef NTK_EXPERIMENT_CONTEXT_H
#define NTK_EXPERIMENT_CONTEXT_H

#include <ntk/lab/context.h>
#include <ntk/lab/experiment.h>

#include "experiment/parameters.h"

const ntk_experiment *ntk_context_experiment(const ntk_context *context);

/* The value of a parameter of any type; NULL where none of this name is declared. */
const ntk_value *ntk_context_value(const ntk_context *context, const char *name);

#endif
