"""The "conda executable" that conda-lock drives: a solver over py-rattler.

It speaks the part of conda's command line that a new lock needs:

    --version
    create --prefix P --dry-run --json --override-channels --channel C ... SPEC ...

with the platform in CONDA_SUBDIR, and answers as conda does, with the chosen records in
`actions`. A `file://` channel of `__names` holds the virtual packages. What conda's command
line has no words for comes in a `Request`.

conda-lock's own `--update` is not spoken: it hands over only the specs of what it updates,
refuses names that environment.yml does not list, and never drops a package. Here an update
is a full solve that prefers the records of the old lock.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gradlock.locks.resolve.forge import CONDA_FORGE

if TYPE_CHECKING:
    from rattler import Gateway, GenericVirtualPackage, MultiSource, RepoDataRecord

#: The variable that names the file of the request.
VARIABLE = "GRADLOCK_SOLVE"
#: What `--version` prints.
VERSION = "gradlock's solver for conda-lock"

Cause = Literal["specs", "lock", "channel", "tools"]


class RefusalError(Exception):
    """There is no solution; `cause` says what to look at: specs, lock, channel, or own tools."""

    def __init__(self, why: str, cause: Cause = "specs") -> None:
        super().__init__(why)
        self.why = why
        self.cause = cause


@dataclass(frozen=True)
class Request:
    """What a solve must hold to, beside its specs.

    `cache` is a folder for repodata. `snapshot` is a local channel that stands for
    conda-forge, `mirror` a folder or a URL that has all of it. An answer may take `patience`
    seconds. `as_of` bounds the records' age, in ISO format. The file names in `keep` stay
    where the specs allow it; those in `pin` may not move. `constraints` are specs that hold for
    packages that something asks for. The packages named in `newest` are what they would be if
    nothing were kept.
    """

    cache: str
    snapshot: str | None = None
    mirror: str | None = None
    patience: int = 180
    as_of: str | None = None
    keep: tuple[str, ...] = ()
    pin: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    newest: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        """Write the request to a file."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Request:
        """Read a request from a file."""
        raw = json.loads(path.read_text(encoding="utf-8"))
        lists = {key: tuple(raw[key]) for key in ("keep", "pin", "constraints", "newest")}
        return cls(**{**raw, **lists})


def refusal(request: Path) -> RefusalError | None:
    """Return why the solve of the request in that file was refused, if it was."""
    path = request.with_suffix(".refusal")
    return RefusalError(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def chosen(answer: str) -> list[str]:
    """Return the file names in a printed answer, sorted by their package's name."""
    return [record["fn"] for record in json.loads(answer)["actions"]["LINK"]]


def main(argv: Sequence[str]) -> int:
    """Answer one call; return the exit status."""
    options = _parser().parse_args(argv)
    path = Path(os.environ[VARIABLE])
    subdir = os.environ.get("CONDA_SUBDIR", "linux-64")
    try:
        records = asyncio.run(
            solve(options.channel, options.specs, subdir=subdir, request=Request.read(path))
        )
    except (RefusalError, ImportError) as raised:
        error = raised if isinstance(raised, RefusalError) else RefusalError(str(raised), "tools")
        told = json.dumps({"why": error.why, "cause": error.cause})
        path.with_suffix(".refusal").write_text(told, encoding="utf-8")
        print(json.dumps({"success": False, "message": error.why}))
        return 1
    print(json.dumps({"success": True, "actions": {"FETCH": records, "LINK": records}}))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="conda", description="a solver for conda-lock")
    parser.add_argument("--version", action="version", version=VERSION)
    create = parser.add_subparsers(required=True).add_parser("create")
    create.add_argument("--prefix", required=True)
    for flag in ("--dry-run", "--json", "--override-channels"):
        create.add_argument(flag, action="store_true", required=True)
    create.add_argument("--channel", action="append", required=True)
    create.add_argument("specs", nargs="+")
    return parser


