/* Claims outside the program: those of examples/claims as a user runs them, and programs that do
 * not keep to the protocol. */
#include "toy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

static char here[512];

static void begin(void) {
    cr_assert_not_null(getcwd(here, sizeof here));
    toy_begin();
}

TestSuite(outside, .init = begin, .fini = toy_end, .timeout = 120);

/* ---- the examples ---------------------------------------------------------------------------- */

/* `ntk` itself on a copy of the examples, so that what it builds and writes is the copy's. */
static int ntk(const char *arguments) {
    return toy_shell("[ -d mine ] || { cp -R '%s/examples/claims' mine; rm -rf mine/.ntk-build; }; "
                     "env -u NTK_ROOT NTK_SUITES= \"$NTK_BINARY\" %s",
                     here, arguments);
}

static bool has_numpy(void) { return toy_shell("python3 -c 'import numpy'") == 0; }

Test(outside, the_examples_hold_with_their_stored_results) {
    const int status = ntk("verify --suites mine --jobs 1 --out run");
    cr_expect_eq(status, has_numpy() ? 0 : 6);
    cr_expect_eq(ntk("verify --suites mine --jobs 1 --no-figures --seed 7 --out other"), status, "%s",
                 toy_output());
    cr_expect_eq(ntk("list --suites mine"), 0);
    cr_expect(toy_said("own/homogeneity") && toy_said("own/positive-definite"), "%s", toy_output());
    cr_expect(!toy_said("lazy-classification"), "the program's own are left out");
    cr_expect_eq(ntk("compare --suites mine stored run"), 0, "%s", toy_output());
    cr_expect(toy_read("run/own/homogeneity/residuals.tsv")[0] != '\0');
    cr_expect(toy_read("run/own/homogeneity/figure.svg")[0] != '\0');
    cr_expect_eq(access(toy_path("run/own/positive-definite/program"), F_OK), -1, "nothing is left over");
}

Test(outside, a_new_claim_needs_no_make) {
    cr_expect_eq(ntk("--version && mkdir fresh"), 0);
    cr_expect_eq(ntk("verify --suites fresh"), 64);
    cr_expect(toy_said("fresh holds no claims"), "%s", toy_output());
    cr_expect_eq(ntk("new own/relu-mean --suites fresh"), 0, "%s", toy_output());
    cr_expect_eq(ntk("verify --suites fresh --set width=2000 --no-figures --out run"), 4, "%s", toy_output());
    cr_expect(toy_said("own/relu-mean"));
}

Test(outside, a_rerun_line_finds_the_claims_again) {
    cr_expect_eq(
        ntk("verify own/homogeneity --suites mine --set bias-variance=1 --no-figures --out run >said"), 1);
    cr_expect_eq(toy_shell("sed -n 's/^  rerun: //p' said | head -n 1 >again; grep -c NTK_SUITES= again"), 0,
                 "%s", toy_read("said"));
    cr_expect_eq(toy_shell("env -u NTK_ROOT sh -e again"), 0, "%s", toy_output());
    cr_expect(toy_said("check ratio-1 is VIOLATED"), "%s", toy_output());
}

Test(outside, what_was_built_is_built_once_for_each_content) {
    ntk("show own/homogeneity --suites mine");
    cr_expect_eq(toy_shell("cd mine/.ntk-build && touch -d @1 *.so && ls *.so | wc -l"), 0);
    cr_expect(toy_said("1\n"));
    ntk("show own/homogeneity --suites mine");
    cr_expect_eq(toy_shell("stat -c %%Y mine/.ntk-build/*.so"), 0);
    cr_expect_str_eq(toy_output(), "1\n", "it was built again");
    toy_shell("echo '/* other */' >>mine/own/homogeneity/experiment.c");
    ntk("show own/homogeneity --suites mine");
    cr_expect_eq(toy_shell("ls mine/.ntk-build/*.so | wc -l"), 0);
    cr_expect_str_eq(toy_output(), "2\n");
}

