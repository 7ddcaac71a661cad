/* Readers of what comes from outside, fed with files that are nearly right: each file of a corpus,
 * changed at random places in ways that formats are sensitive to. A reader may refuse or accept; it
 * may not crash, hang, or hand out what is not finite. Built with the sanitizers, it finds more.
 *
 *     fuzz SECONDS SEED CORPUS        CORPUS/npy, CORPUS/idx, CORPUS/tsv, CORPUS/journal
 *
 * The file that is tried stands in the folder where fuzz was started, as fuzz-input: after a crash
 * it is the one that did it. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ntk/data.h>
#include <ntk/file.h>
#include <ntk/lab/experiment.h>
#include <ntk/lab/parameters.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "claim/expected.h"
#include "run/journal.h"

#define FOLDER "fuzz/claim"
#define INPUT  FOLDER "/claim.yaml" /* a claim has to be called that */
enum { MOST_BYTES = 1 << 16, MOST_FILES = 64 };

/* ---- readers --------------------------------------------------------------------------------- */

static void fail(const char *what) {
    fprintf(stderr, "fuzz: %s; the file is " INPUT "\n", what);
    abort();
}

static ntk_status read_array(void) {
    ntk_array array;
    NTK_TRY(ntk_array_read(INPUT, &array));
    if (array.rows == 0 || array.columns == 0) fail("an array without elements was accepted");
    for (size_t k = 0; k < array.rows * array.columns; k++)
        if (!isfinite(array.values[k])) fail("a number that is not finite was accepted");
    ntk_array_release(&array);
    return NTK_OK;
}

static ntk_status read_stored(void) {
    ntk_expected *expected;
    NTK_TRY(ntk_expected_read(INPUT, &expected));
    for (size_t k = 0; k < expected->count; k++)
        if (!isfinite(expected->rows[k].metric.estimate.value)) fail("a stored result is not finite");
    ntk_expected_destroy(expected);
    return NTK_OK;
}

static ntk_status read_journal(void) {
    ntk_journal *journal;
    NTK_TRY(ntk_journal_read(INPUT, &journal));
    ntk_journal_close(journal);
    return NTK_OK;
}

static const ntk_parameter parameters[] = {{"value", NTK_PARAMETER_REAL, "0.5", -10, 10, NULL, "a number"},
                                           {NULL, NTK_PARAMETER_REAL, NULL, 0, 0, NULL, NULL}};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("value", "a number"),
    NTK_METRIC("constant", "three"),
    NTK_METRIC("exponent", "an interval"),
    NTK_METRIC("exponent-{relu,erf}-{1,2}", "an interval"),
    {0},
};

static ntk_status read_claim(void) {
    static const ntk_experiment experiment = {.parameters = {parameters}, .metrics = {metrics}};
    ntk_claim claim;
    NTK_TRY(ntk_claim_read(FOLDER, &experiment, &claim));
    for (size_t k = 0; k < claim.check_count; k++)
        if (isnan(claim.checks[k].bound)) fail("a bound that is no number was accepted");
    ntk_claim_release(&claim);
    return NTK_OK;
}

static const struct {
    const char *folder;
    ntk_status (*read)(void);
} readers[] = {{"npy", read_array},
               {"idx", read_array},
               {"tsv", read_stored},
               {"journal", read_journal},
               {"claim", read_claim}};
enum { READERS = sizeof readers / sizeof *readers };

/* ---- changes --------------------------------------------------------------------------------- */

static uint64_t state;

static size_t draw(size_t below) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return below > 0 ? (size_t)((state >> 33) % below) : 0;
}

