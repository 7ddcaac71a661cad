/* Matrices whose numbers lie near the ends of the range: a view of them near 1. */
#ifndef NTK_CERTIFY_EXTREMES_SCALE_H
#define NTK_CERTIFY_EXTREMES_SCALE_H

#include <ntk/status.h>
#include <ntk/tiles.h>

/* *view: 2^-*exponent times the matrix, its largest diagonal about 1, where that lies outside
 * 2^-300
 * .. 2^300; else *view is NULL and *exponent 0. To be released with ntk_tiles_release_scaled.
 * Powers
 * of two change no bit but of entries that become smaller than 2^-1022: off by 2^-1075 each, n
 * 2^-1075 in every norm. Errors: those of ntk_tiles_diagonal. */
ntk_status ntk_extremes_scale(const ntk_tiles *tiles, ntk_tiles **view, int *exponent);

/* 2^exponent x from below and from above. */
double ntk_extremes_below(double x, int exponent);
double ntk_extremes_above(double x, int exponent);

#endif
