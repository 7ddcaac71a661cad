/* The times of units, as they are written. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/lab/map.h>

#include "experiment/unit_times.h"
#include "fixture.h"
#include "status.h"

TestSuite(unit_times, .fini = fixture_remove, .timeout = 30);

/* Of this thread: another one waits, and may do so busily. */
static double cpu_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static ntk_status work(size_t unit, void *context) {
    const double begun = cpu_time();
    while (unit == 1 && cpu_time() - begun < 0.05) ((double *)context)[unit] += 1;
    return NTK_OK;
}

Test(unit_times, each_unit_has_a_line_and_its_cpu_time) {
    double values[3] = {0};
    const ntk_slots slots = {values, 1};
    const char *path = fixture_join(fixture_folder(), "times");
    assert_ok(ntk_map_units(3, work, values, &slots, 1)); /* before the beginning */
    ntk_unit_times_begin();
    assert_ok(ntk_map_units(3, work, values, &slots, 1));
    assert_ok(ntk_map_units(1, work, values, &slots, 1));
    assert_ok(ntk_unit_times_write(path));
    int map[4];
    double seconds[4];
    cr_assert_eq(sscanf(fixture_read(path), "%d %lf\n%d %lf\n%d %lf\n%d %lf\n", &map[0], &seconds[0], &map[1],
                        &seconds[1], &map[2], &seconds[2], &map[3], &seconds[3]),
                 8);
    cr_expect(map[0] == 1 && map[1] == 1 && map[2] == 1 && map[3] == 2);
    cr_expect(seconds[1] >= 0.049 && seconds[1] < 1 && seconds[0] < 0.01 && seconds[3] < 0.01, "%g %g %g",
              seconds[0], seconds[1], seconds[3]);
    assert_ok(ntk_unit_times_write(fixture_join(fixture_folder(), "none")));
    cr_expect_eq(access(fixture_join(fixture_folder(), "none"), F_OK), -1);
}
