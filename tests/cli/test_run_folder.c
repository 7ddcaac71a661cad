/* The folder of a run: the same bytes however it came about, and nothing lost or left
 * half-written. */
#include "toy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <jansson.h>

TestSuite(run_folder, .init = toy_begin, .fini = toy_end, .timeout = 60);

/* One line per result table: name and content, sorted, of a run's folder. */
#define TABLES "(cd %s && find . -name '*.tsv' | LC_ALL=C sort | xargs -r sha256sum)"

static void expect_same_tables(const char *a, const char *b) {
    cr_assert_eq(toy_shell(TABLES " >a.txt; " TABLES " >b.txt; wc -l <a.txt; cmp a.txt b.txt", a, b), 0,
                 "%s and %s: %s", a, b, toy_output());
    cr_expect_gt(strtol(toy_output(), NULL, 10), 3, "too few tables to mean anything");
}

Test(run_folder, workers_do_not_change_the_tables) {
    cr_assert_eq(toy_ntk("verify toy/holds toy/slow --no-figures --jobs 1 --out one"), 0, "%s", toy_output());
    cr_assert_eq(toy_ntk("verify toy/holds toy/slow --no-figures --jobs 2 --out two"), 0, "%s", toy_output());
    expect_same_tables("one", "two");
}

/* Lists the processes of the toy claims of the run in cut/. The brackets keep the pattern from
 * finding itself. */
#define STILL_RUNNING "grep -las -e \"--out=$PWD/cut[/]toy\" /proc/[0-9]*/cmdline | grep ."

/* Killed without a chance to tidy up, once the first process is in the journal and another runs. */
Test(run_folder, a_killed_run_is_resumed_to_the_same_tables) {
    const char *claims = "toy/holds toy/slow toy/violated --set pause=0.02 --no-figures --jobs 1";
    cr_assert_eq(toy_ntk("verify %s --out whole", claims), 1, "%s", toy_output());
    cr_assert_eq(toy_shell("\"$NTK_FIXTURE\" verify %s --out \"$PWD/cut\" & pid=$!; "
                           "await -s cut/journal.log; kill -9 $pid; wait $pid; true",
                           claims),
                 0);
    toy_shell("wc -l <cut/journal.log");
    const long before = strtol(toy_output(), NULL, 10);
    cr_assert(before >= 1 && before < 6, "%ld processes were finished before the kill", before);
    cr_expect_str_empty(toy_read("cut/summary.json"));
    /* A child that outlived its runner would write into the folder of the resumed run. */
    cr_expect_eq(toy_shell("sleep 0.1; " STILL_RUNNING), 1, "still running: %s", toy_output());
    cr_assert_eq(toy_ntk("verify %s --out cut --resume", claims), 1, "%s", toy_output());
    toy_shell("grep -c toy/ cut/journal.log");
    cr_expect_eq(strtol(toy_output(), NULL, 10), 6, "each process is journalled once: %s", toy_output());
    expect_same_tables("whole", "cut");
}

/* A hundred units take five seconds. Killed after some have been kept, the process goes on from
 * them: it takes less than the whole, leaves the same tables, and forgets what it kept. */
Test(run_folder, a_process_goes_on_from_its_finished_units) {
    const char *claim = "toy/slow --set units=100 --set pause=0.05 --no-figures --jobs 1";
    cr_assert_eq(toy_ntk("verify toy/slow --set units=100 --no-figures --out whole"), 0, "%s", toy_output());
    cr_assert_eq(
        toy_shell("\"$NTK_FIXTURE\" verify %s --out cut & pid=$!; "
                  "while [ \"$(cat cut/.kept/*-1 2>/dev/null | wc -c)\" -lt 1900 ]; do sleep 0.1; done; "
                  "kill -9 $pid; wait $pid; true",
                  claim),
        0);
    cr_expect_eq(toy_shell("sleep 0.2; test -s cut/journal.log"), 1, "no process had finished");
    cr_assert_eq(toy_ntk("verify %s --out cut --resume", claim), 0, "%s", toy_output());
    cr_assert_eq(toy_shell("cmp whole/toy/slow/draws.tsv cut/toy/slow/draws.tsv"), 0, "%s", toy_output());
    json_t *manifest = json_load_file(toy_path("cut/manifest.json"), 0, NULL);
    const json_t *process = json_array_get(json_object_get(manifest, "processes"), 0);
    const double seconds = json_number_value(json_object_get(process, "seconds"));
    cr_expect_lt(seconds, 4.2, "it took %g s: 100 units take 5, of which 60 had been kept", seconds);
    json_decref(manifest);
    cr_expect_eq(toy_shell("ls -A cut | grep kept"), 1, "%s", toy_output());
}

