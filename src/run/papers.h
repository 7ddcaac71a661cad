/* The papers: their references, and every numbered result of those whose theorems are claims, from
 * suites/papers.yaml. Which claim stands for which result the claims' own sources say. */
#ifndef NTK_RUN_PAPERS_H
#define NTK_RUN_PAPERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <ntk/status.h>

#include "claim/claim.h"
#include "run/catalogue.h"

typedef struct ntk_paper_result {
    char *number;     /* "Theorem 2"; of an abstract, what the result is about */
    char *says;       /* in a sentence or two */
    char *hypotheses; /* as printed; NULL: not noted */
    char *test;       /* the unit test that holds it, where no claim stands for it; NULL for none */
    char *because;    /* why nothing holds it; NULL */
} ntk_paper_result;

typedef struct ntk_paper {
    char *name, *authors, *title, *venue, *version;
    char *seen; /* how its text was seen, or what it is used for */
    ntk_paper_result *results;
    size_t result_count;
} ntk_paper;

typedef struct ntk_papers {
    ntk_paper *items;
    size_t count;
} ntk_papers;

/* A papers.yaml, to be released also after an error; no papers where there is no such
 * file. Errors: NTK_ERROR_IO;
 * NTK_ERROR_FORMAT with path and line. */
ntk_status ntk_papers_read(const char *path, ntk_papers *out);
void ntk_papers_release(ntk_papers *papers);

/* NULL for none. */
const ntk_paper *ntk_papers_find(const ntk_papers *papers, const char *name);

/* Whether a source's text names a result: "Theorem 1 and Corollary 1" names Theorem 1, and neither
 * Theorem 10 nor Theorem 2. */
bool ntk_source_names(const char *text, const char *number);

/* Whether a claim stands for a result: by its source. */
bool ntk_paper_result_is_claimed(const ntk_paper *paper, const ntk_paper_result *result,
                                 const ntk_claim *claim);

/* "A. Author, B. Author. Title. Venue. arXiv 0000.00000." */
void ntk_paper_print_reference(const ntk_paper *paper, FILE *stream);

#endif
