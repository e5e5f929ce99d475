"""Test mutants of python/gmmfast, and print how many of each file the tests find.

`python .ci/mutants.py mixture` mutates the functions of python/gmmfast/mixture/, and
`mixture/intervals` those of one file. mutmut makes the mutants. pytest collects the tests once
(see TESTS); for each mutant it forks a process that runs those tests which call its function, fast
ones first, until one fails. Everything is written below target/mutants, and what is known is kept
there: a mutant that was found is tested again only if its function has changed.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import gc
import hashlib
import json
import os
import pickle
import resource
import shutil
import signal
import sys
import time
from collections import Counter, defaultdict
from importlib import import_module, reload
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest
from mutmut.configuration import config
from mutmut.mutation import trampoline
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.state import state
from mutmut.utils.format_utils import get_mutant_name

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "python" / "gmmfast"
FOLDER = Path(os.environ.get("MUTANTS_FOLDER", ROOT / "target" / "mutants"))
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
ENDS = ("killed", "by time-out", "survived", "not tested")


def undecorated(source: str) -> str:
    """Return the source with `f = decorator(f)` behind each function, in place of decorators.

    mutmut leaves out functions with decorators. Overloads have no code, and class methods are
    known to it.
    """
    lines = source.splitlines()
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    for node in sorted(functions, key=lambda node: -node.lineno):
        decorators = [ast.unparse(each) for each in node.decorator_list]
        if not decorators or {"overload", "classmethod", "staticmethod"} & set(decorators):
            continue
        call = node.name
        for decorator in reversed(decorators):
            call = f"{decorator}({call})"
        lines.insert(node.end_lineno or 0, f"{' ' * node.col_offset}{node.name} = {call}")
        del lines[node.decorator_list[0].lineno - 1 : node.lineno - 1]
    return "\n".join(lines) + "\n"


def installed() -> Path:
    """Return the folder of the installed package, which is not imported."""
    spec = find_spec("gmmfast")
    if spec is None or spec.origin is None:
        raise SystemExit("gmmfast is not installed; run make mutants-python")
    return Path(spec.origin).parent


def make(part: str) -> dict[str, str]:
    """Write the package with its mutants, and the tests; return the functions' hashes."""
    shutil.rmtree(FOLDER / "gmmfast", ignore_errors=True)
    shutil.rmtree(FOLDER / "tests", ignore_errors=True)
    without = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd")
    shutil.copytree(PACKAGE, FOLDER / "gmmfast", ignore=without)
    shutil.copytree(ROOT / "tests", FOLDER / "tests", ignore=without)
    shutil.copytree(ROOT / "docs" / "_ext", FOLDER / "docs" / "_ext", dirs_exist_ok=True)
    for extension in installed().glob("_core.*"):
        if extension.suffix in {".so", ".pyd"}:
            shutil.copy2(extension, FOLDER / "gmmfast")
    shutil.copy2(ROOT / "pyproject.toml", FOLDER)
    mutants = {}
    folder = part.partition("/")[0]
    for source in sorted((PACKAGE / folder).glob("*.py")):
        path = Path("gmmfast") / folder / source.name
        code, names, hashes = made(path, undecorated(source.read_text()))
        (FOLDER / path).write_text(code)
        if part in {folder, f"{folder}/{source.stem}"}:
            for name in names:
                mutants[get_mutant_name(path, name)] = hashes[name.partition("__mutmut_")[0]]
    return mutants


def made(path: Path, source: str) -> tuple[str, list[str], dict[str, str]]:
    """Return the code of a file with its mutants, their names, and a hash of each function."""
    kept = FOLDER / "made" / f"{path.stem}-{hashlib.sha256(source.encode()).hexdigest()}.json"
    if not kept.exists():
        file = mutate_file_contents(str(path), source)
        kept.parent.mkdir(exist_ok=True)
        content = file.code, list(file.mutant_names), dict(file.hash_by_function_name)
        kept.write_text(json.dumps(content))
    code, names, hashes = json.loads(kept.read_text())
    return code, names, hashes


