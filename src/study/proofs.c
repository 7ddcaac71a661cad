/* Certified inequalities: margins as metrics, witnesses in a table. */
#include <ntk/lab/proofs.h>

#include <math.h>

#include <ntk/lab/table.h>
#include <ntk/linalg.h>

ntk_status ntk_proofs_begin(ntk_context *context, ntk_proofs *out) {
    *out = (ntk_proofs){.context = context};
    NTK_TRY(ntk_emit_table(context, "proofs", "$inequality margin witness pieces", &out->table));
    return ntk_formula_create(&out->formula);
}

void ntk_proofs_end(ntk_proofs *proofs) {
    ntk_formula_destroy(proofs->formula);
    *proofs = (ntk_proofs){0};
}

ntk_status ntk_proofs_renew(ntk_proofs *proofs) {
    ntk_formula_destroy(proofs->formula);
    proofs->formula = NULL;
    return ntk_formula_create(&proofs->formula);
}

static ntk_status prove(ntk_proofs *proofs, const char *label, const char *name, const ntk_range *range,
                        double *margin) {
    ntk_proof proof;
    NTK_TRY(ntk_prove_positive(proofs->formula, name, range, &proof));
    const double row[] = {proof.margin, proof.witness, (double)proof.pieces};
    *margin = proof.margin;
    return ntk_table_row(proofs->table, &label, row);
}

ntk_status ntk_proofs_positive(ntk_proofs *proofs, const char *metric, const char *name, ntk_range range) {
    return ntk_proofs_all_positive(proofs, metric, 1, &name, &range);
}

ntk_status ntk_proofs_negative(ntk_proofs *proofs, const char *metric, const char *name, ntk_range range) {
    double margin;
    NTK_TRY(prove(proofs, metric, name, &range, &margin));
    return ntk_emit_scalar(proofs->context, metric, margin == 0 ? 0 : -margin);
}

ntk_status ntk_proofs_all_positive(ntk_proofs *proofs, const char *metric, size_t count,
                                   const char *const *names, const ntk_range *ranges) {
    double smallest = INFINITY;
    for (size_t i = 0; i < count; i++) {
        double margin;
        NTK_TRY(prove(proofs, metric, names[i], &ranges[i], &margin));
        smallest = ntk_smaller(smallest, margin);
    }
    return ntk_emit_scalar(proofs->context, metric, smallest);
}
