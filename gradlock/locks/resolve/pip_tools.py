"""pip-compile under the image's own Python: the second resolver, which must agree with uv."""

from __future__ import annotations

import json
import os
import re
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from gradlock import command, store
from gradlock.command import Program
from gradlock.errors import CommandError, LockError, raise_all
from gradlock.inputs.variants import Variant
from gradlock.locks import places
from gradlock.locks.moves import Move
from gradlock.locks.pins import WheelPin
from gradlock.locks.pylock import Wheel
from gradlock.locks.resolve import pip, pip_compiler, uv


@dataclass(frozen=True)
class Case:
    """A row that pip-compile is to resolve, with a lock's pins as its start.

    Those of `constrain` (the lock that it follows) hold for every package that is shared; those of
    `keep` stay where they still fit, but for those of `moves`.
    """

    variant: Variant
    keep: Sequence[WheelPin]
    constrain: Sequence[WheelPin] = ()
    moves: Sequence[Move] = ()


def resolve(case: Case, as_of: datetime, interpreter: Program) -> tuple[Wheel, ...]:
    """Resolve a variant's requirements with pip-compile alone; otherwise as `pip.resolve`.

    `interpreter` is the image's own Python: pip resolves for the Python that it runs under.
    """
    (found,) = _compile([case], as_of, interpreter)
    return pip.locate(found.values(), case.variant, as_of)


def referee(cases: Sequence[Case], as_of: datetime, interpreter: Program) -> None:
    """Have pip-compile resolve the same inputs with each lock as its start: no pin may move.

    Raises:
        LockError: the two resolvers disagree; the pins are named.

    """
    found = _compile(cases, as_of, interpreter)
    raise_all(LockError, filter(None, map(_apart, cases, found)))


def _apart(case: Case, found: Mapping[str, WheelPin]) -> LockError | None:
    """Return where pip-compile found other pins than those that it began with."""
    theirs = {name: pin.version for name, pin in found.items()}
    ours = {pin.name: pin.version for pin in case.keep}
    moved = [
        f"{name}: uv {ours.get(name, 'absent')}, pip-compile {theirs.get(name, 'absent')}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]
    if not moved:
        return None
    return LockError(
        "uv and pip-compile disagree on a lock: " + "; ".join(moved),
        where=f"the inputs of {case.variant.name}",
        mend="pin what they disagree on in requirements/*.in",
    )


def _compile(
    cases: Sequence[Case], as_of: datetime, interpreter: Program
) -> list[dict[str, WheelPin]]:
    """Run pip-compile under the image's Python; return every pin of each case, by name.

    They have no hash. What all cases ask of the index is asked once.
    """
    with store.scratch("piptools") as work:
        rows = {case.variant.name: _words(case, as_of, work) for case in cases}
        (work / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
        names = ", ".join(rows)
        try:
            command.run(
                [*interpreter.argv, "-P", pip_compiler.__file__, work / "rows.json"],
                purpose=f"resolving the wheels of {names} with pip-compile",
                env=command.networked(
                    **interpreter.env, PYTHONPATH=sysconfig.get_paths()["purelib"]
                ),
                cwd=store.ROOT,
            )
        except CommandError as error:
            inputs = (pip.inputs_of(case.variant, case.constrain) for case in cases)
            where = ", ".join(dict.fromkeys(name for line in inputs for name in line.split(", ")))
            raise CommandError(error.what, where=where, mend=error.mend) from None
        return [_pins(case, work) for case in cases]


def _words(case: Case, as_of: datetime, work: Path) -> list[str]:
    """Return pip-compile's command line for a case, whose files lie in a folder of its own."""
    folder = work / case.variant.name
    folder.mkdir()
    lock = folder / "lock.txt"
    lock.write_text("".join(f"{pin.requirement}\n" for pin in case.keep))
    words: tuple[str | Path, ...] = (
        *("--quiet", "--no-header", "--no-annotate", "--strip-extras", "--allow-unsafe"),
        *("--no-config", "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host"),
        *("--cache-dir", store.folder("piptools")),
        "--pip-args",
        # An index that has no metadata beside a wheel has it in the wheel: gigabytes.
        f"--only-binary :all: --uploaded-prior-to {as_of.isoformat()} --use-feature fast-deps",
        *pip.sources(case.variant, case.constrain, folder),
        *uv.upgrades(case.moves),
        *("--output-file", lock),
    )
    return [str(word) for word in words]


def _pins(case: Case, work: Path) -> dict[str, WheelPin]:
    where = pip.inputs_of(case.variant, case.constrain)
    text = (work / case.variant.name / "lock.txt").read_text(encoding="utf-8")
    return {pin.name: pin for line in text.splitlines() if (pin := _pin(line, where))}


def _pin(line: str, where: str) -> WheelPin | None:
    """Read a line that pip-compile printed; None where it asks for nothing.

    Raises:
        LockError: it is neither a version nor a wheel, by URL or by path.

    """
    text = line.partition(" #")[0].partition(";")[0].strip()
    if not text or text.startswith(("#", "--")):
        return None
    if match := re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)", text):
        return WheelPin(canonicalize_name(match[1]), match[2], "")
    place = text.rpartition(" @ ")[2]
    if place.startswith("file:"):
        place = f"./{os.path.relpath(unquote(urlsplit(place).path), store.ROOT)}"
    found = places.wheel_of(place)
    if not found:
        raise LockError(f"pip-compile printed what is no pinned wheel: {line!r}", where=where)
    return WheelPin(*found, "", place)
