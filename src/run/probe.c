/* Can figures be drawn here? gnuplot may be missing, may lack a terminal, or may find no font, in
 * which case it draws no text and ends with status 0. */
#include "run/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ntk/memory.h>
#include <ntk/status.h>

#include "experiment/support.h"
#include "run/identity.h"
#include "run/process.h"

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

/* Run the script in a folder, to which gnuplot is told to `cd`; *words: the last line that it said,
 * NULL where it could not be started. */
static ntk_status run_script(const char *folder, ntk_process *process, char **words) {
    char *texts[3] = {0};
    ntk_status status = ntk_text_format(&texts[0], "cd '%s'", folder);
    if (status == NTK_OK) status = ntk_text_format(&texts[1], "%s/stdout", folder);
    if (status == NTK_OK) status = ntk_text_format(&texts[2], "%s/stderr", folder);
    if (status == NTK_OK) {
        const char *const arguments[] = {"gnuplot", "-e", texts[0], "-e", probe_script, NULL};
        const char *const environment[] = {"LC_ALL=C.UTF-8", NULL};
        const ntk_process_options options = {arguments, environment, texts[1], texts[2], 20, 2048, NULL};
        status = ntk_process_start(&options, process);
    }
    ntk_process *const processes[] = {process};
    while (status == NTK_OK && process->ending == NTK_ENDING_NONE) ntk_process_wait(processes, 1, 1.0);
    if (status == NTK_OK) status = ntk_process_last_words(texts[2], words);
    for (int i = 0; i < 3; i++) {
        if (i > 0 && texts[i] != NULL) unlink(texts[i]);
        ntk_release(texts[i]);
    }
    return status;
}

static bool probe_in(const char *folder, char *detail, size_t size) {
    ntk_process process;
    ntk_digest blank, word;
    char *words = NULL;
    if (run_script(folder, &process, &words) != NTK_OK) {
        snprintf(detail, size, "gnuplot cannot be started");
        return false;
    }
    /* Both are looked at, and thereby removed, whatever the first says. */
    const bool has_blank = digest_in(folder, "blank.png", &blank) == NTK_OK;
    const bool has_word = digest_in(folder, "word.png", &word) == NTK_OK;
    const bool drawn = process.ending == NTK_ENDING_EXIT && process.code == 0 && has_blank && has_word;
    if (!drawn)
        snprintf(detail, size, "gnuplot fails: %s", words);
    else if (blank == word)
        snprintf(detail, size, "gnuplot finds no font and draws no text");
    else
        snprintf(detail, size, "gnuplot %s", words);
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
