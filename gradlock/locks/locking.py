"""`invoke lock`: the inputs to all locks, in one go; nothing is written unless all is well."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from gradlock import store
from gradlock.command import Program
from gradlock.errors import GradlockError, InputError, LockError
from gradlock.inputs import releases, variants, wanted
from gradlock.inputs.platforms import Platform
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import dates, freshness, lockfile, paths, rules
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import LockText, WheelPin
from gradlock.locks.resolve import conda, debian, pip
from gradlock.progress import Stopwatch, say

RESOLVERS = ("uv", "pip-tools")
#: Runs the Python of a variant's image, from an apt lock's base layer.
Python = Callable[[Variant, LockText], AbstractContextManager[Program]]
#: Returns an apt: this machine's, or that of an apt lock's base layer.
Apt = Callable[[LockText | None], debian.Apt]


@dataclass(frozen=True)
class Programs:
    """What resolves for a lock and is a program of Debian's."""

    python: Python
    apt: Apt


@dataclass(frozen=True)
class Request:
    """What a run of `invoke lock` was asked for.

    Pins stay where they still fit. `update` names packages (apt's, conda's or pip's) that may
    move; `upgrade` lets all move, and the table's `as_of` to this minute.
    """

    upgrade: bool = False
    update: tuple[str, ...] = ()
    resolver: str = "uv"


def problems(table: Table) -> list[str]:
    """Return what is not well among the locks: what `invoke lock --check` reports."""
    found = []
    for check in (dates.check, freshness.check_tools):
        try:
            check(table)
        except GradlockError as error:
            found.append(str(error))
    for variant in table:
        try:
            rules.check(freshness.current(variant, table), freshness.current(table.cpu, table))
        except LockError as error:
            found.append(str(error))
    return list(dict.fromkeys(found))


def lock(table: Table, request: Request, programs: Programs, watch: Stopwatch) -> list[Path]:
    """Resolve every lock that is not current; return the paths of those that changed.

    Raises:
        InputError: the inputs cannot be resolved, or `update` names what no lock holds.
        LockError: a result breaks a rule, or the two pip resolvers disagree.

    """
    if request.resolver not in RESOLVERS:
        raise InputError(f"unknown resolver {request.resolver!r}: use {' or '.join(RESOLVERS)}")
    if request.upgrade:
        table = dates.moved_to_now(table)
    dates.check(table)
    if found := list(releases.without_python(table, table.debian)):
        raise InputError("; ".join(found), where=variants.TABLE.name)
    with store.exclusive("lock"):
        old = {path: _whole(path) for path in paths.every(table)}
        _check_names(request.update, old)
        with watch.stage("resolve"):
            new = _resolve(table, request, old, programs)
        for variant in table:
            rules.check(_locks(variant, new), _locks(table.cpu, new))
        changed = [path for path, lock in new.items() if lock != old[path]]
        moved = [row for row in table if paths.pip(row) in changed]
        if moved and request.resolver == "uv":
            with watch.stage("referee"):
                _referee(moved, table, new, programs.python)
        if request.upgrade:
            dates.write(table)
        for path in changed:
            store.write_text(path, lockfile.with_header(new[path].body, new[path].inputs))
    return changed


