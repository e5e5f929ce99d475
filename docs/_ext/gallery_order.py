"""The gallery's sections and pages in the order of the story, which is not the alphabet's."""

from pathlib import Path

SECTIONS = ["line", "plane", "ink", "color", "choosing", "rival", "engine"]
PAGES = [
    *("weights", "histogram", "two_steps", "contours", "slices", "slicing"),
    *("drawing", "contour_art", "sampling_art", "filling", "tone", "styles"),
    *("channels", "table", "sampling_color", "painting", "uncertainty"),
    *("ellipses", "labels", "growing", "refining", "super_resolution"),
    *("criteria", "dirichlet", "psnr"),
]


def page_order(filename: str) -> tuple[int, str]:
    """Return where a page comes in its section; those without a place come last."""
    name = Path(filename).stem.removeprefix("plot_")
    return (PAGES.index(name) if name in PAGES else len(PAGES), name)