static size_t change(char *bytes, size_t size) {
    static const char *const words[] = {"0",  "-1", "99999999999999999999", "(", ")", "'", "nan", "\t",
                                        "\n", "{"};
    const size_t at = draw(size + 1), left = size - at;
    switch (draw(7)) {
    case 0: /* one bit */
        if (left > 0) bytes[at] = (char)(bytes[at] ^ (1 << draw(8)));
        return size;
    case 1: /* one byte, often an extreme one */
        if (left > 0) bytes[at] = "\0\xff\x7f\x80 0"[draw(6)];
        return size;
    case 2: /* the end is missing */
        return at;
    case 3: { /* a part is missing */
        const size_t gone = draw(left < 16 ? left + 1 : 16);
        memmove(bytes + at, bytes + at + gone, left - gone);
        return size - gone;
    }
    case 4: { /* a part is there twice */
        const size_t more = draw(left < 16 ? left + 1 : 16);
        if (size + more > MOST_BYTES) return size;
        memmove(bytes + at + more, bytes + at, left);
        return size + more;
    }
    case 5: { /* a word too many */
        const char *word = words[draw(sizeof words / sizeof *words)];
        const size_t more = strlen(word);
        if (size + more > MOST_BYTES) return size;
        memmove(bytes + at + more, bytes + at, left);
        memcpy(bytes + at, word, more);
        return size + more;
    }
    default: /* a number of four bytes */
        if (left >= 4) memset(bytes + at, draw(2) ? 0xff : 0, 4);
        return size;
    }
}

/* ---- the corpus ------------------------------------------------------------------------------ */

typedef struct corpus {
    char *files[MOST_FILES];
    size_t sizes[MOST_FILES], count;
} corpus;

static void must(ntk_status status) {
    if (status == NTK_OK) return;
    fprintf(stderr, "fuzz: %s\n", ntk_error_detail());
    exit(1);
}

static void load(const char *root, const char *name, corpus *out) {
    char folder[512], path[1024];
    snprintf(folder, sizeof folder, "%s/%s", root, name);
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] == '.' || out->count == MOST_FILES) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        must(ntk_file_read(path, &out->files[out->count], &out->sizes[out->count]));
        out->count++;
    }
    if (entries != NULL) closedir(entries);
    if (out->count > 0) return;
    fprintf(stderr, "fuzz: %s: no files\n", folder);
    exit(1);
}

/* Not by ntk_file_write, which syncs each to the disk. */
static void put(const char *bytes, size_t size) {
    FILE *file = fopen(INPUT, "wb");
    if (file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0) return;
    fprintf(stderr, "fuzz: " INPUT " cannot be written\n");
    exit(1);
}

int main(int argc, char **argv) {
    static corpus all[READERS];
    static char bytes[MOST_BYTES];
    if (argc != 4) return 64;
    const time_t end = time(NULL) + atol(argv[1]);
    state = (uint64_t)atoll(argv[2]);
    size_t tried[READERS] = {0}, accepted[READERS] = {0};
    must(ntk_folder_create(FOLDER));
    for (size_t r = 0; r < READERS; r++) load(argv[3], readers[r].folder, &all[r]);
    for (size_t k = 0; time(NULL) < end || k < 100 * READERS; k++) {
        const size_t r = k % READERS, file = draw(all[r].count);
        size_t size = all[r].sizes[file] < MOST_BYTES ? all[r].sizes[file] : MOST_BYTES;
        memcpy(bytes, all[r].files[file], size);
        for (size_t changes = draw(4); changes > 0; changes--) size = change(bytes, size);
        put(bytes, size);
        tried[r]++;
        accepted[r] += readers[r].read() == NTK_OK;
    }
    for (size_t r = 0; r < READERS; r++) {
        printf("fuzz: %s: %zu tried, %zu accepted\n", readers[r].folder, tried[r], accepted[r]);
        for (size_t k = 0; k < all[r].count; k++) ntk_release(all[r].files[k]);
        /* Else the corpus or the changes are no good. A journal is never refused: bad lines count
         * for nothing. */
        const int refuses = readers[r].read != read_journal;
        if (accepted[r] == 0 || (refuses && accepted[r] == tried[r])) return 1;
    }
    remove(INPUT);
    return 0;
}
