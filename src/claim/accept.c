#include "claim/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/lab/metrics.h>
#include <ntk/memory.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/expected.h"
#include "experiment/support.h"

static const char ledger_header[] = "time\tid\ttier\tmetric\told\tnew\tcommit\tmachine\twhy\n";

/* What one acceptance works on. */
typedef struct acceptance {
    const ntk_claim *claim;
    ntk_tier tier;
    const char *commit, *machine, *why;
    char time[32];
    ntk_expected *old, *new;
    char *path, *ledger_path;
    char *ledger; /* its content so far */
    size_t ledger_size;
} acceptance;

/* ---- the new rows ---------------------------------------------------------------------------- */

static ntk_status append_metric(acceptance *a, const char *name, const ntk_metrics *metrics) {
    const ntk_metric *metric = ntk_metrics_find(metrics, name);
    if (metric == NULL)
        return ntk_fail(NTK_ERROR_NOT_FOUND, "%s: metric '%s' was not emitted", a->claim->id, name);
    const ntk_estimate *estimate = &metric->estimate;
    const bool finite = isfinite(estimate->value) &&
                        (!metric->is_estimate || (isfinite(estimate->low) && isfinite(estimate->high) &&
                                                  isfinite(estimate->level) && isfinite(estimate->degrees)));
    if (!finite) return ntk_fail(NTK_ERROR_NOT_FINITE, "%s: metric '%s' is not finite", a->claim->id, name);
    return ntk_expected_append(a->new, &(ntk_expected_row){.tier = a->tier, .metric = *metric});
}

static int by_tier_and_name(const void *left, const void *right) {
    const ntk_expected_row *a = left, *b = right;
    if (a->tier != b->tier) return a->tier < b->tier ? -1 : 1;
    return strcmp(a->metric.name, b->metric.name);
}

static ntk_status collect_rows(acceptance *a, const ntk_metrics *metrics) {
    for (size_t i = 0; i < a->old->count; i++)
        if (a->old->rows[i].tier != a->tier) NTK_TRY(ntk_expected_append(a->new, &a->old->rows[i]));
    for (size_t i = 0; i < a->claim->regression_count; i++)
        NTK_TRY(append_metric(a, a->claim->regressions[i].metric, metrics));
    if (a->new->count > 0) qsort(a->new->rows, a->new->count, sizeof *a->new->rows, by_tier_and_name);
    return NTK_OK;
}

/* ---- the ledger ------------------------------------------------------------------------------ */