Test(run_folder, an_interrupt_ends_with_130_and_kills_the_children) {
    const int status =
        toy_shell("\"$NTK_FIXTURE\" verify toy/timeout toy/holds --no-figures --out \"$PWD/cut\" & pid=$!; "
                  "await -s cut/journal.log; kill -TERM $pid; wait $pid");
    cr_expect_eq(status, 130, "%s", toy_output());
    cr_expect(toy_said("--resume --out '/"), "a folder with a blank: %s", toy_output());
    cr_expect_eq(toy_shell(STILL_RUNNING), 1, "still running: %s", toy_output());
}

Test(run_folder, resuming_redoes_what_is_torn_or_altered) {
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --out run"), 0);
    cr_assert_eq(toy_shell("cp run/toy/holds/draws.tsv good.tsv; echo 9 >>run/toy/holds/draws.tsv; "
                           "printf 'torn line without its end' >>run/journal.log"),
                 0);
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --out run --resume"), 0, "%s", toy_output());
    cr_expect_eq(toy_shell("cmp good.tsv run/toy/holds/draws.tsv"), 0);
    cr_expect_eq(toy_shell("grep -c torn run/journal.log"), 1, "the torn line is gone");
    toy_shell("grep -c toy/ run/journal.log");
    cr_expect_eq(strtol(toy_output(), NULL, 10), 3, "claim, control, and the claim again: %s", toy_output());
}

/* Another seed is another result, though the folder is the same. */
Test(run_folder, resuming_with_another_seed_reuses_nothing) {
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --seed 1 --out run"), 0, "%s", toy_output());
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --seed 2 --out run --resume"), 0, "%s", toy_output());
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --seed 2 --out fresh"), 0, "%s", toy_output());
    expect_same_tables("run", "fresh");
}

/* So is another value of a parameter. */
Test(run_folder, resuming_with_another_set_reuses_nothing) {
    cr_assert_eq(toy_ntk("verify toy/slow --no-figures --set units=6 --out run"), 0, "%s", toy_output());
    cr_assert_eq(toy_ntk("verify toy/slow --no-figures --set units=5 --out run --resume"), 0, "%s",
                 toy_output());
    cr_assert_eq(toy_ntk("verify toy/slow --no-figures --set units=5 --out fresh"), 0, "%s", toy_output());
    toy_shell("grep -c toy/ run/journal.log");
    cr_expect_eq(strtol(toy_output(), NULL, 10), 4, "claim and control, each twice: %s", toy_output());
    expect_same_tables("run", "fresh");
}

Test(run_folder, a_program_replaced_during_the_run_is_not_used) {
    const int status =
        toy_shell("cp \"$NTK_FIXTURE\" mine && (./mine verify toy/slow --no-figures --jobs 1 --out run "
                  "& pid=$!; await -e run/toy; cp mine new; mv new mine; "
                  "wait $pid)");
    cr_expect_eq(status, 5, "%s", toy_output());
    cr_expect(toy_said("was replaced during the run"), "%s", toy_output());
}

/* ---- inputs and results that change during the run -------------------------------------------
 */

/* A run of a claim and its control, in the middle of which something happens. Returns its exit
 * status. */
static int verify_while(const char *what) {
    return toy_shell("rm -rf run; \"$NTK_FIXTURE\" verify toy/slow --no-figures --jobs 1 --out run & pid=$!; "
                     "await -e run/toy/slow/stderr.txt; %s; wait $pid",
                     what);
}

