"""`gmmfast fit`: from a picture to a file that holds its mixture."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from gmmfast._files import Fault, StrPath, check_destination
from gmmfast.cli.fitting import FitOptions, fit_picture, fit_request, timed
from gmmfast.cli.inputs import PIPE, read_picture
from gmmfast.cli.options import PATH, fit_options, output_option
from gmmfast.cli.outputs import write_to_stdout
from gmmfast.mixture import Mixture


@click.command("fit")
@click.argument("image", required=False, type=PATH)
@output_option("model.npz", "The model, in NumPy's .npz")
@fit_options
def fit_command(image: Path | None, outputs: tuple[Path, ...], fit: FitOptions) -> None:
    """Fit a mixture of Gaussians to IMAGE, and keep the model.

    The other commands take the model in place of a picture, and fit no more.
    Without IMAGE, the photograph china.jpg of scikit-learn is fitted.

    \b
    Examples:
      gmmfast fit photo.jpg -k 1000 -o photo.npz
      gmmfast fit photo.jpg --drawing -k 800 -o drawing.npz
      gmmfast fit photo.jpg -o - | gmmfast render - -o painting.png
    """
    for path in outputs:
        if path != PIPE:
            wanted = "the path of a model that can be written"
            check_destination("--output", wanted, path, _fault_of_name)
    seconds: dict[str, float] = {}
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
    height, width = pixels.shape[:2]
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


def _fault_of_name(path: StrPath) -> Fault | None:
    if Path(path).suffix.lower() == ".npz":
        return None
    return ValueError, "whose extension is no model's", "end the name in .npz"


def _write_to_stdout(mixture: Mixture) -> None:
    with tempfile.TemporaryDirectory(prefix="gmmfast-") as folder:
        path = Path(folder, "model.npz")
        mixture.save(path)
        write_to_stdout(path.read_bytes())