Test(outside, a_source_that_does_not_compile_gives_one_line) {
    ntk("--version");
    toy_shell("sed -i 's/ntk_stream_normal(/ntk_strem_normal(/' mine/own/homogeneity/experiment.c");
    cr_expect_eq(ntk("run own/homogeneity --suites mine"), 5);
    cr_expect(toy_said("experiment.c") && toy_said("ntk_strem_normal"), "%s", toy_output());
    cr_expect_null(strchr(toy_output(), '\n')[1] == '\0' ? NULL : toy_output(), "more than a line: %s",
                   toy_output());
    toy_shell("echo 'not C' >mine/own/homogeneity/experiment.c");
    cr_expect_eq(ntk("list --suites mine"), 5);
    cr_expect(toy_said("does not compile: ") && toy_said("error: "), "%s", toy_output());
    cr_expect(toy_said("own/positive-definite  "), "the others are listed: %s", toy_output());
    toy_write("mine/own/homogeneity/experiment.c", "int nothing;\n");
    cr_expect_eq(ntk("list --suites mine"), 5);
    cr_expect(toy_said("defines no `const ntk_experiment NTK_EXPERIMENT`"), "%s", toy_output());
}

static void write_program(const char *spoil);

/* Others run, are judged and found; none of it is taken up by --resume once it is mended. */
Test(outside, a_claim_that_cannot_be_started_is_an_error_of_its_own) {
    static const char *const faults[] = {
        "chmod -x mine/own/script/experiment", "rm mine/own/script/experiment.yaml",
        "cd mine/own/script && rm experiment* && echo 'not C' >experiment.c"};
    static const char *const says[] = {"could not be started: ", "experiment.yaml is missing",
                                       "script/experiment.c "};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        write_program("");
        toy_shell("rm -f mine/own/script/experiment.c; rm -rf mine/own/other && "
                  "cp -R mine/own/script mine/own/other && "
                  "sed -i s,own/script,own/other, mine/own/other/claim.yaml && %s",
                  faults[i]);
        cr_expect_eq(toy_ntk("verify --suites mine --no-figures --jobs 1 --set value=0.25 --out run%zu", i),
                     5, "%s", toy_output());
        cr_expect(toy_said("ERROR         own/script") && toy_said(says[i]), "%s: %s", faults[i],
                  toy_output());
        cr_expect(toy_said("HOLDS         own/other"), "%s: %s", faults[i], toy_output());
        cr_expect_eq(toy_ntk("find toy-2026 --suites mine"), 0, "%s", toy_output());
        cr_expect(toy_said("claim own/script") && toy_said("claim own/other"), "%s", toy_output());
    }
    write_program("");
    toy_shell("rm -f mine/own/script/experiment.c");
    cr_expect_eq(toy_ntk("verify --suites mine --no-figures --jobs 1 --set value=0.25 --resume --out run0"),
                 0, "%s", toy_output());
}

/* ---- programs -------------------------------------------------------------------------------- */

static const char head[] = "metric\\tvalue\\tlow\\thigh\\tlevel\\tstandard-error\\tdegrees\\t"
                           "minimum-detectable-effect";

/* A claim in which a shell script emits the parameter `value`, and `constant`; `spoil` runs behind
 * that, with $value set. */
static void write_program(const char *spoil) {
    char text[4096];
    toy_write("mine/own/script/claim.yaml",
              "id: own/script\nrevision: 1\ntitle: A script\nstatement: smaller\nhypotheses: [smallness]\n"
              "source: {paper: toy-2026, result: Lemma 1, wording: ours}\n"
              "parameters: {}\nresources: {quick-seconds: 3}\n"
              "checks:\n  - {small: at-most 1, metric: value, why: scripts are small}\n"
              "controls:\n"
              "  - {name: large, removes: smallness, set: {value: 2}, breaks: small, why: it is large}\n"
              "regression:\n  - {constant: abs 1e-9, depends-on-seed: false}\n"
              "figure: none\nlimits: a script\n");
    toy_write("mine/own/script/experiment.yaml",
              "protocol: 1\n"
              "parameters:\n"
              "  value: {type: real, default: 0.5, from: 0, to: 10, meaning: what is small}\n"
              "  sizes: {type: integers, default: [1, 2], from: 0, to: 10, meaning: sizes}\n"
              "  kind: {type: choice, default: good, choices: [good, bad], meaning: which}\n"
              "metrics:\n  value: what is small\n  constant: three\n");
    snprintf(text, sizeof text,
             "#!/bin/sh\nvalue=$(sed -n 's/^ *\"value\": \\([0-9.]*\\).*/\\1/p' \"$1\")\n"
             "printf '%s\\nvalue\\t%%s\\t\\t\\t\\t\\t\\t\\nconstant\\t3\\t\\t\\t\\t\\t\\t\\n' \"$value\" "
             ">metrics.tsv\n"
             "cp \"$1\" /dev/stdout\n%s\n",
             head, spoil);
    toy_write("mine/own/script/experiment", text);
    toy_shell("chmod +x mine/own/script/experiment");
}

