"""
Contour art
===========

A mixture of 600 components, fitted to the outlines of a photograph, is drawn as lines of equal
log-density and as filled areas between them, in five palettes.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images
from gmmfast.plot import ContourDisplay

STEP = 1
N_COMPONENTS = 600

photo = load_sample_image("china.jpg")[::STEP, ::STEP]
model = gmmfast.fit_image(images.line_drawing(photo), N_COMPONENTS)

# %%

display = ContourDisplay.from_estimator(model, levels=14, palette="lagoon", linewidths=0.5)

# %%
# The same model in four other palettes, each from the color of the paper to that of the highest
# density:

fig, axes = plt.subplots(2, 2, figsize=(12, 8.1), layout="constrained")
choices = [("azure", False), ("aurora", False), ("ember", True), ("terracotta", True)]
for ax, (palette, filled) in zip(axes.flat, choices, strict=True):
    ContourDisplay.from_estimator(model, palette=palette, filled=filled, linewidths=0.4, ax=ax)
fig.set_facecolor("white")
plt.show()
