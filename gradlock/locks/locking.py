"""`invoke lock`: the inputs to all locks, in one go; nothing is written unless all is well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gradlock import store
from gradlock.errors import GradlockError, InputError, LockError
from gradlock.inputs import releases, variants, wanted
from gradlock.inputs.platforms import Platform
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import (
    culprits,
    dates,
    freshness,
    lockfile,
    moves,
    paths,
    pylock,
    requests,
    rules,
    start,
    verifying,
)
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import LockText
from gradlock.locks.moves import Move
from gradlock.locks.pylock import Wheel
from gradlock.locks.refereeing import Programs, Referee
from gradlock.locks.resolve import conda, debian, pip, pip_tools, tools
from gradlock.locks.start import Start
from gradlock.locks.verifying import Finding
from gradlock.progress import Stopwatch, say

RESOLVERS = ("uv", "pip-tools")


@dataclass(frozen=True)
class Request:
    """What a run of `invoke lock` was asked for.

    Pins stay where they still fit. `update` names packages (apt's, conda's or pip's) that may
    move, as `NAME` or `NAME==VERSION`; `upgrade` lets all move, and the table's `as_of` to this
    minute. `again` resolves what is current, too, to see that it comes out the same.
    """

    upgrade: bool = False
    update: tuple[str, ...] = ()
    resolver: str = "uv"
    again: bool = False


def problems(table: Table) -> list[str]:
    """Return what is not well among the locks: what `invoke lock --check` reports."""
    found: list[GradlockError] = []
    for check in (dates.check, freshness.check_tools):
        try:
            check(table)
        except GradlockError as error:
            found += error.parts
    for variant in table:
        try:
            locks = freshness.current(variant, table)
            rules.check(locks, freshness.current(table.cpu, table))
            pylock.check(lockfile.read(paths.pylock(variant)), locks.pip)
        except LockError as error:
            found += error.parts
    told = {str(error): error for error in found}
    return [str(culprits.sharpened(error, table)) for error in told.values()]


def lock(table: Table, request: Request, programs: Programs, watch: Stopwatch) -> list[Path]:
    """Resolve every lock that is not current; return the paths of those that changed.

    Raises:
        InputError: the inputs cannot be resolved, or `update` names what no lock holds.
        LockError: a result breaks a rule, or the two pip resolvers disagree.

    """
    if request.resolver not in RESOLVERS:
        raise InputError(f"unknown resolver {request.resolver!r}: use {' or '.join(RESOLVERS)}")
    before = table
    if request.upgrade:
        table = dates.moved_to_now(table)
    dates.check(table)
    if found := list(releases.without_python(table, table.debian)):
        raise InputError("; ".join(found), where=variants.TABLE.name)
    with store.exclusive("lock"):
        old = {path: start.read(path) for path in paths.every(table)}
        moving = moves.read(request.update, [one.lock for one in old.values() if one.lock])
        for variant in table:
            requests.check(variant)
        with Referee(table, programs.python) as referee:
            with watch.stage("resolve"):
                new = _resolve(table, request, moving, old, programs, referee)
            for variant in table:
                rules.check(_locks(variant, new), _locks(table.cpu, new))
            with watch.stage("referee"):
                referee.verdict()
        if request.upgrade and _same(new, old) and not problems(before):
            return []  # not even the date moves
        changed = [path for path, lock in new.items() if lock != old[path].lock]
        if request.upgrade:
            dates.write(table)
        for path in changed:
            store.write_text(path, lockfile.with_header(new[path].body, new[path].inputs))
    return changed


def verify(table: Table, programs: Programs, watch: Stopwatch) -> list[Finding]:
    """Resolve every lock again, as of the table's date; return where they say something else.

    Raises:
        LockError: a lock is not whole.

    """
    with store.exclusive("lock"):
        whole = {path: lockfile.read(path) for path in paths.every(table)}
        old = {path: Start(lock, lock) for path, lock in whole.items()}
        referee = Referee(table, programs.python)
        with watch.stage("resolve"):
            new = _resolve(table, Request(again=True), (), old, programs, referee)
    return [one for path, lock in whole.items() for one in verifying.compare(lock, new[path])]


def _resolve(
    table: Table,
    request: Request,
    moving: Sequence[Move],
    old: Mapping[Path, Start],
    programs: Programs,
    referee: Referee,
) -> dict[Path, LockText]:
    """Return all locks: those that are current as they are, the others resolved anew.

    apt, conda and pip go side by side; the CPU's locks come before those that follow them.
    What a row with a Python, a platform or a TensorFlow of its own cannot share follows nothing.
    """

    def renew(path: Path, inputs: str, compile_body: Callable[[LockText | None], str]) -> LockText:
        current, kept = old[path].lock, old[path].kept
        asked = request.upgrade or request.again or moves.of(current, moving)
        if current and current.inputs == inputs and not asked:
            return current
        say(f"resolving {path.relative_to(store.ROOT)}")
        return LockText(path, inputs, compile_body(None if request.upgrade else kept))

    def apt(platform: Platform, path: Path) -> LockText:
        def body(current: LockText | None) -> str:
            kept = lockfile.parse_debs(current) if current else ()
            named = (wanted.debs(), table.debian, platform.debian)
            apt_get = programs.apt(old[paths.APT].kept)
            keep = moves.staying(kept, moving)
            return lockfile.format_debs(debian.resolve(*named, apt_get, keep=keep))

        return renew(path, freshness.apt_inputs(table, platform), body)

    def own_tools() -> LockText:
        def body(current: LockText | None) -> str:
            keep = current.body if current else ""
            return tools.resolve(
                wanted.TOOLS, table.tools_as_of, keep=keep, moves=moves.of(current, moving)
            )

        return renew(paths.TOOLS, freshness.tools_inputs(table), body)

    def desk(dev: LockText) -> LockText:
        def body(current: LockText | None) -> str:
            keep = current.body if current else ""
            return tools.resolve(
                wanted.DESK,
                table.tools_as_of,
                keep=keep,
                follow=dev.body,
                moves=moves.of(current, moving),
            )

        return renew(paths.DESK, freshness.desk_inputs(table, dev), body)

    def condas(variant: Variant, cpu: LockText | None) -> LockText:
        def body(current: LockText | None) -> str:
            return conda.compile_lock(
                variant,
                table,
                keep=lockfile.parse_conda(current) if current else (),
                cpu=cpu,
                moves=moving,
            )

        inputs = freshness.conda_inputs(variant, table, cpu)
        return renew(paths.conda(variant), inputs, body)

    resolved: dict[Path, tuple[Wheel, ...]] = {}
    guesses: dict[Path, Future[tuple[Wheel, ...]]] = {}

    def wheels(variant: Variant, cpu: LockText | None) -> LockText:
        path = paths.pip(variant)

        def body(current: LockText | None) -> str:
            keep = lockfile.parse_wheels(current) if current else ()
            follow = lockfile.parse_wheels(cpu) if cpu else ()
            asked = moves.of(current, moving)
            if request.resolver == "uv":
                guess = guesses.get(path)
                if not guess or not (found := pip.agreeing(guess, follow)):
                    found = pip.resolve(
                        variant, table.as_of, keep=keep, constrain=follow, moves=asked
                    )
                resolved[path] = found
            else:
                with programs.python(variant, debs[paths.apt(variant)].result()) as interpreter:
                    resolved[path] = pip_tools.resolve(
                        variant,
                        table.as_of,
                        interpreter,
                        keep=keep,
                        constrain=follow,
                        moves=asked,
                    )
            return lockfile.format_wheels(wheel.pin for wheel in resolved[path])

        lock = renew(path, freshness.pip_inputs(variant, table, cpu), body)
        if request.resolver == "uv" and lock != old[path].lock and not request.again:
            referee.call(variant, debs[paths.apt(variant)], lock, cpu)
        return lock

    def guess(variant: Variant) -> tuple[Wheel, ...]:
        """Resolve a row before the lock that it follows is known, which seldom changes a pin."""
        kept = None if request.upgrade else old[paths.pip(variant)].kept
        keep = lockfile.parse_wheels(kept) if kept else ()
        asked = moves.of(kept, moving)
        return pip.resolve(variant, table.as_of, keep=keep, constrain=(), moves=asked)

    def is_stale(variant: Variant) -> bool:
        whole = old[paths.pip(variant)].lock
        current = whole and whole.inputs == freshness.pip_inputs(variant, table, None)
        return not current or request.upgrade or request.again or bool(moves.of(whole, moving))

    def standard(variant: Variant, lock: LockText) -> LockText:
        path = paths.pylock(variant)

        def body(_: LockText | None) -> str:
            pins = lockfile.parse_wheels(lock)
            found = resolved.get(lock.path) or pip.locate(pins, variant, table.as_of)
            return pylock.write(found, variant, path)

        return renew(path, lock.digest, body)

    with ThreadPoolExecutor() as pool:
        platforms = {paths.apt(row): row.machine for row in table}
        debs = {path: pool.submit(apt, each, path) for path, each in platforms.items()}
        tools_lock = pool.submit(own_tools)
        if request.resolver == "uv" and is_stale(table.cpu):
            sharing = [row for row in table if row.shares_wheels(table.cpu)]
            guesses = {paths.pip(row): pool.submit(guess, row) for row in sharing}
        first: list[Future[LockText]] = [
            pool.submit(make, table.cpu, None) for make in (condas, wheels)
        ]
        cpu_conda, cpu_pip = (future.result() for future in first)
        others = [row for row in table if row != table.cpu]
        later = [
            pool.submit(condas, row, cpu_conda if row.shares_condas(table.cpu) else None)
            for row in others
        ]
        later += [
            pool.submit(wheels, row, cpu_pip if row.shares_wheels(table.cpu) else None)
            for row in others
        ]
        found = [
            tools_lock.result(),
            desk(tools_lock.result()),
            *(future.result() for future in debs.values()),
            cpu_conda,
            cpu_pip,
            *(future.result() for future in later),
        ]
        new = {lock.path: lock for lock in found}
        new |= {
            lock.path: lock
            for lock in pool.map(lambda row: standard(row, new[paths.pip(row)]), table)
        }
    return new


def _locks(variant: Variant, new: Mapping[Path, LockText]) -> Locks:
    return Locks(
        variant,
        *(new[path] for path in (paths.apt(variant), paths.conda(variant), paths.pip(variant))),
    )


def _same(new: Mapping[Path, LockText], old: Mapping[Path, Start]) -> bool:
    """Whether no lock came out as another; those of PEP 751 say what the pip locks say."""
    locks = ((lock, old[path].lock) for path, lock in new.items() if path.suffix != ".toml")
    return all(other and lock.body == other.body for lock, other in locks)
