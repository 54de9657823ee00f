"""`python -m tests.bench [ONLY]`: runs the benchmarks, prints a table and writes .bench/latest.json.

Each module of this folder with a function `rows` is a benchmark; ONLY names one, or several with commas between. The
machine is calibrated before and after each: when it was not the same machine both times, the figures are thrown away
and the benchmark is run once more.
"""

import importlib
import json
import pkgutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import tests.bench
from tests.bench.calibration import Calibration, calibrating
from tests.bench.rows import Row

_OUT = Path(__file__).resolve().parents[2] / ".bench" / "latest.json"
_TRIES = 2

Benchmark = Callable[[], list[Row]]


def main(arguments: list[str]) -> int:
    """Exit status 0 when every goal is met, 1 when one is missed, 2 when figures had to be thrown away."""
    benchmarks = _benchmarks()
    wanted = arguments[0].split(",") if arguments and arguments[0] else list(benchmarks)
    if unknown := set(wanted) - set(benchmarks):
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(benchmarks)}")
        return 2
    kept: list[Row] = []
    thrown_away: list[str] = []
    with tempfile.TemporaryDirectory(prefix="atelier-bench-") as folder, calibrating(Path(folder)) as calibrate:
        for name in wanted:
            rows = _measure(name, benchmarks[name], calibrate)
            if rows is None:
                thrown_away.append(name)
            else:
                kept += rows
    _print_table(kept)
    _OUT.parent.mkdir(exist_ok=True)
    _OUT.write_text(json.dumps([_as_json(row) for row in kept], indent=1) + "\n")
    if thrown_away:
        print(f"\nthrown away, because the machine was not equally fast before and after: {', '.join(thrown_away)}")
        return 2
    return 0 if all(row.ok is not False for row in kept) else 1


def _benchmarks() -> dict[str, Benchmark]:
    found: dict[str, Benchmark] = {}
    for module in pkgutil.iter_modules(tests.bench.__path__):
        if module.name != "__main__":
            rows = getattr(importlib.import_module(f"tests.bench.{module.name}"), "rows", None)
            if rows is not None:
                found[module.name] = rows
    return found


def _measure(name: str, benchmark: Benchmark, calibrate: Callable[[], Calibration]) -> list[Row] | None:
    for _ in range(_TRIES):
        print(f"{name} …", flush=True)
        before = calibrate()
        rows = benchmark()
        after = calibrate()
        print(f"  machine before: {before}; after: {after}", flush=True)
        if before.fits(after):
            return rows
        print("  not equally fast: thrown away", flush=True)
    return None


def _as_json(row: Row) -> dict[str, object]:
    names = ("name", "value", "unit", "reference", "ratio", "goal", "ok")
    return {name: getattr(row, name) for name in names}


def _print_table(rows: list[Row]) -> None:
    print(f"\n{'name':<26}{'value':>12} {'unit':<9}{'reference':>11}{'ratio':>8}{'goal':>9}  ok")
    for row in rows:
        goal = "" if row.goal is None else f"{'≥' if row.at_least else '≤'} {row.goal:g}"
        verdict = {True: "yes", False: "NO", None: ""}[row.ok]
        print(
            f"{row.name:<26}{row.value:>12,.4g} {row.unit:<9}{_shown(row.reference):>11}{_shown(row.ratio):>8}"
            f"{goal:>9}  {verdict}"
        )


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
