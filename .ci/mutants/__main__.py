"""Test mutants of python/gmmfast, and print how many of each file the tests find.

`python .ci/mutants mixture` mutates the functions of python/gmmfast/mixture/, and
`mixture/intervals` those of one file. mutmut makes the mutants. pytest collects the tests once
(see TESTS); for each mutant it forks a process that runs those tests which call its function, fast
ones first, until one fails. Everything is written below target/mutants, and what is known is kept
there: a mutant that was found is tested again only if its function has changed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest
from making import FOLDER, make
from mutmut.configuration import config
from mutmut.mutation import trampoline
from report import diff, table
from running import Runner, note

#: Tests of other processes, of their memory and of interruption, and of seconds each: they say
#: little of the functions that they call.
LEFT_OUT = (
    "tests/mixture/test_sampling.py::test_every_instruction_set_has_the_same_bits",
    "tests/mixture/test_sampling.py::test_ctrl_c_stops_a_long_draw",
    "tests/mixture/test_archive.py::test_a_damaged_file_is_refused_or_brings_back_the_same_mixture",
    "tests/mixture/test_archive.py::test_a_file_is_loaded_or_refused_in_twice_its_size",
    "tests/mixture/test_information.py::test_a_thousand_components_need_little_memory",
    "tests/estimators/test_fallback.py::test_what_was_replaced_before_the_import_is_taken_until",
    "tests/estimators/test_versions.py::test_an_untested_version_warns_once_and_goes_on",
    "tests/estimators/test_gaussian.py::test_a_pickle_says_where_gmmfast_is_missing_that_it_is",
)
#: The tests of a folder, if they are not those in the folder of its name alone.
TESTS = {
    "estimators": (
        "tests/estimators",
        "tests/fitting/test_blocks.py",
        "tests/fitting/test_checkpoints.py",
        "tests/fitting/test_chunks.py",
        "tests/fitting/test_missing.py",
        "tests/acceleration/test_patching.py",
        "tests/image_models/test_big_image.py",
        "tests/image_models/test_estimator.py",
    )
}


def main() -> None:
    """Make the mutants, test them, and print the table and the differences of those left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", help="a folder of python/gmmfast, or a file of it without .py")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="of tests for each mutant")
    parser.add_argument("--verbose", action="store_true", help="print the end of each mutant")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.chdir(FOLDER)
    Path("setup.cfg").write_text("[mutmut]\nsource_paths=.\n")
    config()
    mutants = make(options.part)
    note(f"{len(mutants)} mutants")
    sys.path.insert(0, str(FOLDER))
    os.environ["PYTHONPATH"] = str(FOLDER)
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    trampoline._mutant_under_test = "stats"  # noqa: SLF001
    runner = Runner(mutants, options.jobs, options.seconds, is_verbose=options.verbose)
    folder = options.part.partition("/")[0]
    tests = TESTS.get(folder, (f"tests/{folder}",))
    left_out = [f"--deselect={test}" for test in LEFT_OUT]
    arguments = ["-q", "--tb=short", "-pno:cacheprovider", "-pno:xdist", "--rootdir=.", *tests]
    if pytest.main([*arguments, *left_out], plugins=[runner]) != pytest.ExitCode.OK:
        raise SystemExit(1)
    ends = {name: runner.ends[name][0] for name in mutants if name in runner.ends}
    print(table(ends))  # noqa: T201
    for name, end in ends.items():
        if end in {"survived", "not tested"}:
            print(f"\n{name}: {end}\n{diff(name)}")  # noqa: T201


if __name__ == "__main__":
    main()
