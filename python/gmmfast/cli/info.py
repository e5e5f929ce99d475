"""`gmmfast info`: facts about a picture or a model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from gmmfast import images
from gmmfast.cli.inputs import Source, read_source
from gmmfast.cli.options import PATH
from gmmfast.images.kinds import picture_kind

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gmmfast.mixture import Mixture


@click.command("info")
@click.argument("source", type=PATH, metavar="IMAGE|MODEL")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def info_command(source: Path, *, as_json: bool) -> None:
    """Describe a picture or a model.

    \b
    Examples:
      gmmfast info photo.jpg
      gmmfast info photo.npz --json
    """
    facts = _facts(read_source(source))
    if as_json:
        click.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        click.echo(f"{name.replace('_', ' '):<18} {text}")


def _facts(source: Source) -> dict[str, Any]:
    if source.model is not None:
        return {"file": source.name, **_of_model(source.model)}
    return {"file": source.name, **_of_picture(source.picture)}


def _of_picture(pixels: NDArray[np.uint8]) -> dict[str, Any]:
    height, width = pixels.shape[:2]
    facts: dict[str, Any] = {
        "what": "picture",
        "width": width,
        "height": height,
        "kind": picture_kind(pixels),
        "mean_color": [round(float(level), 1) for level in pixels.mean(axis=(0, 1))],
    }
    if pixels.min() < pixels.max():
        facts["ink_pixels"] = len(images.ink_points(pixels))
    return facts


def _of_model(mixture: Mixture) -> dict[str, Any]:
    effective = np.exp(-np.sum(mixture.weights * np.log(np.maximum(mixture.weights, 1e-300))))
    return {
        "what": "model",
        "kind": mixture.kind,
        "n_components": mixture.n_components,
        "n_features": mixture.n_features,
        "covariance_type": mixture.covariance_type,
        "extent": None if mixture.extent is None else [list(pair) for pair in mixture.extent],
        # The number of equal weights with the same entropy.
        "effective_components": round(float(effective), 1),
        "largest_weight": round(float(mixture.weights.max()), 6),
        "smallest_weight": float(f"{mixture.weights.min():.3g}"),
    }
