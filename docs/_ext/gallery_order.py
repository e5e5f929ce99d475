"""The order of the gallery's sections and pages."""

from pathlib import Path

SECTIONS = ["line", "plane", "ink", "color", "choosing", "rival", "inside", "engine"]
PAGES = [
    *("weights", "histogram", "two_steps", "contours", "slices", "slicing"),
    *("drawing", "contour_art", "sampling_art", "filling", "tone", "styles"),
    *("channels", "table", "sampling_color", "painting", "uncertainty"),
    *("ellipses", "labels", "growing", "refining", "super_resolution"),
    *("criteria", "dirichlet", "psnr", "look_inside"),
]


def page_order(filename: str) -> tuple[int, str]:
    """Return the sort key of a page within its section; unlisted pages come last."""
    name = Path(filename).stem.removeprefix("plot_")
    return (PAGES.index(name) if name in PAGES else len(PAGES), name)
