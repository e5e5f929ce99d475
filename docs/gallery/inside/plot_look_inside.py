"""
Three models to look inside
===========================

A notebook shows a mixture as a page that draws it. Zoom by wheel or pinch, drag to move, point at
a pixel to see its colors and the components that take part, click to pin it. `gmmfast.to_html`
writes the same page as one file.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images

STEP = 2
N_COMPONENTS = 400

photo = np.ascontiguousarray(load_sample_image("china.jpg")[::STEP, ::STEP])
width = photo.shape[1] // 2
clip = np.stack([photo[::2, i * width // 24 :][:, :width:2] for i in range(12)])

color = gmmfast.fit_image(photo, N_COMPONENTS)
ink = gmmfast.fit_image(images.line_drawing(photo), N_COMPONENTS, threshold="otsu")
video = gmmfast.fit_video(clip, N_COMPONENTS)

fig, axes = plt.subplots(1, 3, figsize=(12, 3), layout="constrained")
axes[0].imshow(gmmfast.render_grid(color, photo.shape[:2], dtype="uint8"))
drawing = gmmfast.ToneCurve().picture(gmmfast.render_grid(ink, photo.shape[:2]) ** 0.5)
axes[1].imshow(drawing, cmap="gray")
axes[2].imshow(gmmfast.render_grid(video, clip.shape[:3], dtype="uint8")[6])
for ax in axes.flat:
    ax.set_axis_off()
plt.show()

# %%
# A photograph.

gmmfast.Mixture.from_model(color)

# %%
# A drawing. Drag a line over it, or hold x or y, to see the density there. *Rain of points* draws
# samples.

gmmfast.Mixture.from_model(ink)

# %%
# A clip. Its time is a slider.

gmmfast.Mixture.from_model(video)
