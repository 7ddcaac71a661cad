/* What experiments on strict definiteness share: data sets, certified bounds, ranks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>
#include <ntk/lab/context.h>
#include <ntk/lab/definiteness.h>
#include <ntk/lab/parameters.h>
#include <ntk/status.h>

#include "fixture.h"

TestSuite(definiteness, .fini = fixture_remove);

static const ntk_parameter own[] = {
    NTK_CHOICES("architectures", "relu", "relu|linear", "networks of two layers"),
    {0},
};
static const ntk_parameter *const parameters[] = {ntk_digits_parameters, ntk_definiteness_parameters, own,
                                                  NULL};

/* relu: strictly positive definite; linear: residual without branches, Theta = 2 <x, x'>. */
static ntk_architecture architecture_of(const char *label, size_t d) {
    (void)d;
    ntk_architecture out = ntk_architecture_default();
    out.depth = 2;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    if (strcmp(label, "linear") == 0) out.family = NTK_RESIDUAL, out.residual_scale = 0;
    return out;
}

static ntk_context *create(const char *sets, const char *architectures, const char *sizes) {
    return fixture_context(parameters, NULL, "data-sets", sets, "architectures", architectures, "sizes",
                           sizes, NULL);
}

typedef struct bound {
    double size, certified, computed, entries;
} bound;

/* The rows of the table `cases`, of any labels. */
static size_t read_cases(const ntk_context *context, size_t most, bound *rows) {
    const char *text = fixture_table(context, "cases");
    size_t count = 0;
    for (const char *line = strchr(text, '\n'); line != NULL && line[1] != 0 && count < most;
         line = strchr(line + 1, '\n')) {
        bound *b = &rows[count++];
        cr_assert_eq(
            sscanf(line, " %*s %*s %lf %lf %lf %lf", &b->size, &b->certified, &b->computed, &b->entries), 4);
    }
    return count;
}

Test(definiteness, bounds_of_every_case) {
    enum { ROWS = 10 * 2 };
    bound rows[ROWS + 1];
    ntk_context *context =
        create("sphere-3,sphere-10,antipodal-3,antipodal-10,digits", "relu,linear", "8,16");
    assert_ok(ntk_definiteness_certify(context, architecture_of));
    cr_assert_eq(read_cases(context, ROWS + 1, rows), ROWS);
    double smallest = INFINITY;
    for (size_t i = 0; i < ROWS; i++) {
        const bound *b = &rows[i];
        const bool relu = i / 2 % 2 == 0; /* order: data sets, architectures, sizes */
        smallest = fmin(smallest, b->certified);
        cr_expect_eq(b->size, i % 2 ? 16 : 8);
        cr_expect(b->entries > 0 && b->entries < 1e-12);
        cr_expect(!relu || b->certified > 0, "row %zu: %g", i, b->certified);
        cr_expect(b->certified <= b->computed && b->certified >= b->computed - 1e-10, "row %zu", i);
    }
    cr_expect(smallest < 0, "16 points in 3 dimensions: a linear kernel is singular");
    cr_expect_eq(fixture_metric(context, "certified-lambda-min")->value, smallest);
}

/* The stored results of a claim do not depend on which other sizes stand beside one. */
Test(definiteness, smaller_sizes_are_the_first_points) {
    static const char *const sets[] = {"sphere-3", "antipodal-10", "doubled-10", "digits"};
    for (size_t i = 0; i < 4; i++) {
        bound alone, together[2];
        ntk_context *context = create(sets[i], "relu", "8");
        assert_ok(ntk_definiteness_certify(context, architecture_of));
        read_cases(context, 1, &alone);
        context = create(sets[i], "relu", "20,8");
        assert_ok(ntk_definiteness_certify(context, architecture_of));
        cr_assert_eq(read_cases(context, 2, together), 2);
        cr_expect_eq(together[1].certified, alone.certified, "%s", sets[i]);
    }
}

/* relu: n, on x and 2x n/2; linear: min(n, d), on x and -x, x and 2x min(n/2, d). */
Test(definiteness, ranks_of_spectra) {
    static const struct {
        const char *set, *sizes;
        size_t n, relu, linear;
    } cases[] = {{"sphere-3", "30,4", 30, 30, 3},   {"sphere-10", "8", 8, 8, 8},
                 {"antipodal-10", "12", 12, 12, 6}, {"antipodal-10", "24", 24, 24, 10},
                 {"doubled-10", "12", 12, 6, 6},    {"doubled-10", "24", 24, 12, 10}};
    static const char *const labels[] = {"relu", "linear"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n, ranks[2];
        ntk_context *context = create("sphere-3", "relu", cases[i].sizes);
        assert_ok(ntk_definiteness_spectra(context, cases[i].set, 2, labels, architecture_of, &n, ranks));
        cr_expect_eq(n, cases[i].n);
        cr_expect(ranks[0] == cases[i].relu && ranks[1] == cases[i].linear, "%s, %zu: ranks %zu and %zu",
                  cases[i].set, n, ranks[0], ranks[1]);
    }
}

Test(definiteness, an_odd_size_is_refused) {
    ntk_context *context = create("antipodal-3", "relu", "8,9");
    assert_fails(ntk_definiteness_certify(context, architecture_of), NTK_ERROR_ARGUMENT, "size 9");
}
