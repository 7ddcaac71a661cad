/* Data: synthetic point sets, digits, and matrices on disk. Points are rows: x is (n, d), row-major, leading
 * dimension d. */
#ifndef NTK_DATA_H
#define NTK_DATA_H

#include <stddef.h>
#include <stdint.h>

#include <ntk/random.h>
#include <ntk/status.h>

/* n points uniform on the unit sphere of R^d. x: (n, d). */
ntk_status ntk_data_sphere(ntk_stream *stream, size_t n, size_t d, double *x);

/* n points uniform on the sphere, kept only where |cosine| to every earlier point is at most max_cosine (0 <
 * max_cosine <= 1); separated points are what width laws need (a pair at cosine 0.99 hides them). Errors:
 * NTK_ERROR_NO_CONVERGENCE when 100000 proposals in a row fail. x: (n, d). */
ntk_status ntk_data_sphere_separated(ntk_stream *stream, size_t n, size_t d, double max_cosine, double *x);

/* n/2 uniform points on the sphere, each followed by its antipode: x[2i+1] = -x[2i] exactly. n even. x: (n,
 * d). */
ntk_status ntk_data_antipodal(ntk_stream *stream, size_t n, size_t d, double *x);

/* Gaussian clusters: `classes` centres uniform on the unit sphere, point i = centre of class (i mod classes)
 * + spread * N(0, I/d), then normalised to the unit sphere. x: (n, d), label: (n). */
ntk_status ntk_data_clusters(ntk_stream *stream, size_t n, size_t d, size_t classes, double spread, double *x,
                             size_t *label);

/* Grey images with labels. pixels: (count, rows * columns), 0 .. 255; labels: (count), 0 .. 9. */
typedef struct ntk_digits {
    size_t count, rows, columns;
    uint8_t *pixels;
    uint8_t *labels;
} ntk_digits;

/* Read IDX files (LeCun's format), plain or gzip, whichever the content is: magic numbers, dimensions, exact
 * lengths, labels in 0 .. 9 and equal counts are verified. Errors: NTK_ERROR_IO, NTK_ERROR_FORMAT with file,
 * what was found and what was wanted. */
ntk_status ntk_digits_read(const char *images_path, const char *labels_path, ntk_digits *out);

/* From a folder: the four files of full MNIST (train-images-idx3-ubyte, ... each with or without .gz),
 * training set or test set, where `full`; otherwise the committed subset (mnist-5k-images-idx3-ubyte.gz,
 * mnist-5k-labels-idx1-ubyte.gz). */
typedef enum ntk_digits_set { NTK_DIGITS_SUBSET, NTK_DIGITS_TRAINING, NTK_DIGITS_TEST } ntk_digits_set;
ntk_status ntk_digits_read_folder(const char *folder, ntk_digits_set set, ntk_digits *out);

/* Release and zero; a zeroed value is allowed. */
void ntk_digits_release(ntk_digits *digits);

/* n images drawn without replacement from the classes given (`class_count` labels; as equal in number as n
 * allows: image i is of class i mod class_count), pixels scaled to the unit Euclidean norm. No image is drawn
 * twice within a call, and images with equal pixels are drawn once. index_out (may be NULL): (n), positions
 * in `digits`; x: (n, rows * columns); label: (n). Errors: NTK_ERROR_ARGUMENT where a class has too few
 * distinct images. */
ntk_status ntk_digits_draw(const ntk_digits *digits, ntk_stream *stream, const uint8_t *classes,
                           size_t class_count, size_t n, double *x, size_t *label, size_t *index_out);

/* NumPy's .npy: 2-D, C order, float64 or float32 (read: widened), little-endian, format versions 1.0 to 3.0.
 * *out: (*rows, *columns), to be given to ntk_release. A NaN or an infinity is refused with its position.
 * Errors: NTK_ERROR_IO, NTK_ERROR_FORMAT (says what was found), NTK_ERROR_NOT_FINITE. */
ntk_status ntk_npy_read(const char *path, size_t *rows, size_t *columns, double **out);

typedef enum ntk_npy_type { NTK_NPY_FLOAT64, NTK_NPY_FLOAT32 } ntk_npy_type;

/* Atomic. a: (rows, columns), leading dimension `columns`. Errors: NTK_ERROR_IO; NTK_ERROR_NOT_FINITE where a
 * finite value overflows float32. */
ntk_status ntk_npy_write(const char *path, ntk_npy_type type, size_t rows, size_t columns, const double *a);

#endif