class Runner:
    """A plugin of pytest that tests the mutants in place of the collected tests."""

    def __init__(
        self, mutants: dict[str, str], jobs: int, seconds: float, *, is_verbose: bool
    ) -> None:
        self.mutants = mutants
        self.jobs = jobs
        self.is_verbose = is_verbose
        self.seconds = seconds
        self.durations: dict[str, float] = defaultdict(float)
        self.tests: dict[str, list[str]] = defaultdict(list)
        self.is_child = False
        self.at_import: set[str] = set()
        self.n_new = 0
        self.store, self.measured = FOLDER / "ends.json", FOLDER / "measured.json"
        self.ends: dict[str, list[str]] = {}
        if self.store.exists():
            self.ends = json.loads(self.store.read_text())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """End the process of a mutant at once: a report of the failure takes longer."""
        if (
            self.is_child
            and call.excinfo
            and not call.excinfo.errisinstance(pytest.skip.Exception)
        ):
            os._exit(1)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how long a test takes, without a mutant; none may fail."""
        self.durations[report.nodeid] += report.duration
        if report.failed:
            note(f"fails without a mutant: {report.nodeid}\n{report.longrepr}")
            os._exit(1)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Test the mutants."""
        items = {item.nodeid: item for item in session.items}
        # Functions that make the tables of a module: their mutants need it to be read anew.
        self.at_import = set(state()._stats)  # noqa: SLF001
        trampoline._mutant_under_test = None  # noqa: SLF001
        self.measure(items)
        gc.collect()
        gc.freeze()
        running: dict[int, str] = {}
        for number, (name, function) in enumerate(self.mutants.items()):
            known = self.ends.get(name)
            if known and known[1] == function and known[0] in {"killed", "by time-out"}:
                continue
            chosen = self.chosen(name)
            if not chosen:
                self.ends[name] = ["not tested", function]
                continue
            pid = os.fork()
            if not pid:
                self.test(name, [items[test] for test in chosen])
            running[pid] = name
            if len(running) == self.jobs:
                self.wait(running)
            if number % 50 == 0:
                note(f"{time.strftime('%H:%M:%S')} {number} of {len(self.mutants)}")
        while running:
            self.wait(running)
        self.store.write_text(json.dumps(self.ends))
        return True

    def chosen(self, name: str) -> list[str]:
        """Return the tests that call the function, fast ones and those of its own file first."""
        function = name.partition("__mutmut_")[0]
        own = f"/test_{function.split('.')[2]}.py::"
        found = set(self.tests[function])
        if function in self.at_import:
            found |= {test for test in self.durations if own in test}
        tests = sorted(found, key=self.durations.__getitem__)
        cases: Counter[str] = Counter()
        ranks = {}
        for test in tests:  # fast tests, then the fastest case of each other one, then all cases
            cases[test.partition("[")[0]] += 1
            is_slow, is_case = self.durations[test] > 0.02, cases[test.partition("[")[0]] > 1
            ranks[test] = (is_slow, is_slow and is_case, own not in test)
        total, chosen = 0.0, []
        for test in sorted(tests, key=ranks.__getitem__):
            total += self.durations[test]
            if total > self.seconds:
                break
            chosen.append(test)
        return chosen

    def measure(self, items: dict[str, pytest.Item]) -> None:
        """Run new tests in a process of their own: how long they take and what they call."""
        sums = {
            nodeid: hashlib.sha256(Path(item.path).read_bytes()).hexdigest()
            for nodeid, item in items.items()
        }
        known: dict[str, Any] = {}
        if self.measured.exists():
            known = json.loads(self.measured.read_text())
            known = {nodeid: it for nodeid, it in known.items() if it[0] == sums.get(nodeid)}
        new = {nodeid: item for nodeid, item in items.items() if nodeid not in known}
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            # In the environment, other processes would see it.
            trampoline._mutant_under_test = "stats"  # noqa: SLF001
            quiet()
            before = set(sys.modules)
            for nodeid, item in new.items():
                state()._stats.clear()  # noqa: SLF001
                item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
                called = sorted(state()._stats)  # noqa: SLF001
                known[nodeid] = (sums[nodeid], self.durations[nodeid], called)
            modules = [name for name in sys.modules if name not in before]
            with os.fdopen(write, "wb") as pipe:
                pickle.dump((known, modules), pipe)
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            content = pipe.read()
        if os.waitpid(pid, 0)[1]:
            raise SystemExit(1)
        known, modules = pickle.loads(content)  # noqa: S301
        self.measured.write_text(json.dumps(known))
        for nodeid, (_, duration, called) in known.items():
            self.durations[nodeid] = duration
            for function in called:
                self.tests[function].append(nodeid)
        note(f"{len(items)} tests take {sum(self.durations.values()):.0f} s")
        for name in modules:  # imported late, and by every test anew
            if name.partition(".")[0] in {"scipy", "sklearn", "numpy", "mpmath", "pandas", "PIL"}:
                try:
                    import_module(name)
                except ImportError:
                    continue

    def test(self, name: str, items: list[pytest.Item]) -> NoReturn:
        """Run tests until one fails, in a process of their own."""
        self.is_child = True
        trampoline.set_mutant_under_test(name)
        quiet()
        function = name.partition("__mutmut_")[0]
        expected = sum(self.durations[item.nodeid] for item in items)
        seconds = int(3 + 2 * expected)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30,) * 2)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(10 * seconds)
        code = 1
        try:
            if function in self.at_import:
                reload(sys.modules[".".join(function.split(".")[:3])])
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            code = 0
        finally:
            os._exit(code)

    def wait(self, running: dict[int, str]) -> None:
        """Note the end of the next process."""
        pid, status = os.wait()
        name = running.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        late = {-signal.SIGXCPU, -signal.SIGALRM, -signal.SIGKILL}
        end = "survived" if code == 0 else "by time-out" if code in late else "killed"
        self.ends[name] = [end, self.mutants[name]]
        if self.is_verbose:
            note(f"{end} {name}")
        self.n_new += 1
        if self.n_new % 100 == 0:
            self.store.write_text(json.dumps(self.ends))


