"""
Tone curves
===========

The density at every pixel, scaled so that its largest value is one, is a picture in charcoal.
Scaled linearly it is pale, because most of the drawing is far below its densest spot. A piecewise
linear curve maps each density to a darkness.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images
from gmmfast.plot import DensityDisplay

STEP = 1
N_COMPONENTS = 800

photo = load_sample_image("china.jpg")[::STEP, ::STEP]
model = gmmfast.fit_image(images.line_drawing(photo), N_COMPONENTS)

# %%

curves = {
    "linear": gmmfast.ToneCurve(),
    "three pieces": gmmfast.ToneCurve([(0, 0), (0.05, 0.08), (0.25, 0.8), (1, 1)]),
}
fig, axes = plt.subplots(2, 2, figsize=(12, 9), width_ratios=[1, 1.7], layout="constrained")
for (name, tone), (left, right) in zip(curves.items(), axes, strict=True):
    density = DensityDisplay.from_estimator(model, tone=tone, ax=right).density
    counts, edges = np.histogram(density / density.max(), bins=60, range=(0, 1))
    # Most of the picture is paper: square roots show the rest.
    left.stairs(np.sqrt(counts / counts.max()), edges, fill=True, color="#b9c3d3")
    left.plot([0, 1], [0, 1], color="#e08a2e", lw=1.4, ls=(0, (5, 3)))
    left.plot(*np.transpose(tone.points), "o-", color="#1d2b4f", lw=2.2, ms=4, clip_on=False)
    grays = 1 - tone(np.linspace(0, 1, 256))[None]
    left.imshow(grays, extent=(0, 1, -0.09, -0.03), cmap="gray", vmin=0, vmax=1, aspect="auto")
    left.set(xlim=(0, 1), ylim=(-0.1, 1), aspect="equal", title=name)
    left.set(xlabel="density, scaled", ylabel="darkness")
    left.spines[["top", "right"]].set_visible(False)
plt.show()
