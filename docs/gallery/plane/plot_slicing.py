"""
A slice that moves
==================

The line of constant x moves through the mixture. The components of the conditional density p(y
| x) keep their widths, while their means and weights change.
"""

import matplotlib.pyplot as plt

from gmmfast.animation import slicing_frames, write_animation

SIZE = (340, 520)
N_FRAMES = 120
FPS = 20

covariances = [[[1.2, 0.9], [0.9, 1.1]], [[0.9, -0.6], [-0.6, 0.8]]]
model = ([0.6, 0.4], [[-1.0, -1.0], [1.5, 1.0]], covariances)
frames = list(slicing_frames(model, SIZE, N_FRAMES))

# %%
# Three of the frames:

fig, axes = plt.subplots(1, 3, figsize=(12, 2.9), layout="constrained")
for ax, at in zip(axes, [N_FRAMES // 4, N_FRAMES // 2, N_FRAMES - 1], strict=True):
    ax.imshow(frames[at])
    ax.set_axis_off()
plt.show()

# %%
# All of them, as an animation:

write_animation("slicing.gif", frames, fps=FPS)
