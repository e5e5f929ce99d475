"""Settings of Sphinx; `make docs` builds the site into docs/_build/html without a network.

docs/generated holds what is made from the package: the gallery by sphinx-gallery, and the pages of
the API and of the commands by the two extensions in docs/_ext.
"""

import logging
import os
import sys
from pathlib import Path

import gmmfast

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from gallery_order import SECTIONS
from gallery_sizes import embedded, write_small

# Sphinx would show the log of accelerated calls on the gallery's pages.
logging.getLogger("gmmfast").setLevel(logging.WARNING)

project = "gmmfast"
author = "The gmmfast authors"
project_copyright = "BSD-3-Clause"
release = version = gmmfast.__version__

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
    "benchmark_history",
    "command_pages",
    "reference_pages",
]
exclude_patterns = ["_build", "gallery", "generated/small", "generated/gallery/**/*.md5"]
default_role = "literal"
smartquotes = False  # they would turn the -- of --ink into a dash

autodoc_typehints = "none"  # numpydoc's sections have the types
autodoc_member_order = "groupwise"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

myst_heading_anchors = 3

html_theme = "furo"
html_title = "gmmfast"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
html_show_sphinx = False
copybutton_exclude = ".linenos, .gp, .go"

gallery, scripts = "gallery", "plot_"
if os.environ.get("GALLERY") == "small":
    here = Path(__file__).parent
    gallery, scripts = "generated/small", embedded(here)
    write_small(here / "gallery", here / gallery)

sphinx_gallery_conf = {
    "examples_dirs": gallery,
    "gallery_dirs": "generated/gallery",
    "filename_pattern": scripts,
    "subsection_order": [f"{gallery}/{section}" for section in SECTIONS],
    "within_subsection_order": "gallery_order.page_order",
    "copyfile_regex": r".*\.rst",
    "image_scrapers": ("matplotlib", "animation_scraper.scrape"),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "image_srcset": ["2x"],
    "thumbnail_size": (400, 280),
}
# Settings that are functions cannot be pickled, which only affects incremental builds.
suppress_warnings = ["config.cache"]
