"""Conda packages: environment.yml to a variant's conda lock, by conda-lock.

conda-lock drives `conda_solver`. A new lock is always a full solve; what stays where it was
is a preference that the solver is given, so it can neither keep a package that nothing needs
nor move one that nothing forces.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import yaml

from gradlock import command, progress, store
from gradlock.errors import (
    ArtifactError,
    CommandError,
    GradlockError,
    InputError,
    LockError,
    ToolError,
)
from gradlock.inputs import wanted
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import lockfile, paths
from gradlock.locks.lockfile import LockText
from gradlock.locks.moves import Move
from gradlock.locks.pins import CondaPin
from gradlock.locks.resolve import conda_solver, forge, snapshot
from gradlock.locks.resolve.conda_solver import RefusalError, Request
from gradlock.locks.resolve.forge import CONDA_FORGE

#: What packages may ask of the machine. glibc 2.28 is the oldest that conda-forge builds for;
#: every image's own is newer.
VIRTUAL_PACKAGES = {"__unix": "0", "__linux": "5.10", "__glibc": "2.28"}


@cache
def reachable() -> bool:
    """Whether conda-forge, or its mirror, answers; asked once a run. Says why where it does not.

    Raises:
        ArtifactError: a mirror is named and does not answer: nobody asked for the snapshot.

    """
    why = forge.unanswered()
    if why and forge.root() != CONDA_FORGE:
        forge.answering()
    if why:
        progress.say(
            f"conda-forge cannot be reached ({why}): solving against its snapshot of "
            f"{snapshot.DATE}"
        )
    return not why


def compile_lock(
    variant: Variant,
    table: Table,
    *,
    keep: Iterable[CondaPin],
    cpu: LockText | None,
    moves: Sequence[Move] = (),
) -> str:
    """Solve a variant's environment; return the body of its lock.

    Packages of `keep` stay where they are but for those of `moves` and what these force; what
    moves is what it would be if all did. What a GPU lock shares with `cpu` has the same build.

    Raises:
        InputError: the environment has no solution.
        LockError: a lock that must be held to names what the channel lacks.

    """
    source = "conda-forge" if reachable() else f"the snapshot of conda-forge of {snapshot.DATE}"
    name = paths.conda(variant).name
    leaving = {move.name for move in moves}
    without = () if reachable() else _lacking(variant)
    with store.scratch("conda") as work:
        request = Request(
            cache=str(store.folder("repodata")),
            snapshot=None if reachable() else str(work / "snapshot"),
            mirror=str(forge.folder() or forge.root()) if reachable() else None,
            as_of=table.as_of.isoformat(),
            keep=tuple(pin.filename for pin in keep if pin.name not in leaving),
            pin=tuple(pin.filename for pin in lockfile.parse_conda(cpu)) if cpu else (),
            constraints=tuple(f"{move.name} =={move.version}" for move in moves if move.version),
            newest=tuple(move.name for move in moves if not move.version),
        )
        if request.snapshot:
            snapshot.unpack(Path(request.snapshot))
        request.write(work / "request.json")
        _write_inputs(work, variant, without)
        try:
            command.run(
                [
                    *(sys.executable, "-m", "conda_lock", "lock", "--log-level", "ERROR"),
                    *("--conda", work / "conda", "--no-mamba", "--no-micromamba"),
                    *("--file", work / "environment.yml", "--lockfile", work / name),
                    *("--virtual-package-spec", work / "virtual-packages.yml"),
                ],
                purpose=f"locking the conda packages of {variant.name}",
                cwd=work,
                env=_environment(work),
            )
        except CommandError:
            refusal = conda_solver.refusal(work / "request.json")
            if not refusal:
                raise
            raise _refused(refusal, variant, cpu) from None
        text = (work / name).read_text(encoding="utf-8")
    # conda-lock's header tells how to change a lock with conda-lock; here it is `invoke lock`.
    body = re.sub(r"\A(#.*\n)*", "", text)
    left = f", which lacks {', '.join(without)}" if without else ""
    return f"# solved by conda-lock against {source}{left}\n{body}"


def _lacking(variant: Variant) -> tuple[str, ...]:
    """Return what the snapshot has on the usual platform alone, and say that it is left out.

    The channel `debian` has its own, and reads nothing of the lock; an image of conda-forge's
    packages is refused without them.
    """
    asked = map(wanted.spec_name, wanted.condas(variant))
    found = snapshot.lacking(asked, variant.machine.conda)
    if found:
        progress.say(
            f"the snapshot has no {', '.join(found)} for {variant.machine.conda}: the conda lock "
            f"of {variant.name} is without; an image of the channel debian has Debian's"
        )
    return found


def _write_inputs(work: Path, variant: Variant, without: Sequence[str]) -> None:
    """Write what conda-lock reads: the specs, the virtual packages, and its "conda"."""
    specs = [spec for spec in wanted.condas(variant) if wanted.spec_name(spec) not in without]
    platform = variant.machine.conda
    environment = {
        "channels": ["conda-forge"],
        "platforms": [platform],
        "dependencies": specs,
    }
    own = {"__archspec": f"1 {variant.machine.machine}"}
    own |= {"__cuda": str(variant.cuda_minor)} if variant.gpu else {}
    virtual = {"subdirs": {platform: {"packages": {**VIRTUAL_PACKAGES, **own}}}}
    (work / "environment.yml").write_text(yaml.safe_dump(environment))
    (work / "virtual-packages.yml").write_text(yaml.safe_dump(virtual))
    solver = shlex.join([sys.executable, "-m", conda_solver.__name__])
    (work / "conda").write_text(f'#!/bin/sh\nexec {solver} "$@"\n')
    (work / "conda").chmod(0o755)


def _environment(work: Path) -> dict[str, str]:
    """Return the variables that keep conda-lock to its folder, and the user's conda out."""
    return command.networked(
        **{conda_solver.VARIABLE: str(work / "request.json")},
        PYTHONPATH=str(store.CODE),
        HOME=str(work),
        TMPDIR=str(work),
        XDG_CACHE_HOME=str(work / "cache"),
        CONDA_FLAGS="",
    )


def _refused(refusal: RefusalError, variant: Variant, cpu: LockText | None) -> GradlockError:
    """Return the error for a solver's refusal; `cpu` is the lock that it had to follow."""
    if refusal.cause == "lock":
        return LockError(
            refusal.why,
            where=paths.conda(variant).name,
            mend="run it where conda-forge can be reached, or ./inv lock --upgrade",
        )
    if refusal.cause == "tools":
        return ToolError(refusal.why)
    if refusal.cause == "channel":
        return ArtifactError(
            f"reading conda-forge's records for {variant.name}: {refusal.why}",
            where=forge.shown(),
            mend="run it again; what was read is kept",
        )
    return InputError(
        f"the conda packages of {variant.name} cannot be solved:\n{refusal.why}",
        where="environment.yml, variants.toml"
        + (f", and {cpu.path.name}, which the other rows' locks follow" if cpu else ""),
        mend="ask for versions that exist and fit together"
        + ("" if reachable() else "; conda-forge did not answer: it has more than its snapshot"),
    )
