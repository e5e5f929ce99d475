"""
Points, and lines of equal density
==================================

In the plane the contour lines of a component are ellipses. On the left are points, on the right
the log-density of a mixture fitted to them. The levels are chosen so that equal fractions of
the mass lie between neighboring lines.
"""

import matplotlib.pyplot as plt
import numpy as np

import gmmfast
from gmmfast.plot import ContourDisplay

N_POINTS = 1500

# %%
# Points along two arcs, with some noise:

rng = np.random.default_rng(0)
angle, noise = rng.uniform(0, np.pi, N_POINTS), rng.normal(0, 0.12, (2, N_POINTS))
side = np.where(np.arange(N_POINTS) % 2, 1, -1)
X = np.stack([side * np.cos(angle) + (side < 0), side * np.sin(angle) + (side < 0) / 2], 1)
X += noise.T

# %%

model = gmmfast.GaussianMixture(8, random_state=0).fit(X)
view = [(-1.7, 2.7), (-1.6, 1.6)]
fig, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.6), layout="constrained")
ContourDisplay.from_estimator(model, X=X, levels=1, linewidths=0, extent=view, ax=left)
ContourDisplay.from_estimator(model, levels=14, linewidths=1, extent=view, ax=right)
left.set_title("data")
right.set_title("log-density of 8 components")
plt.show()
