#include <ntk/lab/context.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/data.h>
#include <ntk/file.h>
#include <ntk/lab/metrics.h>
#include <ntk/lab/network_name.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/table.h>
#include <ntk/memory.h>
#include <ntk/random.h>
#include <ntk/rounding.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "experiment/context.h"
#include "experiment/metrics.h"
#include "experiment/parameters.h"
#include "experiment/support.h"
#include "experiment/table.h"

struct ntk_context {
    const char *id; /* the claim's */
    const ntk_experiment *experiment;
    size_t parameter_count;
    const ntk_parameter **parameters; /* (parameter_count), the experiment's */
    ntk_value *values;                /* (parameter_count) */
    ntk_setting *settings;            /* (parameter_count) */
    uint64_t seed;
    char *data_folder;
    const ntk_given_data *given; /* NULL: none */
    ntk_metrics metrics;
    ntk_table **tables;
    size_t table_count;
};

/* ---- making one ------------------------------------------------------------------------------ */

/* The position of a parameter; parameter_count where there is none of this name. */
static size_t position_of(const ntk_context *context, const char *name) {
    size_t i = 0;
    while (i < context->parameter_count && strcmp(context->parameters[i]->name, name) != 0) i++;
    return i;
}

static ntk_status apply(ntk_context *context, size_t count, const ntk_setting *settings) {
    for (size_t i = 0; i < count; i++) {
        const ntk_parameter *parameter;
        NTK_TRY(ntk_parameter_find(context->experiment, settings[i].name, &parameter));
        ntk_value value, *old = &context->values[position_of(context, parameter->name)];
        NTK_TRY(ntk_value_parse(parameter, settings[i].value, &value));
        ntk_value_release(old);
        *old = value;
    }
    return NTK_OK;
}

static ntk_status apply_defaults(ntk_context *context) {
    for (size_t i = 0; i < context->parameter_count; i++)
        NTK_TRY(ntk_value_parse(context->parameters[i], context->parameters[i]->default_value,
                                &context->values[i]));
    return NTK_OK;
}

static ntk_status list_settings(ntk_context *context) {
    for (size_t i = 0; i < context->parameter_count; i++) {
        NTK_TRY(ntk_text_copy(context->parameters[i]->name, &context->settings[i].name));
        context->settings[i].value = context->values[i].text;
    }
    return NTK_OK;
}

static ntk_status list_parameters(ntk_context *context) {
    size_t count = 0;
    while (ntk_experiment_parameter(context->experiment, count) != NULL) count++;
    NTK_TRY(ntk_allocate(count, sizeof *context->parameters, (void **)&context->parameters));
    NTK_TRY(ntk_allocate(count, sizeof *context->values, (void **)&context->values));
    NTK_TRY(ntk_allocate(count, sizeof *context->settings, (void **)&context->settings));
    for (size_t i = 0; i < count; i++)
        context->parameters[i] = ntk_experiment_parameter(context->experiment, i);
    context->parameter_count = count;
    return NTK_OK;
}

static ntk_status fill_context(ntk_context *context, const ntk_setting *settings, size_t setting_count) {
    NTK_TRY(list_parameters(context));
    NTK_TRY(apply_defaults(context));
    NTK_TRY(apply(context, setting_count, settings));
    return list_settings(context);
}

ntk_status ntk_context_create(const char *id, const ntk_experiment *experiment, const ntk_setting *settings,
                              size_t setting_count, uint64_t seed, const char *data_folder,
                              ntk_context **out) {
    *out = NULL;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_context), &memory));
    ntk_context *context = memory;
    context->id = id;
    context->experiment = experiment;
    context->seed = seed;
    ntk_status status = ntk_text_copy(data_folder, &context->data_folder);
    if (status == NTK_OK) status = fill_context(context, settings, setting_count);
    if (status == NTK_OK)
        *out = context;
    else
        ntk_context_destroy(context);
    return status;
}

void ntk_context_destroy(ntk_context *context) {
    if (context == NULL) return;
    for (size_t i = 0; i < context->parameter_count; i++) {
        ntk_value_release(&context->values[i]);
        ntk_release(context->settings[i].name);
    }
    for (size_t i = 0; i < context->table_count; i++) ntk_table_destroy(context->tables[i]);
    ntk_release(context->tables);
    ntk_release(context->parameters);
    ntk_release(context->values);
    ntk_release(context->settings);
    ntk_release(context->data_folder);
    ntk_metrics_release(&context->metrics);
    ntk_release(context);
}

