"""
Sharp paintings
===============

A fit by EM explains how colors scatter; a painting shows their mean. With
``objective="picture"`` the squared error of the painting is minimized instead, with as many
components.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast

STEP = 1
N_COMPONENTS = 2000
CROPS = {"china.jpg": (300, 130, 540, 290), "flower.jpg": (230, 120, 470, 280)}

fig, axes = plt.subplots(3, 2, figsize=(8, 8.6), layout="constrained")
for column, (name, (left, top, right, bottom)) in zip(axes.T, CROPS.items(), strict=True):
    photo = load_sample_image(name)[::STEP, ::STEP]
    rows, columns = slice(top // STEP, bottom // STEP), slice(left // STEP, right // STEP)
    column[0].imshow(photo[rows, columns])
    column[0].set_title(f"{name}, a part", loc="left")
    titles = {"likelihood": "EM", "picture": "sharp"}
    for ax, (objective, title) in zip(column[1:], titles.items(), strict=True):
        model = gmmfast.fit_image(photo, N_COMPONENTS, objective=objective)
        painting = gmmfast.render_grid(model, photo.shape[:2], dtype="uint8")
        ax.imshow(painting[rows, columns])
        ax.set_title(f"{title}: {gmmfast.images.psnr(painting, photo):.1f} dB", loc="left")
for ax in axes.flat:
    ax.set_axis_off()
plt.show()
