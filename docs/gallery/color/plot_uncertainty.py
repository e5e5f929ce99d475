"""
Where the mixture is uncertain
==============================

The standard deviation of the conditional distribution is large where colors vary within a
component: at leaves, roof tiles and borders. The entropy of the responsibilities is large where
several components share a pixel.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast.plot import ConditionalMeanDisplay

STEP = 1
N_COMPONENTS = 1000

photo = load_sample_image("china.jpg")[::STEP, ::STEP]
model = gmmfast.fit_image(photo, N_COMPONENTS)

# %%

fig, axes = plt.subplots(3, 1, figsize=(8, 16.2), layout="constrained")
ConditionalMeanDisplay.from_estimator(model, ax=axes[0])
spread = ConditionalMeanDisplay.from_estimator(model, quantity="std", ax=axes[1])
entropy = gmmfast.render_grid(model, photo.shape[:2], quantity="entropy")
axes[2].imshow(entropy, cmap="magma")
axes[2].set_axis_off()
titles = ["mean", f"standard deviation, up to {spread.values.max():.0f} levels"]
for ax, title in zip(axes, [*titles, f"entropy, up to {entropy.max():.1f} nats"], strict=True):
    ax.set_title(title, loc="left")
plt.show()
