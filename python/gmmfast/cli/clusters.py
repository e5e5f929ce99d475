"""Clusters of the commands, and pictures larger than memory: their options and progress."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from gmmfast.cli.options import PATH, bundle
from gmmfast.cli.usage import refuse
from gmmfast.storage.endings import is_big

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gmmfast.estimators import GaussianMixture
    from gmmfast.mixture import Mixture


@dataclass(frozen=True)
class ClusterOptions:
    """The machines that a command computes with."""

    scheduler: str | None
    workers: int | None

    @property
    def is_wanted(self) -> bool:
        """Whether a cluster is wanted."""
        return self.scheduler is not None or self.workers is not None

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """Yield a client of the cluster, or None without one; show its dashboard's address."""
        if not self.is_wanted:
            yield None
            return
        if self.scheduler is not None and self.workers is not None:
            raise click.UsageError("--scheduler and --workers: expected one of the two, got both")
        refuse("n_threads", "without --scheduler and --workers", "together with one of them")
        from gmmfast.dask import connected

        with connected(self.scheduler, self.workers) as client:
            click.echo(f"dashboard   {client.dashboard_link}", err=True)
            yield client


@dataclass(frozen=True)
class CheckpointOptions:
    """The file from which a fit goes on."""

    checkpoint: Path | None
    every: int
    resume: bool

    @property
    def is_wanted(self) -> bool:
        """Whether the fit writes a file."""
        return self.checkpoint is not None or self.resume

    def file(self, output: Path) -> Any:
        """Return the checkpoint, by default next to the model, or None."""
        if not self.is_wanted:
            refuse("every", "together with --checkpoint or --resume", "alone")
            return None
        from gmmfast.fitting.checkpoints import Checkpoint

        path = self.checkpoint or output.with_suffix(".checkpoint.npz")
        return Checkpoint(path, self.every, self.resume)


#: The options of a cluster: the argument `cluster` of the command.
cluster_options = bundle(
    "cluster",
    ClusterOptions,
    click.option("--scheduler", metavar="ADDRESS", help="Compute on the cluster of a scheduler."),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        help="Compute with so many processes on this machine.",
    ),
)

#: The options of checkpoints: the argument `checkpoint` of the command.
checkpoint_options = bundle(
    "checkpoint",
    CheckpointOptions,
    click.option(
        "--checkpoint",
        type=PATH,
        help="Write the state of the fit to this .npz [default with --resume: next to the model].",
    ),
    click.option(
        "--every",
        type=click.IntRange(min=1),
        default=10,
        show_default=True,
        help="Iterations from one checkpoint to the next.",
    ),
    click.option("--resume", is_flag=True, help="Go on from the checkpoint, if there is one."),
)


def is_big_picture(
    image: Path | None, cluster: ClusterOptions, checkpoint: CheckpointOptions
) -> bool:
    """Return whether a picture is read in parts: every zarr, and an .npy if that is wanted."""
    is_wanted = cluster.is_wanted or checkpoint.is_wanted
    found = image is not None and is_big(image, also_npy=is_wanted)
    if is_wanted and not found:
        raise click.UsageError(
            "--scheduler, --workers, --checkpoint, --resume: expected a picture in .zarr or .npy, "
            f"got {image or 'none'}; other pictures are fitted in memory"
        )
    return found


def fit_big_picture(picture: Any, client: Any, **options: Any) -> GaussianMixture:
    """Return the model of a picture larger than memory; show the rest of the time."""
    if client is None:
        from gmmfast.image_models import fit_big_image

        return fit_big_image(picture, **options)
    from gmmfast.dask import fit_image

    options.pop("n_threads")
    return fit_image(picture, **options)


def render_big_picture(
    model: Mixture, shape: tuple[int, int], path: Path, client: Any, **options: Any
) -> None:
    """Render into a file that is written in parts; show the rest of the time."""
    from gmmfast import storage
    from gmmfast.cli.progress import progress_bar

    mapper: Callable[..., Any] | None = None
    if client is not None:
        from gmmfast.dask import client_map

        mapper = client_map(client)
        options["n_threads"] = 1
    with progress_bar("rendering", shape[0] * shape[1]) as advance:
        storage.render(
            model, shape, path, mapper=mapper, progress=lambda done, _: advance(done), **options
        )
    sys.stderr.flush()
