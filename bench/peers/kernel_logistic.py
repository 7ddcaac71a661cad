#!/usr/bin/env python3
"""The problems of bench_inference solved by public solvers: the same Gram matrix, the same objective

    min over W   (1/n) sum_i [logsumexp(f_i) - f_{i, y_i}] + (lambda/2) ||W||^2,

    f = Phi W,  Phi Phi^T = Theta.

Phi = U sqrt(S) from an eigendecomposition of Theta (its time is not counted). scikit-learn
minimises C sum(losses) + ||W||^2 / 2, so C = 1 / (n lambda), without intercept. Objective and
residual ||gradient|| / (lambda ||W||), a bound of the relative error of W, are computed here, the
same way for each solver.

    kernel_logistic.py DIR [lambda ...]     DIR holds gram.npy and targets.npy
"""
import sys
import time
import warnings

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp


def objective(weights, features, targets, penalty):
    """Value and gradient; weights (k, K)."""
    f = features @ weights
    log_sum = logsumexp(f, axis=1)
    n = len(targets)
    value = np.mean(log_sum - np.sum(f * targets, axis=1)) + penalty / 2 * np.sum(weights**2)
    residual = (np.exp(f - log_sum[:, None]) - targets) / n
    return value, features.T @ residual + penalty * weights


def by_scipy(features, targets, penalty):
    shape = (features.shape[1], targets.shape[1])

    def flat(x):
        value, gradient = objective(x.reshape(shape), features, targets, penalty)
        return value, gradient.ravel()

    options = {"maxiter": 20000, "maxfun": 40000, "ftol": 0, "gtol": 1e-14, "maxcor": 20}
    found = minimize(flat, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options)
    return found.x.reshape(shape), found.nit


def by_sklearn(solver, tolerance):
    def solve(features, targets, penalty):
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(
            C=1 / (len(targets) * penalty), fit_intercept=False, solver=solver, tol=tolerance, max_iter=20000
        )
        model.fit(features, np.argmax(targets, axis=1))
        return model.coef_.T, int(np.max(model.n_iter_))

    return solve


SOLVERS = {
    "scipy L-BFGS-B": by_scipy,
    "sklearn lbfgs, default": by_sklearn("lbfgs", 1e-4),
    "sklearn lbfgs, tol 1e-12": by_sklearn("lbfgs", 1e-12),
    "sklearn newton-cg, tol 1e-12": by_sklearn("newton-cg", 1e-12),
}


def main():
    folder = sys.argv[1]
    penalties = [float(x) for x in sys.argv[2:]] or [1e-2, 1e-4, 1e-6, 1e-8]
    gram, targets = np.load(f"{folder}/gram.npy"), np.load(f"{folder}/targets.npy")
    start = time.process_time()
    values, vectors = np.linalg.eigh(gram)
    features = vectors * np.sqrt(np.maximum(values, 0))
    spent = time.process_time() - start
    print(f"n = {len(gram)}, K = {targets.shape[1]}; features by eigh: {spent:.2f} CPU s")
    print(f"  {'lambda':>7} {'solver':30} {'objective':>22} {'CPU s':>8} {'iterations':>10} {'residual':>9}")
    warnings.simplefilter("ignore")
    for penalty in penalties:
        for name, solve in SOLVERS.items():
            start = time.process_time()
            weights, iterations = solve(features, targets, penalty)
            spent = time.process_time() - start
            value, gradient = objective(weights, features, targets, penalty)
            residual = np.linalg.norm(gradient) / (penalty * np.linalg.norm(weights))
            print(f"  {penalty:7.0e} {name:30} {value:22.16g} {spent:8.2f} {iterations:10d} {residual:9.1e}",
                  flush=True)


if __name__ == "__main__":
    main()
