/* Figures of a finished run, drawn again. */
#ifndef NTK_RUN_REDRAW_H
#define NTK_RUN_REDRAW_H

#include <stddef.h>

#include "run/figure.h"
#include "run/state.h"

typedef struct ntk_redrawing {
    const char *folder; /* of the run */
    const char *plots;  /* the gallery that the figures are copied to; NULL: none */
    ntk_figure_look look;
    const ntk_run_observer *observer; /* told of single figures that fail or are not copied */
} ntk_redrawing;

/* Draw without computing anything. No names: every claim that the run holds. *drawn: how many;
 * *taken: how many the gallery took (gallery.h). Errors: NTK_ERROR_NOT_FOUND, NTK_ERROR_IO, those
 * of ntk_gallery_open; NTK_ERROR_LIBRARY where gnuplot failed on any. */
ntk_status ntk_suite_redraw(const ntk_suite *suite, const char *const *names, size_t count,
                            const ntk_redrawing *redrawing, size_t *drawn, size_t *taken);

#endif
