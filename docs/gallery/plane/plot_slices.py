"""
A Gaussian, sliced
==================

The density along a line of constant x, scaled to an area of one, is the conditional density p(y
| x). For a Gaussian it is a Gaussian. For a mixture it is a mixture with other weights:
components that are likely at that x have more.
"""

import matplotlib.pyplot as plt

import gmmfast
from gmmfast.plot import SliceDisplay

SLICES = [-2.5, -1.0, 0.5, 2.0]
gaussian = ([1.0], [[0.0, 0.0]], [[[2.4, 1.3], [1.3, 1.4]]])
mixture = (
    [0.6, 0.4],
    [[-1, -1], [1.5, 1]],
    [[[1.2, 0.9], [0.9, 1.1]], [[0.9, -0.6], [-0.6, 0.8]]],
)

# %%

fig, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
for ax, model in zip(axes, [gaussian, mixture], strict=True):
    SliceDisplay.from_estimator(model, SLICES, extent=[(-4, 4.2), (-4, 4)], ax=ax)
axes[0].set_title("one Gaussian")
axes[1].set_title("a mixture of two")

# %%
# ``condition`` returns the same mixtures, over the remaining feature:

for x in SLICES:
    conditional = gmmfast.Mixture.from_model(mixture).condition([0], [x])
    print(f"x = {x:4}: weights {conditional.weights.round(2)}, mean {conditional.mean()[0]:.2f}")
plt.show()