def _resolve(
    table: Table, request: Request, old: Mapping[Path, LockText | None], programs: Programs
) -> dict[Path, LockText]:
    """Return all locks: those that are current as they are, the others resolved anew.

    apt, conda and pip go side by side; the CPU's locks come before those that follow them.
    What a row with a Python, a platform or a TensorFlow of its own cannot share follows nothing.
    """

    def renew(path: Path, inputs: str, compile_body: Callable[[LockText | None], str]) -> LockText:
        current = old[path]
        asked = request.upgrade or (current and _holds(current, request.update))
        if current and current.inputs == inputs and not asked:
            return current
        say(f"resolving {path.relative_to(store.ROOT)}")
        return LockText(path, inputs, compile_body(None if request.upgrade else current))

    def apt(platform: Platform, path: Path) -> LockText:
        def body(current: LockText | None) -> str:
            kept = lockfile.parse_debs(current) if current else ()
            moving = debian.together(kept, request.update)
            keep = [pin for pin in kept if pin not in moving]
            named = (wanted.debs(), table.debian, platform.debian)
            pins = debian.resolve(*named, programs.apt(old.get(paths.APT) or current), keep=keep)
            return lockfile.format_debs(pins)

        return renew(path, freshness.apt_inputs(table, platform), body)

    def tools() -> LockText:
        def body(current: LockText | None) -> str:
            keep = current.body if current else ""
            return pip.resolve_tools(
                wanted.TOOLS, table.tools_as_of, keep=keep, upgrade=request.update
            )

        return renew(paths.TOOLS, freshness.tools_inputs(table), body)

    def desk(tools: LockText) -> LockText:
        def body(current: LockText | None) -> str:
            keep = current.body if current else ""
            return pip.resolve_tools(
                wanted.DESK, table.tools_as_of, keep=keep, follow=tools.body, upgrade=request.update
            )

        return renew(paths.DESK, freshness.desk_inputs(table, tools), body)

    def condas(variant: Variant, cpu: LockText | None) -> LockText:
        def body(current: LockText | None) -> str:
            return conda.compile_lock(
                variant,
                table,
                current=current,
                cpu=cpu,
                upgrade=request.upgrade,
                update=request.update,
            )

        inputs = freshness.conda_inputs(variant, table, cpu)
        return renew(paths.conda(variant), inputs, body)

    def wheels(variant: Variant, cpu: LockText | None) -> LockText:
        def body(current: LockText | None) -> str:
            keep = lockfile.parse_wheels(current) if current else ()
            follow = lockfile.parse_wheels(cpu) if cpu else ()
            if request.resolver == "uv":
                pins = pip.resolve(
                    variant, table.as_of, keep=keep, constrain=follow, upgrade=request.update
                )
            else:
                with programs.python(variant, debs[paths.apt(variant)].result()) as interpreter:
                    pins = pip.resolve_with_pip_tools(
                        variant,
                        table.as_of,
                        interpreter,
                        keep=keep,
                        constrain=follow,
                        upgrade=request.update,
                    )
            return lockfile.format_wheels(pins)

        return renew(paths.pip(variant), freshness.pip_inputs(variant, table, cpu), body)

    with ThreadPoolExecutor() as pool:
        platforms = {paths.apt(row): row.machine for row in table}
        debs = {path: pool.submit(apt, each, path) for path, each in platforms.items()}
        tools_lock = pool.submit(tools)
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
    return {lock.path: lock for lock in found}


def _referee(
    moved: Sequence[Variant], table: Table, new: Mapping[Path, LockText], python: Python
) -> None:
    """Have pip-compile check every pip lock that changed, each under its own Python."""
    cpu = _wheels(table.cpu, new)
    with ExitStack() as stack:
        # One row of each Python and platform stands for all: they have the same base layer.
        pythons = {(row.python, row.platform): row for row in moved}
        interpreters = {
            which: stack.enter_context(python(row, new[paths.apt(row)]))
            for which, row in pythons.items()
        }
        pool = stack.enter_context(ThreadPoolExecutor(2))  # each takes a core
        jobs = [
            pool.submit(
                pip.referee,
                variant,
                table.as_of,
                interpreters[variant.python, variant.platform],
                _wheels(variant, new),
                cpu if variant.shares_wheels(table.cpu) else (),
            )
            for variant in moved
        ]
        for job in jobs:
            job.result()
    say(f"pip-compile agrees on {', '.join(variant.name for variant in moved)}")


def _locks(variant: Variant, new: Mapping[Path, LockText]) -> Locks:
    return Locks(
        variant,
        *(new[path] for path in (paths.apt(variant), paths.conda(variant), paths.pip(variant))),
    )


def _wheels(variant: Variant, new: Mapping[Path, LockText]) -> tuple[WheelPin, ...]:
    return lockfile.parse_wheels(new[paths.pip(variant)])


def _whole(path: Path) -> LockText | None:
    """Return a lock as it is, or None where there is none that can be built on."""
    try:
        return lockfile.read(path)
    except LockError as error:
        if path.exists():
            say(f"{error.what}; making it anew ({path.relative_to(store.ROOT)})")
        return None


def _names(lock: LockText) -> set[str]:
    if lock.path.suffix == ".lock":
        return {pin.name for pin in lockfile.parse_debs(lock)}
    if lock.path in (paths.TOOLS, paths.DESK):
        return set(re.findall(r"(?m)^([a-z0-9-]+)==", lock.body))
    if lock.path.suffix == ".yml":
        return {pin.name for pin in lockfile.parse_conda(lock)}
    return {pin.name for pin in lockfile.parse_wheels(lock)}


def _holds(lock: LockText, names: Sequence[str]) -> bool:
    return bool(names) and not _names(lock).isdisjoint(names)


def _check_names(update: Sequence[str], old: Mapping[Path, LockText | None]) -> None:
    """Refuse to update what no lock holds."""
    known = set().union(*(_names(lock) for lock in old.values() if lock)) if update else set()
    if unknown := sorted(set(update) - known):
        raise InputError(
            f"no lock holds {', '.join(unknown)}",
            mend="name packages as the locks do; to add one, edit the inputs and run ./inv lock",
        )