static bool same_number(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

/* NaN: not known. */
static bool same_degrees(double a, double b) { return same_number(a, b) || (isnan(a) && isnan(b)); }

static bool same_metric(const ntk_metric *a, const ntk_metric *b) {
    if (a->is_estimate != b->is_estimate || !same_number(a->estimate.value, b->estimate.value)) return false;
    return !a->is_estimate || (same_number(a->estimate.low, b->estimate.low) &&
                               same_number(a->estimate.high, b->estimate.high) &&
                               same_number(a->estimate.level, b->estimate.level) &&
                               same_degrees(a->estimate.degrees, b->estimate.degrees));
}

static void print_metric(FILE *stream, const ntk_expected_row *row) {
    if (row == NULL) {
        fputs("\t-", stream);
        return;
    }
    const ntk_estimate *estimate = &row->metric.estimate;
    fprintf(stream, "\t%.17g", estimate->value);
    if (row->metric.is_estimate)
        fprintf(stream, " [%.17g, %.17g] at %.17g", estimate->low, estimate->high, estimate->level);
    if (row->metric.is_estimate && !isnan(estimate->degrees))
        fprintf(stream, ", %.17g degrees", estimate->degrees);
}

static void print_line(FILE *stream, const acceptance *a, const char *metric, const ntk_expected_row *old,
                       const ntk_expected_row *new) {
    fprintf(stream, "%s\t%s\t%s\t%s", a->time, a->claim->id, ntk_tier_text(a->tier), metric);
    print_metric(stream, old);
    print_metric(stream, new);
    fprintf(stream, "\t%s\t%s\t%s\n", a->commit, a->machine, a->why);
}

/* A line for each value that is new, moved or dropped; stream: NULL counts only. */
static size_t print_changes(FILE *stream, const acceptance *a) {
    size_t changed = 0;
    for (size_t i = 0; i < a->new->count; i++) {
        const ntk_expected_row *new = &a->new->rows[i];
        const ntk_expected_row *old = ntk_expected_find(a->old, new->tier, new->metric.name);
        if (old != NULL && same_metric(&old->metric, &new->metric)) continue;
        changed++;
        if (stream != NULL) print_line(stream, a, new->metric.name, old, new);
    }
    for (size_t i = 0; i < a->old->count; i++) {
        const ntk_expected_row *old = &a->old->rows[i];
        if (ntk_expected_find(a->new, old->tier, old->metric.name) != NULL) continue;
        changed++;
        if (stream != NULL) print_line(stream, a, old->metric.name, old, NULL);
    }
    return changed;
}

static ntk_status read_ledger(acceptance *a) {
    struct stat info;
    if (stat(a->ledger_path, &info) != 0 && errno == ENOENT) {
        a->ledger_size = sizeof ledger_header - 1;
        return ntk_text_copy(ledger_header, &a->ledger);
    }
    NTK_TRY(ntk_file_read(a->ledger_path, &a->ledger, &a->ledger_size));
    if (memchr(a->ledger, '\r', a->ledger_size) != NULL)
        return ntk_fail(NTK_ERROR_FORMAT, "%s: carriage returns (CR): lines end with a newline alone",
                        a->ledger_path);
    if (strncmp(a->ledger, ledger_header, sizeof ledger_header - 1) != 0)
        return ntk_fail(NTK_ERROR_FORMAT, "%s:1: this is not the header of a ledger", a->ledger_path);
    if (a->ledger[a->ledger_size - 1] != '\n')
        return ntk_fail(NTK_ERROR_FORMAT, "%s: the last line has no end: the file is truncated",
                        a->ledger_path);
    return NTK_OK;
}

static ntk_status write_ledger(const acceptance *a) {
    ntk_file *file = NULL;
    NTK_TRY(ntk_file_create(a->ledger_path, &file));
    FILE *stream = ntk_file_stream(file);
    fwrite(a->ledger, 1, a->ledger_size, stream);
    print_changes(stream, a);
    return ntk_file_commit(file);
}

/* ---- accepting ------------------------------------------------------------------------------- */

static ntk_status read_old(acceptance *a) {
    const ntk_status status = ntk_expected_read(a->path, &a->old);
    if (status != NTK_ERROR_NOT_FOUND) return status;
    void *empty = NULL;
    NTK_TRY(ntk_allocate(1, sizeof *a->old, &empty));
    a->old = empty;
    return NTK_OK;
}

static ntk_status accept_locked(acceptance *a, const ntk_metrics *metrics, size_t *changed) {
    void *new = NULL;
    NTK_TRY(ntk_allocate(1, sizeof *a->new, &new));
    a->new = new;
    NTK_TRY(read_old(a));
    NTK_TRY(read_ledger(a));
    NTK_TRY(collect_rows(a, metrics));
    *changed = print_changes(NULL, a);
    if (*changed == 0) return NTK_OK;
    NTK_TRY(write_ledger(a));
    return ntk_expected_write(a->path, a->new);
}

static ntk_status check_texts(const acceptance *a) {
    const struct {
        const char *what, *text;
    } texts[] = {{"commit", a->commit}, {"machine", a->machine}, {"reason (why)", a->why}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = texts[i].text;
        if (text == NULL || text[strspn(text, " ")] == '\0')
            return ntk_fail(NTK_ERROR_ARGUMENT, "accepting %s: the %s is empty", a->claim->id, texts[i].what);
        if (!ntk_text_is_field(text))
            return ntk_fail(NTK_ERROR_ARGUMENT, "accepting %s: the %s contains a tab or a line break",
                            a->claim->id, texts[i].what);
    }
    return NTK_OK;
}

/* A lock on the folder itself: it leaves no file behind, and the system lifts it from a process
 * that dies. */
static ntk_status lock_folder(const char *folder, int *descriptor) {
    *descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*descriptor < 0) return ntk_fail(NTK_ERROR_IO, "%s: %s", folder, strerror(errno));
    while (flock(*descriptor, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        const int reason = errno;
        close(*descriptor);
        return ntk_fail(NTK_ERROR_IO, "%s: cannot be locked: %s", folder, strerror(reason));
    }
    return NTK_OK;
}

static ntk_status make_paths(acceptance *a, const char *folder) {
    NTK_TRY(ntk_text_format(&a->path, "%s/%s.tsv", folder, a->claim->id));
    NTK_TRY(ntk_text_format(&a->ledger_path, "%s/ledger.tsv", folder));
    char *suite = NULL;
    NTK_TRY(ntk_text_copy(a->path, &suite));
    *strrchr(suite, '/') = '\0';
    const ntk_status status = ntk_folder_create(suite);
    ntk_release(suite);
    return status;
}

static ntk_status accept_in(acceptance *a, const char *folder, const ntk_metrics *metrics, size_t *changed) {
    NTK_TRY(check_texts(a));
    NTK_TRY(make_paths(a, folder));
    int lock = -1;
    NTK_TRY(lock_folder(folder, &lock));
    const ntk_status status = accept_locked(a, metrics, changed);
    close(lock);
    return status;
}

ntk_status ntk_expected_accept(const char *folder, const ntk_claim *claim, ntk_tier tier,
                               const ntk_metrics *metrics, const char *commit, const char *machine,
                               const char *why, size_t *changed) {
    *changed = 0;
    acceptance a = {.claim = claim, .tier = tier, .commit = commit, .machine = machine, .why = why};
    const time_t now = time(NULL);
    struct tm utc;
    strftime(a.time, sizeof a.time, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));

    const ntk_status status = accept_in(&a, folder, metrics, changed);
    ntk_expected_destroy(a.old);
    ntk_expected_destroy(a.new);
    ntk_release(a.path);
    ntk_release(a.ledger_path);
    ntk_release(a.ledger);
    return status;
}
