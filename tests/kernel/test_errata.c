/* The numbers of docs/errata.md on the kernel of chen-2025: L = 3, unit vectors of the plane. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "start.h"

TestSuite(errata, .init = start_linalg);

/* Network (2.1) without its biases: w^2 = 2, of the first layer 1, inputs not scaled. */
static const double weight_variances[] = {1, 2, 2, 2}, bias_variances[] = {1, 1, 1, 0};

static ntk_architecture printed(void) {
    ntk_architecture out = ntk_architecture_default();
    out.depth = 3;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    out.weight_variances = weight_variances;
    out.bias_variances = bias_variances;
    return out;
}

/* The recursion of architecture.h for one pair of unit vectors at an angle, written out. */
static double by_hand(double angle, double bias) {
    double s = cos(angle) + bias, diagonal = 1 + bias, theta = s;
    for (size_t l = 1; l <= 3; l++) {
        const double turn = acos(fmin(1, fmax(-1, s / diagonal)));
        const double derivative = (M_PI - turn) / M_PI, add = l < 3 ? bias : 0;
        s = diagonal * (sin(turn) + (M_PI - turn) * cos(turn)) / M_PI + add;
        theta = s + theta * derivative;
        diagonal += add;
    }
    return theta;
}

static void check_kernel(const ntk_architecture *architecture, double bias, const double *wanted) {
    static const double angles[] = {0, 1, 2, M_PI};
    for (size_t i = 0; i < 4; i++) {
        const double x[] = {1, 0}, y[] = {cos(angles[i]), sin(angles[i])};
        double found;
        cr_assert_eq(ntk_kernel_cross(architecture, NTK_KERNEL_NTK, 1, 1, 2, x, 2, y, 2, &found, 1), NTK_OK);
        /* 1e-14 of the diagonal, by kernel.h; the hand's acos loses half the digits at an angle of
         * 0, where it only has to tell 13 from the 20 that is printed. */
        cr_assert(fabs(found - wanted[i]) <= 1e-13 * wanted[0], "%.17g, wanted %.17g", found, wanted[i]);
        cr_assert(fabs(by_hand(angles[i], bias) - wanted[i]) <= 1e-6, "by hand, angle %g", angles[i]);
    }
}

Test(errata, kernel_with_and_without_biases) {
    static const double with[] = {13, 9.596432869517077, 7.058757518061094, 6.160772960174095};
    static const double without[] = {4, 1.8196326324456482, 0.7787796515714478, 0.6857086362829425};
    ntk_architecture architecture = printed();
    check_kernel(&architecture, 1, with);
    architecture.bias_variances = NULL;
    check_kernel(&architecture, 0, without);
}

/* A circulant matrix: its eigenvalues are the cosine sums of its first row, no eigensolver. */
Test(errata, six_points_of_the_circle) {
    enum { N = 6 };
    double row[N], smallest = INFINITY, largest = -INFINITY;
    for (size_t i = 0; i < N; i++) row[i] = by_hand(fmin((double)i, (double)(N - i)) * M_PI / 3, 0);
    for (size_t k = 0; k < N; k++) {
        double value = 0;
        for (size_t i = 0; i < N; i++) value += row[i] * cos(2 * M_PI * (double)(k * i) / N);
        smallest = fmin(smallest, value);
        largest = fmax(largest, value);
    }
    cr_assert(fabs(smallest - 1.3231006504087989) <= 1e-6);
    cr_assert(fabs(largest - 9.6458966398359199) <= 1e-6);

    double x[2 * N], gram[N * N], values[N];
    for (size_t i = 0; i < N; i++) {
        x[2 * i] = cos((double)i * M_PI / 3);
        x[2 * i + 1] = sin((double)i * M_PI / 3);
    }
    ntk_architecture architecture = printed();
    architecture.bias_variances = NULL;
    cr_assert_eq(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, 2, x, 2, gram, N), NTK_OK);
    cr_assert_eq(ntk_eigen_symmetric(N, gram, N, false, values), NTK_OK);
    cr_assert(fabs(values[0] - 1.3231006504087989) <= 1e-13);
    cr_assert(fabs(values[N - 1] - 9.6458966398359199) <= 1e-13);
}
