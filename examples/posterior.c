/* Kernel regression of a function on a circle, and the Gaussian process of which it is the
 * posterior mean (Lee et al. 2018): with its standard deviation, and one function drawn from it, at
 * four new points. */
#include <math.h>
#include <stdio.h>

#include <ntk/ntk.h>

enum { N = 8, NEW = 4, ALL = N + NEW, D = 2 };

static ntk_status compute(void) {
    const ntk_architecture network = ntk_architecture_default();
    double x[ALL * D], y[ALL], theta[ALL * ALL], gram[N * N], cross[NEW * N], a[N], f[NEW];
    double covariance[NEW * NEW], draw[NEW];
    ntk_inference_problem problem = {.loss = NTK_LOSS_SQUARED, .points = N, .outputs = 1, .order = N};
    ntk_stream stream = ntk_stream_create(1, "example", 0);

    for (int i = 0; i < ALL; i++) {
        const double angle = 6.2831853 * (i < N ? i : i - N + 0.5) / N;
        x[i * D] = cos(angle), x[i * D + 1] = sin(angle), y[i] = sin(2 * angle);
    }
    NTK_TRY(ntk_linalg_start());
    NTK_TRY(ntk_kernel_gram(&network, NTK_KERNEL_NNGP, ALL, D, x, D, theta, ALL));
    NTK_TRY(ntk_kernel_gram(&network, NTK_KERNEL_NNGP, N, D, x, D, gram, N));
    NTK_TRY(ntk_kernel_cross(&network, NTK_KERNEL_NNGP, NEW, N, D, x + N * D, D, x, D, cross, N));
    problem.gram = gram, problem.targets = y, problem.lambda = 1e-3;
    NTK_TRY(ntk_inference_regression(&problem, a, NULL, NULL));
    NTK_TRY(ntk_inference_predict(&problem, NEW, cross, NULL, a, f));
    NTK_TRY(ntk_gaussian_posterior(N, NEW, theta, N * problem.lambda, covariance));
    NTK_TRY(ntk_gaussian_draw(&stream, NEW, 1, f, covariance, draw));
    for (int i = 0; i < NEW; i++)
        printf("truth %8.5f  mean %8.5f +- %.5f  drawn %8.5f\n", y[N + i], f[i],
               sqrt(covariance[i * NEW + i]), draw[i]);
    return NTK_OK;
}

int main(void) {
    const ntk_status status = compute();
    if (status != NTK_OK) fprintf(stderr, "%s: %s\n", ntk_status_name(status), ntk_error_detail());
    return status != NTK_OK;
}
