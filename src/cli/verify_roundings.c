/* ntk verify --rounding MODES: the same claims under other rounding modes. */
#include "cli/verify_roundings.h"

#include <math.h>
#include <stdio.h>

#include "cli/display.h"
#include "run/roundings.h"

enum { WEAKEST = 10 }; /* metrics that are named */

/* Verdicts by number, and what did not hold by name. */
static void tell(const ntk_run *run, void *context) {
    (void)context;
    printf("%-8s", ntk_rounding_text(run->options.rounding));
    for (int v = 0; v < NTK_VERDICT_COUNT; v++) {
        const size_t count = ntk_run_count(run, (ntk_verdict)v);
        if (count > 0) printf("  %zu %s", count, ntk_verdict_text((ntk_verdict)v));
    }
    putchar('\n');
    for (size_t i = 0; i < run->claim_count; i++) {
        const ntk_claim_result *result = &run->claims[i].result;
        if (result->verdict == NTK_VERDICT_HOLDS) continue;
        printf("          %s  %s%s%s\n", ntk_verdict_text(result->verdict), result->claim->id,
               result->cause != NULL ? ": " : "", result->cause != NULL ? result->cause : "");
    }
    fflush(stdout);
}

static void print_metric(const ntk_roundings_metric *m) {
    printf("  %6.1f  %9.1e  ", ntk_roundings_digits(m), ntk_roundings_spread(m));
    if (isnan(m->part))
        printf("%9s", "-");
    else
        printf("%9.1e", m->part);
    printf("  %s, %s = %.6g\n", m->claim, m->nearest.name, m->nearest.estimate.value);
}

static void print_weakest(const ntk_roundings *roundings) {
    size_t lost = 0, whole = 0;
    for (size_t i = 0; i < roundings->count; i++) {
        const double digits = ntk_roundings_digits(&roundings->metrics[i]);
        if (isnan(digits)) lost++;
        if (isinf(digits)) whole++;
    }
    printf("\n%zu metrics: %zu to the last bit in every mode, %zu that a mode gave no value of. Digits that "
           "survive, the difference itself, and its part of the tolerance; the weakest:\n"
           "  digits     spread  tolerance\n",
           roundings->count, whole, lost);
    for (size_t i = lost; i < roundings->count && i < lost + WEAKEST; i++)
        print_metric(&roundings->metrics[i]);
}

int cli_verify_roundings(const cli_arguments *arguments, const ntk_suite *suite,
                         const ntk_run_options *run_options, const bool *wanted) {
    ntk_roundings *roundings;
    const ntk_status status = ntk_roundings_execute(suite, arguments->names, arguments->name_count,
                                                    run_options, wanted, tell, NULL, &roundings);
    int result;
    if (status == NTK_OK) {
        print_weakest(roundings);
        printf("table: %s/digits.tsv\nreport: %s/report.html\n", roundings->folder, roundings->folder);
        result = ntk_verdict_exit_status(roundings->worst);
    } else if (status == NTK_ERROR_CANCELLED)
        result = cli_display_interrupted("the same command with --resume", roundings->folder, "");
    else
        result = cli_fail_naming(arguments->command, status);
    ntk_roundings_destroy(roundings);
    return result;
}