static int verify(const char *options) {
    return toy_ntk("verify --suites mine --no-figures --jobs 1 %s", options);
}

Test(outside, a_program_is_judged_stored_and_resumed) {
    write_program("printf 'kind\\tsize\\tx\\nsmall one\\t1\\t2.5\\n' >sizes.tsv");
    cr_expect_eq(verify("--out run"), 2, "%s", toy_output());
    cr_expect_eq(toy_ntk("accept own/script --suites mine --run run --why first"), 0, "%s", toy_output());
    cr_expect_eq(verify("--out run2"), 0, "%s", toy_output());
    cr_expect_str_eq(toy_read("run2/own/script/sizes.tsv"), "kind\tsize\tx\nsmall one\t1\t2.5\n");
    cr_expect_str_eq(toy_read("mine/expected/own/script.tsv"),
                     "tier\tmetric\tvalue\tlow\thigh\tlevel\tdegrees\nquick\tconstant\t3\t\t\t\t\n");
    cr_expect_eq(verify("--resume --out run2"), 0, "%s", toy_output());
    cr_expect_not_null(strstr(toy_read("run2/manifest.json"), "\"from_journal\": true"));
    /* Another content of the program, or of a file that it may read, is another result. */
    toy_write("mine/own/script/table.txt", "1\n");
    cr_expect_eq(verify("--resume --out run2"), 0, "%s", toy_output());
    cr_expect_null(strstr(toy_read("run2/manifest.json"), "\"from_journal\": true"));
}

Test(outside, the_request_says_what_the_protocol_promises) {
    write_program("cp \"$1\" /tmp/$$.json 2>/dev/null; mv /tmp/$$.json \"$KEEP\"; exit 3");
    cr_expect_eq(
        toy_shell("KEEP=\"$PWD/request.json\" \"$NTK_FIXTURE\" run own/script --suites mine --tier full "
                  "--seed 18446744073709551615 --jobs 3 --set sizes=4,5 --out here"),
        5, "%s", toy_output());
    cr_expect_eq(
        toy_shell(
            "python3 -c \"import json, os\n"
            "r = json.load(open('request.json'))\n"
            "assert list(r) == ['protocol', 'claim', 'tier', 'seed', 'level', 'workers', 'data', 'out', "
            "'parameters'], list(r)\n"
            "assert r['protocol'] == 1 and r['claim'] == 'own/script' and r['tier'] == 'full'\n"
            "assert r['seed'] == '18446744073709551615' and r['workers'] == 3\n"
            "assert abs(r['level'] - (1 - 1e-3 / 500)) < 1e-12\n"
            "assert r['out'] == os.path.realpath('here/program'), r['out']\n"
            "assert r['parameters'] == {'value': 0.5, 'sizes': [4, 5], 'kind': 'good'}\n\""),
        0, "%s", toy_output());
}

static const struct {
    const char *spoil; /* behind what the program writes */
    int status;
    const char *says;
} faults[] = {
    {"echo 'it is over' >&2; exit 3", 5, "own/script/experiment ended with exit status 3: it is over"},
    {"echo 'needs a ruler' >&2; exit 77", 6, "needs a ruler"},
    {"kill -SEGV $$", 5, "ended by signal 11"},
    {"sleep 30", 5, "exceeded its time limit of 3 s"},
    {"rm metrics.tsv", 5, "own/script/experiment wrote no metrics.tsv"},
    {"sed -i /^constant/d metrics.tsv", 5, "metric 'constant' is declared and was not emitted"},
    {"sed -i s/^constant/konstant/ metrics.tsv", 5, "metric 'constant' is declared and was not emitted"},
    {"sed 's/^constant/extra/;1,2d' metrics.tsv >x; cat x >>metrics.tsv", 5,
     "metric 'extra' was emitted and is not declared"},
    {"sed -i s/0.5/nan/ metrics.tsv", 5, "small"},
    {"sed -i s/0.5/half/ metrics.tsv", 5, "metrics.tsv:2: field 'half' should be a number"},
    {"printf 'constant\\t3\\n' >>metrics.tsv", 5, "metrics.tsv:4: 2 fields in a table of 8 columns"},
    {"sed -i 1d metrics.tsv", 5, "metrics.tsv:1: the header is"},
    {"printf 'a\\tb\\n1\\n' >t.tsv", 5, "t.tsv:2: 1 fields in a table of 2 columns"},
    {"printf 'a\\tb\\n1\\tx\\n' >t.tsv", 0, ""}, /* all columns are of text */
    {"printf 'A b\\n1\\n' >t.tsv", 5, "t.tsv: table 't', column '(no-name)': a name consists of"},
    {"printf 'a\\n1\\n' >Bad.tsv", 5, "table 'Bad': a name consists of"},
    {"echo '#' >>\"$0\"", 5, "its experiment was changed during the run; start again"},
};

