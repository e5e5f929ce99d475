"""Fits and renderings on a cluster, by Dask: the extra "dask".

The estimators' `fit` takes dask's arrays and DataFrames, lists of delayed chunks, zarr's arrays,
and xarray's; `score_samples`, `predict` and `predict_proba` return lazy arrays for them. This
package has what needs a name: clusters, and lazy pictures, samples and conditionals.
"""

try:
    import dask.array
    import distributed
except ImportError as error:
    raise ImportError(
        "gmmfast.dask: expected the extra 'dask', got an environment without it "
        f"({error}); pip install 'gmmfast[dask]'"
    ) from error

from gmmfast.dask.cluster import client_map, connected
from gmmfast.dask.collections import DaskCollections
from gmmfast.dask.evaluation import conditional, predict, predict_proba, score_samples
from gmmfast.dask.grids import render_grid, sample
from gmmfast.dask.pictures import fit_image
from gmmfast.estimators.collections import register

__all__ = [
    "client_map",
    "conditional",
    "connected",
    "fit_image",
    "predict",
    "predict_proba",
    "render_grid",
    "sample",
    "score_samples",
]

register(DaskCollections())
del dask, distributed
