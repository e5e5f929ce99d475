"""
Quality against the number of components
========================================

The peak signal-to-noise ratio of a painting grows by about the same number of decibels with
every doubling of the components. A smooth subject needs fewer of them than one with much
detail.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images

STEP = 1
N_COMPONENTS = [10, 20, 50, 100, 200, 500, 1000, 2000]

# %%

fig, ax = plt.subplots(figsize=(7, 4.4), layout="constrained")
for name, color in [("flower.jpg", "#c8452f"), ("china.jpg", "#1d2b4f")]:
    photo = load_sample_image(name)[::STEP, ::STEP]
    quality = []
    for n_components in N_COMPONENTS:
        model = gmmfast.fit_image(photo, n_components)
        painting = gmmfast.render_grid(model, photo.shape[:2], dtype="uint8")
        quality.append(images.psnr(painting, photo))
    ax.plot(N_COMPONENTS, quality, marker="o", ms=4, color=color, label=name)
    print(name, [f"{value:.1f}" for value in quality])
ax.set(xscale="log", xlabel="number of components", ylabel="PSNR in dB")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()
