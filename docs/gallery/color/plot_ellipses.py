"""
Components as ellipses
======================

Each component of a photograph's mixture covers a patch of the picture and has a mean color. The
display draws each as an ellipse filled with that color.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast.plot import EllipseDisplay

STEP = 1
N_COMPONENTS = [100, 1500]

photo = load_sample_image("flower.jpg")[::STEP, ::STEP]

# %%

fig, axes = plt.subplots(2, 1, figsize=(8, 10.9), layout="constrained")
for ax, n_components in zip(axes, N_COMPONENTS, strict=True):
    model = gmmfast.fit_image(photo, n_components)
    EllipseDisplay.from_estimator(model, n_std=1.6, ax=ax)
    ax.set_title(f"{n_components} components", loc="left")
plt.show()
