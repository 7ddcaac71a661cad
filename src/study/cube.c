/* Theta on the vertices x, y of {-1, 1}^k depends on their cosine 1 - 2h/k alone, h the number of
 * coordinates in which they differ: Theta(x, y) = theta(h). The 2^k characters chi_A(x), products
 * of the coordinates in a set A, are then its eigenvectors:
 *
 *     sum_y Theta(x, y) chi_A(y) = chi_A(x) sum_z theta(|z|) (-1)^{|z and A|}
 *
 * with y = x z. So there is an eigenvalue for each j = |A|, C(k, j) times,
 *
 *     lambda_j = sum_h K_h(j) theta(h),    K_h(j) = sum_i (-1)^i C(j, i) C(k - j, h - i),
 *
 * K_h the Krawtchouk polynomials: whole numbers, below 2^k. The points are exact doubles, so these
 * are eigenvalues of the very matrix that the enclosures speak of, found without a matrix.
 *
 * All is one formula (ntk/formula.h), evaluated with 192 bits, in other terms than
 * certify/ball_kernel.c: of ReLU, with weights of variance 2 and no biases, by the angles t_1, t_2,
 * ... between the outputs of the layers,
 *
 *     k_1 = 2 cos t_1,   k_{l+1} = k_l (1 - t_l / pi) + 2 cos t_{l+1},   theta = k_{L+1};
 *
 * of erf with weights of variance w, biases of variance b and one hidden layer, with q = 1 + 2 (w +
 * b) and s = w cos t_1 + b,
 *
 *     theta = s (4/pi) w / sqrt(q^2 - 4 s^2) + (2/pi) w asin(2 s / q) + b. */
#include <ntk/lab/cube.h>

#include <stdio.h>
#include <stdlib.h>

enum { MOST_DIMENSION = 12, NAME = 32, TEXT = 512 };

void ntk_cube_points(size_t dimension, double *x) {
    for (size_t i = 0; i < (size_t)1 << dimension; i++)
        for (size_t c = 0; c < dimension; c++) x[i * dimension + c] = i >> c & 1 ? -1 : 1;
}

void ntk_cube_character(size_t dimension, size_t degree, double *values) {
    for (size_t i = 0; i < (size_t)1 << dimension; i++) {
        values[i] = 1;
        for (size_t c = 0; c < degree; c++)
            if (i >> c & 1) values[i] = -values[i];
    }
}

/* ---- theta(h), under the name "theta<h>" ----------------------------------------------------- */

/* "t2h5": of layer 2 at h = 5 */
static const char *at(char name[NAME], char letter, size_t l, size_t h) {
    (void)snprintf(name, NAME, "%c%zuh%zu", letter, l, h);
    return name;
}

/* "k<l>h<h>" and "t<l>h<h>", l = 1 .. depth + 1 */
static ntk_status define_relu(ntk_formula *f, size_t depth, size_t h) {
    char name[NAME];
    NTK_TRY(ntk_formula_define_as(f, at(name, 't', 1, h), "pi/2 - asin(c%zu)", h));
    NTK_TRY(ntk_formula_define_as(f, at(name, 'k', 1, h), "2*c%zu", h));
    for (size_t l = 1; l <= depth; l++) {
        NTK_TRY(ntk_formula_define_as(f, at(name, 't', l + 1, h), "angle(t%zuh%zu)", l, h));
        NTK_TRY(ntk_formula_define_as(f, at(name, 'k', l + 1, h),
                                      "k%zuh%zu*(1 - t%zuh%zu/pi) + 2*cos(t%zuh%zu)", l, h, l, h, l + 1, h));
    }
    (void)snprintf(name, NAME, "theta%zu", h);
    return ntk_formula_define_as(f, name, "k%zuh%zu", depth + 1, h);
}

static ntk_status define_erf(ntk_formula *f, size_t h) {
    char name[NAME];
    NTK_TRY(ntk_formula_define_as(f, at(name, 's', 1, h), "w*c%zu + b", h));
    (void)snprintf(name, NAME, "theta%zu", h);
    return ntk_formula_define_as(
        f, name, "s1h%zu*4/pi*w/sqrt(q^2 - 4*s1h%zu^2) + 2/pi*w*asin(2*s1h%zu/q) + b", h, h, h);
}