/* The control, which has not started yet, would be computed from the new text. Afterwards the run
 * goes on with what the text says now. */
Test(run_folder, a_claim_edited_during_the_run_has_no_result) {
    const int status = verify_while("sed -i s/units:.8/units:\\ 5/ suites/toy/slow/claim.yaml");
    cr_expect_eq(status, 5, "%s", toy_output());
    cr_expect(toy_said("ERROR") && toy_said("toy/slow/claim.yaml: was changed during the run"), "%s",
              toy_output());
    cr_expect(toy_said("0 passed, 1 failed, 0 skipped"), "%s", toy_output());
    cr_assert_eq(toy_ntk("verify toy/slow --no-figures --out run --resume"), 0, "%s", toy_output());
    cr_assert_eq(toy_ntk("verify toy/slow --no-figures --out fresh"), 0, "%s", toy_output());
    expect_same_tables("run", "fresh");
    toy_shell("grep -vc '[a-z]' run/toy/slow/draws.tsv");
    cr_expect_eq(strtol(toy_output(), NULL, 10), 5, "rows of the table: %s", toy_output());
}

Test(run_folder, data_changed_during_the_run_are_seen) {
    toy_write("data/points", "1 2 3");
    cr_expect_eq(verify_while("echo 4 >>data/points"), 5, "%s", toy_output());
    cr_expect(toy_said("data: the data were changed during the run"), "%s", toy_output());
    cr_expect_eq(verify_while("touch data/points"), 0, "%s", toy_output());
}

/* Stored results are those of the beginning. */
Test(run_folder, stored_results_edited_during_the_run_do_not_count) {
    cr_expect_eq(verify_while("sed -i s/constant.3/constant\\\\t4/ expected/toy/slow.tsv"), 0, "%s",
                 toy_output());
    cr_expect_eq(toy_ntk("verify toy/slow --no-figures --out run --resume"), 2, "%s", toy_output());
}

Test(run_folder, results_removed_or_altered_during_the_run_are_missed) {
    static const char *const deeds[] = {"rm -r run",
                                        "await -s run/journal.log; "
                                        "rm run/toy/slow/draws.tsv",
                                        "await -s run/journal.log; "
                                        "echo >>run/toy/slow/metrics.tsv",
                                        "await -s run/journal.log; rm run/journal.log"};
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        cr_expect_eq(verify_while(deeds[i]), 5, "%s: %s", deeds[i], toy_output());
        cr_expect(toy_said("during the run") || toy_said("run/"), "%s: %s", deeds[i], toy_output());
        cr_expect(!toy_said(" passed"), "%s: %s", deeds[i], toy_output());
        cr_expect_eq(toy_shell("ls run | grep -e summary -e report"), 1, "%s: %s", deeds[i], toy_output());
    }
}

/* Another place, other times of change, the same content. */
Test(run_folder, a_run_of_another_clone_can_be_accepted) {
    cr_assert_eq(toy_shell("mkdir clone && cp -r suites expected clone/ && cp \"$NTK_FIXTURE\" clone/ntk && "
                           "rm expected/toy/holds.tsv"),
                 0);
    cr_assert_eq(toy_shell("cd clone && NTK_ROOT=$PWD ./ntk verify toy/holds --no-figures --out run"), 0,
                 "%s", toy_output());
    cr_assert_eq(toy_ntk("accept toy/holds --run clone/run --why 'computed elsewhere'"), 0, "%s",
                 toy_output());
    cr_expect_not_null(strstr(toy_read("expected/toy/holds.tsv"), "quick\tconstant\t3"));
    cr_assert_eq(toy_shell("rm expected/toy/holds.tsv && echo '# another' >>suites/toy/holds/claim.yaml"), 0);
    cr_expect_eq(toy_ntk("accept toy/holds --run clone/run --why 'another claim'"), 5, "%s", toy_output());
}

