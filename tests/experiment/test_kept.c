/* Finished units are read back as they were, and nothing else is. */
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/lab/map.h>

#include "experiment/kept.h"
#include "fixture.h"
#include "status.h"

TestSuite(kept, .fini = fixture_remove, .timeout = 30);

enum { UNITS = 8, SIZE = 3 };

typedef struct work {
    double values[UNITS * SIZE];
    atomic_int calls;
    double pause; /* seconds that a unit takes */
    size_t fails; /* this unit; UNITS: none */
} work;

static ntk_status compute(size_t unit, void *context) {
    work *self = context;
    const struct timespec time = {(time_t)self->pause, (long)(1e9 * fmod(self->pause, 1))};
    nanosleep(&time, NULL);
    self->calls++;
    if (unit == self->fails) return ntk_fail(NTK_ERROR_DIVERGED, "unit %zu", unit);
    for (size_t i = 0; i < SIZE; i++) self->values[unit * SIZE + i] = (double)unit / 3 + (double)i;
    if (unit == 2) self->values[unit * SIZE] = NAN;
    return NTK_OK;
}

static ntk_status map(work *self, size_t units) {
    const ntk_slots slots = {self->values, SIZE};
    return ntk_map_units(units, compute, self, &slots, 1);
}

/* A process of its own, as far as the store can tell. */
static ntk_status run(work *self, const char *prefix) {
    assert_ok(ntk_kept_begin(prefix));
    const ntk_status status = map(self, UNITS);
    assert_ok(ntk_kept_begin(NULL));
    return status;
}

/* A unit takes 0.3 s: of the first six, which are run one after the other, four or five are written
 * when the last one fails. */
static const char *stop_in_the_middle(void) {
    static char prefix[512];
    snprintf(prefix, sizeof prefix, "%s", fixture_join(fixture_folder(), "key"));
    work self = {.pause = 0.3, .fails = 6};
    cr_assert_eq(run(&self, prefix), NTK_ERROR_DIVERGED);
    cr_assert_eq(self.calls, 7);
    return prefix;
}

static char *file_of(const char *prefix) {
    static char path[600];
    snprintf(path, sizeof path, "%s-1", prefix);
    return path;
}

static void expect_complete(const work *self) {
    work whole = {.fails = UNITS};
    cr_assert_eq(run(&whole, NULL), NTK_OK);
    cr_expect_eq(memcmp(whole.values, self->values, sizeof whole.values), 0);
}

Test(kept, finished_units_are_not_run_again) {
    const char *prefix = stop_in_the_middle();
    work self = {.fails = UNITS};
    assert_ok(run(&self, prefix));
    cr_expect(self.calls >= 2 && self.calls <= 4, "%d units were run", self.calls);
    expect_complete(&self);
}

/* The last record loses its end: that unit is run again, the others are not. */
Test(kept, a_torn_record_counts_for_nothing) {
    const char *prefix = stop_in_the_middle();
    struct stat info;
    work torn = {.fails = UNITS};
    cr_assert_eq(stat(file_of(prefix), &info), 0);
    cr_assert_eq(truncate(file_of(prefix), info.st_size - 1), 0);
    assert_ok(run(&torn, prefix));
    expect_complete(&torn);
    const long kept = (info.st_size - 32) / (8 * (SIZE + 3));
    cr_expect_eq(torn.calls, UNITS - kept + 1);
}

/* A bit in the first record: it and what follows are run again. */
Test(kept, an_altered_record_is_not_believed) {
    const char *prefix = stop_in_the_middle();
    const int file = open(file_of(prefix), O_RDWR);
    unsigned char byte;
    cr_assert_eq(pread(file, &byte, 1, 32 + 16 + 5), 1);
    byte ^= 1;
    cr_assert_eq(pwrite(file, &byte, 1, 32 + 16 + 5), 1);
    close(file);
    work self = {.fails = UNITS};
    assert_ok(run(&self, prefix));
    cr_expect_eq(self.calls, UNITS);
    expect_complete(&self);
}

/* The same name, another shape. */
Test(kept, units_of_another_map_are_not_taken) {
    const char *prefix = stop_in_the_middle();
    work self = {.fails = UNITS};
    assert_ok(ntk_kept_begin(prefix));
    assert_ok(map(&self, UNITS - 1));
    cr_expect_eq(self.calls, UNITS - 1);
    assert_ok(ntk_kept_begin(NULL));
}

Test(kept, short_maps_write_nothing) {
    const char *folder = fixture_folder(), *prefix = fixture_join(folder, "short");
    work self = {.fails = UNITS};
    assert_ok(run(&self, prefix));
    cr_expect_eq(access(fixture_join(folder, "short-1"), F_OK), -1);
}

static ntk_status nest(size_t unit, void *context) {
    (void)unit;
    work *self = context;
    return map(self, UNITS);
}

/* Which map comes first is then a matter of the workers. */
Test(kept, inside_a_map_nothing_is_kept) {
    const char *prefix = stop_in_the_middle();
    work self = {.fails = UNITS};
    assert_ok(ntk_kept_begin(prefix));
    assert_ok(ntk_map(1, nest, &self));
    assert_ok(ntk_kept_begin(NULL));
    cr_expect_eq(self.calls, UNITS);
}

Test(kept, what_cannot_be_written_costs_only_the_keeping) {
    work self = {.pause = 0.2, .fails = UNITS};
    assert_ok(run(&self, "/nowhere/at/all"));
    cr_expect_eq(self.calls, UNITS);
    expect_complete(&self);
}
