"""
A prior that removes components
===============================

EM uses all components that it is given. With a Dirichlet process as prior over the weights,
components that explain few points get a weight close to zero. The number of components then
need not be known: an upper limit is enough.
"""

import matplotlib.pyplot as plt
import numpy as np

import gmmfast
from gmmfast.plot import EllipseDisplay

N_POINTS = 1200
AT_MOST = 20

rng = np.random.default_rng(3)
centers = np.array([[-3, 0], [0, 2.5], [3, 0], [0, -2.5]])
X = centers[rng.integers(4, size=N_POINTS)] + rng.normal(0, [0.9, 0.5], (N_POINTS, 2))

# %%

models = {
    "EM": gmmfast.GaussianMixture(AT_MOST, random_state=0),
    "Dirichlet process": gmmfast.BayesianGaussianMixture(
        n_components=AT_MOST, max_iter=500, random_state=0
    ),
}
fig, axes = plt.subplots(2, 2, figsize=(11, 7), width_ratios=[1.4, 1], layout="constrained")
for (plane, bars), (name, model) in zip(axes, models.items(), strict=True):
    model.fit(X)
    used = model.weights_ > 0.01
    kept = (model.weights_[used], model.means_[used], model.covariances_[used])
    kept[0][:] /= kept[0].sum()
    EllipseDisplay.from_estimator(
        kept, palette="lagoon", alpha=0.25, extent=[(-6, 6), (-4.2, 4.2)], ax=plane
    )
    plane.scatter(X[:, 0], X[:, 1], s=2, color="#1d2b4f", alpha=0.4)
    plane.set_title(f"{name}: {used.sum()} of {AT_MOST} components", loc="left")
    bars.bar(np.arange(AT_MOST), np.sort(model.weights_)[::-1], color="#3f9aa8")
    bars.set(xlabel="component", ylabel="weight", xticks=[], ylim=(0, 0.3))
    bars.spines[["top", "right"]].set_visible(False)
fig.set_facecolor("white")
plt.show()
