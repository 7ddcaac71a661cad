/* Data: synthetic point sets, digits, and matrices on disk. Points are rows: x is (n, d),
 * row-major, leading dimension d. */
#ifndef NTK_DATA_H
#define NTK_DATA_H

#include <stddef.h>
#include <stdint.h>

#include <ntk/api.h>
#include <ntk/random.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* The synthetic point sets. n, d > 0, and the first points are the same whatever n is. Errors of
 * each: NTK_ERROR_ARGUMENT. */

/* n points uniform on the unit sphere of R^d. x: (n, d). */
ntk_status ntk_data_sphere(ntk_stream *stream, size_t n, size_t d, double *x);

/* n points uniform on the sphere, kept only where |cosine| to every earlier point is at most
 * max_cosine (0 < max_cosine <= 1); separated points are what width laws need (a pair at cosine
 * 0.99 hides them). x: (n, d). Errors: NTK_ERROR_NO_CONVERGENCE when 100000 proposals in a row
 * fail. */
ntk_status ntk_data_sphere_separated(ntk_stream *stream, size_t n, size_t d, double max_cosine, double *x);

/* n/2 uniform points on the sphere, each followed by its antipode: x[2i+1] = -x[2i] exactly. n
 * even. x: (n, d). */
ntk_status ntk_data_antipodal(ntk_stream *stream, size_t n, size_t d, double *x);

/* Gaussian clusters: `classes` centres uniform on the unit sphere, point i = centre of class (i mod
 * classes) + spread * N(0, I/d), then normalised to the unit sphere. x: (n, d), label: (n). */
ntk_status ntk_data_clusters(ntk_stream *stream, size_t n, size_t d, size_t classes, double spread, double *x,
                             size_t *label);

/* Coordinates of n points in an orthonormal basis of a space of r = min(n, d) dimensions that
 * contains them all: the same norms and inner products in r numbers a point. Whatever sees points
 * through inner products, or through weights whose law no rotation changes, cannot tell the two
 * apart; for a few images of many pixels r is far smaller than d. For n < d the basis is that of
 * Gram-Schmidt, point by point, so the coordinates are lower triangular, and those of the first
 * points the same whatever n is; for n >= d, a copy. x: (n, d); out: (n, r), not x. Errors:
 * NTK_ERROR_ARGUMENT for no points; NTK_ERROR_MEMORY. */
ntk_status ntk_data_coordinates(size_t n, size_t d, const double *x, double *out);

/* Grey images with labels. pixels: (count, rows * columns), 0 .. 255; labels: (count), 0 .. 9. */
typedef struct ntk_digits {
    size_t count, rows, columns;
    uint8_t *pixels;
    uint8_t *labels;
} ntk_digits;

/* Read IDX files (LeCun's format) of unsigned bytes, plain or gzip, whichever the content is: magic
 * numbers, dimensions, exact lengths, nothing behind the end (of the gzip data either), labels in 0
 * .. 9 and equal counts are verified. Memory follows what is there, not what a header claims.
 * Errors: NTK_ERROR_IO, NTK_ERROR_MEMORY, NTK_ERROR_FORMAT with file, what was found and what was
 * wanted. */
ntk_status ntk_digits_read(const char *images_path, const char *labels_path, ntk_digits *out);

typedef enum ntk_digits_set {
    NTK_DIGITS_SUBSET,   /* mnist-5k-images-idx3-ubyte, mnist-5k-labels-idx1-ubyte: committed under
                          * data/ */
    NTK_DIGITS_TRAINING, /* train-images-idx3-ubyte, train-labels-idx1-ubyte of full MNIST */
    NTK_DIGITS_TEST      /* t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte of full MNIST */
} ntk_digits_set;

/* One of these pairs from a folder; each file as named, or else with .gz added, or else with ".idx"
 * in place of
 * "-idx", as some unpackers name it. Errors: as of ntk_digits_read; NTK_ERROR_IO where a file is
 * not there under any of its names. */
ntk_status ntk_digits_read_folder(const char *folder, ntk_digits_set set, ntk_digits *out);

/* Release and zero; a zeroed value is allowed. */
void ntk_digits_release(ntk_digits *digits);

/* n images drawn without replacement from the classes given (`class_count` different labels), as
 * equal in number as n allows: image i is of class classes[i mod class_count]. Pixels are scaled to
 * the unit Euclidean norm. No image is drawn twice within a call, of images with equal pixels only
 * the first can be drawn, and a black image never: draw training and test images in one call to
 * keep them apart. A larger n from the same state of the stream begins with the images of a smaller
 * one. x: (n, rows * columns); label: (n), positions in `classes`, i mod class_count; index_out
 * (may be NULL): (n), positions in `digits`. Errors: NTK_ERROR_ARGUMENT where a class has too few
 * distinct images or is listed twice. */
ntk_status ntk_digits_draw(const ntk_digits *digits, ntk_stream *stream, const uint8_t *classes,
                           size_t class_count, size_t n, double *x, size_t *label, size_t *index_out);

/* An array of real numbers from a file. Its first axis counts the rows, which are points, say; the
 * others are joined, the last running fastest: images (n, rows, columns) are n points of rows *
 * columns coordinates, and a vector (n) is n points of one. values: (rows, columns), row-major. */
#define NTK_ARRAY_MOST_AXES 64
typedef struct ntk_array {
    size_t axes, shape[NTK_ARRAY_MOST_AXES];
    size_t rows, columns;
    double *values;
} ntk_array;

/* Read an array, from NumPy's .npy or from IDX (plain or gzip), whichever the content is; path "-":
 * standard input.
 * .npy: format versions 1.0 to 3.0; booleans, integers of 1 to 8 bytes, floats of 2, 4 and 8, and
 * of 16 as far as they are this machine's long double; both byte orders; C and Fortran order; 1 to
 * 64 axes.
 * IDX: all six types, 1 to 64 axes.
 * Numbers that no double holds are rounded to nearest. Nothing may stand behind the data, and
 * memory follows what is there, not what a header claims. Errors: NTK_ERROR_IO, NTK_ERROR_MEMORY;
 * NTK_ERROR_FORMAT (says what was found, and what to do); NTK_ERROR_NOT_FINITE with the position of
 * a NaN or an infinity. */
ntk_status ntk_array_read(const char *path, ntk_array *out);

/* Release and zero; a zeroed value is allowed. */
void ntk_array_release(ntk_array *array);

typedef enum ntk_npy_type { NTK_NPY_FLOAT64, NTK_NPY_FLOAT32 } ntk_npy_type;

/* Version 1.0, written atomically. a: (rows, columns), leading dimension `columns`. Errors:
 * NTK_ERROR_IO; NTK_ERROR_SHAPE where the array is empty; NTK_ERROR_NOT_FINITE, with the position,
 * where an element is not finite or overflows float32. Where it fails, what stood at `path` is
 * untouched. */
ntk_status ntk_npy_write(const char *path, ntk_npy_type type, size_t rows, size_t columns, const double *a);

NTK_END_DECLS

#endif
