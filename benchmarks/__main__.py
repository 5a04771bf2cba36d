"""The benchmark: prints its table, and writes the numbers.

    nox -s benchmark                    everything, 40 GB: 35 minutes on 2 cores
    nox -s benchmark -- cpu             only the CPU image; or only `gpu`, `registry` or `locks`
    nox -s benchmark -- --json FILE     where the numbers go (default: reports/benchmark.json);
                                        the table as Markdown goes beside them

The plain way is `docker build`, pip or uv installing the same lock, and `pip-compile`. Seconds
mean little elsewhere, ratios more. The plain build starts from a base that is loaded already,
and builds no conda prefix: both count for it, and against gradlock.

Everything happens in a temporary folder: a copy of the checkout, a store, caches, and a
private engine, which needs root. Nothing of the user's is read, changed or left behind.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import report
from benchmarks.images import cpu, gpu
from benchmarks.locks import locks
from benchmarks.registry import registry
from benchmarks.report import Row
from gradlock import store
from gradlock.errors import GradlockError

GROUPS = {"cpu": cpu, "gpu": gpu, "registry": registry, "locks": locks}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write the numbers."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=" or ".join(GROUPS))
    parser.add_argument("--json", type=Path, default=store.ROOT / "reports/benchmark.json")
    given = parser.parse_args(argv)
    if unknown := set(given.groups) - set(GROUPS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    # A plain SIGTERM would leave the engine and the temporary folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows: list[Row] = []
    failed = False
    for name in given.groups or GROUPS:
        try:
            with tempfile.TemporaryDirectory(prefix="gradlock-benchmark-") as work:
                # One by one: what was measured before something failed is worth a table.
                for row in GROUPS[name](Path(work)):
                    rows.append(row)
        except GradlockError as error:
            print(f"error: {error}", file=sys.stderr)
            failed = True
    cores = os.cpu_count() or 1
    Console(width=160).print(report.grid(rows, caption=f"{cores} cores"))
    numbers = {"cores": cores, "rows": [row.to_dict() for row in rows]}
    store.write_text(given.json, json.dumps(numbers, indent=1))
    store.write_text(given.json.with_suffix(".md"), report.markdown(rows, cores))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
