/* What one run says of the chance that another ends otherwise is a plug-in: it takes that run's
 * estimates for the truth. Many runs show it. */
#include "run/seeds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/file.h>
#include <ntk/memory.h>
#include <ntk/stats.h>

#include "experiment/support.h"
#include "run/runner.h"
#include "run/series.h"

/* ---- judgements ------------------------------------------------------------------------------ */

static bool same(const char *a, const char *b) { return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0; }

static ntk_status copy(const char *text, char **out) {
    *out = NULL;
    return text == NULL ? NTK_OK : ntk_text_copy(text, out);
}

/* The judgement of this name, new where there is none. */
static ntk_status find(ntk_seeds *seeds, const char *claim, const char *control, const char *check, bool twin,
                       ntk_seeds_judgement **out) {
    for (size_t i = 0; i < seeds->count; i++) {
        ntk_seeds_judgement *j = &seeds->judgements[i];
        if (same(j->claim, claim) && same(j->control, control) && same(j->check, check) && j->twin == twin) {
            *out = j;
            return NTK_OK;
        }
    }
    void *memory = seeds->judgements;
    NTK_TRY(ntk_array_grow(&memory, seeds->count, sizeof *seeds->judgements));
    seeds->judgements = memory;
    ntk_seeds_judgement *j = &seeds->judgements[seeds->count];
    *j = (ntk_seeds_judgement){.twin = twin, .least_room = NAN};
    seeds->count++;
    NTK_TRY(copy(claim, &j->claim));
    NTK_TRY(copy(control, &j->control));
    NTK_TRY(copy(check, &j->check));
    *out = j;
    return NTK_OK;
}

/* Welford's update: stable however large the mean is beside the deviations. */
static void add_margin(ntk_seeds_judgement *j, double room, double margin) {
    if (isnan(room)) return;
    if (!(room >= j->least_room)) j->least_room = room; /* the first, too */
    if (!isfinite(margin)) return;
    j->margins++;
    const double before = margin - j->mean;
    j->mean += before / (double)j->margins;
    j->squares += before * (margin - j->mean);
}

static bool is_otherwise(const ntk_check_outcome *outcome, bool control, bool twin) {
    if (twin) return outcome->verdict == NTK_VERDICT_VIOLATED || outcome->verdict == NTK_VERDICT_ERROR;
    return outcome->verdict != (control ? NTK_VERDICT_VIOLATED : NTK_VERDICT_HOLDS);
}

static void write_value(FILE *stream, uint64_t seed, const ntk_seeds_judgement *j,
                        const ntk_check_outcome *outcome) {
    const ntk_estimate *e = &outcome->metric.estimate;
    char value[NTK_NUMBER_SIZE] = "nan", low[NTK_NUMBER_SIZE] = "nan", high[NTK_NUMBER_SIZE] = "nan",
         room[NTK_NUMBER_SIZE];
    if (outcome->has_metric) {
        ntk_text_number(e->value, value);
        ntk_text_number(outcome->metric.is_estimate ? e->low : e->value, low);
        ntk_text_number(outcome->metric.is_estimate ? e->high : e->value, high);
    }
    fprintf(stream, "%llu\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", (unsigned long long)seed, j->claim,
            j->control != NULL ? j->control : "-", j->twin ? "twin" : "-", j->check,
            ntk_verdict_text(outcome->verdict), value, low, high, ntk_text_number(outcome->room, room));
}

static ntk_status add(ntk_seeds *seeds, uint64_t seed, const char *claim, const char *control, bool twin,
                      const ntk_check_outcome *outcome) {
    ntk_seeds_judgement *j;
    NTK_TRY(find(seeds, claim, control, outcome->check->name, twin, &j));
    j->seeds++;
    j->otherwise += is_otherwise(outcome, control != NULL, twin);
    add_margin(j, outcome->room, outcome->margin);
    write_value(seeds->rows, seed, j, outcome);
    return NTK_OK;
}

