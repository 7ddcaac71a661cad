/* fesetround sets every rounding mode that a processor has, on x86-64 that of SSE and AVX and that
 * of the x87. A new thread has its creator's, and a thread that waits in the pool the one that it
 * was left with: so each unit sets its own. */
#include "base/rounding.h"

#include <fenv.h>
#include <stdatomic.h>
#include <string.h>

#include <ntk/random.h>
#include <ntk/rounding.h>

/* A processor without one of them has no macro for it. */
#ifndef FE_UPWARD
#define FE_UPWARD (-1)
#endif
#ifndef FE_DOWNWARD
#define FE_DOWNWARD (-1)
#endif
#ifndef FE_TOWARDZERO
#define FE_TOWARDZERO (-1)
#endif

static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
enum { MODES = sizeof modes / sizeof *modes };

/* Written outside of maps alone. */
static struct {
    ntk_rounding rounding;
    uint64_t seed;
    const char *label;
} now;

static _Atomic uint64_t maps;

const char *ntk_rounding_text(ntk_rounding rounding) {
#define TEXT(name, text) [name] = (text),
    static const char *const texts[] = {NTK_ROUNDING_TABLE(TEXT)};
#undef TEXT
    return (size_t)rounding < NTK_ROUNDING_COUNT ? texts[rounding] : "unknown";
}

ntk_status ntk_rounding_parse(const char *text, ntk_rounding *out) {
    for (int k = 0; k < NTK_ROUNDING_COUNT; k++)
        if (strcmp(text, ntk_rounding_text((ntk_rounding)k)) == 0) {
            *out = (ntk_rounding)k;
            return NTK_OK;
        }
    return ntk_fail(NTK_ERROR_ARGUMENT, "'%s' is no rounding: nearest, up, down, zero, random", text);
}

/* Random: of a stream for each unit, the block of this number. */
static int mode_of(uint64_t map, uint64_t unit) {
    if (now.rounding != NTK_ROUNDING_RANDOM) return modes[now.rounding];
    ntk_stream stream = ntk_stream_create(now.seed, now.label, unit);
    stream = ntk_stream_fork(&stream, "rounding");
    stream.index = map;
    return modes[ntk_stream_below(&stream, MODES)];
}

ntk_status ntk_rounding_begin(ntk_rounding rounding, uint64_t seed, const char *label) {
    now.rounding = rounding;
    now.seed = seed;
    now.label = label;
    atomic_store(&maps, 0);
    if (fesetround(mode_of(0, 0)) == 0) return NTK_OK;
    ntk_rounding_end();
    return ntk_fail(NTK_ERROR_UNSUPPORTED, "this processor cannot round '%s'", ntk_rounding_text(rounding));
}

void ntk_rounding_end(void) {
    now.rounding = NTK_ROUNDING_NEAREST;
    now.label = NULL;
    fesetround(FE_TONEAREST);
}

uint64_t ntk_rounding_map(void) { return atomic_fetch_add(&maps, 1) + 1; }

/* Without a run under a mode a unit has that of the thread which began the map. */
int ntk_rounding_enter(uint64_t map, size_t unit) {
    const int before = fegetround();
    if (now.rounding != NTK_ROUNDING_NEAREST) ntk_rounding_restore(mode_of(map, unit));
    return before;
}
