/* The NTKs of networks with biases are strictly positive definite on R^d (chen-2025, Propositions 1
 * to 3): the points need not lie on a sphere, and a point may stand beside its multiples, x, 2x,
 * -x, -2x. The networks are those of the paper,
 *
 *     (2.1)  a^0 = x,  a^l = sqrt(2/m) relu(W^l a^{l-1} + b^l),  f = W^{L+1} a^L,
 *     (2.2)  the residual network with biases, those of its blocks beginning at 0
 *
 * (architecture.h), and (2.1) with erf, GELU and tanh in the place of ReLU.
 *
 * Proof idea, one layer of (2.1). S^1 = <x, x'> + 1 = <X, X'>, X = (x, 1), and
 *
 *     Theta = |X| |X'| [kappa_1(u) + u kappa_0(u)],     u the cosine of X and X'.
 *
 * The directions of the X are distinct and lie on an open half-sphere. The Maclaurin coefficients
 * a_k of kappa_0 and b_k of kappa_1 are (Lemma 3)
 *
 *     a_0 = 1/2,  a_{2j+1} = C(2j, j) / (4^j (2j + 1) pi),   b_0 = 1/pi,  b_{k+1} = a_k / (k + 1),
 *
 * the others 0; so those of the bracket are positive at every even power. On a half-sphere that is
 * enough (Lemma 2): if c^T Theta c = 0, then sum_i c_i |X_i| p(X_i / |X_i|) = 0 for every even
 * homogeneous p, and as no two of the points are antipodal even polynomials separate them. Deeper
 * networks are compositions, whose coefficients are no smaller; W^0, beta^0 and the first block of
 * (2.2) bring the same kernel.
 *
 * Without biases ReLU is homogeneous, the rows of x and 2x are proportional, and the rank on such
 * points is that of half of them. With a polynomial activation Theta is a polynomial of <x, x'>, of
 * finite rank: with the linear one, d + 1. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

/* Weight and bias variances of (2.1) by layer; the last of L + 1 has no biases. */
static const double weights[] = {1, 2, 2, 2};
static const double biases[][4] = {{1, 0}, {1, 1, 0}, {1, 1, 1, 0}};

static const struct {
    const char *label;
    ntk_family family;
    ntk_activation activation;
    size_t depth;
    bool biased;
} networks[] = {
    {"dense-1", NTK_DENSE, NTK_RELU, 1, true},        {"dense-3", NTK_DENSE, NTK_RELU, 3, true},
    {"residual-1", NTK_RESIDUAL, NTK_RELU, 1, true},  {"residual-2", NTK_RESIDUAL, NTK_RELU, 2, true},
    {"erf-2", NTK_DENSE, NTK_ERF, 2, true},           {"gelu-2", NTK_DENSE, NTK_GELU, 2, true},
    {"tanh-2", NTK_DENSE, NTK_TANH, 2, true},         {"linear-2", NTK_DENSE, NTK_LINEAR, 2, true},
    {"plain-dense-3", NTK_DENSE, NTK_RELU, 3, false}, {"plain-residual-2", NTK_RESIDUAL, NTK_RELU, 2, false},
};
#define LABELS                                                                                               \
    "dense-1|dense-3|residual-1|residual-2|erf-2|gelu-2|tanh-2|linear-2|plain-dense-3|plain-residual-2"

