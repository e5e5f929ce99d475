"""`gmmfast fit`: from a picture to a file that holds its mixture."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from gmmfast._files import Fault, StrPath, check_destination
from gmmfast.cli.clusters import (
    CheckpointOptions,
    ClusterOptions,
    checkpoint_options,
    cluster_options,
    fit_big_picture,
    is_big_picture,
)
from gmmfast.cli.fitting import FitOptions, fit_picture, fit_request, timed
from gmmfast.cli.inputs import PIPE, read_picture
from gmmfast.cli.options import PATH, fit_options, output_option
from gmmfast.cli.outputs import write_to_stdout
from gmmfast.cli.usage import refuse
from gmmfast.image_models.defaults import DEFAULT_N_COMPONENTS
from gmmfast.mixture import Mixture


@click.command("fit")
@click.argument("image", required=False, type=PATH)
@output_option("model.npz", "The model, in NumPy's .npz")
@fit_options
@cluster_options
@checkpoint_options
def fit_command(
    image: Path | None,
    outputs: tuple[Path, ...],
    fit: FitOptions,
    cluster: ClusterOptions,
    checkpoint: CheckpointOptions,
) -> None:
    """Fit a mixture of Gaussians to IMAGE, and keep the model.

    The other commands take the model in place of a picture, and fit no more.
    Without IMAGE, the photograph china.jpg of scikit-learn is fitted.

    IMAGE in .zarr may be larger than memory, on this machine or on a cluster. So may one in .npy,
    with --workers, --scheduler or --checkpoint. Such a fit that was stopped goes on with --resume.

    \b
    Examples:
      gmmfast fit photo.jpg -k 1000 -o photo.npz
      gmmfast fit photo.jpg --drawing -k 800 -o drawing.npz
      gmmfast fit photo.jpg -o - | gmmfast render - -o painting.png
      gmmfast fit big.zarr -k 2000 --workers 2 --resume -o big.npz
    """
    for path in outputs:
        if path != PIPE:
            wanted = "the path of a model that can be written"
            check_destination("--output", wanted, path, _fault_of_name)
    seconds: dict[str, float] = {}
    if is_big_picture(image, cluster, checkpoint):
        model = _fit_in_parts(image, fit, cluster, checkpoint.file(outputs[0]), seconds)
    else:
        with timed(seconds, "read"):
            pixels = read_picture(image)
        request = fit_request(pixels, fit)
        with timed(seconds, "fit"):
            model = fit_picture(request)
    mixture = Mixture.from_model(model)
    for path in outputs:
        if path != PIPE:
            mixture.save(path)
    if PIPE in outputs:
        _write_to_stdout(mixture)
    height, width = model.image_shape_
    is_piped = PIPE in outputs
    lines = [
        f"picture     {width} x {height}, {model.kind_}",
        f"components  {model.n_components}, {mixture.covariance_type} covariance",
        f"iterations  {model.n_iter_}",
        *(f"{step:<11} {duration:.3f} s" for step, duration in seconds.items()),
        f"model       {', '.join(str(path) for path in outputs)}",
    ]
    for line in lines:
        click.echo(line, err=is_piped)


def _fit_in_parts(
    image: Any,
    fit: FitOptions,
    cluster: ClusterOptions,
    checkpoint: Any,
    seconds: dict[str, float],
) -> Any:
    """Return the model of a picture that is read in parts."""
    if not fit.is_ink:
        refuse("threshold", "together with --ink", "alone")
    if fit.is_ink or isinstance(fit.n_components, str) or fit.acceleration:
        raise click.UsageError(
            "--ink, --drawing, -k, --acceleration: expected a number of components, all pixels "
            "and plain iterations for a picture that is read in parts, got others; leave them out"
        )
    from gmmfast.storage import open_picture

    picture = open_picture(image)
    with cluster.connected() as client, timed(seconds, "fit"):
        return fit_big_picture(
            picture,
            client,
            n_components=fit.n_components or DEFAULT_N_COMPONENTS["color"],
            max_iter=fit.max_iter,
            random_state=fit.seed,
            checkpoint=checkpoint,
            progress=True,
            n_threads=fit.n_threads,
        )


def _fault_of_name(path: StrPath) -> Fault | None:
    if Path(path).suffix.lower() == ".npz":
        return None
    return ValueError, "whose extension is no model's", "end the name in .npz"


def _write_to_stdout(mixture: Mixture) -> None:
    with tempfile.TemporaryDirectory(prefix="gmmfast-") as folder:
        path = Path(folder, "model.npz")
        mixture.save(path)
        write_to_stdout(path.read_bytes())
