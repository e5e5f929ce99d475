"""The steps of scikit-learn's examples that use mixtures, without their figures.

Run with the path of a file, in which the numbers of each example are stored.
"""

import sys
import warnings

import numpy as np
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.preprocessing import StandardScaler

TYPES = ("spherical", "tied", "diag", "full")


def two_groups(n):
    """Return a slanted group of n points, and a round one."""
    rng = np.random.RandomState(0)
    slanted = rng.randn(n, 2) @ [[0.0, -0.1], [1.7, 0.4]]
    return np.concatenate([slanted, 0.7 * rng.randn(n, 2) + [-6, 3]])


def fitted(model, points):
    return {"means": model.means_, "covariances": model.covariances_, "weights": model.weights_,
            "labels": model.predict(points), "n_iter": model.n_iter_}  # fmt: skip


def plot_gmm():
    points = two_groups(500)
    yield fitted(GaussianMixture(n_components=5, covariance_type="full").fit(points), points)
    yield fitted(BayesianGaussianMixture(n_components=5).fit(points), points)


def plot_gmm_covariances():
    flowers, kinds = datasets.load_iris(return_X_y=True)
    train, test = next(iter(StratifiedKFold(n_splits=4).split(flowers, kinds)))
    for covariance_type in TYPES:
        model = GaussianMixture(3, covariance_type=covariance_type, max_iter=20, random_state=0)
        model.means_init = np.array([flowers[train][kinds[train] == k].mean(0) for k in range(3)])
        model.fit(flowers[train])
        yield {**fitted(model, flowers[test]), "right": model.predict(flowers) == kinds}


def plot_gmm_pdf():
    np.random.seed(0)  # noqa: NPY002 (the example does so)
    shifted = 20 + np.random.randn(300, 2)  # noqa: NPY002
    stretched = np.random.randn(300, 2) @ [[0.0, -0.7], [3.5, 0.7]]  # noqa: NPY002
    model = GaussianMixture(n_components=2, covariance_type="full")
    model.fit(np.vstack([shifted, stretched]))
    x, y = np.meshgrid(np.linspace(-20, 30), np.linspace(-20, 40))
    grid = np.stack([x.ravel(), y.ravel()], axis=1)
    yield {**fitted(model, grid), "negative_log": -model.score_samples(grid).reshape(x.shape)}


def plot_gmm_selection():
    points = two_groups(100)
    grid = {"n_components": range(1, 7), "covariance_type": TYPES}
    search = GridSearchCV(GaussianMixture(random_state=0), grid, scoring=lambda m, X: -m.bic(X))
    search.fit(points)
    yield {"scores": search.cv_results_["mean_test_score"], "rank": search.best_index_}
    yield fitted(search.best_estimator_, points)


def plot_gmm_sin():
    rng = np.random.RandomState(0)
    x = np.arange(100) * 4 * np.pi / 100 - 6
    points = np.stack([x, 3 * np.sin(x)], axis=1) + rng.normal(0, 0.1, (100, 2))
    priors = {"weight_concentration_prior_type": "dirichlet_process", "covariance_type": "full",
              "mean_precision_prior": 1e-2, "covariance_prior": np.eye(2)}  # fmt: skip
    models = [
        GaussianMixture(10, covariance_type="full", max_iter=100, random_state=0),
        *(
            BayesianGaussianMixture(
                n_components=10,
                weight_concentration_prior=concentration,
                max_iter=100,
                init_params=start,
                random_state=2,
                **priors,
            )
            for concentration, start in ((1e-2, "random"), (1e2, "kmeans"))
        ),
    ]
    for model in models:
        result = fitted(model.fit(points), points)
        samples, components = model.sample(2000)
        yield {**result, "samples": samples.sum(0), "components": np.bincount(components)}


def plot_gmm_init():
    points, _ = datasets.make_blobs(400, centers=4, cluster_std=0.6, random_state=0)
    for start in ("kmeans", "random_from_data", "k-means++", "random"):
        options = {"n_components": 4, "init_params": start, "random_state": 0, "tol": 1e-9}
        yield fitted(GaussianMixture(**options, max_iter=2000).fit(points), points)
        yield {"means": GaussianMixture(**options, max_iter=0).fit(points).means_}


def plot_concentration_prior():
    rng = np.random.RandomState(2)
    spread = np.array([[0.7, 0.1], [0.5, 0.1], [0.5, 0.1]]) ** 0.5
    points = [rng.randn(n, 2) * s + [0, m] for n, s, m in zip((80, 200, 80), spread, (0, -0.7, 0.7), strict=True)]  # fmt: skip # noqa: E501
    points = np.concatenate(points)
    kinds = {"dirichlet_distribution": (0.001, 1, 1000), "dirichlet_process": (1, 1000, 100000)}
    for kind, concentrations in kinds.items():
        for concentration in concentrations:
            model = BayesianGaussianMixture(
                n_components=3 if kind == "dirichlet_distribution" else 6,
                reg_covar=0,
                weight_concentration_prior_type=kind,
                weight_concentration_prior=concentration,
                init_params="random",
                max_iter=300,
                mean_precision_prior=0.8,
                random_state=2,
            )
            yield fitted(model.fit(points), points)


def plot_cluster_comparison():
    makers = [
        lambda: datasets.make_circles(500, factor=0.5, noise=0.05, random_state=30),
        lambda: datasets.make_moons(500, noise=0.05, random_state=30),
        lambda: datasets.make_blobs(500, random_state=30),
        lambda: datasets.make_blobs(500, cluster_std=[1.0, 2.5, 0.5], random_state=170),
    ]
    for maker, n_clusters in zip(makers, (2, 2, 3, 3), strict=True):
        points = StandardScaler().fit_transform(maker()[0])
        model = GaussianMixture(n_clusters, covariance_type="full", random_state=30)
        yield fitted(model.fit(points), points)


EXAMPLES = {
    each.__name__: each
    for each in (
        plot_gmm,
        plot_gmm_covariances,
        plot_gmm_pdf,
        plot_gmm_selection,
        plot_gmm_sin,
        plot_gmm_init,
        plot_concentration_prior,
        plot_cluster_comparison,
    )
}

if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    numbers = {"class": GaussianMixture.__module__.partition(".")[0]}
    for title, example in EXAMPLES.items():
        np.random.seed(0)  # noqa: NPY002 (some of the examples draw from the global generator)
        for index, result in enumerate(example()):
            numbers |= {f"{title}/{index}/{name}": value for name, value in result.items()}
    np.savez(sys.argv[1], **numbers)
