"""`./inv lock` of all variants beside `pip-compile` of one."""

from __future__ import annotations

from pathlib import Path

from benchmarks.place import place
from benchmarks.report import Row
from gradlock import store
from gradlock.inputs import variants
from gradlock.locks import paths


def locks(work: Path) -> list[Row]:
    """Measure locking from nothing, with nothing to do, and checking."""
    here, table = place(work), variants.load()
    for path in set(paths.every(table)) - {paths.TOOLS}:
        (here.checkout / path.relative_to(store.ROOT)).unlink()
    cold, again, check = here.inv("lock"), here.inv("lock"), here.inv("lock", "--check")
    plain = here.run(
        *("piptools", "compile", "--quiet", "--generate-hashes", "--allow-unsafe"),
        *("--strip-extras", "--cache-dir", work / "piptools"),
        *("--output-file", work / "plain.txt", "requirements/cpu.in"),
    )
    beside = ("pip-compile, one variant", plain.seconds)
    return [
        Row("lock, all variants, none there", cold.seconds, 60.0, core_seconds=cold.core_seconds),
        Row("the same", cold.seconds, None, *beside),
        Row("lock, nothing to do", again.seconds, 1.0),
        Row("lock --check", check.seconds, 0.5),
    ]
