"""
Tiles, and the components that survive
======================================

The density at a pixel is a sum over a thousand components, most of which are negligible there.
The core evaluates tiles of 32 x 32 pixels. It leaves components out of a tile only where a
proof bounds everything that is left out by the rounding of the sum.
"""

import matplotlib.pyplot as plt
from matplotlib.colors import LogNorm
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images
from gmmfast.rendering import count_survivors

STEP = 1
N_COMPONENTS = 1000
SCALE = 4

photo = load_sample_image("china.jpg")[::STEP, ::STEP]
height, width = photo.shape[:2]
ink = gmmfast.fit_image(images.line_drawing(photo), N_COMPONENTS)
color = gmmfast.fit_image(photo, N_COMPONENTS)

# %%
# The counts are the lengths of the lists that the kernels sum over. At four times the size a tile
# covers less of the picture, so fewer components survive in it.

fig, axes = plt.subplots(3, 2, figsize=(12, 13.2), layout="constrained")
cases = [("density of the drawing", ink, "density"), ("mean of the photograph", color, "mean")]
for column, (title, model, quantity) in zip(axes.T, cases, strict=True):
    picture = gmmfast.render_grid(model, (height, width), quantity=quantity)
    ink_or_color = -(picture**0.3) if quantity == "density" else picture.clip(0, 255) / 255
    column[0].imshow(ink_or_color, cmap="gray")
    column[0].set_title(title, loc="left")
    for ax, scale in zip(column[1:], [1, SCALE], strict=True):
        counts = count_survivors(model, (scale * height, scale * width), quantity=quantity)
        tiles = ax.imshow(counts, cmap="magma", norm=LogNorm(5, 500), interpolation="nearest")
        at = "native size" if scale == 1 else f"{scale} times the size"
        ax.set_title(f"{counts.mean():.0f} of {N_COMPONENTS} survive at {at}", loc="left")
for ax in axes.flat:
    ax.set_axis_off()
fig.colorbar(tiles, ax=axes, location="bottom", shrink=0.6, label="components in a tile")
plt.show()
