/* Networks sample a Gaussian-process posterior: draw the initial function from the prior, perturb the
 * targets, and optimise (Matthews et al. 2017; plenk-2026).
 *
 * Squared loss, L2 of strength lambda towards theta_0, n points. Each network is trained not as f(x; theta),
 * whose start has covariance S (NNGP), but as
 *
 *     f(x; theta) - f(x; theta_0) + J(x; theta_0) z,         z ~ N(0, I),
 *
 * which starts at g_0 = J z, and on targets y + e, e ~ N(0, n lambda I). Linearised at theta_0 it ends at
 *
 *     g(x) = g_0(x) + A (y + e - g_0(X)),         A = Theta_xX (Theta_XX + n lambda I)^{-1}, Theta = J J^T.
 *
 * Given theta_0, g_0 is exactly Gaussian of covariance Theta, and so is g of mean A y and covariance
 *
 *     [-A I] Theta [-A I]^T + n lambda A A^T = Theta_xx' - A Theta_Xx':
 *
 * the posterior of a Gaussian process of covariance Theta with noise of variance n lambda. Whitened by its
 * own posterior each linearised network is one sample of N(0, I), at every width: exact tests apply. Networks
 * themselves are an O(m^{-1/2}) away, their law, with the infinite-width Theta, O(1/m), which two widths
 * remove (ensemble_law.h).
 *
 * Without the perturbation n lambda A A^T is missing. Its share is large near the data and small elsewhere,
 * hence test points near the data. */
#include <string.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    NTK_ENSEMBLE_LAW_PARAMETERS,
    {"lambda", NTK_PARAMETER_REAL, "0.1", 1e-6, 100, NULL, "strength of L2 towards the initialisation"},
    {"perturb-targets", NTK_PARAMETER_FLAG, "true", 0, 0, NULL, "noise of variance n lambda on the targets"},
    {"start", NTK_PARAMETER_CHOICE, "tangent", 0, 0, "tangent|own", "J z, or the network's own outputs"},
    {0}};

/* ---- the linearised networks ----------------------------------------------------------------------------
 */

static ntk_status whiten(const ntk_ensemble_study *study, const ntk_ensemble_member *member, double *kernel,
                         double *map, double *covariance, double *z) {
    const size_t outputs = study->problem.outputs, tested = study->points + study->test_points;
    const size_t n = study->points * outputs, q = study->test_points * outputs;
    const double ridge = (double)study->points * study->problem.flow.lambda;
    NTK_TRY(ntk_network_tangent_kernel(member->network, member->theta0, tested, study->x, kernel, n + q));
    NTK_TRY(ntk_gaussian_map(n, q, kernel, ridge, map));
    NTK_TRY(ntk_gaussian_posterior(n, q, kernel, ridge, covariance));
    for (size_t i = 0; i < q; i++) {
        z[i] = member->start[n + i]; /* g(x) - A y = g_0(x) + A (e - g_0(X)) */
        for (size_t j = 0; j < n; j++)
            z[i] += map[i * n + j] * (member->targets[j] - study->targets[j] - member->start[j]);
    }
    NTK_TRY(ntk_cholesky(q, covariance, q));
    return ntk_triangular_solve(NTK_NO_TRANSPOSE, q, 1, covariance, q, z, 1);
}

static ntk_status measure(const ntk_ensemble_member *member, double *values, void *argument) {
    const ntk_ensemble_study *study = argument;
    const size_t n = study->points * study->problem.outputs, q = study->test_points * study->problem.outputs;
    double *memory;
    NTK_TRY(ntk_allocate_doubles((n + q) * (n + q) + q * n + q * q, &memory));
    double *map = memory + (n + q) * (n + q), *covariance = map + q * n;
    const ntk_status status = whiten(study, member, memory, map, covariance, values);
    ntk_release(memory);
    return status;
}

static ntk_status emit_linearised(const ntk_ensemble_study *study) {
    const ntk_ensemble *narrow = &study->ensembles[0], *wide = &study->ensembles[1];
    const size_t q = narrow->columns, members = narrow->members + wide->members;
    double *samples;
    ntk_gaussian_test test;
    NTK_TRY(ntk_allocate_doubles(members * q, &samples));
    memcpy(samples, narrow->values, narrow->members * q * sizeof *samples);
    memcpy(samples + narrow->members * q, wide->values, wide->members * q * sizeof *samples);
    const ntk_status status = ntk_stats_gaussian_test(members, q, samples, &test);
    ntk_release(samples);
    NTK_TRY(status);
    const struct {
        const char *name;
        double value;
    } metrics[] = {{"linearised-mean-p", test.mean},
                   {"linearised-covariance-p", test.covariance},
                   {"linearised-normality-p", test.normality},
                   {"detectable-shift", test.detectable_shift},
                   {"detectable-spread", test.detectable_spread},
                   {"detectable-distance", test.detectable_distance}};
    for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++)
        NTK_TRY(ntk_emit_scalar(study->context, metrics[k].name, metrics[k].value));
    return NTK_OK;
}

/* ---- the experiment ---------------------------------------------------------------------------------------
 */

static ntk_status predict(const ntk_ensemble_study *study, ntk_ensemble_law *law) {
    const size_t n = study->points, others = study->others;
    const double noise = (double)n * study->problem.flow.lambda;
    NTK_TRY(ntk_gaussian_map(n, others, study->theta, noise, law->map));
    NTK_TRY(ntk_gaussian_mean(n, others, law->copies, law->map, study->targets, law->mean));
    return ntk_gaussian_posterior(n, others, study->theta, noise, law->covariance);
}

static void describe(ntk_ensemble_study *study) {
    const ntk_context *context = study->context;
    const double lambda = ntk_context_real(context, "lambda");
    const bool perturbed = ntk_context_flag(context, "perturb-targets");
    ntk_ensemble_study_sign_targets(study);
    study->problem.flow.lambda = lambda;
    study->problem.tangent_start = strcmp(ntk_context_choice(context, "start"), "tangent") == 0;
    study->problem.noise_variance = perturbed ? (double)study->points * lambda : 0;
}

static ntk_status run(ntk_context *context) {
    ntk_ensemble_study study;
    ntk_ensemble_law law;
    NTK_TRY(ntk_ensemble_study_create(context, NTK_LOSS_SQUARED, &study));
    describe(&study);
    ntk_status status = ntk_ensemble_law_create(&study, "posterior", study.problem.outputs, NULL, &law);
    if (status == NTK_OK) status = predict(&study, &law);
    if (status == NTK_OK)
        status = ntk_ensemble_study_train(&study, study.test_points * study.problem.outputs, measure, &study);
    if (status == NTK_OK) status = emit_linearised(&study);
    if (status == NTK_OK) status = ntk_ensemble_study_judge(&study, &law);
    ntk_ensemble_law_release(&law);
    ntk_ensemble_study_release(&study);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
