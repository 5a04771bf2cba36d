"""The verb `fingerprint`."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from gradlock import store
from gradlock.errors import DriftError, InputError
from gradlock.fingerprint import document, drift, table, taking
from gradlock.fingerprint.document import Fingerprint
from gradlock.inputs import variants
from gradlock.verbs import building, connection, flags
from gradlock.verbs.outcome import out, verb


@verb(
    help={
        **flags.CHOICE,
        "threads": "Threads of an operation (default: 2); sums depend on how they are shared out.",
        **flags.ONEDNN,
        "to": "The JSON (default: reports/VARIANT/fingerprint.json).",
        "check": "Compare with fingerprints/VARIANT.json; fail past the limits, or without one.",
        "pin": "Write fingerprints/VARIANT.json.",
    }
)
def fingerprint(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    all: bool = False,
    threads: str = str(taking.THREADS),
    onednn: str = "default",
    to: str = "",
    check: bool = False,
    pin: bool = False,
) -> None:
    """Measure what an image computes: operations, gradients, trainings, to the last bit."""
    flags.only_one(check=check, pin=pin)
    flags.only_one(to=to, pin=pin)
    chosen = variants.load().select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    count = flags.number("threads", threads, int)
    if to and len(chosen) > 1:
        raise InputError("--to names one file, for one variant")
    # Read before anything is measured: where there is none, that is a failure at once.
    committed = {row: document.committed(row.name) for row in chosen} if check else {}
    docker = connection.connect()
    for row in chosen:
        taken = taking.take(docker, building.present(docker, row), threads=count, onednn=onednn)
        default = store.ROOT / "reports" / row.name / "fingerprint.json"
        path = document.path_of(row.name) if pin else Path(to) if to else default
        store.write_text(path, taken.to_text())
        out.print(f"{len(taken.metrics)} metrics of {taken.name}: {path}")
        if check:
            _hold(row.name, taken, committed[row])


def _hold(variant: str, taken: Fingerprint, committed: Fingerprint) -> None:
    """Hold a fingerprint to the committed one.

    Raises:
        DriftError: they are further apart than they may be.

    """
    found = drift.hold(taken, committed)
    where = document.path_of(variant).relative_to(store.ROOT)
    out.print(f"A is what {variant} computes now, B is {where}")
    for line in table.lines(taken, committed, found):
        out.print(line)
    if found.failed:
        raise DriftError(
            f"{variant} computes something else than its fingerprint says",
            where=str(where),
            mend=table.mend(found, variant),
        )
