"""
AIC, BIC and ICL
================

The likelihood increases with every added component. A criterion subtracts a penalty for the
number of parameters: AIC two units for each, BIC the logarithm of the number of points. ICL
also penalizes components that overlap, so it estimates the number of separate groups.
"""

import matplotlib.pyplot as plt
import numpy as np

import gmmfast
from gmmfast.plot import ContourDisplay, SelectionDisplay

N_POINTS = 6000
CANDIDATES = range(3, 13)

# %%
# The points form four groups. One is curved, and no single component fits it.

rng = np.random.default_rng(3)
angle = rng.uniform(0.1, np.pi - 0.1, N_POINTS)
arc = np.stack([3.5 * np.cos(angle), 3.5 * np.sin(angle) - 1], 1)
centers = np.array([[-5, 4.5], [5, 4.5], [0, -3]])
groups = centers[rng.integers(3, size=N_POINTS)]
X = np.where(np.arange(N_POINTS)[:, None] % 3 == 0, arc, groups)
X = X + rng.normal(0, 0.45, X.shape)

# %%

criteria = ["aic", "bic", "icl"]
start = gmmfast.GaussianMixture(random_state=0)
models = [
    gmmfast.select_n_components(X, CANDIDATES, criterion=criterion, estimator=start)
    for criterion in criteria
]
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
SelectionDisplay.from_estimator(*models, ax=left)
ContourDisplay.from_estimator(models[1], X=X[::8], levels=10, ax=right)
right.set_title(f"{models[1].n_components} components, by BIC")
fig.set_facecolor("white")
plt.show()
