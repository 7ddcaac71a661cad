/* ntk verify --seeds N: the same claims under fresh base seeds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <ntk/memory.h>

#include "cli/cli.h"
#include "cli/verify_seeds.h"
#include "run/seeds.h"
#include "run/shell.h"

enum { WEAKEST = 10 }; /* judgements that are named */

static void tell(const ntk_seeds *seeds, uint64_t seed, ntk_verdict worst, void *context) {
    ntk_verdict *so_far = context;
    if (worst > *so_far) *so_far = worst;
    printf("%zu/%zu  seed %llu  %s\n", seeds->done, seeds->wanted, (unsigned long long)seed,
           ntk_verdict_text(worst));
    fflush(stdout);
}

typedef struct ranked {
    const ntk_seeds_judgement *judgement;
    double chance;
} ranked;

/* Those that came out otherwise first, then the largest chance; what has none stands last. */
static int by_weakness(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->judgement->otherwise != y->judgement->otherwise)
        return x->judgement->otherwise < y->judgement->otherwise ? 1 : -1;
    const double p = isnan(x->chance) ? -1 : x->chance, q = isnan(y->chance) ? -1 : y->chance;
    return (p < q) - (p > q);
}

static void print_judgement(const ranked *r) {
    const ntk_seeds_judgement *j = r->judgement;
    printf("  %-9.2g %8.1f  %zu of %zu  %s%s%s%s, %s\n", r->chance, j->least_room, j->otherwise, j->seeds,
           j->claim, j->control != NULL ? "/" : "", j->control != NULL ? j->control : "",
           j->twin ? " twin" : "", j->check);
}

static ntk_status print_weakest(const ntk_seeds *seeds) {
    void *memory;
    NTK_TRY(ntk_allocate(seeds->count + 1, sizeof(ranked), &memory));
    ranked *all = memory;
    double total = 0;
    size_t intervals = 0;
    for (size_t i = 0; i < seeds->count; i++) {
        all[i] = (ranked){&seeds->judgements[i], ntk_seeds_chance(&seeds->judgements[i])};
        if (isnan(all[i].chance)) continue;
        total += all[i].chance;
        intervals++;
    }
    qsort(all, seeds->count, sizeof *all, by_weakness);
    printf(
        "\nThe weakest of %zu judgements. Room: of the interval, in standard errors, at least; chance: that "
        "one more seed leaves none (nan: a plain number, or fewer than 3 seeds).\n"
        "  chance        room  otherwise\n",
        seeds->count);
    for (size_t i = 0; i < seeds->count && i < WEAKEST; i++) print_judgement(&all[i]);
    if (intervals > 0)
        printf(
            "\n%zu intervals over %zu seeds: chance that one more run ends otherwise, all added up: %.2g\n",
            intervals, seeds->done, fmin(1, total));
    ntk_release(memory);
    return NTK_OK;
}

static int finish(const ntk_seeds *seeds, ntk_verdict worst) {
    const ntk_status status = print_weakest(seeds);
    if (status != NTK_OK) return cli_fail(status);
    printf("%zu of %zu runs did not hold: the rate is at most %.3g (95 %% confidence)\n", seeds->broken,
           seeds->done, ntk_seeds_largest_rate(seeds->broken, seeds->done));
    printf("tables: %s/judgements.tsv, %s/values.tsv\n", seeds->folder, seeds->folder);
    return ntk_verdict_exit_status(worst);
}

int cli_verify_seeds(const cli_arguments *arguments, const ntk_suite *suite,
                     const ntk_run_options *run_options, size_t count) {
    ntk_seeds *seeds;
    ntk_verdict worst = NTK_VERDICT_HOLDS;
    const ntk_status status = ntk_seeds_execute(suite, arguments->names, arguments->name_count, run_options,
                                                count, tell, &worst, &seeds);
    int result;
    if (status == NTK_OK)
        result = finish(seeds, worst);
    else if (status == NTK_ERROR_CANCELLED) {
        fputs("ntk: interrupted; the same command goes on from here with --resume --out ", stderr);
        ntk_print_shell_word(seeds->folder, stderr);
        fputc('\n', stderr);
        result = CLI_INTERRUPTED;
    } else
        result = cli_fail_naming(arguments->command, status);
    ntk_seeds_destroy(seeds);
    return result;
}
