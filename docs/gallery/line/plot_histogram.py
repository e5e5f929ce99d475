"""
A histogram, and the mixture behind it
======================================

The picture shows the brightness of the pixels of a photograph: a tick for some of the pixels, a
histogram of all, and the density of a mixture of three components fitted by EM. The dashed
lines are the components.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast.plot import PdfDisplay

STEP = 1
N_TICKS = 400

luma = load_sample_image("flower.jpg")[::STEP, ::STEP] @ [0.299, 0.587, 0.114]
brightness = luma.reshape(-1, 1)

# %%
# ``gmmfast.GaussianMixture`` is scikit-learn's estimator with the loops in Rust. It is fitted to
# all pixels.

model = gmmfast.GaussianMixture(3, random_state=0).fit(brightness)
for weight, mean in sorted(zip(model.weights_, model.means_[:, 0], strict=True)):
    print(f"{weight:.0%} of the pixels scatter about a brightness of {mean:.0f}")

# %%

display = PdfDisplay.from_estimator(model, brightness, extent=[(0, 255)], bins=64)
every = max(1, len(brightness) // N_TICKS)
display.rug_.set_segments([[(x, 0), (x, 0.03)] for x in np.sort(brightness[::every, 0])])
display.ax_.set(xlabel="brightness", ylabel="density")
plt.show()
