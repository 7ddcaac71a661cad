/* Longest processing time first: no shard takes more than 4/3 - 1/(3 count) times the longest of
 * the best split (Graham 1969), the costs being right. */
#include "run/shard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "experiment/support.h"
#include "experiment/tsv.h"

enum { MOST_SHARDS = 1000 };

ntk_status ntk_shard_parse(const char *text, ntk_shard *out) {
    int used = 0;
    unsigned long index = 0, count = 0;
    const int fields = sscanf(text, "%4lu/%4lu%n", &index, &count, &used);
    if (fields != 2 || text[used] != '\0' || strspn(text, "0123456789/") != strlen(text) || index < 1 ||
        index > count || count > MOST_SHARDS)
        return ntk_fail(NTK_ERROR_ARGUMENT, "a shard is written as 2/4, the second of four; not '%s'", text);
    *out = (ntk_shard){index, count};
    return NTK_OK;
}

/* ---- costs ----------------------------------------------------------------------------------- */

static const char header[] = "tier\tclaim\tseconds";

typedef struct cost {
    ntk_tier tier;
    char *id;
    double seconds;
} cost;

typedef struct costs {
    char *path;
    void *items; /* cost[count] */
    size_t count;
} costs;

static void release_costs(costs *all) {
    for (size_t i = 0; i < all->count; i++) ntk_release(((cost *)all->items)[i].id);
    ntk_release(all->items);
    ntk_release(all->path);
}

static cost *find_cost(const costs *all, ntk_tier tier, const char *id) {
    for (size_t i = 0; i < all->count; i++) {
        cost *one = &((cost *)all->items)[i];
        if (one->tier == tier && strcmp(one->id, id) == 0) return one;
    }
    return NULL;
}

static ntk_status add_cost(costs *all, ntk_tier tier, const char *id, double seconds) {
    NTK_TRY(ntk_array_grow(&all->items, all->count, sizeof(cost)));
    cost *one = &((cost *)all->items)[all->count];
    *one = (cost){.tier = tier, .seconds = seconds};
    NTK_TRY(ntk_text_copy(id, &one->id));
    all->count++;
    return NTK_OK;
}

static ntk_status read_row(const ntk_tsv *tsv, size_t row, costs *all) {
    ntk_tier tier;
    double seconds;
    if (ntk_tier_parse(ntk_tsv_field(tsv, row, 0), &tier) != NTK_OK)
        return ntk_tsv_fail(tsv, row, 0, "quick or full");
    if (!ntk_text_real(ntk_tsv_field(tsv, row, 2), &seconds) || seconds < 0)
        return ntk_tsv_fail(tsv, row, 2, "a number of seconds");
    return add_cost(all, tier, ntk_tsv_field(tsv, row, 1), seconds);
}

/* To be released, also after an error. */
static ntk_status read_costs(const ntk_suite *suite, costs *out) {
    *out = (costs){0};
    NTK_TRY(ntk_text_format(&out->path, "%s/costs.tsv", suite->stored));
    if (access(out->path, F_OK) != 0) return NTK_OK;
    ntk_tsv tsv;
    NTK_TRY(ntk_tsv_read(out->path, header, &tsv));
    ntk_status status = NTK_OK;
    for (size_t row = 0; row < tsv.rows && status == NTK_OK; row++) status = read_row(&tsv, row, out);
    ntk_tsv_release(&tsv);
    return status;
}

static int by_tier_and_name(const void *left, const void *right) {
    const cost *a = left, *b = right;
    if (a->tier != b->tier) return a->tier < b->tier ? -1 : 1;
    return strcmp(a->id, b->id);
}

static ntk_status write_costs(costs *all) {
    ntk_file *file;
    qsort(all->items, all->count, sizeof(cost), by_tier_and_name);
    NTK_TRY(ntk_file_create(all->path, &file));
    fprintf(ntk_file_stream(file), "%s\n", header);
    for (size_t i = 0; i < all->count; i++) {
        const cost *one = &((cost *)all->items)[i];
        fprintf(ntk_file_stream(file), "%s\t%s\t%.3g\n", ntk_tier_text(one->tier), one->id, one->seconds);
    }
    return ntk_file_commit(file);
}