async def solve(
    channels: Sequence[str], specs: Sequence[str], *, subdir: str, request: Request
) -> list[dict[str, Any]]:
    """Return the records of a solution, as conda's JSON has them, sorted by name.

    Raises:
        RefusalError: there is no solution; it says why.

    """
    import rattler  # here, so that a caller who only wants a Request stays without it
    from rattler.exceptions import GatewayError, InvalidMatchSpecError, SolverError

    platforms: list[Any] = [subdir, "noarch"]
    gateway = _gateway(request)
    sources: list[str | MultiSource] = []
    virtual: list[GenericVirtualPackage] = []
    for channel in channels:
        found = _virtual_packages(channel, platforms)
        virtual += found
        if not found:
            sources.append(_source(channel, platforms, request))
    try:
        kept = await _find(request.keep, sources, platforms, gateway, request)
        asked = [rattler.MatchSpec(spec) for spec in specs]
        solve_with = partial(
            rattler.solve,
            sources,
            gateway=gateway,
            platforms=platforms,
            virtual_packages=virtual,
            constraints=[rattler.MatchSpec(spec) for spec in request.constraints],
            pinned_packages=await _find(request.pin, sources, platforms, gateway, request),
            exclude_newer=datetime.fromisoformat(request.as_of) if request.as_of else None,
            # Some records of the snapshot have no date; the snapshot itself has one.
            timestamp_policy="allow-missing" if request.snapshot else "require-timestamp",
        )
        if request.newest and kept:
            # Asked for, since what is kept would keep them, too, where it needs them as they are.
            asked += [
                rattler.MatchSpec(f"{record.name.normalized} =={record.version} {record.build}")
                for record in await solve_with(asked)
                if record.name.normalized in request.newest
            ]
        records = await solve_with(asked, locked_packages=kept)
    except (InvalidMatchSpecError, SolverError) as error:
        raise RefusalError(str(error).strip()) from error
    except GatewayError as error:
        raise RefusalError(str(error), "channel") from error
    unhashed = [record.file_name for record in records if record.sha256 is None]
    if unhashed:
        raise RefusalError("no sha256 for " + ", ".join(sorted(unhashed)), "channel")
    return sorted((json.loads(record.to_json()) for record in records), key=lambda r: r["name"])


def _gateway(request: Request) -> Gateway:
    """Return what reads channels: with limits of time, since a server may fall silent."""
    from rattler import Gateway
    from rattler.networking import (
        AuthenticationMiddleware,
        Client,
        MirrorMiddleware,
        RetryMiddleware,
    )

    mirror = request.mirror if request.mirror and "://" in request.mirror else CONDA_FORGE
    others = {} if mirror == CONDA_FORGE else {f"{CONDA_FORGE}/": [f"{mirror}/"]}
    mirrored = [MirrorMiddleware(others)] if others else []
    client = Client(
        [*mirrored, RetryMiddleware(1), AuthenticationMiddleware()], timeout=request.patience
    )
    return Gateway(cache_dir=Path(request.cache), client=client)


def _source(channel: str, platforms: Sequence[str], request: Request) -> str | MultiSource:
    """Return what the gateway reads for a channel: its URL, or the files of a local one."""
    from rattler import Channel, MultiSource, SparseRepoData

    if channel == "conda-forge" and request.snapshot:
        folder = Path(request.snapshot)
    elif channel == "conda-forge" and request.mirror and "://" not in request.mirror:
        folder = Path(request.mirror)
    elif channel.startswith("file://"):
        folder = Path(channel.removeprefix("file://"))
    else:
        return channel
    # One tier for all platforms: apart, a package that moved to noarch would be hidden.
    return MultiSource(
        channel,
        [
            SparseRepoData(Channel(channel), platform, path)
            for platform in platforms
            if (path := folder / platform / "repodata.json").exists()
        ],
    )


def _virtual_packages(channel: str, platforms: Sequence[str]) -> list[GenericVirtualPackage]:
    """Read conda-lock's channel of virtual packages; any other has none."""
    from rattler import BuildString, GenericVirtualPackage, PackageName, Version

    if not channel.startswith("file://"):
        return []
    paths = (Path(channel.removeprefix("file://")) / name / "repodata.json" for name in platforms)
    return [
        GenericVirtualPackage(
            PackageName(record["name"]), Version(record["version"]), BuildString(record["build"])
        )
        for path in paths
        if path.exists()
        for record in json.loads(path.read_text(encoding="utf-8"))["packages"].values()
        if record["name"].startswith("__")
    ]


async def _find(
    files: Sequence[str],
    sources: Sequence[str | MultiSource],
    platforms: Sequence[Any],
    gateway: Gateway,
    request: Request,
) -> list[RepoDataRecord]:
    """Return the records of locked files.

    A live channel may have withdrawn one, which then moves. The snapshot never had what it
    lacks: to go on would swap a lock's packages for older ones.

    Raises:
        RefusalError: the snapshot lacks one of them, or a pinned one is gone.

    """
    if not files:
        return []
    names = sorted({name_of(file) for file in files})
    found = await gateway.query(sources, platforms, names, recursive=False)
    records = {record.file_name: record for part in found for record in part}
    missing = sorted(set(files) - records.keys())
    if missing and (request.snapshot or files is request.pin):
        source = "the snapshot of conda-forge" if request.snapshot else "conda-forge"
        raise RefusalError(f"{source} lacks what is locked: " + ", ".join(missing), "lock")
    return [records[file] for file in files if file in records]


def name_of(file: str) -> str:
    """Return the package that a file name is of: `ca-certificates-2026.7.22-hbd8a1cb_0.conda`."""
    return file.rsplit("-", 2)[0]


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # rattler's threads can abort the interpreter's shutdown after all work is done.
    os._exit(status)
