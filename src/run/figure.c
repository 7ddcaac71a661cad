/* Figures: suites/style.gp, then the claim's figure.gp, in one gnuplot process that draws all
 * formats asked for. The scripts see
 *
 *     data     the folder with metrics.tsv and the tables; controls stand in data/controls/<name>/
 *     output   the file that is drawn
 *     format   "svg", "png" or "pdf"
 *     width    "screen", or "single" or "double": the width of one or two columns of a paper
 *     tier     "quick" or "full"
 *     and the parameters in effect (figure_parameters.h)
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
#include "run/figure_parameters.h"
#include "run/process.h"

const ntk_figure_look ntk_figure_of_a_run = {{"svg", "png"}, "screen"};

const char *ntk_figure_suffix(const ntk_figure_look *look) {
    return strcmp(look->width, "single") == 0   ? "-single"
           : strcmp(look->width, "double") == 0 ? "-double"
                                                : "";
}

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

/* Hidden files: what is half drawn is nobody's figure yet. */
static ntk_status variables(const char *claim_folder, ntk_tier tier, const char *format, const char *width,
                            char **out) {
    char *file = NULL, *data = NULL, *output = NULL;
    ntk_status status = ntk_text_format(&file, "%s/.figure.%s", claim_folder, format);
    if (status == NTK_OK) status = quote(claim_folder, &data);
    if (status == NTK_OK) status = quote(file, &output);
    if (status == NTK_OK)
        status = ntk_text_format(
            out, "data = %s; output = %s; format = '%s'; width = '%s'; tier = '%s'; load %s.'/parameters.gp'",
            data, output, format, width, ntk_tier_text(tier), data);
    ntk_release(file);
    ntk_release(data);
    ntk_release(output);
    return status;
}

typedef struct figure_texts {
    char *style, *script, *variables[NTK_FIGURE_FORMATS], *stdout_path, *stderr_path;
} figure_texts;

static ntk_status build_texts(const ntk_suite *suite, const char *id, const char *folder, ntk_tier tier,
                              const ntk_figure_look *look, figure_texts *texts) {
    NTK_TRY(ntk_text_copy(suite->style, &texts->style));
    NTK_TRY(ntk_text_format(&texts->script, "%s/%s/figure.gp", suite->suites, id));
    for (int f = 0; f < NTK_FIGURE_FORMATS && look->formats[f] != NULL; f++)
        NTK_TRY(variables(folder, tier, look->formats[f], look->width, &texts->variables[f]));
    NTK_TRY(ntk_text_format(&texts->stdout_path, "%s/gnuplot-stdout.txt", folder));
    return ntk_text_format(&texts->stderr_path, "%s/gnuplot-stderr.txt", folder);
}

static void release_texts(figure_texts *texts) {
    ntk_release(texts->style);
    ntk_release(texts->script);
    for (int f = 0; f < NTK_FIGURE_FORMATS; f++) ntk_release(texts->variables[f]);
    ntk_release(texts->stdout_path);
    ntk_release(texts->stderr_path);
}

static ntk_status start_gnuplot(const figure_texts *texts, ntk_process *out) {
    const char *arguments[2 + 6 * NTK_FIGURE_FORMATS] = {"gnuplot"};
    size_t count = 1;
    for (int f = 0; f < NTK_FIGURE_FORMATS && texts->variables[f] != NULL; f++) {
        arguments[count++] = "-e";
        arguments[count++] = texts->variables[f];
        arguments[count++] = texts->style;
        arguments[count++] = texts->script;
        arguments[count++] = "-e";
        arguments[count++] = "unset output; reset";
    }
    const char *const environment[] = {"LC_ALL=C.UTF-8", NULL};
    const ntk_process_options options = {
        arguments,        environment, texts->stdout_path, texts->stderr_path, figure_seconds,
        figure_megabytes, NULL};
    return ntk_process_start(&options, out);
}

ntk_status ntk_figure_start(const ntk_suite *suite, const char *id, const char *claim_folder, ntk_tier tier,
                            const ntk_figure_look *look, ntk_process *out) {
    figure_texts texts = {0};
    NTK_TRY(ntk_figure_write_parameters(claim_folder));
    ntk_status status = build_texts(suite, id, claim_folder, tier, look, &texts);
    if (status == NTK_OK) status = start_gnuplot(&texts, out);
    release_texts(&texts);
    return status;
}

/* gnuplot's SVG sets an accent over a letter by going back as far as the whole text so far may be
 * wide. In the font of all figures a capital theta is 0.79 em wide and the accent 0.5, so that the
 * way back is 0.64 em; written with as many characters as stood there. */
static ntk_status place_accents(const char *path) {
    static const char before[] = "<tspan dx=\"-", accent[] = "\u02c6</tspan>";
    static const char *const ways[] = {".64", "0.64", "0.640"};
    char *svg;
    size_t size;
    NTK_TRY(ntk_file_read(path, &svg, &size));
    for (char *at = svg; (at = strstr(at, before)) != NULL;) {
        at += sizeof before - 1;
        const size_t length = strcspn(at, "e");
        const char *content = strchr(at, '>');
        if (content == NULL || strncmp(content + 1, accent, sizeof accent - 1) != 0) continue;
        if (length >= 3 && length < 3 + sizeof ways / sizeof *ways) memcpy(at, ways[length - 3], length);
    }
    const ntk_status status = ntk_file_write(path, svg, size);
    ntk_release(svg);
    return status;
}

/* Rename a drawing from its temporary name, or remove it. */
static bool take_drawing(const char *claim_folder, const ntk_figure_look *look, const char *format,
                         bool good) {
    char *from = NULL, *to = NULL;
    struct stat file;
    bool taken =
        ntk_text_format(&from, "%s/.figure.%s", claim_folder, format) == NTK_OK &&
        ntk_text_format(&to, "%s/figure%s.%s", claim_folder, ntk_figure_suffix(look), format) == NTK_OK &&
        good && stat(from, &file) == 0 && file.st_size > 0 &&
        (strcmp(format, "svg") != 0 || place_accents(from) == NTK_OK) && rename(from, to) == 0;
    if (!taken && from != NULL) unlink(from);
    ntk_release(from);
    ntk_release(to);
    return taken;
}

/* gnuplot ends with status 0 after many a complaint (an empty table, a missing font), so that what
 * it says counts as a warning too. */
ntk_status ntk_figure_finish(const char *claim_folder, const ntk_figure_look *look,
                             const ntk_process *process, bool *drawn, char **warning) {
    const bool ended_well = process->ending == NTK_ENDING_EXIT && process->code == 0;
    *warning = NULL;
    *drawn = true;
    for (int f = 0; f < NTK_FIGURE_FORMATS && look->formats[f] != NULL; f++)
        *drawn = take_drawing(claim_folder, look, look->formats[f], ended_well) && *drawn;
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
    if (ntk_text_format(&path, "%s/%s/figure.gp", suite->suites, id) != NTK_OK) return false;
    const bool exists = access(path, R_OK) == 0;
    ntk_release(path);
    return exists;
}
