"""What a variant asks for by name: held to rules before it is resolved, and found in its locks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gradlock.errors import InputError, LockError, raise_all
from gradlock.inputs import wanted
from gradlock.inputs.variants import Variant
from gradlock.locks import lockfile, rules
from gradlock.locks.freshness import Locks


def check(variant: Variant) -> None:
    """Refuse names that no lock of a variant may hold.

    Raises:
        InputError: there are such; all are named, each with its line.

    """
    raise_all(
        InputError,
        (
            InputError(problem, where=where, mend="remove the line: the table decides it")
            for problem, where in _problems(variant)
        ),
    )


def _problems(variant: Variant) -> Iterator[tuple[str, str]]:
    right = wanted.tensorflow(variant)
    parts = wanted.toolkit(variant)
    for path in wanted.read_with(wanted.wheel_inputs(variant), constraints=False):
        if path.suffix == ".whl" or path in parts:
            continue
        for number, line in enumerate(wanted.text(path).splitlines(), 1):
            match = re.match(r"\s*([A-Za-z0-9][\w.-]*)", line)
            name = canonicalize_name(match[1]) if match else ""
            where = f"{lockfile.shown(path)}:{number}"
            if name in wanted.TENSORFLOWS and name != right:
                yield f"{variant.name} must hold {right} alone, but {name} is asked for", where
            elif not variant.gpu and name and re.match(rules.CUDA_NAMES, name):
                yield f"{variant.name} must hold nothing of CUDA, but {name} is asked for", where


def unmet(locks: Locks) -> Iterator[LockError]:
    """Yield what is asked for, and is in no lock by that name: one was edited, whatever it says.

    What is asked of Debian by a name that several packages provide is refused, too: which of them
    is meant must not be left to apt.
    """
    variant = locks.variant
    wheels = {canonicalize_name(Requirement(each).name) for each in wanted.wheels(variant)}
    lacking = locks.conda.body.partition("\n")[0]  # the snapshot's, said by who solved with it
    specs = {wanted.spec_name(spec) for spec in wanted.condas(variant)}
    condas = {name for name in specs if f" {name}" not in lacking}
    decided = {*wanted.TENSORFLOWS, *wanted.FROM_THE_TABLE}  # rules say it better
    for lock, asked, pins in (
        (locks.pip, wheels, locks.wheels),
        (locks.conda, condas, locks.condas),
        (locks.apt, set(wanted.debs()), locks.debs),
    ):
        for name in sorted(asked - decided - {pin.name for pin in pins}):
            yield LockError(
                f"{name} is asked for, and the lock has nothing of that name",
                where=lockfile.shown(lock.path),
                mend="git checkout it; where several packages provide that, name one of them",
            )
