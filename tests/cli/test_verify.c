/* The verdicts of `ntk verify`, its exit statuses, and the lines that it prints. */
#include "toy.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "run/ranks.h"

TestSuite(verify, .init = toy_begin, .fini = toy_end, .timeout = 60);

typedef struct verdict_case {
    const char *claim, *verdict, *line; /* a line that must be printed */
    int status;
} verdict_case;

static void expect(const verdict_case *wanted) {
    const int status = toy_ntk("verify toy/%s --no-figures --out run-%s", wanted->claim, wanted->claim);
    cr_expect_eq(status, wanted->status, "%s: exit status %d, wanted %d\n%s", wanted->claim, status,
                 wanted->status, toy_output());
    cr_expect(toy_said(wanted->verdict), "%s: not %s\n%s", wanted->claim, wanted->verdict, toy_output());
    cr_expect(toy_said(wanted->line), "%s: does not say '%s'\n%s", wanted->claim, wanted->line, toy_output());
}

static void expect_all(const verdict_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) expect(&cases[i]);
}

Test(verify, judged_verdicts) {
    const verdict_case cases[] = {
        {"holds", "HOLDS", "1 passed, 0 failed, 0 skipped", 0},
        {"violated", "VIOLATED", "found value: 1.25\n    wanted at most 1\n    why: toys are small", 1},
        {"inconclusive", "INCONCLUSIVE", "in [-3, 3]", 4},
        {"vacuous", "VACUOUS", "check small is HOLDS, should be VIOLATED: found 0.75", 3},
        {"dead-control", "VACUOUS", "its process ended by signal 9 (Killed)", 3},
        {"nan", "ERROR", "found value: ", 5},
        {"breaks-down", "VIOLATED", "is not finite: the computation broke down", 1},
        {"missing", "ERROR", "found value: nothing: ", 5},
    };
    expect_all(cases, sizeof cases / sizeof *cases);
}

Test(verify, failed_processes) {
    const verdict_case cases[] = {
        {"crash", "ERROR", "its process ended by signal 9 (Killed)", 5},
        {"fails", "ERROR", "its process ended with exit status 5: the flow blew up at t = 3", 5},
        {"timeout", "ERROR", "exceeded its time limit of 1 s", 5},
        {"memory", "ERROR", "exceeded its memory limit of 128 MiB", 5},
        {"no-metrics", "ERROR", "ended with exit status 0 but wrote no metrics.tsv", 5},
        {"forgets", "ERROR", "metric 'value' is declared and was not emitted", 5},
        {"invents", "ERROR", "metric 'surprise' was emitted and is not declared", 5},
        {"skipped", "SKIPPED", "this machine has no abacus", 6},
    };
    expect_all(cases, sizeof cases / sizeof *cases);
}

/* Whichever verdict is the worst, all that is wrong is told. */
Test(verify, a_verdict_hides_no_other) {
    cr_expect_eq(toy_ntk("verify toy/hides --no-figures --out run"), 3, "%s", toy_output());
    cr_expect(toy_said("VACUOUS"), "%s", toy_output());
    cr_expect(toy_said("  beside it: 1 check VIOLATED\n"), "%s", toy_output());
    cr_expect(toy_said("check small is VIOLATED\n    found value: 1.25"), "%s", toy_output());
    cr_expect(toy_said("control large"), "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("run/summary.json"), "\"beside\": \"1 check VIOLATED\""));
    cr_expect_not_null(strstr(toy_read("run/report.html"), "beside it: 1 check VIOLATED"));
    cr_expect_not_null(strstr(toy_read("run/junit.xml"), "<failure type=\"VIOLATED\" message=\"found 1.25"));
    cr_expect_not_null(strstr(toy_read("run/junit.xml"), "<failure type=\"VACUOUS\""));
}

/* A control's settings with its hypothesis put back, in a process of their own. */
Test(verify, twins) {
    const verdict_case cases[] = {
        {"false-twin", "VACUOUS", "breaks its check all the same", 3},
        {"dead-twin", "ERROR", "run toy/dead-twin --control large --twin --tier quick", 5},
        {"undecided-twin", "HOLDS", "control large, with the hypothesis put back, decides nothing of rate\n",
         0},
    };
    expect_all(cases, sizeof cases / sizeof *cases);
    cr_expect_eq(toy_ntk("run toy/false-twin --control large --twin"), 0);
    cr_expect(toy_said("check small is VIOLATED: found 2"), "%s", toy_output());
    cr_expect_eq(toy_ntk("run toy/false-twin --twin"), 64);
    cr_expect_eq(toy_ntk("accept toy/false-twin --run run-false-twin --why x"), 5, "%s", toy_output());
}

