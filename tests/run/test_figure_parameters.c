/* What a figure is told of the parameters in effect. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/file.h>

#include "fixture.h"
#include "run/figure_parameters.h"
#include "status.h"

TestSuite(figure_parameters, .fini = fixture_remove);

static void write_parameters(const char *folder, const char *lines) {
    char text[1024];
    snprintf(text, sizeof text, "name\tkind\tvalue\n%s", lines);
    assert_ok(ntk_folder_create(folder));
    assert_ok(ntk_file_write(fixture_join(folder, "parameters.tsv"), text, strlen(text)));
}

Test(figure_parameters, kinds_are_those_of_gnuplot) {
    const char *folder = fixture_folder();
    write_parameters(folder, "log-horizon\treal\t6\n"
                             "lambda\treal\t0.10000000000000001\n"
                             "step\treal\t1e-06\n"
                             "seeds\tinteger\t16\n"
                             "widths\tlist\t64\n"
                             "loss\ttext\tit's\n"
                             "observe-kernel\tflag\tfalse\n"
                             "coordinates\tflag\ttrue\n");
    write_parameters(fixture_join(folder, "controls/soft-targets"), "epsilon\treal\t0.5\n");
    write_parameters(fixture_join(folder, "controls/l2"),
                     "lambda\treal\t0.25\n"
                     "a-name-that-is-longer-than-what-gnuplot-can-remember\treal\t1\n");
    assert_ok(ntk_folder_create(fixture_join(folder, "controls/crashed")));
    assert_ok(ntk_figure_write_parameters(folder));
    cr_expect_str_eq(fixture_read(fixture_join(folder, "parameters.gp")),
                     "# Written before the figure is drawn: the parameters in effect.\n"
                     "claim_log_horizon = 6.0\n"
                     "claim_lambda = 0.10000000000000001\n"
                     "claim_step = 1e-06\n"
                     "claim_seeds = 16\n"
                     "claim_widths = '64'\n"
                     "claim_loss = 'it''s'\n"
                     "claim_observe_kernel = 0\n"
                     "claim_coordinates = 1\n"
                     "l2_lambda = 0.25\n"
                     "l2_a_name_that_is_longer_than_what_gnuplot_can_r = 1.0\n"
                     "soft_targets_epsilon = 0.5\n");
}

Test(figure_parameters, a_claim_without_them_is_refused) {
    const char *folder = fixture_folder();
    cr_expect_eq(ntk_figure_write_parameters(folder), NTK_ERROR_IO);
    write_parameters(folder, "seeds\tinteger\n");
    cr_expect_eq(ntk_figure_write_parameters(folder), NTK_ERROR_FORMAT);
}
