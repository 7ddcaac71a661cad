/* Trained on soft targets, the centred logits of an ensemble are a Gaussian process at infinite
 * width (plenk-2026).
 *
 * Cross-entropy with targets q_ik >= epsilon > 0, no regulariser, K classes. The flow ends where
 * softmax f = Q at the training points, that is P f(X) = P log Q with P = I - 1 1^T / K. At
 * infinite width the tangent kernel is Theta (x) I_K all along, f(x) = f_0(x) + Theta(x, X) a, and
 * the rows of a sum to zero, as those of softmax f - Q do, so that a = Theta^{-1} (log Q - f_0(X))
 * P:
 *
 *     f(x) P = f_0(x) P + A (log Q - f_0(X)) P,         A = Theta_xX Theta_XX^{-1}.
 *
 * f_0 is a Gaussian process of covariance S (x) I_K (NNGP): centred logits are Gaussian with mean A
 * log Q P and covariance ([-A I] S [-A I]^T) (x) P. In an orthonormal basis of the space that P
 * projects on these are K - 1 independent copies of one law. The sum of a point's logits is another
 * matter: nothing in the loss moves it.
 *
 * At width m the law differs by O(1/m), which two widths remove; ensemble_law.h says how. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REAL("epsilon", 0.1, 1e-6, 0.3, "smallest target probability"),
    NTK_REAL("law-epsilon", 0, 0, 0.3, "epsilon of the law; 0: that of the targets"),
    NTK_CHOICE("law-covariance", "nngp", "nngp|ntk", "S of the law"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("{mean,covariance,normality,shape}-deviation-soft", "largest |e| of a kind of statistics"),
    NTK_METRIC("coupling-exponent-soft", "exponent in the width of the distance to the linear partner"),
    NTK_METRIC("gradient-norm-soft", "largest at the end of a flow"),
    {0},
};

enum { CLASSES_MAX = 10 };

/* Helmert's basis of the vectors that sum to zero, (K, K - 1): column k is
 *
 *     (1, ..., 1, -(k + 1), 0, ...) / sqrt((k + 1)(k + 2)). */
static void fill_basis(size_t classes, double *basis) {
    for (size_t i = 0; i < classes; i++)
        for (size_t k = 0; k + 1 < classes; k++) {
            const double entry = i <= k ? 1 : (i == k + 1 ? -(double)(k + 1) : 0);
            basis[i * (classes - 1) + k] = entry / sqrt((double)((k + 1) * (k + 2)));
        }
}

/* Point i is of class i mod K. */
static ntk_status soft_targets(const ntk_ensemble_study *study, double epsilon, double *targets) {
    size_t labels[1000];
    for (size_t i = 0; i < study->points; i++) labels[i] = i % study->problem.outputs;
    return ntk_targets_from_labels(NTK_LOSS_SOFTMAX, study->points, study->problem.outputs, labels, epsilon,
                                   targets);
}

/* The law's mean is A log Q U, U the basis. log_targets: (n, K), scratch. */
static ntk_status predict(ntk_ensemble_study *study, double *log_targets) {
    const ntk_context *context = study->context;
    const ntk_ensemble_law *law = &study->law;
    const double other = ntk_context_real(context, "law-epsilon");
    const bool nngp = ntk_context_is(context, "law-covariance", "nngp");
    NTK_TRY(soft_targets(study, other > 0 ? other : ntk_context_real(context, "epsilon"), log_targets));
    for (size_t i = 0; i < study->points * study->problem.outputs; i++) log_targets[i] = log(log_targets[i]);
    NTK_TRY(ntk_ensemble_study_solve_law(study, 0, log_targets));
    return ntk_gaussian_ensemble(study->points, study->others, law->map, nngp ? study->s : study->theta,
                                 law->covariance);
}

static ntk_status compare(ntk_ensemble_study *study) {
    const size_t classes = study->problem.outputs;
    double basis[CLASSES_MAX * CLASSES_MAX], *log_targets;
    if (classes < 2 || classes > CLASSES_MAX)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu classes, not 2 to %d", classes, CLASSES_MAX);
    fill_basis(classes, basis);
    NTK_TRY(ntk_ensemble_study_name_law(study, "soft", classes - 1, basis));
    NTK_TRY(ntk_allocate_doubles(study->points * classes, &log_targets));
    const ntk_status status = predict(study, log_targets);
    ntk_release(log_targets);
    NTK_TRY(status);
    NTK_TRY(soft_targets(study, ntk_context_real(study->context, "epsilon"), study->targets));
    NTK_TRY(ntk_ensemble_study_train(study, 0, NULL, NULL));
    return ntk_ensemble_study_judge(study);
}

static ntk_status run(ntk_context *context) {
    return ntk_ensemble_study_conduct(context, NTK_LOSS_SOFTMAX, compare);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_ensemble_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
