/* Planted errors: each kind changes what it says, by its size, and nothing where another is
 * planted. */
#include <criterion/criterion.h>

#include <ntk/lab/context.h>
#include <ntk/lab/plant.h>

#include "fixture.h"

TestSuite(plant, .fini = fixture_remove);

static const ntk_parameter some[] = {NTK_PLANTS("lambda|kernel-entry"), {0}};
static const ntk_parameter kernels[] = {NTK_PLANTS("kernel-scale|kernel-entry|kernel-trace"), {0}};
static const ntk_parameter *const some_tables[] = {some, NULL};
static const ntk_parameter *const kernel_tables[] = {kernels, NULL};

Test(plant, none_is_planted_where_nothing_is_said) {
    ntk_context *context = fixture_context(some_tables, NULL, "plant-size", "0.5", NULL);
    for (ntk_plant kind = 0; kind < NTK_PLANT_KINDS; kind++)
        cr_expect(ntk_plant_size(context, kind) == 0 && ntk_plant_factor(context, kind) == 1);
}

Test(plant, the_kind_that_is_named_is_planted_alone) {
    ntk_context *context = fixture_context(some_tables, NULL, "plant", "lambda", "plant-size", "-0.25", NULL);
    for (ntk_plant kind = 0; kind < NTK_PLANT_KINDS; kind++) {
        const bool planted = kind == NTK_PLANT_LAMBDA;
        cr_expect(ntk_plant_size(context, kind) == (planted ? -0.25 : 0));
        cr_expect(ntk_plant_factor(context, kind) == (planted ? 0.75 : 1));
    }
}

Test(plant, a_kind_that_an_experiment_lacks_is_refused_with_those_that_it_has) {
    const ntk_experiment experiment = {.parameters = {some}};
    char name[] = "plant", value[] = "time";
    const ntk_setting setting = {.name = name, .value = value};
    cr_expect_eq(ntk_setting_check(&experiment, &setting), NTK_ERROR_ARGUMENT);
    cr_expect_str_eq(ntk_error_detail(),
                     "parameter 'plant': 'time' should be one of none|lambda|kernel-entry");
}

Test(plant, names_are_distinct_and_end) {
    for (ntk_plant a = 0; a < NTK_PLANT_KINDS; a++) {
        cr_assert_not_null(ntk_plant_name(a), "%d", (int)a);
        for (ntk_plant b = 0; b < a; b++) cr_expect_str_neq(ntk_plant_name(a), ntk_plant_name(b));
    }
    cr_expect_null(ntk_plant_name(NTK_PLANT_KINDS));
}

/* A matrix of two points in a leading dimension of 3, by hand; what lies beside it stays. */
static void expect_kernel(const char *kind, const double wanted[4]) {
    double kernel[] = {4, 1, 77, 1, 9, 78};
    ntk_context *context = fixture_context(kernel_tables, NULL, "plant", kind, "plant-size", "0.5", NULL);
    ntk_plant_kernel(context, 2, kernel, 3);
    cr_expect(kernel[0] == wanted[0] && kernel[1] == wanted[1], "%s: %g %g", kind, kernel[0], kernel[1]);
    cr_expect(kernel[3] == wanted[2] && kernel[4] == wanted[3], "%s: %g %g", kind, kernel[3], kernel[4]);
    cr_expect(kernel[2] == 77 && kernel[5] == 78, "%s", kind);
}

Test(plant, a_kernel_by_hand) {
    expect_kernel("none", (const double[]){4, 1, 1, 9});
    expect_kernel("kernel-scale", (const double[]){6, 1.5, 1.5, 13.5});
    expect_kernel("kernel-trace", (const double[]){6, 1, 1, 13.5});
    expect_kernel("kernel-entry", (const double[]){4, 4, 4, 9}); /* 1 + 0.5 sqrt(4 9) */
}
