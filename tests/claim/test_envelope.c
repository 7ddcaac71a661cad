/* Envelopes: their file, how they widen, and what they say of a number. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "claim/envelope.h"
#include "fixture.h"
#include "status.h"

TestSuite(envelope, .fini = fixture_remove);

static ntk_envelope one(char *axis, double value) {
    return (ntk_envelope){.claim = (char *)"a/b",
                          .tier = NTK_TIER_QUICK,
                          .metric = (char *)"rate",
                          .least = value,
                          .greatest = value,
                          .axes = axis,
                          .farthest = axis,
                          .machines = (char *)"CPU 1",
                          .date = (char *)"2026-11-29"};
}

static const ntk_envelope *widen(ntk_envelopes *all, double stored, ntk_envelope found) {
    bool taken;
    assert_ok(ntk_envelopes_widen(all, stored, &found, false, &taken));
    cr_assert(taken);
    return ntk_envelopes_find(all, "a/b", NTK_TIER_QUICK, "rate");
}

Test(envelope, axes_widen_it_and_the_farthest_is_named) {
    ntk_envelopes all = {0};
    const ntk_envelope *e = widen(&all, 2, one("haswell", 2));
    cr_expect(e->least == 2 && e->greatest == 2);
    cr_expect_str_eq(e->farthest, "-");
    /* four units in the last place of 2 */
    cr_expect_float_eq(ntk_envelope_width(e, 2), 4 * 0x1p-51, 0);
    e = widen(&all, 2, one("scalar", 2.5));
    e = widen(&all, 2, one("clang", 1.75));
    e = widen(&all, 2, one("clang", 1.75));
    cr_expect(e->least == 1.75 && e->greatest == 2.5);
    cr_expect_str_eq(e->farthest, "scalar");
    cr_expect_str_eq(e->axes, "haswell scalar clang");
    cr_expect_str_eq(e->machines, "CPU 1");
    cr_expect_eq(ntk_envelope_width(e, 2), 0.75);
    ntk_metric at = fixture_scalar((char *)"rate", 2), found = fixture_scalar((char *)"rate", 3.5);
    cr_expect_eq(ntk_envelope_move(e, &at, &found), 2);
    /* An interval that shrinks about the same value moves too. */
    at = fixture_estimate((char *)"rate", 2, 0, 4);
    found = fixture_estimate((char *)"rate", 2, 0, 2.5);
    cr_expect_eq(ntk_envelope_move(e, &at, &found), 2);
    found.is_estimate = false;
    cr_expect(isnan(ntk_envelope_move(e, &at, &found)));
    cr_expect_eq(all.count, 1);
    ntk_envelopes_release(&all);
}

/* One that was measured about another stored value says nothing of this one, and is made anew. */
Test(envelope, it_belongs_to_a_stored_value) {
    ntk_envelopes all = {0};
    const ntk_envelope *e = widen(&all, 2, one("scalar", 2.5));
    cr_expect(isnan(ntk_envelope_width(e, 3)));
    cr_expect(isnan(ntk_envelope_width(NULL, 3)));
    e = widen(&all, 3, one("haswell", 3.125));
    cr_expect(e->least == 3 && e->greatest == 3.125);
    cr_expect_str_eq(e->axes, "haswell");
    cr_expect_str_eq(e->farthest, "haswell");
    ntk_envelopes_release(&all);
}

/* A step that is accepted here may be refused there, however few axes have shown it. */
Test(envelope, that_of_a_flow_is_no_narrower_than_its_tolerance) {
    ntk_envelopes all = {0};
    ntk_envelope flow = one("scalar", 2);
    flow.tolerance = 1e-6;
    const ntk_envelope *e = widen(&all, 2, flow);
    cr_expect_float_eq(ntk_envelope_width(e, 2), 2e-6, 1e-20);
    ntk_envelopes_release(&all);
}

Test(envelope, another_machines_must_hold_the_stored_value) {
    ntk_envelopes all = {0};
    bool taken;
    ntk_envelope other = one("neon", 2.5);
    other.machines = (char *)"CPU 2";
    other.date = (char *)"2026-12-01";
    assert_ok(ntk_envelopes_widen(&all, 2, &other, true, &taken));
    cr_expect(!taken && all.count == 0);
    widen(&all, 2, one("scalar", 2));
    other.least = 1;
    assert_ok(ntk_envelopes_widen(&all, 2, &other, true, &taken));
    const ntk_envelope *e = ntk_envelopes_find(&all, "a/b", NTK_TIER_QUICK, "rate");
    cr_expect(taken && e->least == 1 && e->greatest == 2.5);
    cr_expect_str_eq(e->axes, "scalar neon");
    cr_expect_str_eq(e->machines, "CPU 1; CPU 2");
    cr_expect_str_eq(e->date, "2026-12-01");
    other.greatest = NAN;
    assert_ok(ntk_envelopes_widen(&all, 2, &other, false, &taken));
    cr_expect(!taken && e->greatest == 2.5);
    ntk_envelopes_release(&all);
}

