/* Figures: suites/style.gp, then the claim's figure.gp, in one gnuplot process that draws both formats. The
 * scripts see
 *
 *     data     the folder with metrics.tsv and the tables; controls stand in data/controls/<name>/
 *     output   the file that is drawn
 *     format   "svg" or "png"; style.gp chooses the terminal by it
 *     tier     "quick" or "full"
 *
 * A drawing takes its place only when gnuplot has ended well: an earlier one is never left half overwritten.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "suite/run.h"
#include "suite/support.h"

static const char *const formats[] = {"svg", "png"};

static const double figure_seconds = 60, figure_megabytes = 2048;

/* A gnuplot string in single quotes, in which a quote is doubled. */
static ntk_status quote(const char *text, char **out) {
    void *memory;
    NTK_TRY(ntk_allocate(2 * strlen(text) + 3, 1, &memory));
    char *to = memory;
    *to++ = '\'';
    for (; *text != '\0'; text++) {
        if (*text == '\'') *to++ = '\'';
        *to++ = *text;
    }
    *to = '\'';
    *out = memory;
    return NTK_OK;
}

static ntk_status variables(const char *claim_folder, ntk_tier tier, const char *format, char **out) {
    char *file = NULL, *data = NULL, *output = NULL;
    ntk_status status = ntk_text_format(&file, "%s/.figure.%s", claim_folder, format);
    if (status == NTK_OK) status = quote(claim_folder, &data);
    if (status == NTK_OK) status = quote(file, &output);
    if (status == NTK_OK)
        status = ntk_text_format(out, "data = %s; output = %s; format = '%s'; tier = '%s'", data, output,
                                 format, ntk_tier_text(tier));
    ntk_release(file);
    ntk_release(data);
    ntk_release(output);
    return status;
}

typedef struct figure_texts {
    char *style, *script, *variables[2], *stdout_path, *stderr_path;
} figure_texts;

static ntk_status build_texts(const ntk_suite *suite, const char *id, const char *folder, ntk_tier tier,
                              figure_texts *texts) {
    NTK_TRY(ntk_text_format(&texts->style, "%s/suites/style.gp", suite->root));
    NTK_TRY(ntk_text_format(&texts->script, "%s/suites/%s/figure.gp", suite->root, id));
    for (int f = 0; f < 2; f++) NTK_TRY(variables(folder, tier, formats[f], &texts->variables[f]));
    NTK_TRY(ntk_text_format(&texts->stdout_path, "%s/gnuplot-stdout.txt", folder));
    return ntk_text_format(&texts->stderr_path, "%s/gnuplot-stderr.txt", folder);
}

static void release_texts(figure_texts *texts) {
    ntk_release(texts->style);
    ntk_release(texts->script);
    for (int f = 0; f < 2; f++) ntk_release(texts->variables[f]);
    ntk_release(texts->stdout_path);
    ntk_release(texts->stderr_path);
}

ntk_status ntk_figure_start(const ntk_suite *suite, const char *id, const char *claim_folder, ntk_tier tier,
                            ntk_process *out) {
    figure_texts texts = {0};
    ntk_status status = build_texts(suite, id, claim_folder, tier, &texts);
    if (status == NTK_OK) {
        const char *const arguments[] = {"gnuplot",          "-e",        texts.variables[0],    texts.style,
                                         texts.script,       "-e",        "unset output; reset", "-e",
                                         texts.variables[1], texts.style, texts.script,          "-e",
                                         "unset output",     NULL};
        const char *const environment[] = {"LC_ALL=C.UTF-8", NULL};
        const ntk_process_options options = {arguments,         environment,    texts.stdout_path,
                                             texts.stderr_path, figure_seconds, figure_megabytes};
        status = ntk_process_start(&options, out);
    }
    release_texts(&texts);
    return status;
}

/* *status: of what was done for one format; file: the drawing still under its temporary name. */
static bool take_drawing(const char *claim_folder, const char *format, bool good) {
    char *from = NULL, *to = NULL;
    struct stat file;
    bool taken = ntk_text_format(&from, "%s/.figure.%s", claim_folder, format) == NTK_OK &&
                 ntk_text_format(&to, "%s/figure.%s", claim_folder, format) == NTK_OK && good &&
                 stat(from, &file) == 0 && file.st_size > 0 && rename(from, to) == 0;
    if (!taken && from != NULL) unlink(from);
    ntk_release(from);
    ntk_release(to);
    return taken;
}

/* gnuplot ends with status 0 after many a complaint (an empty table, a missing font), so that what it says
 * counts as a warning too. */