Test(run_folder, one_folder_serves_one_run_at_a_time) {
    toy_shell(
        "\"$NTK_FIXTURE\" verify toy/slow --no-figures --out run >first.txt 2>&1 & "
        "await -e run/journal.log; "
        "\"$NTK_FIXTURE\" verify toy/slow --no-figures --out run; echo second $?; wait %%1; echo first $?");
    cr_expect(toy_said("run: another run is using this folder"), "%s", toy_output());
    cr_expect(toy_said("second 5"), "%s", toy_output());
    cr_expect(toy_said("first 0"), "%s", toy_output());
}

Test(run_folder, two_runs_in_one_second_get_two_folders) {
    toy_shell(
        "for k in 1 2 3; do \"$NTK_FIXTURE\" verify toy/holds --no-figures >out$k.txt 2>&1 & done; wait; "
        "ls -d results/*Z-* | wc -l; readlink results/latest");
    cr_expect_eq(strtol(toy_output(), NULL, 10), 3, "%s", toy_output());
    cr_expect_eq(toy_shell("test -s results/latest/summary.json && ls -A results | grep -v Z-"), 0);
    cr_expect_str_eq(toy_output(), "latest\n");
}

Test(run_folder, there_is_nothing_to_resume_under_a_wrong_name) {
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --out run"), 0);
    cr_expect_eq(toy_ntk("verify toy/holds --no-figures --out rnu --resume"), 64, "%s", toy_output());
    cr_expect(toy_said("there is no earlier run at rnu"), "%s", toy_output());
    cr_expect_eq(toy_shell("ls | grep rnu"), 1, "nothing is made: %s", toy_output());
    cr_expect_eq(toy_shell("mkdir empty; \"$NTK_FIXTURE\" verify toy/holds --out empty --resume"), 64);
}

/* toy/timeout is stopped after a second, in the first slice and in the second. */
Test(run_folder, times_are_those_of_all_slices) {
    cr_assert_eq(toy_ntk("verify toy/timeout --no-figures --out run"), 5);
    json_t *first = json_load_file(toy_path("run/manifest.json"), 0, NULL);
    cr_assert_eq(toy_shell("sleep 1.1; \"$NTK_FIXTURE\" verify toy/timeout --no-figures --out run --resume"),
                 5);
    json_t *second = json_load_file(toy_path("run/manifest.json"), 0, NULL);
    const double wall = json_number_value(json_object_get(second, "wall_seconds"));
    cr_expect_str_eq(json_string_value(json_object_get(first, "started")),
                     json_string_value(json_object_get(second, "started")));
    cr_expect_gt(wall, json_number_value(json_object_get(first, "wall_seconds")) + 1);
    cr_expect_geq(wall, 2);
    json_decref(first);
    json_decref(second);
}