Test(verify, a_number_that_moved_is_regressed) {
    toy_write("expected/toy/holds.tsv",
              "tier\tmetric\tvalue\tlow\thigh\tlevel\nquick\tconstant\t3.5\t\t\t\n");
    cr_expect_eq(toy_ntk("verify toy/holds --no-figures --out run"), 2);
    cr_expect(toy_said("stored result constant: found 3, stored 3.5"), "%s", toy_output());
    /* Other parameters give other numbers: nothing is compared. */
    cr_expect_eq(toy_ntk("verify toy/holds --set units=2 --no-figures --out run2"), 0, "%s", toy_output());
}

/* The fixture's interval of half-width 3 has 8 samples with standard error 0.6; the bound lies at a
 * distance of 1. */
Test(verify, inconclusive_says_how_many_seeds_would_settle_it) {
    cr_expect_eq(toy_ntk("verify toy/inconclusive --no-figures --out run"), 4);
    const long seeds = strtol(toy_after("    about "), NULL, 10);
    cr_expect(toy_said(" seeds in place of 8 would settle it, if their mean stays where it is\n"), "%s",
              toy_output());
    cr_expect(seeds > 30 && seeds < 200, "%ld seeds", seeds);
}

Test(verify, the_worst_verdict_decides_and_all_are_counted) {
    const int status =
        toy_ntk("verify toy/inconclusive toy/violated toy/holds toy/skipped --no-figures --out run");
    cr_expect_eq(status, 1, "%s", toy_output());
    cr_expect_str_eq(toy_last_line(), "1 passed, 2 failed, 1 skipped");
}

Test(verify, a_failing_check_says_how_to_rerun_it) {
    cr_expect_eq(toy_ntk("verify toy/violated --seed 7 --set units=3 --no-figures --out run"), 1);
    cr_expect(toy_said(" run toy/violated --tier quick --seed 7 --set units=3\n"), "%s", toy_output());
    cr_expect(toy_said("worst case: width = 64"), "%s", toy_output());
    cr_expect_eq(toy_ntk("run toy/violated --tier quick --seed 7 --set units=3"), 0);
    cr_expect(toy_said("check small is VIOLATED: found 1.25, wanted at most 1"), "%s", toy_output());
}

/* The line as it stands, pasted into a shell that knows nothing else; data are where they were. */
Test(verify, a_rerun_line_can_be_pasted) {
    cr_assert_eq(toy_shell("mkdir -p \"my data\"; \"$NTK_FIXTURE\" verify toy/violated --set units=3 --data "
                           "'my data' --no-figures --out run >said; sed -n 's/^  rerun: //p' said >again; "
                           "grep -c \"'my data'\" again"),
                 0, "%s", toy_output());
    cr_expect_eq(toy_shell("env -u NTK_ROOT sh -e again"), 0, "%s", toy_output());
    cr_expect(toy_said("check small is VIOLATED: found 1.25, wanted at most 1"), "%s", toy_output());
}

/* --set changes a parameter, but does not put a control's hypothesis back. */
Test(verify, a_control_keeps_what_it_sets) {
    cr_expect_eq(toy_ntk("verify toy/violated --set value=0.25 --no-figures --out run"), 0, "%s",
                 toy_output());
}