static const ntk_parameter parameters[] = {
    NTK_CHOICES("architectures", "dense-1 dense-3 residual-1 residual-2 erf-2 gelu-2 tanh-2", LABELS,
                "networks of so many layers or blocks; plain: without biases"),
    NTK_CHOICE("finite-rank", "linear-2", LABELS, "whose kernel has the rank d + 1"),
    NTK_INTEGER("coefficients", 64, 2, 65536, "of the Maclaurin series of kappa_0 and kappa_1"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("finite-rank-gap", "rank of the finite-rank network's NTK less d + 1"),
    NTK_METRIC("coefficient-min", "rigorous lower bound of the coefficients that Lemma 3 has as positive"),
    NTK_METRIC("coefficient-law", "largest relative distance of the printed coefficients from enclosures"),
    NTK_METRIC("coefficient-zeros", "largest possible size of the coefficients that Lemma 3 has as 0"),
    {0},
};

static ntk_architecture architecture_of(const char *label, size_t d) {
    (void)d;
    size_t i = 0;
    while (strcmp(label, networks[i].label) != 0) i++;
    ntk_architecture out = ntk_architecture_default();
    out.family = networks[i].family;
    out.activation = networks[i].activation;
    out.depth = networks[i].depth;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    if (out.family == NTK_RESIDUAL) {
        out.bias_variance = networks[i].biased ? 1 : 0;
        out.bias_start = networks[i].biased ? NTK_BIAS_START_ZERO : NTK_BIAS_START_RANDOM;
        return out;
    }
    out.weight_variances = weights;
    if (networks[i].biased) out.bias_variances = biases[out.depth - 1];
    return out;
}

/* ---- Lemma 3 --------------------------------------------------------------------------------- */

typedef struct lemma {
    double least, law, zeros;
} lemma;

/* `printed` beside the interval of the coefficient. */
static void compare(lemma *self, ntk_interval found, double printed) {
    if (printed > 0) {
        self->least = ntk_smaller(self->least, found.low);
        const double off = fmax(fabs(found.low - printed), fabs(found.high - printed));
        self->law = ntk_larger(self->law, off / printed);
    } else {
        self->zeros = ntk_larger(self->zeros, fmax(fabs(found.low), fabs(found.high)));
    }
}

static ntk_status check_lemma(ntk_context *context, size_t count, ntk_interval *enclosed) {
    ntk_interval *zero = enclosed, *one = enclosed + count;
    ntk_table *table;
    lemma all = {.least = INFINITY};
    double central = 1, before = 0; /* C(2j, j) / 4^j; a_{k-1} */
    NTK_TRY(ntk_maclaurin_kappas(count, zero, one));
    NTK_TRY(ntk_emit_table(context, "coefficients", "power kappa-0 kappa-1", &table));
    for (size_t k = 0; k < count; k++) {
        const double n = (double)k, pi = acos(-1);
        const double a = k == 0 ? 0.5 : k % 2 == 1 ? central / (n * pi) : 0;
        if (k % 2 == 1) central *= n / (n + 1);
        const double b = k == 0 ? 1 / pi : before / n;
        compare(&all, zero[k], a);
        compare(&all, one[k], b);
        NTK_TRY(ntk_table_row(table, NULL, (const double[]){n, zero[k].low, one[k].low}));
        before = a;
    }
    NTK_TRY(ntk_emit_scalar(context, "coefficient-min", all.least));
    NTK_TRY(ntk_emit_scalar(context, "coefficient-law", all.law));
    return ntk_emit_scalar(context, "coefficient-zeros", all.zeros);
}

static ntk_status check_coefficients(ntk_context *context) {
    const size_t count = ntk_context_size(context, "coefficients");
    void *enclosed = NULL;
    NTK_TRY(ntk_allocate(2 * count, sizeof(ntk_interval), &enclosed));
    const ntk_status status = check_lemma(context, count, enclosed);
    ntk_release(enclosed);
    return status;
}

static ntk_status run(ntk_context *context) {
    NTK_TRY(ntk_definiteness_certify(context, architecture_of));
    const char *const shown[] = {"dense-1", ntk_context_choice(context, "finite-rank"), "plain-dense-3"};
    size_t n, ranks[3];
    NTK_TRY(ntk_definiteness_spectra(context, "multiples-3", 3, shown, architecture_of, &n, ranks));
    NTK_TRY(ntk_emit_scalar(context, "finite-rank-gap", (double)ranks[1] - 4));
    return check_coefficients(context);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, ntk_definiteness_parameters, parameters},
    .metrics = {ntk_definiteness_metrics, metrics},
    .run = run,
};
