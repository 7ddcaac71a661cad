/* Where memory runs out, FLINT and GMP end the program. A function that uses them begins with
 * NTK_BALL_GUARD and returns NTK_ERROR_MEMORY instead:
 *
 *     ntk_status ntk_something(...) {
 *         NTK_BALL_GUARD;
 *         ...
 *
 * Under a guard the processor rounds to nearest, whatever it did before: what turns balls into
 * doubles and back rests on it, and FLINT assumes it of its error bounds.
 *
 * The guard ends with the function, and guards may be nested. What FLINT and the function had
 * allocated is lost, and so is the trust in what FLINT keeps for the thread: from then on every
 * guard of the thread fails. Keep such a function short, its locals unchanged after they are set:
 * it is left from within, and compiled with care. */
#ifndef NTK_BASE_GUARD_H
#define NTK_BASE_GUARD_H

#include <setjmp.h>

#include <ntk/status.h>

typedef struct ntk_ball_guard {
    jmp_buf place;
    struct ntk_ball_guard *outer;
    int rounding; /* the mode before it */
} ntk_ball_guard;

/* False where an earlier guard of this thread has failed. */
int ntk_ball_enter(ntk_ball_guard *guard);
void ntk_ball_leave(ntk_ball_guard *guard);
ntk_status ntk_ball_starved(void);

#define NTK_BALL_GUARD                                                                                       \
    __attribute__((cleanup(ntk_ball_leave))) ntk_ball_guard ntk_ball_guard_;                                 \
    if (!ntk_ball_enter(&ntk_ball_guard_) || _setjmp(ntk_ball_guard_.place) != 0) return ntk_ball_starved()

#endif