Test(run_folder, a_folder_that_is_something_else_is_refused) {
    toy_write("mine/thesis.tex", "years of work");
    cr_expect_eq(toy_ntk("verify toy/holds --out mine"), 5);
    cr_expect(toy_said("mine: is neither empty nor the folder of a run"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --out mine --resume"), 5, "%s", toy_output());
    cr_expect_str_eq(toy_read("mine/thesis.tex"), "years of work");
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures --out run"), 0);
    cr_expect_eq(toy_ntk("verify toy/holds --no-figures --out run"), 5);
    cr_expect(toy_said("add --resume"), "%s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --out mine/thesis.tex/run"), 5);
    cr_expect(toy_said("thesis.tex"), "%s", toy_output());
}

/* A limit on the size of files stands in for a full disk. Blocks of 1024 bytes. */
Test(run_folder, a_full_disk_is_an_error_and_leaves_no_part_of_a_file) {
    /* draws.tsv of 100 rows does not fit into 2 kB: the child's error is its claim's. */
    cr_expect_eq(toy_shell("ulimit -f 2; \"$NTK_FIXTURE\" run toy/holds --set units=300 --out tables"), 5);
    cr_expect(toy_said("draws.tsv"), "%s", toy_output());
    cr_expect_eq(toy_shell("ls -A tables | grep -v metrics.tsv"), 1, "left behind: %s", toy_output());
    /* Nor does the report; tables and journal do. */
    cr_expect_eq(toy_shell("ulimit -f 8; \"$NTK_FIXTURE\" verify toy/holds --no-figures --out run"), 5);
    cr_expect(toy_said("run/report.html: "), "%s", toy_output());
    cr_expect_eq(toy_shell("ls -A run | grep -e report -e summary"), 1, "left behind: %s", toy_output());
    cr_expect_eq(toy_ntk("verify toy/holds --no-figures --out run --resume"), 0, "%s", toy_output());
    cr_expect(toy_said("1 passed, 0 failed, 0 skipped"), "%s", toy_output());
}

/* ---- summary.json ---------------------------------------------------------------------------- */

static json_t *find_check(json_t *summary, const char *name) {
    json_t *claim = json_array_get(json_object_get(summary, "claims"), 0), *check;
    size_t i;
    json_array_foreach(json_object_get(claim, "checks"), i, check) {
        if (strcmp(json_string_value(json_object_get(check, "name")), name) == 0) return check;
    }
    return NULL;
}

Test(run_folder, the_summary_is_what_the_design_says) {
    cr_assert_eq(toy_ntk("verify toy/violated --no-figures --out run"), 1);
    json_t *summary = json_load_file(toy_path("run/summary.json"), 0, NULL);
    cr_assert_not_null(summary);
    json_t *claim = json_array_get(json_object_get(summary, "claims"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(claim, "id")), "toy/violated");
    cr_expect_str_eq(json_string_value(json_object_get(claim, "verdict")), "VIOLATED");
    cr_expect_gt(json_real_value(json_object_get(claim, "seconds")), 0);
    json_t *check = find_check(summary, "small");
    cr_expect_eq(json_real_value(json_object_get(check, "value")), 1.25);
    cr_expect_eq(json_real_value(json_object_get(check, "bound")), 1.0);
    cr_expect_str_eq(json_string_value(json_object_get(check, "verdict")), "VIOLATED");
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(summary, "counts"), "VIOLATED")), 1);
    cr_expect_gt(json_real_value(json_object_get(summary, "wall_seconds")), 0);
    json_decref(summary);
}

Test(run_folder, json_has_no_nan) {
    cr_assert_eq(toy_ntk("verify toy/nan --no-figures --out run"), 5);
    json_t *summary = json_load_file(toy_path("run/summary.json"), 0, NULL);
    cr_assert_not_null(summary, "not JSON:\n%s", toy_read("run/summary.json"));
    json_t *check = find_check(summary, "small");
    cr_expect(json_is_null(json_object_get(check, "value")));
    cr_expect_str_eq(json_string_value(json_object_get(check, "value_text")), "nan");
    cr_expect_str_eq(json_string_value(json_object_get(check, "verdict")), "ERROR");
    json_decref(summary);
}

Test(run_folder, the_report_escapes_what_claims_say) {
    cr_assert_eq(toy_ntk("verify toy/violated --no-figures --out run"), 1);
    cr_expect_not_null(strstr(toy_read("run/report.html"), "a &lt; b &amp; &#39;c&#39;"));
    cr_expect_null(strstr(toy_read("run/report.html"), "a < b"));
}

/* The settings that apply to the claim, and no others, quoted as a shell needs them. */
Test(run_folder, the_report_says_what_runs_a_claim_again) {
    cr_assert_eq(
        toy_ntk("verify toy/violated toy/slow --set value=1.5 --set 'pause=0' --no-figures --out run"), 1);
    cr_assert_eq(
        toy_shell("sed -n 's,.*<dt>again</dt><dd class=\"mono\">\\(.*\\)</dd>.*,\\1,p' run/report.html | "
                  "grep toy/violated | sed \"s/&#39;/'/g\" >again; cat again"),
        0);
    cr_expect(toy_said(" verify toy/violated --tier quick --seed 20250422 --set value=1.5"), "%s",
              toy_output());
    cr_expect_eq(toy_shell("env -u NTK_ROOT sh again"), 1, "%s", toy_output());
    cr_expect(toy_said("VIOLATED      toy/violated"), "%s", toy_output());
}

/* ---- accept and figures ---------------------------------------------------------------------- */

