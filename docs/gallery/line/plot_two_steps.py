"""
Sampling, step by step
======================

To sample a point, first choose a component with the weights as probabilities; the animation
highlights it. Then draw a point of that component; it falls to the axis. The histogram of all
points approaches the density.
"""

import matplotlib.pyplot as plt

from gmmfast.animation import sampling_frames, write_animation

SIZE = (300, 520)
N_FRAMES = 150
FPS = 15

model = ([0.35, 0.65], [[-1.5], [1.8]], [0.5, 1.8])
frames = list(sampling_frames(model, SIZE, N_FRAMES))

# %%
# Three of the frames:

fig, axes = plt.subplots(1, 3, figsize=(12, 2.6), layout="constrained")
for ax, at in zip(axes, [N_FRAMES // 12, N_FRAMES // 2, N_FRAMES - 1], strict=True):
    ax.imshow(frames[at])
    ax.set_axis_off()
plt.show()

# %%
# All of them, as an animation:

write_animation("two_steps.gif", frames, fps=FPS)