static ntk_status note_cost(costs *all, ntk_tier tier, const char *id, double seconds) {
    cost *known = find_cost(all, tier, id);
    if (known != NULL && seconds <= 2 * known->seconds && 2 * seconds >= known->seconds) return NTK_OK;
    if (known != NULL)
        known->seconds = seconds;
    else
        NTK_TRY(add_cost(all, tier, id, seconds));
    return write_costs(all);
}

ntk_status ntk_shard_note_cost(const ntk_suite *suite, ntk_tier tier, const char *id, double seconds) {
    costs all;
    ntk_status status = read_costs(suite, &all);
    if (status == NTK_OK) status = note_cost(&all, tier, id, seconds);
    release_costs(&all);
    return status;
}

/* ---- splitting ------------------------------------------------------------------------------- */

typedef struct load {
    size_t entry; /* of the registry */
    double seconds;
} load;

/* Equal costs in the registry's order: the split is one of the tree, not of the sort. */
static int by_load(const void *left, const void *right) {
    const load *a = left, *b = right;
    if (a->seconds != b->seconds) return a->seconds > b->seconds ? -1 : 1;
    return (a->entry > b->entry) - (a->entry < b->entry);
}

/* A claim of which no cost is known counts as the mean of the others. */
static double mean_cost(const costs *all, ntk_tier tier) {
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        const cost *one = &((cost *)all->items)[i];
        sum += one->tier == tier ? one->seconds : 0;
        count += one->tier == tier;
    }
    return count > 0 ? sum / (double)count : 1;
}

/* None costs nothing, so that no shard stays empty. */
static size_t list_loads(const ntk_suite *suite, ntk_tier tier, const costs *all, const bool *selected,
                         load *out) {
    size_t count = 0;
    for (size_t i = 0; suite->registry[i].id != NULL; i++) {
        if (!selected[i]) continue;
        const cost *known = find_cost(all, tier, suite->registry[i].id);
        const double seconds = known != NULL ? known->seconds : mean_cost(all, tier);
        out[count++] = (load){i, seconds > 0.01 ? seconds : 0.01};
    }
    qsort(out, count, sizeof *out, by_load);
    return count;
}

static void deal(ntk_shard shard, const load *loads, size_t count, double *sums, bool *selected) {
    for (size_t i = 0; i < count; i++) {
        size_t least = 0;
        for (size_t s = 1; s < shard.count; s++)
            if (sums[s] < sums[least]) least = s;
        sums[least] += loads[i].seconds;
        selected[loads[i].entry] = least + 1 == shard.index;
    }
}

static ntk_status split(const ntk_suite *suite, ntk_tier tier, ntk_shard shard, const costs *all,
                        bool *selected) {
    size_t available = 0;
    while (suite->registry[available].id != NULL) available++;
    void *loads, *sums;
    NTK_TRY(ntk_allocate(available + 1, sizeof(load), &loads));
    const size_t count = list_loads(suite, tier, all, selected, loads);
    ntk_status status = ntk_allocate(shard.count, sizeof(double), &sums);
    if (status == NTK_OK) {
        if (count < shard.count)
            status = ntk_fail(NTK_ERROR_ARGUMENT, "%zu claims are selected: too few for %zu shards", count,
                              shard.count);
        else
            deal(shard, loads, count, sums, selected);
        ntk_release(sums);
    }
    ntk_release(loads);
    return status;
}

ntk_status ntk_shard_select(const ntk_suite *suite, ntk_tier tier, ntk_shard shard, bool *selected) {
    if (shard.count == 0) return NTK_OK;
    costs all;
    ntk_status status = read_costs(suite, &all);
    if (status == NTK_OK) status = split(suite, tier, shard, &all, selected);
    release_costs(&all);
    return status;
}
