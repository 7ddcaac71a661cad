/* Figures: suites/style.gp, then the claim's figure.gp, in one gnuplot process that draws both
 * formats. The scripts see
 *
 *     data     the folder with metrics.tsv and the tables; controls stand in data/controls/<name>/
 *     output   the file that is drawn
 *     format   "svg" or "png"; style.gp chooses the terminal by it
 *     tier     "quick" or "full"
 *
 * A drawing takes its place only when gnuplot has ended well: an earlier one is never left half
 * overwritten. */
#include "run/figure.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "claim/claim.h"
#include "experiment/support.h"
#include "run/catalogue.h"
#include "run/process.h"

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

/* Rename a drawing from its temporary name, or remove it. */
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

/* gnuplot ends with status 0 after many a complaint (an empty table, a missing font), so that what
 * it says counts as a warning too. */
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
