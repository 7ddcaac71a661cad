/* The NTK of a convolutional ReLU network is strictly positive definite on images that one of its
 * positions can tell apart. Each case is a data set, an architecture and a size; lambda_min(Theta)
 * is bounded from below rigorously, with the kernel's own enclosure.
 *
 * Proof. Without biases, with weights of its own at each position (flatten) and without pooling at
 * the end, Theta = sum_u K_u is a sum over the positions u of the last layer of kernels, each
 * positive semi-definite:
 *
 *     K_u(x, x') = c N N' kappa_1(rho) + (a positive semi-definite kernel),   c > 0,
 *
 * N, N' the norms of what layer L reads at u and rho its cosine. kappa_1 is a power series with
 * coefficients >= 0, positive at every even power. Let the vectors that layer L reads at one u be
 * non-zero and |rho_ij| < 1 off the diagonal. Then the Hadamard powers rho^{2k} tend to the
 * identity, so for large k they are positive definite, and with them K_u and Theta.
 *
 * From the second layer on, rho >= 0, and rho = 1 only where all of what the position sees, its
 * receptive field, is the same up to a positive factor: the layers below keep directions apart, x
 * from -x too. So L >= 2 and one position whose receptive fields point in pairwise different
 * directions suffice.
 *
 * Where the theorem stops: one layer, where rho = -1 on antipodal images. kappa_0(u) = 1/2 + odd
 * and kappa_1(u) = u/2 + even, so Theta is linear plus even; on n/2 antipodal pairs the even part
 * has rank n/2, the linear one min(d, n/2). And an image beside its double: Theta is homogeneous,
 * its rank n/2. */
#include <string.h>

#include <ntk/lab/lab.h>

static const struct {
    const char *label, *layers;
} networks[] = {
    {"one-layer", "conv 3"},
    {"strided-2", "conv 3 stride 2, conv 3 stride 2"},
    {"strided-3", "conv 3 stride 2, conv 3 stride 2, conv 3 stride 2"},
    {"pooled", "conv 3 stride 2, pool box 2, conv 3"},
};

static const ntk_parameter parameters[] = {
    NTK_CHOICES("architectures", "strided-2 strided-3 pooled", "one-layer|strided-2|strided-3|pooled",
                "convolutional networks, on digits as images and on other points as signals"),
    NTK_CHOICE("exception", "one-layer", "one-layer|strided-2", "whose rank on antipodal pairs is predicted"),
    {0},
};

/* The layers are those of the table, and fit: there is nothing to refuse. */
static ntk_architecture architecture_of(const char *label, size_t d) {
    size_t i = 0;
    while (strcmp(label, networks[i].label) != 0) i++;
    ntk_architecture out = ntk_architecture_default();
    out.family = NTK_CONVOLUTIONAL;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    out.convolution.height = d == 784 ? 28 : 1;
    out.convolution.width = d / out.convolution.height;
    out.convolution.channels = 1;
    (void)ntk_architecture_parse_layers(networks[i].layers, &out);
    return out;
}

static ntk_status run(ntk_context *context) {
    NTK_TRY(ntk_definiteness_certify(context, architecture_of));
    return ntk_definiteness_exception(context, "strided-2", architecture_of);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, ntk_definiteness_parameters, parameters},
    .metrics = {ntk_definiteness_metrics, ntk_definiteness_exception_metrics},
    .run = run,
};
