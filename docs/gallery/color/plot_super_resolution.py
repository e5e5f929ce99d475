"""
Between the pixels
==================

A mixture is defined between pixels, too. With the same extent and a larger shape,
``render_grid`` shows the same picture in more pixels: the edges of strokes stay smooth, while
the enlarged photograph shows blocks.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast

STEP = 1
N_COMPONENTS = 5000
CROP = (290, 130, 350, 170)  # left, top, right, bottom
SCALE = 14

photo = load_sample_image("flower.jpg")[::STEP, ::STEP]
model = gmmfast.fit_image(photo, N_COMPONENTS)

# %%
# The extent is given in the photograph's own coordinates, x first.

left, top, right, bottom = CROP
extent = [(left - 0.5, right - 0.5), (top - 0.5, bottom - 0.5)]
shape = (SCALE * (bottom - top), SCALE * (right - left))
large = gmmfast.render_grid(model, shape, extent=extent, dtype="uint8")

fig, axes = plt.subplots(2, 1, figsize=(8, 11.2), layout="constrained")
axes[0].imshow(photo[top:bottom, left:right], interpolation="nearest")
axes[1].imshow(large)
axes[0].set_title(f"{right - left} x {bottom - top} pixels of the photograph", loc="left")
axes[1].set_title(f"the mixture at {shape[1]} x {shape[0]}", loc="left")
for ax in axes:
    ax.set_axis_off()
plt.show()