def quiet() -> None:
    """Drop all that this process writes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def note(text: str) -> None:
    """Write a line past pytest, which captures the others."""
    sys.__stderr__.write(text + "\n")
    sys.__stderr__.flush()


def table(ends: dict[str, str]) -> str:
    """Return the number of mutants of each file and their ends."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, end in ends.items():
        counts[name.split(".x")[0].removeprefix("gmmfast.").replace(".", "/")][end] += 1
    counts["together"] = Counter(ends.values())
    lines = [("file", "mutants", "score", *ENDS)]
    for file, count in counts.items():
        killed = count["killed"] + count["by time-out"]
        score = f"{100 * killed / max(1, count.total()):.1f} %"
        lines.append((file, str(count.total()), score, *(str(count[end]) for end in ENDS)))
    rows = (f"{line[0]:28}" + "".join(f"{cell:>12}" for cell in line[1:]) for line in lines)
    return "\n".join(rows)


def diff(name: str) -> str:
    """Return how the mutant differs from its function."""
    module, _, function = name.rpartition(".x")
    path = FOLDER / (module.replace(".", "/") + ".py")
    path = path if path.exists() else path.with_suffix("") / "__init__.py"
    source = path.read_text()
    wanted = {f"x{function.rpartition('_')[0]}_orig": 0, f"x{function}": 1}
    texts: list[Any] = [None, None]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name in wanted:
            texts[wanted[node.name]] = (ast.get_source_segment(source, node) or "").splitlines()
    lines = list(difflib.unified_diff(*texts, n=0, lineterm=""))[3:]
    return "\n".join(line for line in lines if "__mutmut_" not in line and line[:2] != "@@")


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
