/* The catalogue as it stands in suites/: every claim can be read, and their intervals share one
 * family error. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/lab/context.h>
#include <ntk/lab/plant.h>

#include "claim/claim.h"
#include "claim/envelope.h"
#include "claim/expected.h"
#include "run/catalogue.h"
#include "run/papers.h"
#include "status.h"

static void read_claim(const ntk_registry_entry *entry, ntk_claim *out) {
    char folder[512];
    snprintf(folder, sizeof folder, "suites/%s", entry->id);
    assert_ok(ntk_claim_read(folder, entry->experiment, out));
}

Test(catalogue, every_claim_can_be_read) {
    size_t count = 0;
    for (const ntk_registry_entry *entry = ntk_registry; entry->id; entry++, count++) {
        ntk_claim claim;
        read_claim(entry, &claim);
        cr_assert_str_eq(claim.id, entry->id);
        ntk_claim_release(&claim);
    }
    cr_assert_gt(count, 0);
}

/* Each paper that a claim cites is listed, and each listed result is held by a claim or a test, or
 * the list says why it is not. */
Test(catalogue, every_source_is_a_listed_paper_and_every_result_is_accounted_for) {
    ntk_papers papers;
    assert_ok(ntk_papers_read("suites/papers.yaml", &papers));
    for (size_t p = 0; p < papers.count; p++)
        for (size_t r = 0; r < papers.items[p].result_count; r++) {
            const ntk_paper_result *result = &papers.items[p].results[r];
            bool held = result->test != NULL || result->because != NULL;
            for (const ntk_registry_entry *entry = ntk_registry; entry->id && !held; entry++) {
                ntk_claim claim;
                read_claim(entry, &claim);
                held = strcmp(claim.paper, papers.items[p].name) == 0 &&
                       ntk_source_names(claim.result, result->number);
                ntk_claim_release(&claim);
            }
            cr_expect(held, "%s, %s: no claim, no test, no reason", papers.items[p].name, result->number);
            cr_expect(result->test == NULL || access(result->test, R_OK) == 0, "%s: no such test",
                      result->test);
        }
    for (const ntk_registry_entry *entry = ntk_registry; entry->id; entry++) {
        ntk_claim claim;
        read_claim(entry, &claim);
        cr_expect_not_null(ntk_papers_find(&papers, claim.paper), "%s: suites/papers.yaml lacks %s",
                           entry->id, claim.paper);
        ntk_claim_release(&claim);
    }
    ntk_papers_release(&papers);
}

Test(catalogue, a_source_names_results_by_their_whole_numbers) {
    cr_expect(ntk_source_names("Theorem 1 and Corollary 1; the rates are ours", "Corollary 1"));
    cr_expect(ntk_source_names("Theorem 11, then Theorem 1", "Theorem 1"));
    cr_expect_not(ntk_source_names("Theorem 11", "Theorem 1"));
    cr_expect_not(ntk_source_names("Theorem 1", "Theorem 11"));
    cr_expect_not(ntk_source_names("", "Theorem 1"));
}

/* ---- planted errors -------------------------------------------------------------------------- */

static const char *value_of(const ntk_setting *settings, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(settings[i].name, name) == 0) return settings[i].value;
    return NULL;
}

static bool is_kind(const char *name, size_t length) {
    for (ntk_plant kind = 0; kind < NTK_PLANT_KINDS; kind++)
        if (strlen(ntk_plant_name(kind)) == length && strncmp(ntk_plant_name(kind), name, length) == 0)
            return true;
    return length == strlen("none") && strncmp(name, "none", length) == 0;
}

/* One vocabulary: an experiment knows no kind that the header lacks. */
Test(catalogue, planted_errors_are_of_the_kinds_that_all_experiments_share) {
    for (const ntk_registry_entry *entry = ntk_registry; entry->id; entry++) {
        const ntk_parameter *parameter;
        for (size_t i = 0; (parameter = ntk_experiment_parameter(entry->experiment, i)) != NULL; i++) {
            if (strcmp(parameter->name, "plant") != 0) continue;
            for (const char *word = parameter->choices; *word != '\0';) {
                const size_t length = strcspn(word, "|");
                cr_expect(is_kind(word, length), "%s: %s", entry->id, word);
                word += length + (word[length] == '|');
            }
        }
    }
}

/* A control that names a kind plants it, and its twin differs by nothing else. */
Test(catalogue, a_control_that_plants_says_the_size_and_its_twin_takes_it_back) {
    size_t claims = 0;
    for (const ntk_registry_entry *entry = ntk_registry; entry->id; entry++) {
        ntk_claim claim;
        size_t planted = 0;
        read_claim(entry, &claim);
        for (size_t i = 0; i < claim.control_count; i++) {
            const ntk_control *c = &claim.controls[i];
            if (value_of(c->settings, c->setting_count, "plant") == NULL) continue;
            const char *size = value_of(c->settings, c->setting_count, "plant-size");
            const char *restored = value_of(c->restores, c->restore_count, "plant-size");
            cr_expect(size != NULL && strtod(size, NULL) != 0, "%s: %s", entry->id, c->name);
            cr_expect(c->restore_count == 1 && restored != NULL && strtod(restored, NULL) == 0, "%s: %s",
                      entry->id, c->name);
            planted++;
        }
        claims += planted > 0;
        ntk_claim_release(&claim);
    }
    cr_expect_geq(claims, 20, "%zu claims", claims);
}

