/* The same claims under many base seeds: how often each judgement comes out otherwise, and how much
 * room its interval has. */
#ifndef NTK_RUN_SEEDS_H
#define NTK_RUN_SEEDS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <ntk/status.h>

#include "claim/judge.h"
#include "run/catalogue.h"
#include "run/state.h"

enum { NTK_SEEDS_MOST = 10000 };

/* One judgement over the seeds: a check of a claim, of a control that must break it, or of the
 * control's twin. */
typedef struct ntk_seeds_judgement {
    char *claim, *control, *check; /* control NULL: of the claim itself */
    bool twin;
    size_t seeds, otherwise; /* judged; not HOLDS, in a control not VIOLATED, in a twin VIOLATED
                                * or ERROR */
    double least_room;       /* judge.h, in standard errors; NaN where it is a plain number */
    double mean, squares;    /* of the finite margins: mean, sum of squared deviations */
    size_t margins;
} ntk_seeds_judgement;

/* Chance that one more seed leaves no margin, if margins are normally distributed: with mean r,
 * standard deviation s of n of them, P(T_{n-1} <= -r / (s sqrt(1 + 1/n))), the prediction of one
 * more from n (Student); told down to 1e-12. NaN for fewer than 3. */
double ntk_seeds_chance(const ntk_seeds_judgement *judgement);

typedef struct ntk_seeds {
    ntk_run_options options; /* of each run */
    size_t wanted, done;     /* seeds */
    size_t broken;           /* runs in which a claim did not hold */
    ntk_seeds_judgement *judgements;
    size_t count;
    char *folder;
    char *values; /* the rows of values.tsv so far, */
    size_t values_size;
    FILE *rows; /* written here */
} ntk_seeds;

/* Upper end of the one-sided 95 % confidence interval of a rate of which `broken` in `runs` were
 * seen (Clopper and Pearson 1934). */
double ntk_seeds_largest_rate(size_t broken, size_t runs);

/* Called after each seed, with what befell the run: its worst verdict, and its seed. */
typedef void ntk_seeds_observer(const ntk_seeds *seeds, uint64_t seed, ntk_verdict worst, void *context);

/* Run the selected claims (none: all) under the seeds options->seed + 1 ... + wanted, one run each
 * in seeds/<seed>, without figures; after each, write judgements.tsv (a row for each judgement) and
 * values.tsv (a row for each judgement and seed) anew. options->out: the folder, new or empty, or
 * with `resume` of an earlier call, whose finished work is not done again. A verdict is no error.
 * *out is set where a plan could be made, whatever befell it later; NULL otherwise, and then no
 * folder has been made. Errors: those of ntk_run_create and ntk_run_execute; NTK_ERROR_ARGUMENT for
 * a folder that is not empty, and for seeds beyond 64 bits. */
ntk_status ntk_seeds_execute(const ntk_suite *suite, const char *const *names, size_t count,
                             const ntk_run_options *options, size_t wanted, ntk_seeds_observer *observer,
                             void *context, ntk_seeds **out);
void ntk_seeds_destroy(ntk_seeds *seeds);

#endif
