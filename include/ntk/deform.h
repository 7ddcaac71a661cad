/* Deformations of grey images: random displacement fields, images resampled along them, and the
 * tangent-field deformations of infinite MNIST.
 *
 * An image x is (rows, columns), row-major, and 0 outside. A displacement tau is (2, rows,
 * columns): how far, in pixels, the image is moved at each position, down the rows first, then
 * along the columns. The deformed image is
 *
 *     (L_tau x)(u) = x(u - tau(u))              (Bietti and Mairal 2019, section 4; Mallat 2012)
 *
 * so that a constant tau moves the image by tau. Images have 1 to 16383 rows and as many columns.
 * Errors of each function: NTK_ERROR_ARGUMENT; NTK_ERROR_MEMORY. No output overlaps an input. */
#ifndef NTK_DEFORM_H
#define NTK_DEFORM_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/random.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* ---- displacements --------------------------------------------------------------------------- */

/* `count` independent Gaussian fields of mean 0 and the covariance exp(-|u - v|^2 / (2 length^2)),
 * stationary up to the border: white noise of a grid that reaches 4.3 lengths further, smoothed
 * by a sampled Gaussian. Sampling changes a covariance by 4 exp(-pi^2 length^2 / 2) of itself
 * at most, 0.03 at length 1, 1e-8 at length 2; the variance is 1 always. Two fields times a number
 * of pixels make a displacement. length: in pixels, 1 .. 1000. field: (count, rows, columns). The
 * first fields are the same whatever `count` is. */
ntk_status ntk_deform_field(ntk_stream *stream, size_t count, size_t rows, size_t columns, double length,
                            double *field);

/* How large a displacement is: |tau|_inf = max |tau(u)|, in pixels, and |grad tau|_inf, the
 * largest spectral norm of its Jacobian, here the matrix of forward differences; the outermost row
 * and column have none. rows, columns > 1. displacement: (2, rows, columns). */
ntk_status ntk_deform_size(size_t rows, size_t columns, const double *displacement, double *largest,
                           double *gradient);

/* ---- images ---------------------------------------------------------------------------------- */

typedef enum ntk_interpolation {
    NTK_INTERPOLATION_LINEAR, /* bilinear: exact for linear images; within the range of four
                               * pixels */
    NTK_INTERPOLATION_CUBIC,  /* Keys (1981), a = -1/2: exact for quadratic images, once
                               * continuously differentiable; leaves the range by a little */
    NTK_INTERPOLATION_COUNT
} ntk_interpolation;

/* out = L_tau x. x, out: (rows, columns); displacement: (2, rows, columns), finite. Displacements
 * by whole pixels copy pixels bit for bit. */
ntk_status ntk_deform_image(size_t rows, size_t columns, const double *x, const double *displacement,
                            ntk_interpolation interpolation, double *out);

/* x moved by whole pixels; `wrap`: what leaves at one side enters at the other, else zeros do. */
ntk_status ntk_deform_shift(size_t rows, size_t columns, const double *x, long down, long right, bool wrap,
                            double *out);

/* The two tangents of x, its central differences (x(u + e) - x(u - e)) / 2 down the rows, then
 * along the columns. tangents: (2, rows, columns). */
ntk_status ntk_deform_tangents(size_t rows, size_t columns, const double *x, double *tangents);

/* ---- infinite MNIST -------------------------------------------------------------------------- */

/* A tangent-field deformation (Loosli, Canu and Bottou 2007): with two random fields F, and the
 * tangents T of x,
 *
 *     x' = trunc(clip(x + strength amplitude (F_1 T_1 - F_2 T_2), 0, 255)),
 *
 * then moved by one pixel along an axis or a diagonal, or not at all, each of the nine with equal
 * probability, if asked for. To first order x' is x displaced by strength * amplitude pixels, root
 * mean square in each direction. The reference draws from 1522 stored fields; here they are
 * Gaussian, of the covariance of ntk_deform_field, and a further random sign, which it has, would
 * not change their law. */
typedef struct ntk_tangent_deformation {
    double strength;  /* alpha >= 0 */
    double amplitude; /* pixels, root mean square at strength 1; > 0 */
    double length;    /* of the fields, see ntk_deform_field */
    bool translate;
    bool bytes; /* clip and truncate; otherwise x' is kept as it is */
} ntk_tangent_deformation;

/* Strength 1, amplitude 0.5, length 4, no translation, bytes. Digits of 28 x 28 pixels are then
 * changed by |x' - x| / |x| = 0.26 in the mean, and by 0.55 at strength 3 (tests/data). */
ntk_tangent_deformation ntk_tangent_deformation_default(void);

/* x' of x, (rows, columns), of pixels 0 .. 255. Whatever is drawn does not depend on the strength:
 * from the same state of the stream come the deformations of one digit by growing strengths. */
ntk_status ntk_deform_tangent(const ntk_tangent_deformation *deformation, ntk_stream *stream, size_t rows,
                              size_t columns, const double *x, double *out);

NTK_END_DECLS

#endif
