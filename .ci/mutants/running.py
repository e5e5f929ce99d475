"""A plugin of pytest that tests mutants, each in a process of its own."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import pickle
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from importlib import import_module, reload
from pathlib import Path
from typing import Any, NoReturn

import pytest
from making import FOLDER
from mutmut.mutation import trampoline
from mutmut.state import state


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
