/* The polynomial of a tube's last step, and the physical time along it. */
#include "certify/tube.h"

/* The value of a polynomial with exact coefficients. */
static void horner(arb_t out, arb_srcptr coefficients, size_t length, const arb_t at, slong bits) {
    arb_set(out, coefficients + length - 1);
    for (size_t k = length - 1; k-- > 0;) {
        arb_mul(out, out, at, bits);
        arb_add(out, out, coefficients + k, bits);
    }
}

void ntk_tube_evaluate(const ntk_tube *self, double tau, tube_series *out) {
    const tube_problem *p = &self->p;
    const tube_series *y = &self->taylor;
    arb_t at;
    arb_init(at);
    arb_set_d(at, tau);
    for (size_t c = 0; c < self->parameters; c++)
        horner(ntk_tube_component(p, out->w, out->a, out->length, c),
               ntk_tube_component(p, y->w, y->a, y->length, c), y->length, at, p->bits);
    arb_clear(at);
}

/* n (sum_{k < N} q_k tau^{k+1} / (k+1) + q_N(somewhere) tau^{N+1} / (N+1)) */
void ntk_tube_elapsed(const ntk_tube *self, double tau, arb_t out) {
    const tube_problem *p = &self->p;
    arb_t at, term;
    arb_init(at);
    arb_init(term);
    arb_set_d(at, tau);
    arb_zero(out);
    for (size_t k = p->order + 1; !p->timed && k-- > 0;) {
        arb_div_ui(term, (k == p->order ? self->whole.q : self->taylor.q) + k, k + 1, p->bits);
        arb_mul(out, out, at, p->bits);
        arb_add(out, out, term, p->bits);
    }
    if (p->timed)
        arb_set(out, at);
    else {
        arb_mul(out, out, at, p->bits);
        arb_mul_ui(out, out, p->n, p->bits);
    }
    arb_clear(at);
    arb_clear(term);
}

void ntk_tube_time(const ntk_tube *self, double tau, arb_t out) {
    ntk_tube_elapsed(self, tau, out);
    arb_add(out, out, self->from, self->p.bits);
}
