/* How far the feature map of a convolutional kernel moves when an image does: what the claims about
 * stability to deformations have in common. */
#ifndef NTK_LAB_STABILITY_H
#define NTK_LAB_STABILITY_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/lab/context.h>
#include <ntk/lab/parameters.h>
#include <ntk/random.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* The network of Bietti and Mairal (2019), w_0^2 = 1, w^2 = 2, no scale of the input, no bias,
 * readout flatten, on grey images; layers as ntk_architecture_parse_layers reads them. Its NNGP
 * kernel is the convolutional kernel network (CKN) with the arc-cosine kernel of degree 1. Errors:
 * those of ntk_architecture_convolutional. */
ntk_status ntk_stability_network(size_t rows, size_t columns, const char *layers, ntk_architecture *out);

/* The two-layer network of the paper's figures: patches of 3 x 3, Gaussian pooling by 2 and by
 * 5. */
#define NTK_STABILITY_LAYERS "conv 3, pool gauss 2, conv 3, pool gauss 5"

/* How far an image is from another one, as it is and under the feature maps of both kernels. */
typedef struct ntk_feature_distance {
    double image; /* |x' - x| */
    double ckn;   /* |Phi(x') - Phi(x)|, of the NNGP kernel */
    double ntk;   /* of the NTK */
} ntk_feature_distance;

/* Distances of `count` images from the first of them. images: (count, d); out: (count), out[0]:
 * those of the first from the black image, its norms. The square of a distance is right to 4e-15
 * |Phi(x)|^2, that of the NTK to 1e-15 |Phi(x)|^2 |x| / |x' - x| (tests/study): of images 10^-4
 * apart both distances have about five digits. Errors: those of
 * ntk_kernel_gram_both. */
ntk_status ntk_stability_distances(const ntk_architecture *architecture, size_t count, size_t d,
                                   const double *images, ntk_feature_distance *out);

/* n digits of the parameter `digit-set`, all ten classes in turn, of norm 1 (ntk_digits_draw),
 * from the stream. *x: (n, rows * columns), to be released; *rows, *columns: their size. Errors:
 * those of ntk_context_digits and ntk_digits_draw. */
ntk_status ntk_stability_digits(const ntk_context *context, ntk_stream *stream, size_t n, double **x,
                                size_t *rows, size_t *columns);

/* n positions in `digits`, drawn as ntk_digits_draw draws: with the label `label`, or with
 * NTK_STABILITY_ANY of all ten in turn. The stream is the context's unit 0, forked for `purpose`.
 * list: (n). Errors: those of ntk_digits_draw. */
#define NTK_STABILITY_ANY (-1)
ntk_status ntk_stability_list(const ntk_context *context, const ntk_digits *digits, const char *purpose,
                              long label, size_t n, size_t *list);

/* The pixels of one of them, 0 .. 255. x: (rows * columns). */
void ntk_stability_pixels(const ntk_digits *digits, size_t digit, double *x);

NTK_END_DECLS

#endif
