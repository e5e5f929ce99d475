"""
Gradient boosting on the same drawing
=====================================

A classifier can redraw a drawing, too: it predicts ink or paper at each (x, y). Boosted trees
(LightGBM) learn only the border between them. Two mixtures, one of the ink and one of the paper,
give the same prediction by Bayes' rule. They also have densities, and can be sampled.
"""

import lightgbm
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images

STEP = 1
N_COMPONENTS = 1500
N_TREES = 600

photo = load_sample_image("china.jpg")[::STEP, ::STEP]
drawing = images.line_drawing(photo, line_width=2)
is_ink = drawing == 0
y, x = np.indices(drawing.shape)
X = np.stack([x.ravel(), y.ravel()], axis=1)
train = np.random.default_rng(0).random(is_ink.size) < 0.8

# %%
# Both are fitted to a random four fifths of the pixels and predict all of them.

trees = lightgbm.LGBMClassifier(
    n_estimators=N_TREES, num_leaves=63, verbose=-1, random_state=0, n_jobs=1
)
trees.fit(X[train], is_ink.ravel()[train])
by_trees = trees.predict_proba(X)[:, 1].reshape(drawing.shape)

# %%

seen = np.where(train.reshape(drawing.shape), 255, 0)
ink = gmmfast.fit_image(np.where(is_ink, 255 - seen, 255).astype(np.uint8), N_COMPONENTS)
paper = gmmfast.fit_image(np.where(is_ink, 255, 255 - seen).astype(np.uint8), N_COMPONENTS)
p_ink, p_paper = (gmmfast.render_grid(model, drawing.shape) for model in (ink, paper))
prior = is_ink.ravel()[train].mean()
by_mixtures = prior * p_ink / (prior * p_ink + (1 - prior) * p_paper)

# %%

fig, axes = plt.subplots(3, 1, figsize=(8, 16.2), layout="constrained")
for ax, probability, name in zip(
    axes, [is_ink, by_trees, by_mixtures], ["drawing", "boosted trees", "mixtures"], strict=True
):
    right = (probability > 0.5) == is_ink
    accuracy = right.ravel()[~train].mean()
    ax.imshow(1 - probability, cmap="gray", vmin=0, vmax=1)
    ax.set_title(name if name == "drawing" else f"{name}: {accuracy:.1%} right", loc="left")
    ax.set_axis_off()
plt.show()
