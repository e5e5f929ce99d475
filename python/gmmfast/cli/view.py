"""`gmmfast view`: a model as a page that a browser shows."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path

import click

from gmmfast._files import check_destination, replaced
from gmmfast.cli.fitting import FitOptions, model_of
from gmmfast.cli.inputs import PIPE, read_picture, read_source
from gmmfast.cli.options import PATH, fit_options
from gmmfast.cli.outputs import write_to_stdout
from gmmfast.cli.progress import progress_bar


@click.command("view")
@click.argument("source", required=False, type=PATH, metavar="[IMAGE|MODEL]")
@click.option(
    "-o",
    "--output",
    type=PATH,
    help="The page; '-' is standard output [default: a temporary file that the browser opens].",
)
@click.option("--original", type=PATH, help="The picture of a MODEL, to compare with.")
@fit_options
def view_command(
    source: Path | None, output: Path | None, original: Path | None, fit: FitOptions
) -> None:
    """Look inside a picture's mixture, or a model, in the browser.

    The page is one file that needs no network. It draws the model at any zoom
    and shows what the mixture says at each pixel. The picture that is fitted
    is in the page, to compare with.

    \b
    Examples:
      gmmfast view photo.npz
      gmmfast view photo.jpg -k 500 -o photo.html
      gmmfast view photo.npz --original photo.jpg -o photo.html
    """
    from gmmfast.viewer.html import PAGE, to_html

    if output is not None and output != PIPE:
        check_destination("--output", PAGE, output)
    found = read_source(source)
    if original is not None and found.model is None:
        raise click.UsageError(
            f"--original: expected a model to compare with, got the picture {found.name}, which "
            "the page holds anyway; leave it out"
        )
    picture = found.pixels if original is None else read_picture(original)
    model = model_of(found, fit)
    title = "Gaussian mixture" if source in (None, PIPE) else Path(found.name).stem
    with progress_bar("writing", None):
        page = to_html(model, image=picture, title=title)
        assert page is not None  # noqa: S101 (for mypy)
        if output == PIPE:
            write_to_stdout(page.encode())
            return
        path = output or Path(tempfile.mkdtemp(prefix="gmmfast-"), "view.html")
        with replaced(path) as file:
            file.write(page.encode())
    if output is None and not webbrowser.open(path.resolve().as_uri()):
        raise click.ClickException(
            f"--output: expected a browser to open the page, found none; open {path} yourself, or "
            "name a file with -o"
        )
    click.echo(f"page        {len(page.encode()) / 1000:.0f} kB, {path}")
