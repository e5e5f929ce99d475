"""Memory and file descriptors over many calls of every public function.

    python tests/campaigns/growth.py 10000            # calls of each

A line for each function has what the process has kept after the calls, the first tenth aside. It
is nothing, or what the allocator holds for the next calls, which does not grow with their number.
"""

import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.processes import open_files, resident
from support.public_calls import calls


def main():
    """Call, and print what was kept; fail if it is more than 4 MiB or a file."""
    warnings.simplefilter("ignore")
    n_calls, names = int(sys.argv[1]), sys.argv[2:]
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, call in calls(Path(folder)).items():
            if names and name not in names:
                continue
            for _ in range(max(20, n_calls // 10)):
                call()
            files, n_bytes = open_files(), resident()
            for _ in range(n_calls):
                call()
            kept = (resident() - n_bytes) / 1024
            print(f"{name}: {kept:.0f} kB, {open_files() - files} files", flush=True)
            failures += kept > 4096 or open_files() != files
    print(f"{n_calls} calls each, {failures} functions that keep something")
    return failures


if __name__ == "__main__":
    sys.exit(main())