static ntk_status add_claim(ntk_seeds *seeds, uint64_t seed, const ntk_claim_run *run) {
    const ntk_claim *claim = &run->claim;
    const ntk_claim_outcome *outcome = run->result.outcome;
    for (size_t i = 0; outcome != NULL && i < claim->check_count; i++)
        NTK_TRY(add(seeds, seed, claim->id, NULL, false, &outcome->checks[i]));
    for (size_t c = 0; outcome != NULL && c < claim->control_count; c++) {
        const ntk_control_outcome *control = &outcome->controls[c];
        const char *name = control->control->name;
        for (size_t b = 0; b < control->control->break_count; b++) {
            NTK_TRY(add(seeds, seed, claim->id, name, false, &control->breaks[b]));
            if (!control->twin_is_claim) NTK_TRY(add(seeds, seed, claim->id, name, true, &control->twin[b]));
        }
    }
    return NTK_OK;
}

/* P(T_degrees <= -far), far >= 0, from the quantile, which increases with p: log p is bisected down
 * to SMALLEST, which is told where it is less. */
static double tail(double far, double degrees) {
    const double smallest = 1e-12;
    double low = log(smallest), high = log(0.5), t;
    for (int step = 0; step < 30; step++) {
        const double middle = 0.5 * (low + high);
        if (ntk_stats_t_quantile(exp(middle), degrees, &t) != NTK_OK) return NAN;
        if (t <= -far)
            low = middle;
        else
            high = middle;
    }
    return exp(high);
}

double ntk_seeds_chance(const ntk_seeds_judgement *j) {
    if (j->margins < 3) return NAN;
    const double n = (double)j->margins, deviation = sqrt(j->squares / (n - 1));
    if (deviation == 0) return j->mean < 0;
    const double far = j->mean / (deviation * sqrt(1 + 1 / n));
    return far >= 0 ? tail(far, n - 1) : 1 - tail(-far, n - 1);
}

double ntk_seeds_largest_rate(size_t broken, size_t runs) {
    double low = 0, high = 1;
    for (int step = 0; step < 60 && broken < runs; step++) {
        const double p = 0.5 * (low + high), n = (double)runs;
        double at_most = 0;
        for (size_t i = 0; i <= broken; i++) {
            const double k = (double)i;
            at_most +=
                exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p));
        }
        if (at_most > 0.05)
            low = p;
        else
            high = p;
    }
    return high;
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* Chances take time: they are for the last. */
static ntk_status write_judgements(const ntk_seeds *seeds, bool last) {
    char *path;
    ntk_file *file;
    NTK_TRY(ntk_text_format(&path, "%s/judgements.tsv", seeds->folder));
    const ntk_status status = ntk_file_create(path, &file);
    ntk_release(path);
    NTK_TRY(status);
    FILE *stream = ntk_file_stream(file);
    fputs("claim\tcontrol\ttwin\tcheck\tseeds\totherwise\tleast-room\tmean-margin\tdeviation\tchance\n",
          stream);
    for (size_t i = 0; i < seeds->count; i++) {
        const ntk_seeds_judgement *j = &seeds->judgements[i];
        const bool has = j->margins > 0;
        char least[NTK_NUMBER_SIZE], mean[NTK_NUMBER_SIZE], spread[NTK_NUMBER_SIZE], chance[NTK_NUMBER_SIZE];
        fprintf(stream, "%s\t%s\t%s\t%s\t%zu\t%zu\t%s\t%s\t%s\t%s\n", j->claim,
                j->control != NULL ? j->control : "-", j->twin ? "twin" : "-", j->check, j->seeds,
                j->otherwise, ntk_text_number(j->least_room, least),
                ntk_text_number(has ? j->mean : NAN, mean),
                ntk_text_number(j->margins > 1 ? sqrt(j->squares / (double)(j->margins - 1)) : NAN, spread),
                ntk_text_number(last ? ntk_seeds_chance(j) : NAN, chance));
    }
    return ntk_file_commit(file);
}

static ntk_status write_values(const ntk_seeds *seeds) {
    char *path;
    ntk_file *file;
    if (fflush(seeds->rows) != 0) return ntk_fail(NTK_ERROR_MEMORY, "no memory for the rows of values.tsv");
    NTK_TRY(ntk_text_format(&path, "%s/values.tsv", seeds->folder));
    const ntk_status status = ntk_file_create(path, &file);
    ntk_release(path);
    NTK_TRY(status);
    fputs("seed\tclaim\tcontrol\ttwin\tcheck\tverdict\tvalue\tlow\thigh\troom\n", ntk_file_stream(file));
    fwrite(seeds->values, 1, seeds->values_size, ntk_file_stream(file));
    return ntk_file_commit(file);
}