/* ---- intervals ------------------------------------------------------------------------------- */

/* Of a metric that is stored as a plain number in every tier no interval is judged. */
static bool may_be_an_estimate(const ntk_expected *expected, const char *metric) {
    bool stored = false;
    for (size_t r = 0; expected != NULL && r < expected->count; r++) {
        if (strcmp(expected->rows[r].metric.name, metric) != 0) continue;
        if (expected->rows[r].metric.is_estimate) return true;
        stored = true;
    }
    return !stored;
}

/* Verified bounds and residuals are plain numbers too; any other check judges at most one interval,
 * in the claim's own run and in each control that it breaks. */
static size_t intervals_of(const ntk_claim *claim, const ntk_expected *expected, const char *check) {
    for (size_t i = 0; i < claim->check_count; i++)
        if (strcmp(claim->checks[i].name, check) == 0)
            return claim->checks[i].kind != NTK_CHECK_CERTIFIED &&
                   claim->checks[i].kind != NTK_CHECK_IDENTITY &&
                   may_be_an_estimate(expected, claim->checks[i].metric);
    return 1;
}

static size_t intervals_of_claim(const ntk_registry_entry *entry) {
    ntk_claim claim;
    ntk_expected *expected = NULL;
    char path[512];
    size_t intervals = 0;
    read_claim(entry, &claim);
    snprintf(path, sizeof path, "expected/%s.tsv", entry->id);
    (void)ntk_expected_read(path, &expected); /* a new claim has none yet: NULL */
    for (size_t i = 0; i < claim.check_count; i++)
        intervals += intervals_of(&claim, expected, claim.checks[i].name);
    for (size_t i = 0; i < claim.control_count; i++)
        for (size_t k = 0; k < claim.controls[i].break_count; k++)
            intervals += intervals_of(&claim, expected, claim.controls[i].breaks[k]);
    ntk_expected_destroy(expected);
    ntk_claim_release(&claim);
    return intervals;
}

/* Bonferroni's bound on a false alarm anywhere needs the number of judged intervals to be at most
 * the one that the level is made for. Which checks judge intervals and which twins have settings of
 * their own a run alone knows, which counts them all (runner.c); this bound sees every metric. */
Test(catalogue, judged_intervals_stay_within_the_family) {
    size_t intervals = 0;
    for (const ntk_registry_entry *entry = ntk_registry; entry->id; entry++)
        intervals += intervals_of_claim(entry);
    cr_assert_gt(intervals, 0);
    cr_assert_leq(intervals, NTK_SUITE_INTERVALS, "%zu intervals", intervals);
}

/* NaN where nothing is stored, or no envelope of it has been measured. */
static double looseness(const ntk_envelopes *envelopes, const ntk_expected *expected, const ntk_claim *claim,
                        const ntk_regression *regression, ntk_tier tier) {
    const ntk_expected_row *row = ntk_expected_find(expected, tier, regression->metric);
    if (row == NULL) return NAN;
    return ntk_envelope_looseness(ntk_envelopes_find(envelopes, claim->id, tier, regression->metric),
                                  regression, row->metric.estimate.value);
}

/* How many of a claim's tolerances are judged. */
static size_t check_tolerances(const ntk_envelopes *envelopes, const ntk_registry_entry *entry) {
    ntk_claim claim;
    ntk_expected *expected;
    char path[512];
    size_t judged = 0;
    snprintf(path, sizeof path, "expected/%s.tsv", entry->id);
    if (ntk_expected_read(path, &expected) != NTK_OK) return 0;
    read_claim(entry, &claim);
    for (size_t i = 0; i < claim.regression_count; i++)
        for (int tier = 0; tier < NTK_TIER_COUNT; tier++) {
            const ntk_regression *regression = &claim.regressions[i];
            const double ratio = looseness(envelopes, expected, &claim, regression, (ntk_tier)tier);
            if (!isnan(ratio)) judged++;
            const bool reasoned = regression->why != NULL && regression->why[0] != '\0';
            cr_expect(reasoned || !(ratio > NTK_ENVELOPE_LOOSE),
                      "%s: the tolerance of %s is %.1g times its envelope: say why, or tighten it", claim.id,
                      regression->metric, ratio);
        }
    ntk_claim_release(&claim);
    ntk_expected_destroy(expected);
    return judged;
}

/* A tolerance far above what machines were seen to do notices little: it has a reason, or goes. */
Test(catalogue, a_tolerance_of_a_million_envelopes_has_a_reason) {
    ntk_envelopes envelopes;
    size_t judged = 0;
    assert_ok(ntk_envelopes_read("expected/envelopes.tsv", &envelopes));
    for (const ntk_registry_entry *entry = ntk_registry; entry->id; entry++)
        judged += check_tolerances(&envelopes, entry);
    cr_expect_gt(judged, 100, "envelopes belong to other stored values: make envelope CLAIM=...");
    ntk_envelopes_release(&envelopes);
}
