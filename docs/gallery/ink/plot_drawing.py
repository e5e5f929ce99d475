"""
A photograph becomes a set of points
====================================

A mixture of ink is fitted to points. ``line_drawing`` finds the outlines of a photograph by a
difference of Gaussians. Each dark pixel of the drawing is a point (x, y); white pixels are not
part of the data.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

from gmmfast import images

STEP = 1

photo = load_sample_image("china.jpg")[::STEP, ::STEP]
drawing = images.line_drawing(photo)
points = images.ink_points(drawing)
print(f"{len(points)} points, of {drawing.size} pixels; the first are {points[:3].tolist()}")

# %%

height, width = drawing.shape
corner = (slice(height // 8, 3 * height // 8), slice(width // 4, width // 2))
fig, axes = plt.subplots(1, 3, figsize=(12, 3), layout="constrained")
axes[0].imshow(photo)
axes[1].imshow(drawing, cmap="gray")
axes[2].scatter(points[:, 0], points[:, 1], s=3, color="#1b4fc4", linewidths=0)
axes[2].set(xlim=(corner[1].start, corner[1].stop), ylim=(corner[0].stop, corner[0].start))
axes[2].set(aspect="equal", xticks=[], yticks=[])
for ax, title in zip(axes, ["photograph", "drawing", "points of a corner"], strict=True):
    ax.set_title(title)
for ax in axes[:2]:
    ax.set_axis_off()
plt.show()
