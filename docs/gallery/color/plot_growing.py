"""
Paintings with more and more components
=======================================

One component gives a ramp of color. With ten the main areas appear, with hundreds the objects,
and with two thousand most of the detail.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images
from gmmfast.plot import ConditionalMeanDisplay

STEP = 1
N_COMPONENTS = [1, 10, 50, 200, 700, 2000]

photo = load_sample_image("flower.jpg")[::STEP, ::STEP]

# %%

fig, axes = plt.subplots(3, 2, figsize=(12, 12.6), layout="constrained")
for ax, n_components in zip(axes.flat, N_COMPONENTS, strict=True):
    model = gmmfast.fit_image(photo, n_components)
    display = ConditionalMeanDisplay.from_estimator(model, ax=ax)
    quality = images.psnr(display.picture, photo)
    ax.set_title(f"K = {n_components}: {quality:.1f} dB", loc="left")
plt.show()
