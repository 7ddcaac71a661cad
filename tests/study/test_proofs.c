/* Proofs as metrics and rows. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/lab/context.h>
#include <ntk/lab/proofs.h>

#include "fixture.h"

TestSuite(proofs, .fini = fixture_remove);

static const ntk_parameter *const no_tables[] = {NULL};

Test(proofs, signs_of_margins) {
    ntk_context *context = fixture_context(no_tables, NULL, NULL);
    ntk_proofs proofs;
    const ntk_range range = {"0", "1", 0, 0};
    assert_ok(ntk_proofs_begin(context, &proofs));
    assert_ok(ntk_formula_define(proofs.formula, "yes", "x + 1"));
    assert_ok(ntk_formula_define(proofs.formula, "no", "x - 0.5"));
    assert_ok(ntk_formula_define(proofs.formula, "open", "(3*x - 1)^2"));
    assert_ok(ntk_proofs_positive(&proofs, "holds", "yes", range));
    assert_ok(ntk_proofs_positive(&proofs, "fails", "no", range));
    assert_ok(ntk_proofs_positive(&proofs, "open", "open", range));
    assert_ok(ntk_proofs_negative(&proofs, "refuted", "no", range));
    assert_ok(ntk_proofs_negative(&proofs, "not-refuted", "yes", range));
    const char *names[] = {"yes", "no"}, *open[] = {"yes", "open"};
    const ntk_range ranges[] = {range, range};
    assert_ok(ntk_proofs_all_positive(&proofs, "not-all", 2, names, ranges));
    assert_ok(ntk_proofs_all_positive(&proofs, "all-open", 2, open, ranges));
    ntk_proofs_end(&proofs);
    cr_expect(fixture_metric(context, "holds")->value > 0);
    cr_expect(fixture_metric(context, "fails")->value < 0);
    cr_expect_eq(fixture_metric(context, "open")->value, 0);
    cr_expect(fixture_metric(context, "refuted")->value > 0);
    cr_expect(fixture_metric(context, "not-refuted")->value < 0);
    cr_expect(fixture_metric(context, "not-all")->value < 0);
    cr_expect_eq(fixture_metric(context, "all-open")->value, 0);
    cr_expect_eq(fixture_count(fixture_table(context, "proofs"), "\n"), 1 + 5 + 4);
}

Test(proofs, renewed_formulas_are_empty) {
    ntk_context *context = fixture_context(no_tables, NULL, NULL);
    ntk_proofs proofs;
    assert_ok(ntk_proofs_begin(context, &proofs));
    for (int i = 0; i < 3; i++) {
        assert_ok(ntk_proofs_renew(&proofs));
        assert_ok(ntk_formula_define(proofs.formula, "f", "x"));
    }
    ntk_proofs_end(&proofs);
}
