"""Count the operations of innermost loops in the machine code of aarch64.

Reads `objdump -dC --no-show-raw-insn` of the extension and prints, for each function of gmmfast
that computes in loops, the float operations of its innermost loops: of whole vectors (.2d, .4s),
those of them that are fused multiply-adds, and of single numbers. Exits with status 1 if less than
two thirds of a kernel's operations are of vectors.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
INSTRUCTION = re.compile(r"^ +([0-9a-f]+):\s+(\S+)\s*(.*)$")
BRANCH = re.compile(r"^(b|b\..*|bc\..*|cbn?z|tbn?z)$")
ADDRESS = re.compile(r"([0-9a-f]+) <")
FUSED = {"fmla", "fmls", "fmadd", "fmsub", "fnmadd", "fnmsub"}
FLOAT = FUSED | {"fadd", "fsub", "fmul", "fdiv", "fsqrt"}

#: Functions with fewer vector operations in innermost loops are left out.
FEWEST = 40

#: Functions that must compute in vectors.
KERNELS = (
    "rendering::painter::SumPainter::paint",
    "rendering::painter::Density::finish",
    "rendering::painter::Mean::finish",
    "rendering::painter::MomentPainter::sum",
    "rendering::band::BandRenderer::render_by_lines",
    "rendering::tile::kernel::TileKernel::density",
    "rendering::tile::kernel::TileKernel::log_density",
    "grid::output_band::TileOutput::write",
    "points::group::distance::::fill_terms",
    "points::moments::kernel::MomentsKernel::evaluate",
    "points::log_prob::LargestAndSum::evaluator",
    "points::responsibilities::BlockResponsibilities::fill",
    "fitting::em::kernel::ExpectationKernel::exponentiate",
    "fitting::em::kernel::ExpectationKernel::add_moments",
    "painting::kernel::paint::paint",
    "painting::kernel::sums::Pass::run_channels",
    "random::normals::fill_groups",
    "sampling::drawer::SampleSource::draw_blocks",
)

Code = list[tuple[int, str, str]]


def functions(lines: Iterator[str]) -> Iterator[tuple[str, Code]]:
    """Yield the functions' names and instructions (address, mnemonic, operands)."""
    name, code = "", []
    for line in lines:
        if found := FUNCTION.match(line):
            yield name, code
            name, code = found[1], []
        elif found := INSTRUCTION.match(line):
            code.append((int(found[1], 16), found[2], found[3]))
    yield name, code


def innermost(code: Code) -> list[tuple[int, int]]:
    """Return the first and last addresses of the loops that contain no other."""
    first = code[0][0]
    loops = set()
    for address, mnemonic, operands in code:
        if BRANCH.match(mnemonic) and (found := ADDRESS.search(operands)):
            start = int(found[1], 16)
            if first <= start < address:
                loops.add((start, address))
    return [
        (start, end)
        for start, end in loops
        if not any((a, b) != (start, end) and start <= a and b <= end for a, b in loops)
    ]


def operations(code: Code) -> Counter[str]:
    """Return the numbers of float operations in innermost loops, by kind."""
    counts: Counter[str] = Counter()
    loops = innermost(code)
    for address, mnemonic, operands in code:
        if mnemonic not in FLOAT or not any(a <= address <= b for a, b in loops):
            continue
        is_vector = bool(re.match(r"v\d+\.(2d|4s)", operands))
        counts["vector" if is_vector else "single"] += 1
        counts["fused"] += is_vector and mnemonic in FUSED
    return counts


def short(name: str) -> str:
    """Return the path of a function in gmmfast, without types and hash."""
    name = re.sub(r" as [^>]*>+", ">", name).replace("<gmmfast::", "gmmfast::")
    while (plain := re.sub(r"<[^<>]*>", "", name)) != name:
        name = plain
    return re.sub(r"(::h[0-9a-f]{16}|::\{\{closure\}\}|gmmfast::|[<>])", "", name)


def is_vectorized(counts: Counter[str] | None) -> bool:
    """Return whether two thirds of the operations are of vectors; there must be some."""
    return counts is not None and 2 * counts["single"] < counts["vector"]


def main() -> int:
    """Print the table; return the exit status."""
    totals: dict[str, Counter[str]] = {}
    for name, code in functions(iter(sys.stdin)):
        if "gmmfast" in name and code:
            totals.setdefault(short(name), Counter()).update(operations(code))
    rows = [f"{'function':<60}{'vector':>8}{'fused':>8}{'single':>8}"]
    kernels = {name: counts for name, counts in totals.items() if counts["vector"] >= FEWEST}
    for name, counts in sorted(kernels.items(), key=lambda item: -item[1]["vector"]):
        numbers = "".join(f"{counts[kind]:>8}" for kind in ("vector", "fused", "single"))
        rows.append(f"{name:<60}{numbers}")
    sys.stdout.write("\n".join(rows) + "\n")
    broken = [name for name in KERNELS if not is_vectorized(totals.get(name))]
    for name in broken:
        sys.stderr.write(f"{name}: expected two thirds of its operations in vectors\n")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
