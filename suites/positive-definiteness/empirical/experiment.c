/* The empirical NTK at initialisation is positive definite, and its smallest eigenvalue tends to
 * that of Theta (chen-2025).
 *
 * Theta_hat_0 = J J^T, J (n, p), is singular for p < n. At large width, by Weyl,
 *
 *     |lambda_min(Theta_hat_0) - lambda_min(Theta)| <= ||Theta_hat_0 - Theta||_2 = O(m^{-1/2}),
 *
 * and lambda_min(Theta) > 0 on distinct points of the sphere. For one hidden layer E Theta_hat_0 =
 * Theta at every width (an average of m independent matrices with that mean), and lambda_min is
 * concave, so that by Jensen E lambda_min(Theta_hat_0) <= lambda_min(Theta): the limit is reached
 * from below.
 *
 * Each seed has its own points and one initialisation per width. Every stored Theta_hat_0 gets a
 * certificate; for the first seeds the error of its entries is enclosed as well, so that it speaks
 * of the exact J J^T of the stored parameters. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICES("architectures", "depth-1-bias depth-2", "depth-1-bias|depth-2", "ReLU networks"),
    NTK_INTEGERS("widths", "64 128 256", 1, 65536, "hidden widths, ascending"),
    NTK_INTEGER("points", 20, 2, 1000, "points on the unit sphere"),
    NTK_REAL("max-cosine", 0.8, 0.01, 1, "largest |cosine| between two points"),
    NTK_INTEGER("enclosed", 4, 1, 1000000, "seeds whose entries are enclosed in balls"),
    NTK_REAL("kernel-weight-variance", 2, 0.01, 100, "of the kernel; the networks' is 2"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("{narrowest,widest}-ratio-{architectures}", "mean of lambda_min over the limit's"),
    NTK_METRIC("error-exponent-{architectures}", "exponent in the width of |1 - that ratio|"),
    NTK_METRIC("stored-lambda-min", "smallest certified bound of lambda_min, of the stored matrix"),
    NTK_METRIC("exact-lambda-min", "and of the exact J J^T, where its entries are enclosed"),
    {0},
};

/* What is read off a network: lambda_min(Theta_hat_0) / lambda_min(Theta), by an eigensolver, and
 * |1 - that|; certified lower bounds of lambda_min of the stored Theta_hat_0, and, where its
 * entries are enclosed, of the exact J J^T (infinite elsewhere); the rigorous bound of the distance
 * of the two (0 elsewhere). */
enum { RATIO, DISTANCE, STORED, EXACT, ENTRIES };
static const char columns[] = "ratio distance certified exact entry-error";

/* Where no positive bound exists, the certificate's says so. */
static ntk_status certify(size_t n, const double *gram, ntk_certificate *out) {
    const ntk_status status = ntk_certify_positive_definite(n, gram, n, out);
    return status == NTK_ERROR_NOT_POSITIVE_DEFINITE ? NTK_OK : status;
}

/* own: how many seeds have their entries enclosed. */
static ntk_status measure(const ntk_convergence_pair *pair, double *values, const void *own) {
    ntk_certificate empirical, limit;
    NTK_TRY(certify(pair->n, pair->empirical, &empirical));
    NTK_TRY(certify(pair->n, pair->limit, &limit));
    values[RATIO] = empirical.lambda_min / limit.lambda_min;
    values[DISTANCE] = fabs(values[RATIO] - 1);
    values[STORED] = empirical.lambda_min_bound;
    values[EXACT] = INFINITY;
    values[ENTRIES] = 0;
    if (pair->seed >= *(const size_t *)own) return NTK_OK;
    NTK_TRY(ntk_certify_network_error(&pair->which->network, pair->d, pair->width, pair->theta, pair->n,
                                      pair->x, pair->empirical, pair->n, &values[ENTRIES]));
    /* The difference is rounded too: one number further down is safe. */
    values[EXACT] = nextafter(values[STORED] - values[ENTRIES], -INFINITY);
    return NTK_OK;
}

/* Seed by seed. */
static ntk_status tabulate(ntk_table *table, const ntk_grid *found, size_t which) {
    for (size_t s = 0; s < found->axes[NTK_CONVERGENCE_SEED].count; s++)
        for (size_t w = 0; w < found->axes[NTK_CONVERGENCE_WIDTH].count; w++) {
            const ntk_place at = {{which, w, s}};
            const double *v = ntk_grid_row(found, at);
            const double row[] = {ntk_grid_number(found, at, NTK_CONVERGENCE_WIDTH), (double)s, v[RATIO],
                                  v[STORED], v[ENTRIES]};
            NTK_TRY(ntk_table_row(table, &found->axes[NTK_CONVERGENCE_CASE].labels[which], row));
        }
    return NTK_OK;
}

static const ntk_reduction reductions[] = {
    {.prefix = "narrowest-ratio", .kind = NTK_REDUCE_INTERVAL_AT_FIRST, .column = RATIO},
    {.prefix = "widest-ratio", .kind = NTK_REDUCE_INTERVAL_AT_LAST, .column = RATIO},
    {.prefix = "error-exponent", .kind = NTK_REDUCE_RATE, .column = DISTANCE},
    {0}};

static ntk_status emit(ntk_context *context, const ntk_convergence_case *cases, const ntk_grid *found) {
    (void)cases;
    const ntk_place all = ntk_grid_whole();
    ntk_table *table;
    NTK_TRY(
        ntk_emit_table(context, "networks", "$architecture width seed ratio certified entry-error", &table));
    for (size_t c = 0; c < found->axes[NTK_CONVERGENCE_CASE].count; c++) NTK_TRY(tabulate(table, found, c));
    NTK_TRY(ntk_grid_emit(context, found, reductions));
    NTK_TRY(ntk_emit_scalar(context, "stored-lambda-min", ntk_grid_smallest(found, all, STORED).value));
    return ntk_emit_scalar(context, "exact-lambda-min", ntk_grid_smallest(found, all, EXACT).value);
}

/* "depth-1-bias", "depth-2"; each draws its own weights. */
static ntk_convergence_case describe(const ntk_context *context, const char *name) {
    ntk_convergence_case out = {.label = name, .weights = name, .network = ntk_architecture_default()};
    out.network.input_scale = NTK_INPUT_SCALE_NONE;
    out.network.depth = (size_t)(name[strlen("depth-")] - '0');
    out.network.bias_variance = strstr(name, "bias") ? 0.1 : 0;
    out.limit = out.network;
    out.limit.weight_variance = ntk_context_real(context, "kernel-weight-variance");
    return out;
}

static ntk_status run(ntk_context *context) {
    size_t count;
    const char *const *names = ntk_context_choices(context, "architectures", &count);
    ntk_convergence_case *cases;
    NTK_TRY(ntk_allocate(count, sizeof *cases, (void **)&cases));
    for (size_t c = 0; c < count; c++) cases[c] = describe(context, names[c]);
    const size_t enclosed = ntk_context_size(context, "enclosed");
    const ntk_status status =
        ntk_convergence_conduct(context, count, cases, columns, measure, &enclosed, emit);
    ntk_release(cases);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_convergence_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