Test(outside, a_program_that_breaks_the_protocol_is_an_error_of_one_line) {
    toy_write("mine/expected/own/script.tsv",
              "tier\tmetric\tvalue\tlow\thigh\tlevel\nquick\tconstant\t3\t\t\t\n");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char out[32];
        write_program(faults[i].spoil);
        snprintf(out, sizeof out, "--out fault%zu", i);
        cr_expect_eq(verify(out), faults[i].status, "%s: %s", faults[i].spoil, toy_output());
        cr_expect(toy_said(faults[i].says), "%s: %s", faults[i].spoil, toy_output());
    }
}

/* No process that comes later would see it. */
Test(outside, what_the_only_process_of_a_claim_changes_is_seen) {
    static const char *const changes[] = {"echo '#' >>\"$0\"", "echo 1 >\"${0%/*}/table.txt\"",
                                          "echo '# more' >>\"${0%/*}/claim.yaml\""};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char out[32];
        write_program(changes[i]);
        toy_shell("sed -i -e '/^controls:/d' -e 's/^  - {name: large.*/no-control: it stands alone/' "
                  "mine/own/script/claim.yaml");
        snprintf(out, sizeof out, "--out alone%zu", i);
        cr_expect_eq(verify(out), 5, "%s: %s", changes[i], toy_output());
        cr_expect(toy_said("was changed during the run; start again"), "%s: %s", changes[i], toy_output());
    }
}

Test(outside, what_cannot_be_started_or_read_is_told) {
    write_program("");
    toy_shell("sed -i '1s,.*,#!/nowhere/sh,' mine/own/script/experiment");
    cr_expect_eq(verify("--out run1"), 5);
    cr_expect(toy_said("own/script/experiment cannot be started"), "%s", toy_output());
    toy_shell("chmod -x mine/own/script/experiment");
    cr_expect_eq(toy_ntk("list --suites mine"), 5);
    cr_expect(toy_said("own/script/experiment is no executable file"), "%s", toy_output());
    toy_write("mine/own/script/experiment.c", "");
    cr_expect_eq(toy_ntk("list --suites mine"), 5);
    cr_expect(toy_said("has an experiment.c and an executable experiment: one of them"), "%s", toy_output());
    toy_shell("rm mine/own/script/experiment mine/own/script/experiment.c");
    cr_expect_eq(toy_ntk("list --suites mine"), 5);
    cr_expect(toy_said("has neither experiment.c nor an executable file experiment"), "%s", toy_output());
    toy_shell("mkdir mine/own/script/experiment");
    cr_expect_eq(toy_ntk("list --suites mine"), 5);
    cr_expect(toy_said("own/script/experiment is no executable file: it is a folder"), "%s", toy_output());
    cr_expect_eq(toy_ntk("list --suites nowhere"), 64);
    cr_expect(toy_said("--suites nowhere: No such file or directory"), "%s", toy_output());
}

static const struct {
    const char *edit; /* of experiment.yaml, by sed */
    const char *says;
} declarations[] = {
    {"s/^protocol: 1/protocol: 2/",
     "experiment.yaml:1: protocol 2 is not known here; this program speaks protocol 1"},
    {"/^protocol/d", "lacks the key 'protocol'"},
    {"s/type: real/type: number/", "'type' is 'number' and should be integer, real, flag"},
    {"s/default: 0.5/default: 11/", "experiment.yaml: parameter 'value'"},
    {"s/choices: .good, bad., //", "'choices' belongs to the types choice and choices alone"},
    {"s/^  value: what/  value-{sizes: what/", "a brace has no counterpart"},
    {"s/^metrics/metriks/", "unknown key 'metriks'"},
};

Test(outside, declarations_are_read_strictly) {
    for (size_t i = 0; i < sizeof declarations / sizeof *declarations; i++) {
        write_program("");
        toy_shell("sed -i '%s' mine/own/script/experiment.yaml", declarations[i].edit);
        cr_expect_eq(toy_ntk("show own/script --suites mine"), 5, "%s", toy_output());
        cr_expect(toy_said(declarations[i].says), "%s: %s", declarations[i].edit, toy_output());
    }
}