void ntk_context_give(ntk_context *context, const ntk_given_data *data) { context->given = data; }

const ntk_given_data *ntk_context_given(const ntk_context *context) { return context->given; }

size_t ntk_context_settings(const ntk_context *context, const ntk_setting **out) {
    *out = context->settings;
    return context->parameter_count;
}

/* ---- what the experiment asks ---------------------------------------------------------------- */

/* The value of a parameter that is declared with this type; anything else is a mistake in the
 * experiment's code, about which nothing can be done at run time. */
static const ntk_value *value_of(const ntk_context *context, const char *name, ntk_parameter_type type) {
    const size_t i = position_of(context, name);
    if (i < context->parameter_count && context->parameters[i]->type == type) return &context->values[i];
    fprintf(stderr, "%s: the experiment reads parameter '%s' as %s and does not declare it so\n", context->id,
            name, ntk_parameter_type_text(type));
    abort();
}

const ntk_experiment *ntk_context_experiment(const ntk_context *context) { return context->experiment; }

const ntk_value *ntk_context_value(const ntk_context *context, const char *name) {
    const size_t i = position_of(context, name);
    return i < context->parameter_count ? &context->values[i] : NULL;
}

static bool is_declared(const ntk_context *context, const char *name, ntk_parameter_type type) {
    const size_t i = position_of(context, name);
    return i < context->parameter_count && context->parameters[i]->type == type;
}

long ntk_context_integer(const ntk_context *context, const char *name) {
    return value_of(context, name, NTK_PARAMETER_INTEGER)->integers[0];
}

size_t ntk_context_size(const ntk_context *context, const char *name) {
    return (size_t)ntk_context_integer(context, name);
}

double ntk_context_real(const ntk_context *context, const char *name) {
    return value_of(context, name, NTK_PARAMETER_REAL)->reals[0];
}

bool ntk_context_flag(const ntk_context *context, const char *name) {
    return value_of(context, name, NTK_PARAMETER_FLAG)->integers[0] != 0;
}

const char *ntk_context_choice(const ntk_context *context, const char *name) {
    return value_of(context, name, NTK_PARAMETER_CHOICE)->words[0];
}

bool ntk_context_is(const ntk_context *context, const char *name, const char *choice) {
    return strcmp(ntk_context_choice(context, name), choice) == 0;
}

const long *ntk_context_integers(const ntk_context *context, const char *name, size_t *count) {
    const ntk_value *value = value_of(context, name, NTK_PARAMETER_INTEGER_LIST);
    *count = value->count;
    return value->integers;
}

const double *ntk_context_reals(const ntk_context *context, const char *name, size_t *count) {
    const bool integers = is_declared(context, name, NTK_PARAMETER_INTEGER_LIST);
    const ntk_value *value =
        value_of(context, name, integers ? NTK_PARAMETER_INTEGER_LIST : NTK_PARAMETER_REAL_LIST);
    *count = value->count;
    return value->reals;
}

const char *const *ntk_context_choices(const ntk_context *context, const char *name, size_t *count) {
    const ntk_value *value = value_of(context, name, NTK_PARAMETER_CHOICE_LIST);
    *count = value->count;
    return (const char *const *)value->words;
}

const ntk_network_name *ntk_context_networks(const ntk_context *context, const char *name, size_t *count) {
    const ntk_value *value = value_of(context, name, NTK_PARAMETER_NETWORK_LIST);
    *count = value->count;
    return value->networks;
}

ntk_stream ntk_context_stream(const ntk_context *context, uint64_t unit) {
    return ntk_stream_create(context->seed, context->id, unit);
}

double ntk_context_level(const ntk_context *context) {
    (void)context;                               /* one level for the whole suite, */
    const int rounding = ntk_rounding_nearest(); /* whose judge asks for it to the last bit */
    const double level = ntk_stats_family_level(NTK_SUITE_FAMILY_ERROR, NTK_SUITE_INTERVALS);
    ntk_rounding_restore(rounding);
    return level;
}

const char *ntk_context_data(const ntk_context *context) { return context->data_folder; }

/* ---- what the experiment emits --------------------------------------------------------------- */

ntk_status ntk_emit_scalar(ntk_context *context, const char *metric, double value) {
    return ntk_metrics_append(&context->metrics, metric, false, &(ntk_estimate){.value = value});
}

ntk_status ntk_emit_estimate(ntk_context *context, const char *metric, const ntk_estimate *estimate) {
    return ntk_metrics_append(&context->metrics, metric, true, estimate);
}

