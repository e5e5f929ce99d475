"""
A painting is refined
=====================

EM maximizes the likelihood of the pixels, not the likeness of the painting. ``refine`` starts
with the result of EM and lowers the squared error of the painting.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images
from gmmfast.animation import refining_frames, write_animation

STEP = 1
N_COMPONENTS = 400
N_FRAMES = 60
FPS = 15

photo = load_sample_image("china.jpg")[::STEP, ::STEP]
model = gmmfast.fit_image(photo, N_COMPONENTS)
frames = list(refining_frames(model, photo, photo.shape[:2], N_FRAMES))

# %%
# The painting before and after:

fig, axes = plt.subplots(2, 1, figsize=(8, 10.9), layout="constrained")
for ax, frame, name in zip(axes, [frames[0], frames[-1]], ["EM", "refined"], strict=True):
    ax.imshow(frame)
    ax.set_title(f"{name}: {images.psnr(frame, photo):.1f} dB", loc="left")
    ax.set_axis_off()
plt.show()

# %%
# The steps between, as an animation:

write_animation("refining.gif", frames, fps=FPS)
