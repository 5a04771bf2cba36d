"""pip-compile under the image's own Python: the second resolver, which must agree with uv."""

from __future__ import annotations

import os
import re
import sysconfig
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from gradlock import command, store
from gradlock.command import Program
from gradlock.errors import CommandError, LockError
from gradlock.inputs.variants import Variant
from gradlock.locks import places
from gradlock.locks.moves import Move
from gradlock.locks.pins import WheelPin
from gradlock.locks.pylock import Wheel
from gradlock.locks.resolve import pip, uv


def resolve(
    variant: Variant,
    as_of: datetime,
    interpreter: Program,
    *,
    keep: Iterable[WheelPin],
    constrain: Iterable[WheelPin] = (),
    moves: Sequence[Move] = (),
) -> tuple[Wheel, ...]:
    """Resolve a variant's requirements with pip-compile alone; otherwise as `pip.resolve`.

    `interpreter` is the image's own Python: pip resolves for the Python that it runs under.
    """
    found = _compile(variant, as_of, interpreter, keep, constrain, moves)
    return pip.locate(found.values(), variant, as_of)


def referee(
    variant: Variant,
    as_of: datetime,
    interpreter: Program,
    pins: Sequence[WheelPin],
    constrain: Iterable[WheelPin] = (),
) -> None:
    """Have pip-compile resolve the same inputs with a lock as its start: no pin may move.

    Raises:
        LockError: the two resolvers disagree; the pins are named.

    """
    found = _compile(variant, as_of, interpreter, pins, constrain)
    theirs = {name: pin.version for name, pin in found.items()}
    ours = {pin.name: pin.version for pin in pins}
    moved = [
        f"{name}: uv {ours.get(name, 'absent')}, pip-compile {theirs.get(name, 'absent')}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]
    if moved:
        raise LockError(
            "uv and pip-compile disagree on a lock: " + "; ".join(moved),
            where=f"the inputs of {variant.name}",
            mend="pin what they disagree on in requirements/*.in",
        )


def _compile(
    variant: Variant,
    as_of: datetime,
    interpreter: Program,
    keep: Iterable[WheelPin],
    constrain: Iterable[WheelPin],
    moves: Sequence[Move] = (),
) -> dict[str, WheelPin]:
    """Run pip-compile under the image's Python; return every pin, without its hash, by name."""
    where = pip.inputs_of(variant, constrain)
    with store.scratch("piptools") as work:
        lock = work / "lock.txt"
        lock.write_text("".join(f"{pin.requirement}\n" for pin in keep))
        try:
            command.run(
                [
                    *(*interpreter.argv, "-m", "piptools", "compile", "--quiet", "--no-header"),
                    *("--no-annotate", "--strip-extras", "--allow-unsafe", "--no-config"),
                    *("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host"),
                    *("--cache-dir", store.folder("piptools")),
                    "--pip-args",
                    # An index that has no metadata beside a wheel has it in the wheel: gigabytes.
                    f"--only-binary :all: --uploaded-prior-to {as_of.isoformat()} "
                    "--use-feature fast-deps",
                    *pip.sources(variant, constrain, work),
                    *uv.upgrades(moves),
                    *("--output-file", lock),
                ],
                purpose=f"resolving the wheels of {variant.name} with pip-compile",
                env=command.networked(
                    **interpreter.env, PYTHONPATH=sysconfig.get_paths()["purelib"]
                ),
                cwd=store.ROOT,
            )
        except CommandError as error:
            raise CommandError(error.what, where=where, mend=error.mend) from None
        lines = lock.read_text(encoding="utf-8").splitlines()
    return {pin.name: pin for line in lines if (pin := _pin(line, where))}


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
