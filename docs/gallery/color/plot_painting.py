"""
The conditional mean is a painting
==================================

At every pixel the mixture gives a distribution of colors, p(r, g, b | x, y). The means of these
distributions are the painting; each component is visible as a stroke.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images

STEP = 1
N_COMPONENTS = 1000

photo = load_sample_image("china.jpg")[::STEP, ::STEP]
model = gmmfast.fit_image(photo, N_COMPONENTS)
painting = gmmfast.render_grid(model, photo.shape[:2], dtype="uint8")
print(f"{N_COMPONENTS} components, PSNR {images.psnr(painting, photo):.1f} dB")

# %%

fig, axes = plt.subplots(2, 1, figsize=(8, 10.9), layout="constrained")
for ax, picture, title in zip(axes, [photo, painting], ["photograph", "painting"], strict=True):
    ax.imshow(picture)
    ax.set_title(title, loc="left")
    ax.set_axis_off()
plt.show()
