/* The Gram matrix of the NTK of an infinitely wide network: two hidden layers, ReLU, points on a
 * sphere. It is positive definite (Du et al. 2019), and a verified lower bound of its smallest
 * eigenvalue says so. */
#include <stdio.h>

#include <ntk/ntk.h>

enum { N = 20, D = 5 };

static ntk_status compute(void) {
    ntk_architecture network = ntk_architecture_default();
    network.depth = 2;
    ntk_stream stream = ntk_stream_create(1, "example", 0);
    double points[N * D], gram[N * N];
    ntk_certificate certificate;

    NTK_TRY(ntk_linalg_start());
    NTK_TRY(ntk_data_sphere(&stream, N, D, points));
    NTK_TRY(ntk_kernel_gram(&network, NTK_KERNEL_NTK, N, D, points, D, gram, N));
    NTK_TRY(ntk_certify_positive_definite(N, gram, N, &certificate));

    printf("Theta(x_0, x_0) = %.15g, Theta(x_0, x_1) = %.15g\n", gram[0], gram[1]);
    printf("lambda_min >= %.15g, computed %.15g\n", certificate.lambda_min_bound, certificate.lambda_min);
    return NTK_OK;
}

int main(void) {
    const ntk_status status = compute();
    if (status != NTK_OK) fprintf(stderr, "%s: %s\n", ntk_status_name(status), ntk_error_detail());
    return status != NTK_OK;
}
