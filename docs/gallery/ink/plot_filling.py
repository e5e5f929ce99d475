"""
A grid is filled
================

The animation visits the pixels of a grid in turn and makes each as dark as the density is high
there.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images
from gmmfast.animation import filling_frames, write_animation

STEP = 1
N_COMPONENTS = 800
N_FRAMES = 100
FPS = 20

drawing = images.line_drawing(load_sample_image("china.jpg")[::STEP, ::STEP])
model = gmmfast.fit_image(drawing, N_COMPONENTS)
frames = list(filling_frames(model, drawing.shape, N_FRAMES))

# %%
# Three of the frames:

fig, axes = plt.subplots(1, 3, figsize=(12, 2.9), layout="constrained")
for ax, at in zip(axes, [N_FRAMES // 4, N_FRAMES // 2, N_FRAMES - 1], strict=True):
    ax.imshow(frames[at])
    ax.set_axis_off()
plt.show()

# %%
# All of them, as an animation:

write_animation("filling.gif", frames, fps=FPS)
