/* Networks sample a Gaussian-process posterior: draw the initial function from the prior, perturb
 * the targets, and optimise (Matthews et al. 2017; plenk-2026).
 *
 * Squared loss, L2 of strength lambda towards theta_0, n points. Each network is trained not as
 * f(x; theta), whose start has covariance S (NNGP), but as
 *
 *     f(x; theta) - f(x; theta_0) + J(x; theta_0) z,         z ~ N(0, I),
 *
 * which starts at g_0 = J z, and on targets y + e, e ~ N(0, n lambda I). Linearised at theta_0 it
 * ends at
 *
 *     g(x) = g_0(x) + A (y + e - g_0(X)), A = Theta_xX (Theta_XX + n lambda I)^{-1}, Theta = J J^T.
 *
 * Given theta_0, g_0 is exactly Gaussian of covariance Theta, and so is g of mean A y and
 * covariance
 *
 *     [-A I] Theta [-A I]^T + n lambda A A^T = Theta_xx' - A Theta_Xx':
 *
 * the posterior of a Gaussian process of covariance Theta with noise of variance n lambda. Whitened
 * by its own posterior each linearised network is one sample of N(0, I), at every width: exact
 * tests apply. Networks themselves are an O(m^{-1/2}) away, their law, with the infinite-width
 * Theta, O(1/m), which two widths remove (ensemble_law.h).
 *
 * Without the perturbation n lambda A A^T is missing. Its share is large near the data and small
 * elsewhere, hence test points near the data. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REAL("lambda", 0.1, 1e-6, 100, "strength of L2 towards the initialisation"),
    NTK_FLAG("perturb-targets", true, "noise of variance n lambda on the targets"),
    NTK_REAL("noise-mean", 0, -10, 10, "of the noise, in its standard deviations"),
    NTK_CHOICE("start", "tangent", "tangent|own", "J z, or the network's own outputs"),
    NTK_PLANTS("lambda|kernel-scale"), /* of the law that linearised networks are held against */
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("linearised-{mean,covariance,normality}-p", "p-value of the linearised networks' samples"),
    NTK_METRIC("detectable-{shift,spread,distance}", "what these tests would have found"),
    NTK_METRIC("{mean,covariance,normality,shape}-deviation-posterior",
               "largest |e| of a kind of statistics"),
    NTK_METRIC("coupling-exponent-posterior", "exponent in the width of the distance to the linear partner"),
    NTK_METRIC("gradient-norm-posterior", "largest at the end of a flow"),
    {0},
};

/* ---- the linearised networks ----------------------------------------------------------------- */

static ntk_status whiten(const ntk_ensemble_study *study, const ntk_ensemble_member *member, double *kernel,
                         double *map, double *covariance, double *z) {
    const size_t outputs = study->problem.outputs, tested = study->points + study->test_points;
    const size_t n = study->points * outputs, q = study->test_points * outputs;
    const double ridge = (double)study->points * study->problem.flow.lambda *
                         ntk_plant_factor(study->context, NTK_PLANT_LAMBDA);
    NTK_TRY(ntk_network_tangent_kernel(member->network, member->theta0, tested, study->x, kernel, n + q));
    ntk_plant_kernel(study->context, n + q, kernel, n + q);
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

/* ---- the experiment -------------------------------------------------------------------------- */

static void describe(ntk_ensemble_study *study) {
    const ntk_context *context = study->context;
    const double lambda = ntk_context_real(context, "lambda");
    const bool perturbed = ntk_context_flag(context, "perturb-targets");
    ntk_ensemble_study_sign_targets(study);
    study->problem.flow.lambda = lambda;
    study->problem.tangent_start = ntk_context_is(context, "start", "tangent");
    study->problem.noise_variance = perturbed ? (double)study->points * lambda : 0;
    study->problem.noise_mean = ntk_context_real(context, "noise-mean") * sqrt(study->problem.noise_variance);
}

static ntk_status compare(ntk_ensemble_study *study) {
    describe(study);
    const size_t outputs = study->problem.outputs;
    const double ridge = (double)study->points * study->problem.flow.lambda;
    NTK_TRY(ntk_ensemble_study_name_law(study, "posterior", outputs, NULL));
    NTK_TRY(ntk_ensemble_study_solve_law(study, ridge, study->targets));
    NTK_TRY(ntk_gaussian_posterior(study->points, study->others, study->theta, ridge, study->law.covariance));
    NTK_TRY(ntk_ensemble_study_train(study, study->test_points * outputs, measure, study));
    NTK_TRY(ntk_ensemble_study_test_values(study, "linearised"));
    return ntk_ensemble_study_judge(study);
}

static ntk_status run(ntk_context *context) {
    return ntk_ensemble_study_conduct(context, NTK_LOSS_SQUARED, compare);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_ensemble_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
