"""`python -m gmmfast script.py`: runs a script with scikit-learn accelerated.

As `python script.py` or, with -m, `python -m module` would: the script is `__main__`, has
its own arguments, and finds its neighbours. The command line is `gmmfast`.
"""

from __future__ import annotations

import os
import runpy
import sys

from gmmfast import patch_sklearn

USAGE = """\
usage: python -m gmmfast [--verbose] script.py [argument ...]
       python -m gmmfast [--verbose] -m module [argument ...]

Runs a script with scikit-learn's GaussianMixture and BayesianGaussianMixture replaced by
gmmfast's. --verbose writes a line for every call: accelerated, or why not.
(The command that paints pictures is gmmfast: see gmmfast --help.)
"""


def main(arguments: list[str]) -> None:
    """Run what the arguments name."""
    verbose = arguments[:1] == ["--verbose"]
    arguments = arguments[verbose:]
    if arguments[:1] in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return
    is_module = arguments[:1] == ["-m"]
    arguments = arguments[is_module:]
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write(USAGE)
        sys.exit(2)
    patch_sklearn(verbose=verbose)
    sys.argv = arguments
    if is_module:
        # sys.path begins with the working directory, as it should.
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
        return
    if not os.path.exists(arguments[0]):  # noqa: PTH110 (before anything is imported)
        sys.stderr.write(f"gmmfast: can't open file {arguments[0]!r}: no such file\n")
        sys.exit(2)
    sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))  # noqa: PTH100, PTH120
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
