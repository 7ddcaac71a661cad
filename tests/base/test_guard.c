/* FLINT without memory: a status, and no more trust in what the thread keeps. */
#include <criterion/criterion.h>

#include <ntk/status.h>

#include "base/arb.h"
#include "base/guard.h"
#include "status.h"

/* More balls than there are addresses for; guarded, it returns. */
static ntk_status take_too_much(void) {
    NTK_BALL_GUARD;
    arb_ptr balls = _arb_vec_init((slong)1 << 52);
    _arb_vec_clear(balls, 1);
    return NTK_OK;
}

static ntk_status take_little(void) {
    NTK_BALL_GUARD;
    arb_t x;
    arb_init(x);
    arb_const_pi(x, 10000);
    const int good = arb_is_positive(x);
    arb_clear(x);
    return good ? NTK_OK : ntk_fail(NTK_ERROR_LIBRARY, "pi is not positive");
}

static ntk_status take_inside(void) {
    NTK_BALL_GUARD;
    NTK_TRY(take_little());
    return take_too_much();
}

#ifndef __SANITIZE_ADDRESS__ /* it has an opinion of its own on such requests */
Test(guard, what_flint_cannot_have_is_a_status) {
    assert_ok(take_little());
    assert_fails(take_too_much(), NTK_ERROR_MEMORY, "FLINT");
    assert_fails(take_little(), NTK_ERROR_MEMORY, "FLINT"); /* its caches may be half-made */
}

Test(guard, guards_may_be_nested) { assert_fails(take_inside(), NTK_ERROR_MEMORY, "FLINT"); }
#endif

Test(guard, it_is_gone_when_its_function_returns) {
    for (int k = 0; k < 1000; k++) assert_ok(take_little());
}
