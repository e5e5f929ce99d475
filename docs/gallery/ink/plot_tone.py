"""
Tone curves
===========

The density at every pixel, scaled so that its largest value is one, is a picture in charcoal.
Scaled linearly it is pale, for most of the drawing lies far below its densest spot. A piecewise
linear curve says how dark each density shall be.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images
from gmmfast.plot import DensityDisplay, ToneCurveDisplay

STEP = 1
N_COMPONENTS = 800

photo = load_sample_image("china.jpg")[::STEP, ::STEP]
model = gmmfast.fit_image(images.line_drawing(photo), N_COMPONENTS)

# %%

curves = {
    "linear": gmmfast.ToneCurve(),
    "three pieces": gmmfast.ToneCurve([(0, 0), (0.05, 0.08), (0.25, 0.8), (1, 1)]),
}
fig, axes = plt.subplots(2, 2, figsize=(12, 9), width_ratios=[1, 1.7], layout="constrained")
for (name, tone), (left, right) in zip(curves.items(), axes, strict=True):
    ToneCurveDisplay.from_estimator(model, tone, ax=left)
    DensityDisplay.from_estimator(model, tone=tone, ax=right)
    left.set_title(name)
plt.show()
