"""
Dots of color
=============

Samples (x, y, r, g, b) of a photograph's mixture are dots with a place and a color. Sampled
colors may lie outside 0 to 255 and are clipped to that range.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast

STEP = 1
N_COMPONENTS = 1000
N_SAMPLES = [20_000, 100_000, 1_000_000]

photo = load_sample_image("china.jpg")[::STEP, ::STEP]
model = gmmfast.fit_image(photo, N_COMPONENTS)

# %%
# Dots are two pixels of the photograph wide. Each shows the mean color of the samples in it, or
# the color of the paper if there are none. With more samples the picture approaches the
# conditional mean.

height, width = photo.shape[:2]
fig, axes = plt.subplots(3, 1, figsize=(8, 16.2), layout="constrained")
for ax, n_samples in zip(axes, N_SAMPLES, strict=True):
    dots = gmmfast.render_samples(
        model, (height // 2, width // 2), n_samples, random_state=0, dtype="uint8", background=250
    )
    ax.imshow(dots, interpolation="nearest")
    ax.set_title(f"{n_samples:,} dots", loc="left")
    ax.set_axis_off()
plt.show()