/* ---- running --------------------------------------------------------------------------------- */

static ntk_status take(ntk_seeds *seeds, const ntk_run *run, ntk_verdict *worst) {
    *worst = NTK_VERDICT_HOLDS;
    for (size_t i = 0; i < run->claim_count; i++) {
        NTK_TRY(add_claim(seeds, run->options.seed, &run->claims[i]));
        if (run->claims[i].result.verdict > *worst) *worst = run->claims[i].result.verdict;
    }
    seeds->done++;
    seeds->broken += *worst != NTK_VERDICT_HOLDS;
    NTK_TRY(write_values(seeds));
    return write_judgements(seeds, seeds->done == seeds->wanted);
}

static ntk_status run_in(ntk_seeds *seeds, const ntk_suite *suite, const char *const *names, size_t count,
                         uint64_t seed, const char *folder, ntk_verdict *worst) {
    ntk_run_options options;
    NTK_TRY(ntk_series_run_options(&seeds->options, folder, &options));
    options.seed = seed;
    ntk_run *run = NULL;
    ntk_status status = ntk_run_create(suite, names, count, &options, &run);
    if (status == NTK_OK) status = ntk_run_execute(run);
    if (status == NTK_OK) status = take(seeds, run, worst);
    ntk_run_destroy(run);
    return status;
}

static ntk_status run_seed(ntk_seeds *seeds, const ntk_suite *suite, const char *const *names, size_t count,
                           uint64_t seed, ntk_verdict *worst) {
    char *folder;
    NTK_TRY(ntk_text_format(&folder, "%s/seeds/%llu", seeds->folder, (unsigned long long)seed));
    const ntk_status status = run_in(seeds, suite, names, count, seed, folder, worst);
    ntk_release(folder);
    return status;
}

/* What is wrong with the claims or the options is found by a plan without a folder. */
static ntk_status check(const ntk_suite *suite, const char *const *names, size_t count,
                        const ntk_run_options *options, size_t wanted) {
    ntk_run *run;
    if (options->seed > UINT64_MAX - wanted)
        return ntk_fail(NTK_ERROR_ARGUMENT, "the seeds that follow %llu do not fit 64 bits",
                        (unsigned long long)options->seed);
    ntk_run_options planned = *options;
    planned.resume = false;
    NTK_TRY(ntk_run_prepare(suite, names, count, &planned, &run));
    ntk_run_destroy(run);
    return NTK_OK;
}

static ntk_status begin(ntk_seeds *seeds) {
    NTK_TRY(ntk_series_name(seeds->options.out, "seeds", &seeds->folder));
    seeds->rows = open_memstream(&seeds->values, &seeds->values_size);
    if (seeds->rows == NULL) return ntk_fail(NTK_ERROR_MEMORY, "no memory for the rows of values.tsv");
    return ntk_series_open(seeds->folder, &seeds->options, "the seeds", "seeds that have begun");
}

ntk_status ntk_seeds_execute(const ntk_suite *suite, const char *const *names, size_t count,
                             const ntk_run_options *options, size_t wanted, ntk_seeds_observer *observer,
                             void *context, ntk_seeds **out) {
    void *memory;
    *out = NULL;
    NTK_TRY(check(suite, names, count, options, wanted));
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    ntk_seeds *seeds = *out = memory;
    seeds->options = *options;
    seeds->wanted = wanted;
    NTK_TRY(begin(seeds));
    for (size_t k = 1; k <= wanted; k++) {
        ntk_verdict worst;
        NTK_TRY(run_seed(seeds, suite, names, count, options->seed + k, &worst));
        if (observer != NULL) observer(seeds, options->seed + k, worst, context);
    }
    return NTK_OK;
}

void ntk_seeds_destroy(ntk_seeds *seeds) {
    if (seeds == NULL) return;
    for (size_t i = 0; i < seeds->count; i++) {
        ntk_release(seeds->judgements[i].claim);
        ntk_release(seeds->judgements[i].control);
        ntk_release(seeds->judgements[i].check);
    }
    if (seeds->rows != NULL) fclose(seeds->rows);
    free(seeds->values);
    ntk_release(seeds->judgements);
    ntk_release(seeds->folder);
    ntk_release(seeds);
}
