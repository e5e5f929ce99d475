"""
Dots of color
==============

Draw (x, y, r, g, b) from a photograph's mixture, and put a dot of that color at that place.
A Gaussian does not know that levels end at 0 and 255: colors are clipped to that range.
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
# Dots are two pixels of the photograph wide. Each place shows the mean color of those that
# fell on it, and paper where none did; with ever more of them that becomes the conditional
# mean, the painting of the next page.

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