Test(run_folder, accepting_stores_the_numbers_of_a_run) {
    cr_assert_eq(toy_shell("rm expected/toy/holds.tsv"), 0);
    cr_assert_eq(toy_ntk("verify toy/holds --no-figures"), 2, "not stored yet: %s", toy_output());
    cr_expect_eq(toy_ntk("accept toy/holds"), 64);
    cr_expect_eq(toy_ntk("accept toy/holds --why 'first result'"), 0, "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("expected/ledger.tsv"), "first result"));
    cr_expect_eq(toy_ntk("verify toy/holds --no-figures"), 0, "%s", toy_output());
}

Test(run_folder, accepting_is_refused_without_a_run_that_holds) {
    cr_assert_eq(toy_ntk("verify toy/violated --no-figures"), 1);
    cr_expect_eq(toy_ntk("accept toy/violated --why 'make it pass'"), 5);
    cr_expect(toy_said("toy/violated is VIOLATED"), "%s", toy_output());
    cr_expect_eq(toy_ntk("accept toy/holds --why 'not run'"), 5);
    cr_assert_eq(toy_ntk("verify toy/holds --seed 3 --no-figures"), 0, "%s", toy_output());
    cr_expect_eq(toy_ntk("accept toy/holds --why 'another seed'"), 5);
    cr_expect(toy_said("run `ntk verify toy/holds --tier quick` first"), "%s", toy_output());
    cr_expect_str_empty(toy_read("expected/ledger.tsv"));
}

Test(run_folder, the_report_states_what_was_measured) {
    cr_assert_eq(toy_ntk("verify toy/holds --out run"), 0, "%s", toy_output());
    const char *report = toy_read("run/report.html");
    cr_expect_not_null(strstr(report, "<p>at <b>3</b> &lt;, then <b>"), "a metric's value, and escaped text");
    cr_expect_not_null(strstr(report, " \u00b1 "), "an estimate has its interval");
    cr_expect_not_null(strstr(report, "<b>no number</b></p>"), "a metric that is not there");
}

static const char style[] =
    "set terminal svg\nif (format eq 'png') set terminal pngcairo\nset output output\n";

Test(run_folder, figures_are_drawn_and_a_broken_one_changes_no_verdict) {
    toy_write("suites/style.gp", style);
    toy_write("suites/toy/holds/figure.gp", "plot data.'/draws.tsv' using 1:2 with lines title tier\n");
    toy_write("suites/toy/slow/figure.gp", "plot nonsense(\n");
    cr_assert_eq(toy_ntk("verify toy/holds toy/slow --out run"), 0, "%s", toy_output());
    cr_expect_eq(memcmp(toy_read("run/toy/holds/figure.png"), "\x89PNG", 4), 0);
    cr_expect_not_null(strstr(toy_read("run/toy/holds/figure.svg"), "</svg>"));
    cr_expect_not_null(strstr(toy_read("run/report.html"), "<figcaption>a toy"));
    cr_expect(toy_said("warning: toy/slow figure: gnuplot ended with exit status 1"), "%s", toy_output());
    cr_expect_eq(toy_shell("ls -A run/toy/slow | grep -e figure.svg -e figure.png"), 1, "%s", toy_output());
    cr_expect_eq(toy_ntk("figures --run run --plots plots"), 5, "one figure cannot be drawn: %s",
                 toy_output());
    cr_expect_not_null(strstr(toy_read("plots/toy-holds.svg"), "</svg>"));
    cr_expect_eq(toy_ntk("figures toy/holds --run run --plots plots"), 0, "%s", toy_output());
}

Test(run_folder, without_gnuplot_the_verdicts_stand) {
    toy_write("suites/style.gp", style);
    toy_write("suites/toy/holds/figure.gp", "plot x\n");
    cr_expect_eq(toy_shell("PATH=/nowhere \"$NTK_FIXTURE\" verify toy/holds --out run"), 0, "%s",
                 toy_output());
    cr_expect(toy_said("warning: no figures are drawn: gnuplot cannot be started"), "%s", toy_output());
}
