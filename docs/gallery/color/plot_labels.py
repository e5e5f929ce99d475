"""
A map of the components
=======================

The label of a pixel is the component with the largest responsibility there. Above, each label
has its component's mean color, which gives a mosaic. Below, the labels have random colors,
which shows how the mixture divides the picture.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast.plot import LabelDisplay

STEP = 1
N_COMPONENTS = 500

photo = load_sample_image("flower.jpg")[::STEP, ::STEP]
model = gmmfast.fit_image(photo, N_COMPONENTS)

# %%

fig, axes = plt.subplots(2, 1, figsize=(8, 10.9), layout="constrained")
display = LabelDisplay.from_estimator(model, ax=axes[0])
shuffled = np.random.default_rng(0).permutation(N_COMPONENTS)
axes[1].imshow(shuffled[display.labels], cmap="twilight", interpolation="nearest")
axes[1].set_axis_off()
plt.show()