enum { METRIC_SIZE = 96 };

static ntk_status put_together(char *metric /* (METRIC_SIZE) */, const char *format, va_list arguments) {
    const int rounding = ntk_rounding_nearest(); /* else 100 * 0.29 may be named 28 */
    const int length = vsnprintf(metric, METRIC_SIZE, format, arguments);
    ntk_rounding_restore(rounding);
    if (length < 0 || length >= METRIC_SIZE)
        return ntk_fail(NTK_ERROR_ARGUMENT, "metric '%s...': the name is too long", metric);
    return NTK_OK;
}

ntk_status ntk_emit_scalar_as(ntk_context *context, double value, const char *format, ...) {
    char metric[METRIC_SIZE];
    va_list arguments;
    va_start(arguments, format);
    const ntk_status status = put_together(metric, format, arguments);
    va_end(arguments);
    return status == NTK_OK ? ntk_emit_scalar(context, metric, value) : status;
}

ntk_status ntk_emit_estimate_as(ntk_context *context, const ntk_estimate *estimate, const char *format, ...) {
    char metric[METRIC_SIZE];
    va_list arguments;
    va_start(arguments, format);
    const ntk_status status = put_together(metric, format, arguments);
    va_end(arguments);
    return status == NTK_OK ? ntk_emit_estimate(context, metric, estimate) : status;
}

const ntk_metric *ntk_context_metric(const ntk_context *context, const char *format, ...) {
    char metric[METRIC_SIZE];
    va_list arguments;
    va_start(arguments, format);
    const ntk_status status = put_together(metric, format, arguments);
    va_end(arguments);
    return status == NTK_OK ? ntk_metrics_find(&context->metrics, metric) : NULL;
}

ntk_status ntk_emit_table(ntk_context *context, const char *name, const char *columns, ntk_table **out) {
    *out = NULL;
    if (strcmp(name, "metrics") == 0 || strcmp(name, "parameters") == 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "table '%s': the name belongs to the file of the %s", name, name);
    for (size_t i = 0; i < context->table_count; i++)
        if (strcmp(ntk_table_name(context->tables[i]), name) == 0)
            return ntk_fail(NTK_ERROR_ARGUMENT, "table '%s' is given twice", name);

    void *tables = context->tables;
    NTK_TRY(ntk_array_grow(&tables, context->table_count, sizeof *context->tables));
    context->tables = tables;
    NTK_TRY(ntk_table_create(name, columns, out));
    context->tables[context->table_count++] = *out;
    return NTK_OK;
}

const ntk_metrics *ntk_context_metrics(const ntk_context *context) { return &context->metrics; }

/* The metrics come last: where metrics.tsv stands, the tables are complete. */
/* For who reads the tables: a list of one element is a list all the same, and 1/n of a real number
 * is no whole number. */
static const char *kind_of(ntk_parameter_type type) {
    switch (type) {
    case NTK_PARAMETER_INTEGER:
        return "integer";
    case NTK_PARAMETER_REAL:
        return "real";
    case NTK_PARAMETER_FLAG:
        return "flag";
    case NTK_PARAMETER_CHOICE:
        return "text";
    default:
        return "list";
    }
}

static ntk_status write_parameters(const ntk_context *context, const char *path) {
    ntk_file *file;
    NTK_TRY(ntk_file_create(path, &file));
    fputs("name\tkind\tvalue\n", ntk_file_stream(file));
    for (size_t i = 0; i < context->parameter_count; i++)
        fprintf(ntk_file_stream(file), "%s\t%s\t%s\n", context->parameters[i]->name,
                kind_of(context->parameters[i]->type), context->values[i].text);
    return ntk_file_commit(file);
}

ntk_status ntk_context_write(const ntk_context *context, const char *folder) {
    for (size_t i = 0; i < context->table_count; i++) {
        char *path = NULL;
        NTK_TRY(ntk_text_format(&path, "%s/%s.tsv", folder, ntk_table_name(context->tables[i])));
        const ntk_status status = ntk_table_write(context->tables[i], path);
        ntk_release(path);
        NTK_TRY(status);
    }
    char *path = NULL;
    NTK_TRY(ntk_text_format(&path, "%s/parameters.tsv", folder));
    ntk_status status = write_parameters(context, path);
    ntk_release(path);
    NTK_TRY(status);
    NTK_TRY(ntk_text_format(&path, "%s/metrics.tsv", folder));
    status = ntk_metrics_write(path, &context->metrics);
    ntk_release(path);
    return status;
}
