"""Mixtures in JSON and ONNX, for programs without gmmfast."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._validation import describe
from gmmfast.mixture.serialization import FORMAT, LAYOUT, OPTIONAL, VERSION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.mixture.mixture import Mixture


def to_json(mixture: Mixture) -> str:
    """Return the mixture as JSON text.

    Returns
    -------
    str
        An object of "format", "version", "weights", "log_weights", "means", "covariances"
        (scikit-learn's layout), "covariance_type", "extent" (empty if there is none) and "kind"
        (empty if there is none), and of "feature_names" if there are any. The log-weight of a
        component of weight 0 is null.

    See Also
    --------
    from_json : Read the text.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([1.0], [[1.0, 2.0]], [3.0])
    >>> gmmfast.Mixture.from_json(mixture.to_json())
    Mixture(n_components=1, n_features=2, covariance_type='spherical')
    """
    p, names = mixture._parameters(), mixture.feature_names
    return json.dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "weights": p.weights.tolist(),
            "log_weights": [w if np.isfinite(w) else None for w in p.log_weights.tolist()],
            "means": p.means.tolist(),
            "covariances": p.covariances.tolist(),
            "covariance_type": p.covariance_type,
            "extent": [list(pair) for pair in mixture.extent or ()],
            "kind": mixture.kind or "",
            **({} if names is None else {"feature_names": names}),
        },
        allow_nan=False,
    )


def arrays_of_json(text: str | bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of a text that `to_json` returned, with the dtypes of a file.

    Raises
    ------
    ValueError
        If the text is something else.
    """
    try:
        return _arrays_of(json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ValueError(
            f"text: expected what Mixture.to_json returned, got {describe(text)} "
            f"({type(error).__name__}: {error}); write it again"
        ) from None


def _arrays_of(content: Any) -> dict[str, NDArray[Any]]:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError("another object")
    if content.get("version") != VERSION:
        raise ValueError(f"version {describe(content.get('version'))}")
    logs = [-np.inf if w is None else w for w in content["log_weights"]]
    content |= {"log_weights": logs, "extent": np.reshape(content["extent"], (-1, 2))}
    if not all(isinstance(name, str) for name in content.get("feature_names", ())):
        raise TypeError("feature_names that are no text")
    layouts = LAYOUT | {name: OPTIONAL[name] for name in OPTIONAL.keys() & content.keys()}
    return {name: _array(content[name], *layout) for name, layout in layouts.items()}


def _array(value: Any, dtype: str, n_axes: int | None) -> NDArray[Any]:
    array = np.array(value, dtype=np.float64 if dtype == "f8" else str)
    if n_axes not in (None, array.ndim):
        raise ValueError(f"an array of {array.ndim} axes")
    return array


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a name twice")
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"the number {constant}")


def to_onnx(mixture: Mixture) -> Any:
    """Return the mixture as a model of ONNX, by the package skl2onnx (the extra "onnx").

    Returns
    -------
    onnx.ModelProto
        Its input "X" is of float64 and shape (n_samples, n_features). Its outputs are "label",
        "probabilities" and "score_samples", each with one row for each sample. Components of
        weight 0 are left out, as in `to_sklearn`.

    Raises
    ------
    ImportError
        If skl2onnx is missing.

    See Also
    --------
    to_sklearn : Return an estimator.

    Examples
    --------
    >>> import gmmfast
    >>> model = gmmfast.Mixture([1.0], [[1.0, 2.0]], [3.0]).to_onnx()
    >>> [output.name for output in model.graph.output]
    ['label', 'probabilities', 'score_samples']
    """
    try:
        from skl2onnx import to_onnx as convert  # noqa: PLC0415 (an extra)
        from skl2onnx.common.data_types import DoubleTensorType  # noqa: PLC0415
    except ImportError:
        raise ImportError(
            "to_onnx: expected the package skl2onnx, got none; pip install 'gmmfast[onnx]'"
        ) from None
    return convert(
        mixture.to_sklearn(),
        initial_types=[("X", DoubleTensorType([None, mixture.n_features]))],
        options={"score_samples": True},
    )
