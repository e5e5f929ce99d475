"""One EM iteration with dense responsibilities: Bishop (2006), equations 9.23 to 9.26."""

import numpy as np

from oracle.mixture import log_normal, log_sum_exp
from support.models import full_parameters

#: scikit-learn adds this to the weight of every component.
WEIGHT_FLOOR = 10 * np.finfo(np.float64).eps


def expectation(mixture, points, sample_weight):
    """Return weighted responsibilities, (n_samples, n_components), and the log-likelihood."""
    weights, means, covariances = full_parameters(mixture)
    terms = np.log(weights) + log_normal(points[:, None] - means, covariances)
    norm = log_sum_exp(terms)
    return sample_weight[:, None] * np.exp(terms - norm[:, None]), sample_weight @ norm


def maximization(points, responsibilities, covariance_type, reg_covar):
    """Return weights, means and covariances in scikit-learn's layout."""
    totals = responsibilities.sum(axis=0) + WEIGHT_FLOOR
    means = responsibilities.T @ points / totals[:, None]
    offsets = points[:, None] - means
    full = np.einsum("nk,nki,nkj->kij", responsibilities, offsets, offsets)
    full /= totals[:, None, None]
    full += reg_covar * np.eye(points.shape[1])
    variances = np.diagonal(full, axis1=1, axis2=2)
    weights = totals / totals.sum()
    covariances = {
        "full": full,
        "tied": np.einsum("k,kij->ij", weights, full),
        "diag": variances,
        "spherical": variances.mean(axis=1),
        "tied-diag": weights @ variances,
        "tied-spherical": np.array([weights @ variances.mean(axis=1)]),
    }[covariance_type]
    return weights, means, covariances
