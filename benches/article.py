"""A script without gmmfast: fit a mixture to a drawing, sample it, evaluate it on a grid.

`python article.py PICTURE RESULT.npz N_COMPONENTS` fits a mixture to the 50,000 darkest pixels of
the picture, draws 50,000 samples, and evaluates the log-density at every pixel.
"""

import sys

import numpy as np
from PIL import Image
from sklearn.mixture import GaussianMixture

N_POINTS = 50_000

picture, result, n_components = sys.argv[1:]
gray = np.asarray(Image.open(picture).convert("L"))
height, width = gray.shape
darkest = np.argsort(gray, axis=None, kind="stable")[:N_POINTS]
points = np.column_stack([darkest % width, darkest // width]).astype(float)

model = GaussianMixture(int(n_components), random_state=0).fit(points)
samples, _ = model.sample(N_POINTS)

# Floats, because scikit-learn truncates the distances of integer points to integers.
y, x = np.mgrid[:height, :width].astype(float)
log_density = model.score_samples(np.column_stack([x.ravel(), y.ravel()]))

np.savez(
    result,
    log_density=log_density,
    samples=samples,
    weights=model.weights_,
    means=model.means_,
    covariances=model.covariances_,
    lower_bound=model.lower_bound_,
    n_iter=model.n_iter_,
)
