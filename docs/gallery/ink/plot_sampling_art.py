"""
Sampling art
============

To sample a point, first choose a component with the weights as probabilities, then draw a point
of its Gaussian. Twenty thousand samples, drawn as blue dots, already show the flower; a hundred
thousand show its details.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images
from gmmfast.plot import PALETTES

STEP = 1
N_COMPONENTS = 1500
N_SAMPLES = [20_000, 50_000, 100_000]

photo = load_sample_image("flower.jpg")[::STEP, ::STEP]
drawing = images.line_drawing(photo, line_width=1.2, detail=0.7)
model = gmmfast.fit_image(drawing, N_COMPONENTS)

# %%
# ``render_samples`` counts the samples on a grid twice as fine as the photograph. A pixel with one
# sample is blue, and one with more is darker.

height, width = drawing.shape
for n_samples in N_SAMPLES:
    counts = gmmfast.render_samples(model, (2 * height, 2 * width), n_samples, random_state=0)
    picture = PALETTES["azure"](counts.clip(0, 3) ** 0.5 / 3**0.5)
    fig = plt.figure(figsize=(8, 8 * height / width))
    ax = fig.add_axes((0, 0, 1, 1))
    ax.imshow(picture)
    ax.set_axis_off()
    print(f"{n_samples} points on {(counts > 0).mean():.1%} of the pixels")
plt.show()