/* The formulas are those of a few networks. */
static ntk_status check_architecture(const ntk_architecture *a) {
    const bool relu = a->activation == NTK_RELU && a->weight_variance == 2 && a->bias_variance == 0;
    const bool erf = a->activation == NTK_ERF && a->depth == 1;
    const bool plain = a->family == NTK_DENSE && a->input_scale == NTK_INPUT_SCALE_DIMENSION &&
                       a->weight_variances == NULL && a->bias_variances == NULL;
    if (plain && (relu || erf)) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT,
                    "cube: closed forms are those of ReLU with w^2 = 2 and no biases, and "
                    "of erf with one hidden layer");
}

static ntk_status define_kernel(ntk_formula *f, const ntk_architecture *architecture, size_t dimension) {
    char name[NAME];
    NTK_TRY(check_architecture(architecture));
    NTK_TRY(ntk_formula_number(f, "w", architecture->weight_variance));
    NTK_TRY(ntk_formula_number(f, "b", architecture->bias_variance));
    NTK_TRY(ntk_formula_define(f, "q", "1 + 2*(w + b)"));
    for (size_t h = 0; h <= dimension; h++) {
        (void)snprintf(name, NAME, "c%zu", h);
        NTK_TRY(ntk_formula_define_as(f, name, "1 - 2*%zu/%zu", h, dimension));
        NTK_TRY(architecture->activation == NTK_ERF ? define_erf(f, h)
                                                    : define_relu(f, architecture->depth, h));
    }
    return NTK_OK;
}

/* ---- the eigenvalues, under the names "lambda<j>" -------------------------------------------- */

static const char *name_of(char name[NAME], size_t j) {
    (void)snprintf(name, NAME, "lambda%zu", j);
    return name;
}

/* Whole at each step. */
static long binomial(size_t n, size_t k) {
    long out = 1;
    if (k > n) return 0;
    for (size_t i = 0; i < k; i++) out = out * (long)(n - i) / (long)(i + 1);
    return out;
}

static long krawtchouk(size_t dimension, size_t h, size_t j) {
    long sum = 0;
    for (size_t i = 0; i <= h; i++) sum += (i % 2 ? -1 : 1) * binomial(j, i) * binomial(dimension - j, h - i);
    return sum;
}

static ntk_status define_eigenvalue(ntk_formula *f, size_t dimension, size_t j) {
    char name[NAME], text[TEXT];
    size_t length = 0;
    for (size_t h = 0; h <= dimension; h++)
        length += (size_t)snprintf(text + length, TEXT - length, "%s(%ld)*theta%zu", h ? " + " : "",
                                   krawtchouk(dimension, h, j), h);
    return ntk_formula_define(f, name_of(name, j), text);
}

ntk_status ntk_cube_define(ntk_formula *formula, const ntk_architecture *architecture, size_t dimension) {
    if (dimension > MOST_DIMENSION)
        return ntk_fail(NTK_ERROR_ARGUMENT, "a cube of %zu dimensions, at most %d", dimension,
                        (int)MOST_DIMENSION);
    NTK_TRY(define_kernel(formula, architecture, dimension));
    for (size_t j = 0; j <= dimension; j++) NTK_TRY(define_eigenvalue(formula, dimension, j));
    return NTK_OK;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The i-th smallest of numbers lies between the i-th smallest of their lower ends and that of their
 * upper ends. */
static ntk_status list_eigenvalues(const ntk_formula *f, size_t dimension, double *low, double *high) {
    size_t count = 0;
    char name[NAME];
    for (size_t j = 0; j <= dimension; j++) {
        ntk_interval lambda;
        NTK_TRY(ntk_formula_evaluate(f, name_of(name, j), 0, &lambda));
        for (long c = binomial(dimension, j); c > 0; c--, count++) {
            low[count] = lambda.low;
            high[count] = lambda.high;
        }
    }
    qsort(low, count, sizeof *low, compare);
    qsort(high, count, sizeof *high, compare);
    return NTK_OK;
}

ntk_status ntk_cube_eigenvalues(const ntk_architecture *architecture, size_t dimension, double *low,
                                double *high) {
    ntk_formula *f = NULL;
    NTK_TRY(ntk_formula_create(&f));
    ntk_status status = ntk_cube_define(f, architecture, dimension);
    if (status == NTK_OK) status = list_eigenvalues(f, dimension, low, high);
    ntk_formula_destroy(f);
    return status;
}
