/* Trained by squared loss, an ensemble of networks is a Gaussian process at infinite width
 * (plenk-2026).
 *
 * The flow of (1/2n) sum (f - y)^2 + (lambda/2) ||theta - theta_0||^2 from a random theta_0. At
 * infinite width the tangent kernel Theta stays what it is at the start, f(x) = f_0(x) + Theta(x,
 * X) a with a' = -(f(X) - y)/n - lambda a, and the flow ends where both sides vanish:
 *
 *     f(x) = f_0(x) + A (y - f_0(X)),         A = Theta_xX (Theta_XX + n lambda I)^{-1}.
 *
 * f_0 is a Gaussian process of covariance S (NNGP), and f is affine in it: Gaussian with mean A y
 * and covariance [-A I] S [-A I]^T, for lambda = 0 and lambda > 0 alike. For lambda = 0 nothing is
 * left of f_0 at the training points; for lambda > 0 some spread remains there, and the mean does
 * not interpolate.
 *
 * At width m the law differs by O(1/m), which two widths remove; ensemble_law.h says how. A network
 * stays within O(m^{-1/2}), the fluctuation of its tangent kernel, of its linear partner, f_0(x) +
 * A (y - f_0(X)) from its own start: this is the proof, and coupling-exponent its rate. */
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REALS("lambdas", "0 0.05", 0, 100, "strengths of L2 towards the initialisation"),
    NTK_CHOICE("law-covariance", "nngp", "nngp|ntk", "S of the law"),
    NTK_REAL("law-lambda-factor", 1, 0, 1e6, "lambda of the law over that of the flow"),
    {0},
};

static bool is_run(const ntk_context *context, const char *const *words) {
    size_t count;
    const double *lambdas = ntk_context_reals(context, "lambdas", &count);
    while (words[1] != NULL) words++;
    const bool ridge = strcmp(*words, "ridge") == 0;
    for (size_t l = 0; l < count; l++)
        if ((lambdas[l] > 0) == ridge) return true;
    return false;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC_WHEN("{mean,covariance,normality,shape}-deviation-{interpolating,ridge}",
                    "largest |e| of a kind of statistics", is_run),
    NTK_METRIC_WHEN("coupling-exponent-{interpolating,ridge}", "of the distance to the partner", is_run),
    NTK_METRIC_WHEN("gradient-norm-{interpolating,ridge}", "largest at the end of a flow", is_run),
    {0},
};

static ntk_status compare_at(ntk_ensemble_study *study, double lambda) {
    const double ridge =
        (double)study->points * lambda * ntk_context_real(study->context, "law-lambda-factor");
    const bool nngp = ntk_context_is(study->context, "law-covariance", "nngp");
    const ntk_ensemble_law *law = &study->law;
    study->problem.flow.lambda = lambda;
    NTK_TRY(ntk_ensemble_study_name_law(study, lambda > 0 ? "ridge" : "interpolating", study->problem.outputs,
                                        NULL));
    NTK_TRY(ntk_ensemble_study_solve_law(study, ridge, study->targets));
    NTK_TRY(ntk_gaussian_ensemble(study->points, study->others, law->map, nngp ? study->s : study->theta,
                                  law->covariance));
    NTK_TRY(ntk_ensemble_study_train(study, 0, NULL, NULL));
    return ntk_ensemble_study_judge(study);
}

static ntk_status compare(ntk_ensemble_study *study) {
    size_t count;
    const double *lambdas = ntk_context_reals(study->context, "lambdas", &count);
    ntk_ensemble_study_sign_targets(study);
    for (size_t l = 0; l < count; l++) NTK_TRY(compare_at(study, lambdas[l]));
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    return ntk_ensemble_study_conduct(context, NTK_LOSS_SQUARED, compare);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_ensemble_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