ntk_status ntk_figure_finish(const char *claim_folder, const ntk_process *process, bool *drawn,
                             char **warning) {
    const bool ended_well = process->ending == NTK_ENDING_EXIT && process->code == 0;
    *warning = NULL;
    *drawn = true;
    for (int f = 0; f < 2; f++) *drawn = take_drawing(claim_folder, formats[f], ended_well) && *drawn;
    char *path, *said = NULL;
    NTK_TRY(ntk_text_format(&path, "%s/gnuplot-stderr.txt", claim_folder));
    ntk_status status = ntk_process_last_words(path, &said);
    if (said != NULL && said[0] == '\0') unlink(path);
    ntk_release(path);
    if (status == NTK_OK && !(ended_well && *drawn)) {
        char ending[128];
        ntk_process_describe(process, ending, sizeof ending);
        status = ntk_text_format(warning, "gnuplot %s%s%s", ending, said[0] ? ": " : "", said);
    } else if (status == NTK_OK && said[0] != '\0')
        status = ntk_text_format(warning, "gnuplot complained: %s", said);
    ntk_release(said);
    if (ntk_text_format(&path, "%s/gnuplot-stdout.txt", claim_folder) == NTK_OK) unlink(path);
    ntk_release(path);
    return status;
}

bool ntk_figure_exists(const ntk_suite *suite, const char *id) {
    char *path;
    if (ntk_text_format(&path, "%s/suites/%s/figure.gp", suite->root, id) != NTK_OK) return false;
    const bool exists = access(path, R_OK) == 0;
    ntk_release(path);
    return exists;
}

/* ---- the probe ------------------------------------------------------------------------------------- */

/* Draws the same picture without and with a word: without a font they are the same bytes. */
static const char probe_script[] =
    "set terminal svg; set terminal pngcairo size 120,60 font 'DejaVu Sans,12';"
    "unset border; unset tics; unset key; set output 'blank.png'; plot [0:1][0:1] -1;"
    "set output 'word.png'; set label 'ntk' at 0.3,0.5; replot; unset output; print GPVAL_VERSION";

static ntk_status digest_in(const char *folder, const char *name, ntk_digest *digest) {
    char *path;
    NTK_TRY(ntk_text_format(&path, "%s/%s", folder, name));
    *digest = NTK_DIGEST_START;
    const ntk_status status = ntk_digest_file(path, digest);
    unlink(path);
    ntk_release(path);
    return status;
}

/* gnuplot is given the folder by `cd`, so that the script needs no paths. */
static bool probe_in(const char *folder, char *detail, size_t size) {
    figure_texts texts = {0};
    ntk_process process, *const processes[] = {&process};
    char *words = NULL;
    ntk_digest blank = 0, word = 0;
    snprintf(detail, size, "gnuplot cannot be started");
    if (ntk_text_format(&texts.style, "cd '%s'", folder) == NTK_OK &&
        ntk_text_format(&texts.stdout_path, "%s/stdout", folder) == NTK_OK &&
        ntk_text_format(&texts.stderr_path, "%s/stderr", folder) == NTK_OK) {
        const char *const arguments[] = {"gnuplot", "-e", texts.style, "-e", probe_script, NULL};
        const char *const environment[] = {"LC_ALL=C.UTF-8", NULL};
        const ntk_process_options options = {arguments,         environment, texts.stdout_path,
                                             texts.stderr_path, 20,          2048};
        if (ntk_process_start(&options, &process) == NTK_OK) {
            while (process.ending == NTK_ENDING_NONE) ntk_process_wait(processes, 1, 1.0);
            if (ntk_process_last_words(texts.stderr_path, &words) != NTK_OK) words = NULL;
        }
        unlink(texts.stdout_path);
        unlink(texts.stderr_path);
    }
    const bool drawn = words != NULL && process.ending == NTK_ENDING_EXIT && process.code == 0 &&
                       digest_in(folder, "blank.png", &blank) == NTK_OK &&
                       digest_in(folder, "word.png", &word) == NTK_OK;
    if (drawn)
        snprintf(detail, size, blank == word ? "gnuplot finds no font and draws no text" : "gnuplot %s",
                 words);
    else if (words != NULL)
        snprintf(detail, size, "gnuplot fails: %s", words);
    release_texts(&texts);
    ntk_release(words);
    return drawn && blank != word;
}

bool ntk_gnuplot_probe(char *detail, size_t size) {
    const char *temporary = getenv("TMPDIR");
    char *folder;
    if (ntk_text_format(&folder, "%s/ntk-probe-XXXXXX", temporary ? temporary : "/tmp") != NTK_OK)
        return false;
    bool good = false;
    if (mkdtemp(folder) == NULL)
        snprintf(detail, size, "no temporary folder: %s", strerror(errno));
    else {
        good = probe_in(folder, detail, size);
        rmdir(folder);
    }
    ntk_release(folder);
    return good;
}
