"""
Styles
======

A style combines a tone curve, a paper and an ink under a name. ``gmmfast paint --style`` takes
the same names.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images
from gmmfast.styles import STYLES

STEP = 1
N_COMPONENTS = 1000

photo = load_sample_image("china.jpg")[::STEP, ::STEP]
drawing = images.line_drawing(photo)
ink = gmmfast.fit_image(drawing, N_COMPONENTS)
color = gmmfast.fit_image(photo, N_COMPONENTS)

# %%
# On the left are the styles of the outlines, on the right those of the photograph.

fig, axes = plt.subplots(5, 2, figsize=(10, 17.2), layout="constrained")
for row, style in zip(axes, STYLES.values(), strict=True):
    for ax, model in zip(row, [ink, color], strict=True):
        ax.imshow(style(model, drawing.shape))
        ax.set_axis_off()
    row[0].set_title(f"{style.name}: {style.summary}", loc="left", fontsize=10)
plt.show()
