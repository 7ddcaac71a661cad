/* The prover: what is true, what is false, what touches zero, and lemmas that are wrong. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/prove.h>

#include "status.h"

static ntk_proof prove(const char *text, ntk_range range) {
    ntk_formula *f;
    ntk_proof proof;
    assert_ok(ntk_formula_create(&f));
    assert_ok(ntk_formula_define(f, "f", text));
    assert_ok(ntk_prove_positive(f, "f", &range, &proof));
    ntk_formula_destroy(f);
    return proof;
}

Test(prove, true_inequalities) {
    const struct {
        const char *text;
        ntk_range range;
        double least; /* what the margin cannot exceed */
    } cases[] = {
        {"x + 1", {"0", "1", 0, 0}, 1},
        {"2*sin(x/2) - 2*x/pi", {"0", "pi", 1, 1}, 0.37},  /* Jordan: zeros at both ends */
        {"sin(x) - x*cos(x)", {"0", "pi", 3, 0}, 1 / 3.0}, /* theta <= tan theta */
        {"exp(x) - 1 - x", {"-1", "0", 0, 2}, 0.5},        /* a zero of even order at the upper
                                                            * end */
        {"log(x)*(x - 1)", {"1", "3", 2, 0}, 1},
        {"(x - 0.637)^2 + 0.000001",
         {"0", "1", 0, 0},
         1e-6}, /* a dip that sampling at 1000 points sees as 1e-6 */
        {"2 - x^2 - 1", {"-1", "1", 1, 1}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ntk_proof proof = prove(cases[i].text, cases[i].range);
        cr_expect_eq(proof.result, NTK_PROOF_PROVED, "%s", cases[i].text);
        cr_expect(proof.margin > 0 && proof.margin <= cases[i].least, "%s: %g", cases[i].text, proof.margin);
        cr_expect(isnan(proof.witness) && proof.pieces < 2000);
    }
}

Test(prove, false_ones_are_refuted_by_a_witness) {
    const struct {
        const char *text;
        ntk_range range;
        double low, high; /* where it is negative */
    } cases[] = {
        {"0.99*2*sin(x/2) - 2*x/pi", {"0", "pi", 1, 0}, 2.7, 3.15},
        {"1.99*sin(x) - 2*x*cos(x)", {"0", "pi", 1, 0}, 0, 0.2},
        {"(x - 0.637)^2 - 0.000000000001", {"0", "1", 0, 0}, 0.636999, 0.637001}, /* 2e-6 wide */
        {"x - 1", {"0", "1", 0, 1}, 0, 1},
        {"-1 - x", {"0", "1", 0, 0}, 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ntk_proof proof = prove(cases[i].text, cases[i].range);
        cr_expect_eq(proof.result, NTK_PROOF_REFUTED, "%s: %d", cases[i].text, proof.result);
        cr_expect(proof.margin < 0 && proof.witness >= cases[i].low && proof.witness <= cases[i].high,
                  "%s: %g at %g", cases[i].text, proof.margin, proof.witness);
    }
}

/* The value at the witness is what is stated, by another arithmetic. */
Test(prove, witness_can_be_rechecked) {
    const ntk_proof proof = prove("0.99*2*sin(x/2) - 2*x/pi", (ntk_range){"0", "pi", 1, 0});
    const double value = 0.99 * 2 * sin(proof.witness / 2) - 2 * proof.witness / M_PI;
    cr_expect(value <= proof.margin + 1e-15 && value >= proof.margin - 1e-15, "%.17g, not %.17g", value,
              proof.margin);
}

/* Nothing is claimed where the function touches zero inside, or at an end without a lemma. */
Test(prove, touching_zero_is_undecided) {
    const char *texts[] = {"(3*x - 1)^2", "sin(x)", "log(x - 2)"};
    for (size_t i = 0; i < 3; i++) {
        const ntk_proof proof = prove(texts[i], (ntk_range){"0", "1", 0, 0});
        cr_expect_eq(proof.result, NTK_PROOF_UNDECIDED, "%s", texts[i]);
        cr_expect_eq(proof.margin, 0);
    }
}

/* A zero of a lower order than is claimed is noticed; one of a higher order leaves it undecided. */
Test(prove, wrong_lemmas) {
    ntk_formula *f;
    ntk_proof proof;
    assert_ok(ntk_formula_create(&f));
    assert_ok(ntk_formula_define(f, "f", "sin(x) - x*cos(x)"));
    assert_fails(ntk_prove_positive(f, "f", &(ntk_range){"0", "1", 4, 0}, &proof), NTK_ERROR_ARGUMENT,
                 "no zero of order 4 at the lower end: coefficient 3");
    assert_fails(ntk_prove_positive(f, "f", &(ntk_range){"0", "1", 3, 1}, &proof), NTK_ERROR_ARGUMENT,
                 "at the upper end: coefficient 0");
    assert_ok(ntk_prove_positive(f, "f", &(ntk_range){"0", "1", 2, 0}, &proof));
    cr_expect_eq(proof.result, NTK_PROOF_UNDECIDED);
    assert_fails(ntk_prove_positive(f, "g", &(ntk_range){"0", "1", 0, 0}, &proof), NTK_ERROR_ARGUMENT, "'g'");
    assert_fails(ntk_prove_positive(f, "f", &(ntk_range){"1", "1", 0, 0}, &proof), NTK_ERROR_ARGUMENT,
                 "empty");
    assert_fails(ntk_prove_positive(f, "f", &(ntk_range){"0", "x", 0, 0}, &proof), NTK_ERROR_ARGUMENT,
                 "depends on x");
    assert_fails(ntk_prove_positive(f, "f", &(ntk_range){"0", "1", 9, 0}, &proof), NTK_ERROR_ARGUMENT,
                 "order 9");
    ntk_formula_destroy(f);
}