Test(verify, wrong_usage_is_64_and_says_what_is_meant) {
    cr_expect_eq(toy_ntk("verify toy/hold"), 64);
    cr_expect(toy_said("did you mean toy/holds?"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify holdss"), 64);
    cr_expect(toy_said("did you mean toy/holds?"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify --teir quick"), 64);
    cr_expect(toy_said("unknown option --teir; did you mean --tier?"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify --tier slow"), 64);
    cr_expect_eq(toy_ntk("verify --seed -1"), 64);
    cr_expect_eq(toy_ntk("verify --seed 1e3"), 64);
    cr_expect_eq(toy_ntk("verify --jobs 0"), 64);
    cr_expect_eq(toy_ntk("verify toy/holds --set width=3"), 64);
    cr_expect(toy_said("no such parameter"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --set value=nan"), 64, "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --set value"), 64);
    cr_expect_eq(toy_ntk("verfy"), 64);
    cr_expect(toy_said("did you mean `ntk verify`?"), "%s", toy_output());
    cr_expect_eq(toy_ntk("%s", ""), 64);
    cr_expect_str_empty(toy_read("results/latest/journal.log"), "nothing has run");
}

Test(verify, a_malformed_claim_is_named_with_its_line) {
    toy_write("suites/toy/holds/claim.yaml", "id: toy/holds\nrevison: 1\n");
    cr_expect_eq(toy_ntk("verify toy/holds --no-figures"), 5);
    cr_expect(toy_said("toy/holds/claim.yaml:2: "), "%s", toy_output());
}

Test(verify, a_full_standard_output_is_an_error) {
    cr_expect_eq(toy_ntk("list >/dev/full"), 5);
    cr_expect(toy_said("standard output: No space left on device"), "%s", toy_output());
}

Test(verify, piped_output_has_no_escapes) {
    cr_expect_eq(toy_ntk("verify toy/holds --no-figures --out run"), 0);
    cr_expect_null(strchr(toy_output(), '\x1b'));
    cr_expect_null(strchr(toy_output(), '\r'));
}

Test(verify, a_tier_that_a_claim_does_not_have) {
    cr_expect_eq(toy_ntk("verify toy/holds --tier large --out run"), 64);
    cr_expect(toy_said("toy/holds has no large tier"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify --tier large --out run"), 64);
    cr_expect(toy_said("none of these claims has a large tier"), "%s", toy_output());
    cr_expect_eq(toy_ntk("list --tier large"), 0);
    cr_expect_str_empty(toy_output());
}

/* Several processes that take themselves for the only one would write into one folder. */
Test(verify, ranks_want_mpi_and_a_launcher) {
    const char *ranks = "OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0";
    cr_expect_eq(toy_shell("%s \"$NTK_FIXTURE\" verify toy/holds --out run", ranks), 5);
    cr_expect(toy_said("ntk verify is started once"), "%s", toy_output());
    cr_expect(toy_said("--launcher WORDS"), "%s", toy_output());
    cr_expect_eq(toy_shell("PMI_SIZE=4 \"$NTK_FIXTURE\" envelope toy/holds --out run"), 5);
    cr_expect(toy_said("ntk envelope is started once"), "%s", toy_output());
    cr_expect_eq(toy_shell("PMI_SIZE=4 \"$NTK_FIXTURE\" scan toy/holds --over value=1,2 --out run"), 5);
    cr_expect(toy_said("ntk scan is started once"), "%s", toy_output());
    /* What srun --mpi=none tells a task of a runner. */
    const char *task = "NTK_RUNNER=$$ NTK_PROGRESS=progress SLURM_STEP_NUM_TASKS";
    cr_expect_eq(toy_shell("%s=4 \"$NTK_FIXTURE\" run toy/holds --out run", task), 5);
    cr_expect(toy_said("add --mpi=pmix"), "%s", toy_output());
    cr_expect_eq(toy_shell("%s=1 \"$NTK_FIXTURE\" run toy/holds", task), 0, "%s", toy_output());
    /* And without one: a task by itself, one that has a launcher of its own, and a runner that is
     * itself a task. */
    const char *alone = "SLURM_STEP_NUM_TASKS=4 \"$NTK_FIXTURE\" run toy/holds --out run";
    cr_expect_eq(toy_shell("%s", alone), 5);
    cr_expect(toy_said("add --mpi=pmix to srun; or, where each is a run of its own"), "%s", toy_output());
    cr_expect_eq(toy_shell("OMPI_COMM_WORLD_SIZE=1 %s", alone), 0, "%s", toy_output());
    cr_expect_eq(toy_shell("rm -r run; NTK_RUNNER=$$ %s", alone), 0, "%s", toy_output());
    cr_expect_eq(toy_shell("rm -r run; SLURM_NTASKS=4 \"$NTK_FIXTURE\" run toy/holds"), 0, "%s",
                 toy_output());
    if (ntk_ranks_built()) return;
    cr_expect_eq(toy_shell("%s \"$NTK_FIXTURE\" run toy/holds --out run", ranks), 5);
    cr_expect(toy_said("this ntk is built without MPI: make MPI=1"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --launcher 'mpirun -np 2' --out run"), 5);
    cr_expect(toy_said("this ntk is built without MPI: make MPI=1"), "%s", toy_output());
    cr_expect_eq(toy_shell("ls -d run"), 2, "nothing was begun");
}