/* Each machine's was measured under its own claim.yaml; a measurement of now has that of now. */
Test(envelope, a_merge_keeps_the_larger_tolerance) {
    ntk_envelopes all = {0};
    bool taken;
    ntk_envelope found = one("scalar", 2);
    found.tolerance = 1e-3;
    const ntk_envelope *e = widen(&all, 2, found);
    found.tolerance = 1e-6;
    assert_ok(ntk_envelopes_widen(&all, 2, &found, true, &taken));
    cr_expect_eq(e->tolerance, 1e-3);
    found.tolerance = 1e-2;
    assert_ok(ntk_envelopes_widen(&all, 2, &found, true, &taken));
    cr_expect_eq(e->tolerance, 1e-2);
    found.tolerance = 1e-6;
    cr_expect_eq(widen(&all, 2, found)->tolerance, 1e-6);
    /* About another stored value there is none to keep. */
    found = one("scalar", 3);
    assert_ok(ntk_envelopes_widen(&all, 3, &found, true, &taken));
    cr_expect_eq(e->tolerance, 0);
    ntk_envelopes_release(&all);
}

static double looseness(const ntk_envelope *e, ntk_tolerance_kind kind, double tolerance) {
    const ntk_regression regression = {.kind = kind, .tolerance = tolerance};
    return ntk_envelope_looseness(e, &regression, 2);
}

Test(envelope, a_tolerance_is_counted_in_envelopes) {
    ntk_envelopes all = {0};
    const ntk_envelope *e = widen(&all, 2, one("scalar", 2 + 0x1p-20));
    cr_expect_float_eq(looseness(e, NTK_TOLERANCE_ABS, 1), 0x1p20, 1e-6);
    cr_expect_float_eq(looseness(e, NTK_TOLERANCE_REL, 1), 0x1p21, 1e-6);
    cr_expect_float_eq(looseness(e, NTK_TOLERANCE_ULP, 4), 4 * 0x1p-31, 1e-20);
    cr_expect_eq(looseness(e, NTK_TOLERANCE_EXACT, NAN), 0);
    cr_expect(isnan(looseness(e, NTK_TOLERANCE_STATISTICAL, 1)));
    cr_expect(isnan(looseness(NULL, NTK_TOLERANCE_ABS, 1)));
    ntk_envelopes_release(&all);
}

/* ---- the file -------------------------------------------------------------------------------- */

#define HEADER "claim\ttier\tmetric\tleast\tgreatest\ttolerance\taxes\tfarthest\tmachines\tdate\n"

Test(envelope, a_file_comes_back_in_order) {
    ntk_envelopes all = {0}, back;
    const char *folder = fixture_folder(), *path = fixture_join(folder, "envelopes.tsv");
    ntk_envelope other = one("scalar", 0.1);
    other.metric = (char *)"offset";
    widen(&all, 2, one("scalar", 2 + 0x1p-50));
    widen(&all, 0.1, one("scalar", 2));
    bool taken;
    assert_ok(ntk_envelopes_widen(&all, 0.1, &other, false, &taken));
    assert_ok(ntk_envelopes_write(path, &all));
    assert_ok(ntk_envelopes_read(path, &back));
    cr_assert_eq(back.count, 2);
    cr_expect_str_eq(back.items[0].metric, "offset");
    cr_expect_eq(back.items[0].least, 0.1);
    cr_expect_str_eq(back.items[1].farthest, "scalar");
    ntk_envelopes_release(&back);
    ntk_envelopes_release(&all);
    assert_ok(ntk_envelopes_read(fixture_join(folder, "none.tsv"), &back));
    cr_expect_eq(back.count, 0);
}

static void expect_refused(const char *text, const char *why) {
    ntk_envelopes out;
    const char *folder = fixture_folder();
    fixture_write(folder, "e.tsv", text);
    assert_fails(ntk_envelopes_read(fixture_join(folder, "e.tsv"), &out), NTK_ERROR_FORMAT, why);
    cr_expect_eq(out.count, 0);
}

Test(envelope, a_file_is_read_strictly) {
    expect_refused("claim\tmetric\n", "e.tsv");
    expect_refused(HEADER "a/b\tquick\trate\t2\tnan\t0\tx\t-\tm\td\n", "not below the least");
    expect_refused(HEADER "a/b\tquick\trate\t2\t1\t0\tx\t-\tm\td\n", "not below the least");
    expect_refused(HEADER "a/b\tquick\trate\tinf\t3\t0\tx\t-\tm\td\n", "a finite number");
    expect_refused(HEADER "a/b\tslow\trate\t1\t1\t0\tx\t-\tm\td\n", "quick or full");
    expect_refused(HEADER "a/b\tquick\trate\t1\t1\t-1\tx\t-\tm\td\n", "a tolerance below 1, or 0");
    expect_refused(HEADER "a/b\tquick\trate\t1\t1\t1\tx\t-\tm\td\n", "a tolerance below 1, or 0");
    expect_refused(HEADER "a/b\tquick\trate\t-1e308\t1e308\t0\tx\t-\tm\td\n", "at a finite distance");
    expect_refused(HEADER "a/b\tquick\trate\t1\t1\t0\t\t-\tm\t2026-11-29\n", "one axis or more");
    expect_refused(HEADER "a/b\tquick\trate\t1\t1\t0\tx\t-\t\t2026-11-29\n", "one machine or more");
    const char *const dates[] = {"", "d", "2026-11-2", "2026-11-290", "2026/11/29", "26-11-2029"};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        char text[256];
        snprintf(text, sizeof text, HEADER "a/b\tquick\trate\t1\t1\t0\tx\t-\tm\t%s\n", dates[i]);
        expect_refused(text, "a date, 2026-11-29");
    }
    expect_refused(HEADER "a/b\tquick\trate\t1\t1\t0\tx\t-\tm\t2026-11-29\n"
                          "a/b\tquick\trate\t1\t1\t0\tx\t-\tm\t2026-11-29\n",
                   "once only");
    expect_refused(HEADER "a/b\tquick\trate\t1\t1\t0\tx\t-\tm", "");
}
