"""Check the files of a release: `python .ci/check_dist.py dist`.

Every wheel has at most 3 MB, its SBOM, and on Linux a manylinux tag that `auditwheel` confirms;
`abi3audit` confirms that a wheel of the stable ABI uses nothing else. All files have the version
of Cargo.toml.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
MAX_BYTES = 3_000_000
OLD_GLIBC = re.compile(r"manylinux_2_(17|28)_")


def output(*command: str) -> str:
    """Return the output of a command of this environment, which must succeed."""
    executable = Path(sys.executable).with_name(command[0])
    return subprocess.run(  # noqa: S603 (our own tools)
        [executable, *command[1:]], check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def wheel_faults(wheel: Path) -> Iterator[str]:
    """Yield what is wrong with a wheel."""
    if wheel.stat().st_size > MAX_BYTES:
        yield f"{wheel.stat().st_size} bytes, more than {MAX_BYTES}"
    names = zipfile.ZipFile(wheel).namelist()
    if not any(re.search(r"\.dist-info/sboms/.*\.json$", name) for name in names):
        yield "no SBOM"
    *_, abi, platform = wheel.stem.split("-")
    if abi == "abi3":
        output("abi3audit", "--strict", str(wheel))
    if "linux" in platform:
        shown = " ".join(output("auditwheel", "show", str(wheel)).split())
        confirmed = re.search(r'consistent with the following platform tag: "(\S+)"', shown)
        if not confirmed or confirmed[1] not in platform or not OLD_GLIBC.match(confirmed[1]):
            yield f"auditwheel confirms {confirmed and confirmed[1]} only"


def faults(folder: Path) -> Iterator[str]:
    """Yield a line for each fault of the files in a folder."""
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]
    wheels, sources = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    if not wheels or [path.name for path in sources] != [f"gmmfast-{version}.tar.gz"]:
        yield f"{folder}: expected wheels and gmmfast-{version}.tar.gz, got {[*wheels, *sources]}"
    for wheel in wheels:
        if not wheel.name.startswith(f"gmmfast-{version}-"):
            yield f"{wheel.name}: expected version {version}"
        yield from (f"{wheel.name}: {fault}" for fault in wheel_faults(wheel))


if __name__ == "__main__":
    sys.exit("\n".join(faults(Path(sys.argv[1]))) or None)
