/* Kernel logistic regression on two clusters, where gradient flow with L2 ends (Plenk et al. 2026),
 * with the certificate of how far the computed solution is from the exact one, and the predictions
 * at new points. */
#include <stdio.h>

#include <ntk/ntk.h>

enum { N = 30, NEW = 10, D = 4 };

static ntk_status compute(void) {
    const ntk_architecture network = ntk_architecture_default();
    ntk_stream stream = ntk_stream_create(1, "example", 0);
    double x[(N + NEW) * D], gram[N * N], cross[NEW * N], q[N], a[N], f[NEW];
    size_t label[N + NEW], right = 0;
    ntk_inference_problem problem = {.loss = NTK_LOSS_LOGISTIC, .points = N, .outputs = 1, .order = N};
    ntk_logistic_result result;

    NTK_TRY(ntk_linalg_start());
    NTK_TRY(ntk_data_clusters(&stream, N + NEW, D, 2, 0.7, x, label));
    for (size_t i = 0; i < N; i++) q[i] = (double)label[i];
    problem.gram = gram, problem.targets = q, problem.lambda = 1e-3;
    NTK_TRY(ntk_kernel_gram(&network, NTK_KERNEL_NTK, N, D, x, D, gram, N));
    NTK_TRY(ntk_kernel_cross(&network, NTK_KERNEL_NTK, NEW, N, D, x + N * D, D, x, D, cross, N));
    NTK_TRY(ntk_inference_logistic(&problem, NULL, a, NULL, &result));
    NTK_TRY(ntk_inference_predict(&problem, NEW, cross, NULL, a, f));

    for (size_t i = 0; i < NEW; i++) right += (f[i] > 0) == (label[N + i] == 1);
    printf("objective %.15g, at most %.1e above the minimum\n", result.objective, result.duality_gap);
    printf("||w|| = %.15g, relative error at most %.1e\n", result.norm, result.relative_residual);
    printf("%zu of %d new points are classified correctly\n", right, NEW);
    return NTK_OK;
}

int main(void) {
    const ntk_status status = compute();
    if (status != NTK_OK) fprintf(stderr, "%s: %s\n", ntk_status_name(status), ntk_error_detail());
    return status != NTK_OK;
}
