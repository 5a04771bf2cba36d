"""The verb `lock`.

What resolves is imported where that is to be done: `--check`, which runs before each commit, does
none of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from invoke.context import Context

from gradlock import store
from gradlock.errors import GradlockError
from gradlock.inputs import variants
from gradlock.locks import checking, paths, revisions
from gradlock.progress import Stopwatch
from gradlock.verbs import flags
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
    if check:
        if found := checking.problems(variants.load()):
            raise GradlockError("\n".join(found))
        out.print("every lock is current")
    elif verify:
        _verify()
    else:
        _lock(upgrade, tuple(update or ()), resolver)


def _lock(upgrade: bool, update: tuple[str, ...], resolver: str) -> None:
    """Resolve what is not current, and print what moved."""
    from gradlock.locks import locking
    from gradlock.locks.resolving import Request
    from gradlock.verbs import changes, programs

    watch, table = Stopwatch(), variants.load()
    before = revisions.held((variants.TABLE, *paths.every(table)), "the locks as they were")
    changed = locking.lock(table, Request(upgrade, update, resolver), programs.here(), watch)
    for path in changed:
        did = "changed" if path.exists() else "removed"
        out.print(f"{did} {path.relative_to(store.ROOT)}")
    if changed:
        changes.show(changes.between(before, revisions.here()))
    out.print(f"locked in {watch.line()}" if changed else "every lock is current")


def _verify() -> None:
    """Resolve again and compare; what cannot be told is said, and is no failure."""
    from gradlock.locks import locking
    from gradlock.verbs import programs

    watch = Stopwatch()
    found = locking.verify(variants.load(), programs.here(), watch)
    for one in found:
        if one.note:
            out.print(str(one))
    if problems := [str(one) for one in found if not one.note]:
        raise GradlockError("\n".join(problems))
    out.print(f"every lock is what resolving gives, in {watch.line()}")
