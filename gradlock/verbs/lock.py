"""The verb `lock`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from invoke.context import Context

from gradlock import store
from gradlock.artifacts import fetcher
from gradlock.command import Program
from gradlock.engine import room
from gradlock.errors import GradlockError, LockError
from gradlock.inputs import variants
from gradlock.inputs.variants import Variant
from gradlock.layers import interpreter
from gradlock.layers.apt import BaseApt
from gradlock.locks import lockfile, locking, paths, revisions
from gradlock.locks.lockfile import LockText
from gradlock.locks.refereeing import Programs
from gradlock.locks.resolve import debian
from gradlock.locks.resolve.debian import Apt
from gradlock.locks.resolving import Request
from gradlock.progress import Stopwatch
from gradlock.verbs import changes, flags
from gradlock.verbs.outcome import out, verb


@verb(
    help={
        "upgrade": "Move as_of in variants.toml to now, and let every pin move.",
        "update": "Let this package move, and what it forces; may be repeated.",
        "check": "Change nothing; fail when a lock is not current or breaks a rule.",
        "verify": "Change nothing; resolve again as of the same date, and fail where locks differ.",
        "resolver": "uv (refereed by pip-tools; default), or pip-tools alone.",
    },
    iterable=["update"],
)
def lock(
    _context: Context,
    upgrade: bool = False,
    update: Sequence[str] | None = None,  # invoke collects into a list only where this is None
    check: bool = False,
    verify: bool = False,
    resolver: str = "uv",
) -> None:
    """Compile all locks from their inputs; what is current stays as it is."""
    flags.only_one(check=check, verify=verify, upgrade=upgrade)
    flags.only_one(check=check, verify=verify, update=update)
    if verify:
        _verify()
        return
    if check:
        found = locking.problems(variants.load())
        if found:
            raise GradlockError("\n".join(found))
        out.print("every lock is current")
        return
    watch, table = Stopwatch(), variants.load()
    request = Request(upgrade, tuple(update or ()), resolver)
    before = revisions.held((variants.TABLE, *paths.every(table)), "the locks as they were")
    changed = locking.lock(table, request, Programs(_python, _apt), watch)
    for path in changed:
        out.print(f"changed {path.relative_to(store.ROOT)}")
    if changed:
        changes.show(changes.between(before, revisions.here()))
    out.print(f"locked in {watch.line()}" if changed else "every lock is current")


def _verify() -> None:
    """Resolve again and compare; what cannot be told is said, and is no failure."""
    watch = Stopwatch()
    found = locking.verify(variants.load(), Programs(_python, _apt), watch)
    for one in found:
        if one.note:
            out.print(str(one))
    if problems := [str(one) for one in found if not one.note]:
        raise GradlockError("\n".join(problems))
    out.print(f"every lock is what resolving gives, in {watch.line()}")


@contextmanager
def _python(variant: Variant, apt: LockText) -> Iterator[Program]:
    """Run the Python of a variant's image, from the .debs of an apt lock."""
    debs = lockfile.parse_debs(apt)
    with interpreter.unpacked(debs, fetcher.fetch(debs), variant) as program:
        yield program


def _apt(apt: LockText | None) -> Apt:
    """Return this machine's apt, or where it has none, that of the .debs of an apt lock."""
    if debian.here():
        return debian.own
    if apt is None:
        raise LockError(
            "this machine has no apt, and there is no lock whose base layer's could resolve",
            where=str(paths.APT.relative_to(store.ROOT)),
            mend="git checkout it, and run it again",
        )
    return BaseApt(room.here(), lockfile.parse_debs(apt))
