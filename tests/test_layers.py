"""Tests of the structure: imports point down, without circles, and each module has its tests."""

import ast
from pathlib import Path

import pytest

import gmmfast
from support.imports import circles, import_graph

#: Layers from the bottom up. A module imports lower layers, and files of its own folder.
#: "gmmfast" itself is the top: only the command line and `python -m gmmfast` are above it.
LAYERS = (
    "_arithmetic _core _display _lazy _log",
    "_memory _files _runtime _threads",
    "_validation",
    "_random",
    "tone",
    "images",
    "mixture",
    "rendering",
    "fitting",
    "estimators",
    "acceleration",
    "image_models",
    "storage",
    "dask",
    "styles",
    "plot",
    "animation",
    "viewer",
    "gmmfast",
    "cli",
    "__main__",
)
HEIGHTS = {name: height for height, names in enumerate(LAYERS) for name in names.split()}
ROOT = Path(gmmfast.__file__).parent


def layer(module):
    """Return the folder or the top file of a module, "gmmfast" for the package itself."""
    return module.split(".")[1] if "." in module else module


def upward(graph, heights):
    """Return the imports that do not point down to a lower layer, as text."""
    return sorted(
        f"{module} -> {other}"
        for module, others in graph.items()
        for other in others
        if layer(module) != layer(other) and heights[layer(module)] <= heights[layer(other)]
    )


@pytest.fixture(scope="module")
def graph():
    return import_graph(ROOT)


def test_every_module_has_a_layer(graph):
    assert {layer(module) for module in graph} <= set(HEIGHTS)


def test_every_import_points_down(graph):
    assert upward(graph, HEIGHTS) == []


def test_no_files_import_one_another(graph):
    assert circles(graph) == []


def test_each_module_is_mirrored_or_named_by_a_test_file():
    tests = Path(__file__).parent
    headers = [ast.get_docstring(ast.parse(path.read_text())) for path in tests.rglob("test_*.py")]
    named = " ".join(filter(None, headers))
    for path in ROOT.rglob("[!_]*.py"):
        module = path.relative_to(ROOT)
        mirror = tests / module.with_name(f"test_{module.name}")
        folder = f"{module.parent.as_posix()}/:"
        assert mirror.exists() or module.as_posix() in named or folder in named, module


def test_an_upward_import_and_a_circle_are_found(tmp_path):
    package = tmp_path / "gmmfast"
    (package / "mixture").mkdir(parents=True)
    sources = {
        "__init__.py": "",
        "tone.py": "def lazy():\n    from gmmfast.mixture import one\n",
        "mixture/__init__.py": "",
        "mixture/one.py": "from .other import name\nfrom gmmfast import tone\n",
        "mixture/other.py": "if True:\n    import gmmfast.mixture.one\n",
        "_files.py": "if TYPE_CHECKING:\n    import gmmfast.tone\n",
    }
    for name, source in sources.items():
        (package / name).write_text(source)
    graph = import_graph(package)
    assert upward(graph, HEIGHTS) == ["gmmfast.tone -> gmmfast.mixture.one"]
    assert circles(graph) == [["gmmfast.mixture.one", "gmmfast.mixture.other", "gmmfast.tone"]]
