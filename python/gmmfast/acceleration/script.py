"""The runner of `python -m gmmfast script.py`, which accelerates scikit-learn in the script.

The script runs as with `python script.py` or, with -m, `python -m module`: it is `__main__`, has
its own arguments, imports from its own folder, ends with its own status, and tracebacks show its
own lines only. runpy is not used: it removes `__main__` before threads, exit handlers and process
pools are done with it. The command line of gmmfast is `gmmfast`.
"""

from __future__ import annotations

import builtins
import importlib.util
import io
import os
import sys
import zipfile
from contextlib import nullcontext
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import dropwhile, takewhile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from gmmfast.acceleration.patching import patch_sklearn
from gmmfast.acceleration.profiling import profile

if TYPE_CHECKING:
    from types import CodeType, TracebackType

_OPTIONS = ("--verbose", "--strict", "--profile")

USAGE = """\
usage: python -m gmmfast [--verbose] [--strict] [--profile] script.py [argument ...]
       python -m gmmfast [--verbose] [--strict] [--profile] -m module [argument ...]

Runs a script with scikit-learn's GaussianMixture and BayesianGaussianMixture replaced by
gmmfast's. On standard error
  --verbose  writes a line for every call: accelerated, or the reason why not;
  --profile  writes a table at the end: calls and seconds of each method, accelerated and
             fallen back to scikit-learn, with the reason, file and line of every fallback.
  --strict   raises an error where a call would fall back.
(The command that paints pictures is gmmfast: see gmmfast --help.)
"""


def main(arguments: list[str]) -> None:
    """Run the script or module that the arguments name."""
    options = set(takewhile(_OPTIONS.__contains__, arguments))
    arguments = list(dropwhile(_OPTIONS.__contains__, arguments))
    if arguments[:1] in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return
    is_module = arguments[:1] == ["-m"]
    arguments = arguments[is_module:]
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write(USAGE)
        sys.exit(2)
    patch_sklearn(verbose="--verbose" in options, strict="--strict" in options)
    sys.argv = arguments
    sys.excepthook = _without_the_runner
    with profile() if "--profile" in options else nullcontext():
        (_run_module if is_module else _run_script)(arguments[0])


def _run_module(name: str) -> None:
    # sys.path begins with the working directory, as with python -m.
    spec = _find(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = _find(f"{name}.__main__")
    if spec is None:
        _refuse(f"no module named {name}, or it is a package without __main__", 1)
    sys.argv[0] = spec.origin or name
    _run_spec(spec)


def _find(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            return None  # the module or its package is missing
        raise  # a module that the package imports is missing


def _run_script(name: str) -> None:
    path = str(Path.cwd() / name)  # the value of __file__
    if not os.path.exists(path):  # noqa: PTH110
        _refuse(f"can't open file {path!r}: no such file", 2)
    is_source = not os.path.isdir(path) and not zipfile.is_zipfile(path)  # noqa: PTH112
    if not sys.flags.safe_path:
        sys.path.pop(0)  # the working directory, added by -m
    if not is_source:
        sys.path.insert(0, path)
        spec = PathFinder.find_spec("__main__", [path])
        if spec is None:
            _refuse(f"can't find '__main__' module in {name!r}", 1)
        _run_spec(spec)
        return
    if not sys.flags.safe_path:
        # A link to the file may be in another folder.
        sys.path.insert(0, os.path.dirname(os.path.realpath(path)))  # noqa: PTH120
    with io.open_code(path) as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    _run(code, __file__=path, __loader__=SourceFileLoader("__main__", path))


def _run_spec(spec: ModuleSpec) -> None:
    loader: Any = spec.loader
    _run(
        loader.get_code(spec.name),
        __file__=spec.origin,
        __loader__=loader,
        __package__=spec.parent,
        __spec__=spec,
    )


def _run(code: CodeType, **attributes: Any) -> None:
    module = ModuleType("__main__")
    vars(module).update(attributes, __annotations__={}, __builtins__=builtins, __cached__=None)
    # multiprocessing, which scikit-learn imports, looks a script's classes up by both names.
    sys.modules.update(dict.fromkeys(("__main__", "__mp_main__"), module))
    exec(code, vars(module))  # noqa: S102 (runs the script)


def _refuse(message: str, status: int) -> NoReturn:
    sys.stderr.write(f"gmmfast: {message}\n")
    sys.exit(status)


def _without_the_runner(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Show an error as if the script had been run by python itself."""
    runner = {__file__, str(Path(__file__).parents[1] / "__main__.py"), "<frozen runpy>"}
    while traceback is not None and traceback.tb_frame.f_code.co_filename in runner:
        traceback = traceback.tb_next
    sys.__excepthook__(kind, error.with_traceback(traceback), traceback)
