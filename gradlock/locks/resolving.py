"""From inputs to all locks: what is current stays, the rest is resolved, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gradlock import store
from gradlock.errors import LockError, raise_all
from gradlock.inputs import wanted
from gradlock.inputs.platforms import Platform
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import freshness, lockfile, moves, paths, pylock
from gradlock.locks.lockfile import LockText
from gradlock.locks.moves import Move
from gradlock.locks.pins import WheelPin
from gradlock.locks.pylock import Wheel
from gradlock.locks.refereeing import Programs, Referee
from gradlock.locks.resolve import conda, debian, pip, pip_tools, tools
from gradlock.locks.resolve.pip_tools import Case
from gradlock.locks.start import Start
from gradlock.progress import say

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


def resolve(
    table: Table,
    request: Request,
    moving: Sequence[Move],
    old: Mapping[Path, Start],
    programs: Programs,
    referee: Referee,
) -> dict[Path, LockText]:
    """Return all locks: those that are current as they are, the others resolved anew.

    apt, conda and pip go side by side; a row's lock waits for the one that it follows. What a row
    with a Python, a platform or a TensorFlow of its own cannot share follows nothing.
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

    def condas(variant: Variant, leader: LockText | None) -> LockText:
        def body(current: LockText | None) -> str:
            return conda.compile_lock(
                variant,
                table,
                keep=lockfile.parse_conda(current) if current else (),
                cpu=leader,
                moves=moving,
            )

        inputs = freshness.conda_inputs(variant, table, leader)
        return renew(paths.conda(variant), inputs, body)

    resolved: dict[Path, tuple[Wheel, ...]] = {}
    guesses: dict[Path, Future[tuple[Wheel, ...]]] = {}

    def wheels(variant: Variant, leader: LockText | None) -> LockText:
        path = paths.pip(variant)

        def body(current: LockText | None) -> str:
            keep = lockfile.parse_wheels(current) if current else ()
            follow = lockfile.parse_wheels(leader) if leader else ()
            asked = moves.of(current, moving)
            if request.resolver == "uv":
                if not request.again:
                    referee.expect(variant, debs[paths.apt(variant)])
                guess = guesses.get(path)
                if not guess or not (found := pip.agreeing(guess, follow)):
                    found = pip.resolve(
                        variant, table.as_of, keep=keep, constrain=follow, moves=asked
                    )
                resolved[path] = found
            else:
                with programs.python(variant, debs[paths.apt(variant)].result()) as interpreter:
                    case = Case(variant, keep, follow, asked)
                    resolved[path] = pip_tools.resolve(case, table.as_of, interpreter)
            return lockfile.format_wheels(wheel.pin for wheel in resolved[path])

        return renew(path, freshness.pip_inputs(variant, table, leader), body)

    def judge(locks: Mapping[str, Future[LockText]]) -> None:
        """Have the referee check what uv has resolved anew."""

        def pins(row: Variant) -> tuple[WheelPin, ...]:
            return lockfile.parse_wheels(locks[row.name].result())

        cases = [
            Case(row, pins(row), pins(leader) if row.shares_wheels(leader) else ())
            for row, leader in ((row, table.leader(row)) for row in table)
            if locks[row.name].result() != old[paths.pip(row)].lock
        ]
        if request.resolver == "uv" and not request.again:
            referee.call(cases, lambda row: debs[paths.apt(row)])

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
            ours = {pin.name: pin for pin in pins}
            raise_all(
                LockError,
                (
                    LockError(
                        f"the index has another file for {wheel.pin.name} {wheel.pin.version}",
                        where=lockfile.place_of(lock, wheel.pin.name),
                        mend="git checkout the lock: it was edited by hand",
                    )
                    for wheel in found
                    if wheel.pin != ours[wheel.pin.name]
                ),
            )
            return pylock.write(found, variant, path)

        return renew(path, lock.digest, body)

    def followed(
        make: Callable[[Variant, LockText | None], LockText],
        shares: Callable[[Variant, Variant], bool],
    ) -> dict[str, Future[LockText]]:
        """Have all rows' locks of a kind made, each after the one that it follows."""
        jobs: dict[str, Future[LockText]] = {}

        def job(row: Variant, theirs: Future[LockText] | None) -> LockText:
            return make(row, theirs.result() if theirs else None)

        for row in table.led:
            leader = table.leader(row)
            jobs[row.name] = pool.submit(
                job, row, jobs[leader.name] if shares(row, leader) else None
            )
        return jobs

    # What waits for another lock must not keep from a thread what that one waits for.
    with ThreadPoolExecutor(4 * (1 + len(table.variants))) as pool:
        platforms = {paths.apt(row): row.machine for row in table}
        debs = {path: pool.submit(apt, each, path) for path, each in platforms.items()}
        tools_lock = pool.submit(own_tools)
        if request.resolver == "uv" and is_stale(table.cpu):
            sharing = [row for row in table if row.shares_wheels(table.leader(row))]
            guesses = {paths.pip(row): pool.submit(guess, row) for row in sharing}
        conda_locks = followed(condas, Variant.shares_condas)
        pip_locks = followed(wheels, Variant.shares_wheels)
        judged = pool.submit(judge, pip_locks)
        found = [
            tools_lock.result(),
            desk(tools_lock.result()),
            *(future.result() for future in debs.values()),
            *(future.result() for future in (*conda_locks.values(), *pip_locks.values())),
        ]
        judged.result()
        new = {lock.path: lock for lock in found}
        new |= {
            lock.path: lock
            for lock in pool.map(lambda row: standard(row, new[paths.pip(row)]), table)
        }
    return new
