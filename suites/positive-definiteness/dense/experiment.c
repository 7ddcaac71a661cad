/* The NTK is strictly positive definite on distinct points of the sphere (chen-2025): ReLU, at
 * least two hidden layers, or one with bias. Each case is a data set, an architecture and a size;
 * lambda_min(Theta) is bounded from below rigorously.
 *
 * Where the theorem stops: one hidden layer without bias on n/2 antipodal pairs. kappa_0(u) = 1/2 +
 * odd and kappa_1(u) = u/2 + even, so Theta(u) = u kappa_0 + kappa_1 = u + even. On the pairs the
 * even part has rank n/2 and the linear part rank min(d, n/2): the rank of Theta is exactly n/2 +
 * min(d, n/2).
 */
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICES("architectures", "depth-2 depth-3 depth-1-bias", "depth-1|depth-2|depth-3|depth-1-bias",
                "ReLU networks; bias variance 0 but for -bias"),
    NTK_CHOICE("exception", "depth-1", "depth-1|depth-2", "whose rank on antipodal pairs is predicted"),
    {0},
};

static ntk_architecture architecture_of(const char *label, size_t d) {
    (void)d;
    ntk_architecture out = ntk_architecture_default();
    out.input_scale = NTK_INPUT_SCALE_NONE;
    out.depth = (size_t)(label[strlen("depth-")] - '0');
    out.bias_variance = strstr(label, "bias") ? 0.1 : 0;
    return out;
}

static ntk_status run(ntk_context *context) {
    NTK_TRY(ntk_definiteness_certify(context, architecture_of));
    return ntk_definiteness_exception(context, "depth-2", architecture_of);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, ntk_definiteness_parameters, parameters},
    .metrics = {ntk_definiteness_metrics, ntk_definiteness_exception_metrics},
    .run = run,
};
