"""
Two bells, weighted differently
===============================

The density of a mixture is a weighted sum of bell curves. Here two components, one narrow and
one wide, stay the same, and only their weights change.
"""

import matplotlib.pyplot as plt
import numpy as np

from gmmfast.plot import PALETTES, PdfDisplay

MEANS, VARIANCES = [[-1.5], [1.8]], [0.5, 1.8]
WEIGHTS = [0.1, 0.3, 0.5, 0.7, 0.9]

# %%
# The models are tuples of weights, means and covariances, which every display and every function
# of gmmfast accepts. Each curve encloses an area of one.

fig, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
colors = PALETTES["lagoon"](np.linspace(0.3, 1, len(WEIGHTS))) / 255
for weight, color in zip(WEIGHTS, colors, strict=True):
    model = ([weight, 1 - weight], MEANS, VARIANCES)
    label = f"{weight:.1f} left, {1 - weight:.1f} right"
    PdfDisplay.from_estimator(model, ax=ax, parts=False, color=color, label=label)

# %%
# The dashed curves are the components, each with a weight of one:

for mean, variance in zip(MEANS, VARIANCES, strict=True):
    alone = PdfDisplay.from_estimator(([1.0], [mean], [variance]), extent=[(-5, 7)], ax=ax)
    alone.line_.set(color="#c8452f", lw=1.2, ls=(0, (5, 3)))
    alone.component_lines_[0].remove()
ax.set(xlim=(-4.5, 6.5), ylim=(0, 0.6))
ax.legend(frameon=False, title="weights")
plt.show()
