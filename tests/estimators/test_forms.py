"""The rows of a fit in many forms, with many options: the same fit, names and dtype."""

import numpy as np
import pandas as pd
import pytest

from gmmfast import BayesianGaussianMixture, Checkpoint, GaussianMixture
from support.estimators import clouds

POINTS = np.random.default_rng(0).permutation(clouds())
COUNTS = np.random.default_rng(1).integers(1, 4, len(POINTS)).astype(float)
NAMES = ["a", "b", "c"]
PIECES = [slice(0, 60), slice(60, 60), slice(60, None)]  # the second one is empty


def pieces(rows, weights):
    return [rows[s] if weights is None else (rows[s], weights[s]) for s in PIECES]


#: X and sample_weight of rows and their weights.
FORMS = {
    "array": lambda rows, weights: (rows, weights),
    "Fortran order": lambda rows, weights: (np.asfortranarray(rows), weights),
    "list of chunks": lambda rows, weights: (pieces(rows, weights), None),
    "function": lambda rows, weights: (lambda: iter(pieces(rows, weights)), None),
    "functions": lambda rows, weights: ([lambda c=c: c for c in pieces(rows, weights)], None),
}


OPTIONS = ("plain", "momentum", "mapper", "checkpoint", "mapper and checkpoint")
#: A mapper calls functions.
CASES = [(f, o) for f in FORMS for o in OPTIONS if f != "functions" or "mapper" in o]


def options_of(name, folder):
    return {
        "acceleration": "momentum" if name == "momentum" else None,
        "mapper": map if "mapper" in name else None,
        "checkpoint": Checkpoint(folder / "fit.npz") if "checkpoint" in name else None,
    }


@pytest.mark.filterwarnings("ignore:.*did not converge")
@pytest.mark.parametrize(("form", "option"), CASES)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("weights", [None, COUNTS], ids=["", "weights"])
@pytest.mark.parametrize(
    ("estimator", "has_nan"),
    [(GaussianMixture, False), (GaussianMixture, True), (BayesianGaussianMixture, False)],
)
def test_the_fit_is_that_of_the_array(estimator, has_nan, weights, dtype, form, option, tmp_path):
    options = options_of(option, tmp_path)
    rows = POINTS.astype(dtype)
    rows[::17, 1] = np.nan if has_nan else 0
    model = estimator(n_components=3, random_state=0, max_iter=9, tol=1e-9)
    whole = model.fit(rows, sample_weight=weights, acceleration=options["acceleration"])
    tolerance = 1e-4 if dtype == "f4" else 1e-8
    for has_names in (False, True):
        named = pd.DataFrame(rows, columns=NAMES) if has_names else rows
        if form == "Fortran order" and has_names:
            continue
        X, sample_weight = FORMS[form](named, weights)
        other = estimator(**model.get_params()).fit(X, sample_weight=sample_weight, **options)
        np.testing.assert_allclose(other.means_, whole.means_, tolerance, tolerance)
        np.testing.assert_allclose(other.covariances_, whole.covariances_, tolerance, tolerance)
        assert (other.n_iter_, other.n_features_in_) == (whole.n_iter_, 3)
        assert other.means_.dtype == whole.means_.dtype
        assert list(getattr(other, "feature_names_in_", [])) == NAMES * has_names
        if options["checkpoint"] is None:
            labels = other.fit_predict(X, sample_weight=sample_weight, **options)
            np.testing.assert_array_equal(labels, other.predict(named))
