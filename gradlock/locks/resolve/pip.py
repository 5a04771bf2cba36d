"""Wheels: requirements/*.in to a variant's pip lock, by uv; pip-tools referees.

uv resolves for the image's interpreter and platform from any host. A lock names one file a
package: the wheel that pip, too, would choose there.
"""

from __future__ import annotations

import re
import sysconfig
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename
from uv import find_uv_bin

from gradlock import command, store
from gradlock.command import Program
from gradlock.errors import LockError, raise_all
from gradlock.inputs import wanted
from gradlock.inputs.platforms import DEFAULT
from gradlock.inputs.variants import Variant
from gradlock.locks.lockfile import WheelPin, format_wheels

#: Found before there are threads: sysconfig, which it asks, gives two of them half an answer.
UV = find_uv_bin()
#: The oldest glibc that a wheel may ask for is the newest that this counts to: TensorFlow
#: 2.21's own floor is 2.27, and 2.28 is what most of its neighbours are built for.
GLIBC = 28
#: The oldest Python that gradlock itself runs under.
HOST = "3.11"


@dataclass(frozen=True)
class Wheel:
    """A wheel as the index offers it; `size` in bytes."""

    pin: WheelPin
    url: str
    filename: str
    size: int


def resolve(
    variant: Variant,
    as_of: datetime,
    *,
    keep: Iterable[WheelPin],
    constrain: Iterable[WheelPin] = (),
    upgrade: Sequence[str] = (),
) -> tuple[WheelPin, ...]:
    """Resolve a variant's requirements with uv, to one wheel a package.

    Pins of `keep` stay where they still fit, but for the names in `upgrade`. Those of
    `constrain` (the CPU lock, for a GPU variant) hold for every package that is shared.
    """
    with store.scratch("pip") as work:
        lock = work / "lock.txt"
        lock.write_text(format_wheels(keep))
        command.run(
            [
                *_uv_compile(variant, as_of),
                *_sources(variant, constrain, work),
                *(option for name in upgrade for option in ("--upgrade-package", name)),
                *("--output-file", lock),
            ],
            purpose=f"resolving the wheels of {variant.name}",
            env=command.networked(),
        )
        pairs = _pairs(lock)
    return tuple(wheel.pin for wheel in locate(pairs, variant, as_of))


def resolve_tools(
    source: Path, as_of: datetime, *, keep: str, follow: str = "", upgrade: Sequence[str] = ()
) -> str:
    """Resolve tools of gradlock's own for any host; return the lock's body, all hashes in it.

    `keep` is the body of the lock that there is, whose pins stay where they still fit; those of
    `follow` hold for every package that is shared.
    """
    with store.scratch("tools") as work:
        (work / "lock.txt").write_text(keep)
        (work / "constraints.txt").write_text(follow)
        command.run(
            [
                *(UV, "pip", "compile", "--quiet", "--no-header", "--no-annotate"),
                *("--universal", "--python-version", HOST, "--only-binary", ":all:"),
                *("--exclude-newer", as_of.isoformat(), "--generate-hashes"),
                *(option for name in upgrade for option in ("--upgrade-package", name)),
                *("--constraint", work / "constraints.txt"),
                *("--output-file", work / "lock.txt", source),
            ],
            purpose=f"resolving gradlock's own tools ({source.name})",
            env=command.networked(),
        )
        return (work / "lock.txt").read_text(encoding="utf-8")


def resolve_with_pip_tools(
    variant: Variant,
    as_of: datetime,
    interpreter: Program,
    *,
    keep: Iterable[WheelPin],
    constrain: Iterable[WheelPin] = (),
    upgrade: Sequence[str] = (),
) -> tuple[WheelPin, ...]:
    """Resolve a variant's requirements with pip-compile alone; otherwise as `resolve`.

    `interpreter` is the image's own Python: pip resolves for the Python that it runs under.
    """
    pairs = _pip_compile(variant, as_of, interpreter, keep, constrain, upgrade)
    return tuple(wheel.pin for wheel in locate(pairs, variant, as_of))


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
    theirs = dict(_pip_compile(variant, as_of, interpreter, pins, constrain))
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


def _pip_compile(
    variant: Variant,
    as_of: datetime,
    interpreter: Program,
    keep: Iterable[WheelPin],
    constrain: Iterable[WheelPin],
    upgrade: Sequence[str] = (),
) -> list[tuple[str, str]]:
    """Run pip-compile under the image's Python; return the (name, version) of every pin."""
    with store.scratch("piptools") as work:
        lock = work / "lock.txt"
        lock.write_text("".join(f"{pin.name}=={pin.version}\n" for pin in keep))
        command.run(
            [
                *(*interpreter.argv, "-m", "piptools", "compile", "--quiet", "--no-header"),
                *("--no-annotate", "--strip-extras", "--allow-unsafe", "--no-config"),
                *("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host"),
                *("--cache-dir", store.folder("piptools")),
                *("--pip-args", f"--only-binary :all: --uploaded-prior-to {as_of.isoformat()}"),
                *_sources(variant, constrain, work),
                *(option for name in upgrade for option in ("--upgrade-package", name)),
                *("--output-file", lock),
            ],
            purpose=f"resolving the wheels of {variant.name} with pip-compile",
            env=command.networked(**interpreter.env, PYTHONPATH=sysconfig.get_paths()["purelib"]),
        )
        return _pairs(lock)


def _sources(variant: Variant, constrain: Iterable[WheelPin], work: Path) -> tuple[str | Path, ...]:
    """Return the command-line arguments that name what to resolve, for either resolver."""
    for path in wanted.wheel_inputs(variant):
        wanted.text(path)
    _, own, *parts = wanted.wheel_inputs(variant)
    pinned = [f"{wanted.tensorflow(variant)}=={variant.tensorflow}"]
    if variant.cudnn:
        pinned.append(f"nvidia-cudnn-cu12=={variant.cudnn}")
    pinned += [
        f"{pin.name}=={pin.version}" for pin in constrain if pin.name not in wanted.TENSORFLOWS
    ]
    constraints = work / "constraints.txt"
    constraints.write_text("".join(f"{line}\n" for line in pinned))
    options = (part for path in (*parts, constraints) for part in ("--constraint", path))
    return (own, *options)


def _pairs(lock: Path) -> list[tuple[str, str]]:
    """Return the (name, version) of every pin in what a resolver wrote."""
    return re.findall(r"(?m)^([a-z0-9-]+)==([^\s;]+)", lock.read_text(encoding="utf-8"))


def locate(
    versions: Iterable[tuple[str, str]], variant: Variant, as_of: datetime
) -> tuple[Wheel, ...]:
    """Find the one wheel of each (name, version) for the variant's interpreter and platform.

    Raises:
        LockError: a package has no such wheel; all of them are named.

    """
    with store.scratch("locate") as work:
        (work / "pins.txt").write_text("".join(f"{name}=={v}\n" for name, v in versions))
        command.run(
            [
                *(*_uv_compile(variant, as_of), work / "pins.txt", "--no-deps"),
                *("--format", "pylock.toml", "--output-file", work / "pylock.toml"),
            ],
            purpose=f"finding the wheels of {variant.name} in the index",
            env=command.networked(),
        )
        packages = tomllib.loads((work / "pylock.toml").read_text())["packages"]
    ranks = {tag: rank for rank, tag in enumerate(platform_tags(variant))}
    wheels, problems = [], []
    for package in packages:
        wheel = _best(package, ranks)
        if wheel:
            wheels.append(wheel)
        else:
            problems.append(
                LockError(
                    f"{package['name']} {package['version']} has no wheel for Python "
                    f"{variant.python} on manylinux_2_{GLIBC}_{variant.machine.machine}",
                    where=f"the inputs of {variant.name}",
                    mend="ask for a version that has one",
                )
            )
    raise_all(LockError, problems)
    return tuple(sorted(wheels, key=lambda wheel: wheel.pin.name))


def platform_tags(variant: Variant) -> tuple[Tag, ...]:
    """Return the tags of wheels that fit a variant, best first."""
    machine = variant.machine.machine
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    oldest = 4 if variant.platform == DEFAULT else 16  # other machines came with glibc 2.17
    platforms = []
    for minor in range(GLIBC, oldest, -1):
        platforms.append(f"manylinux_2_{minor}_{machine}")
        if minor in legacy:
            platforms.append(f"{legacy[minor]}_{machine}")
    platforms.append(f"linux_{machine}")
    version = tuple(int(part) for part in variant.python.split("."))
    # Named, so that this does not depend on how the Python that runs it was built.
    abi = f"cp{version[0]}{version[1]}"
    return (
        *cpython_tags(version, [abi], platforms),
        *compatible_tags(version, abi, platforms),
    )


def _best(package: Mapping[str, Any], ranks: Mapping[Tag, int]) -> Wheel | None:
    """Choose a package's wheel as pip does: by its best tag, then its highest build."""
    choices = []
    for offer in package.get("wheels", ()):
        filename = offer.get("name") or unquote(offer["url"].rpartition("/")[2])
        _, _, build, tags = parse_wheel_filename(filename)
        fits = [ranks[tag] for tag in tags if tag in ranks]
        if fits:
            choices.append(((-min(fits), build), filename, offer))
    if not choices:
        return None
    _, filename, offer = max(choices, key=lambda choice: choice[:2])
    pin = WheelPin(
        canonicalize_name(package["name"]), package["version"], offer["hashes"]["sha256"]
    )
    return Wheel(pin, offer["url"], filename, offer.get("size", 0))


def _uv_compile(variant: Variant, as_of: datetime) -> list[str | Path]:
    """Return the part of uv's command line that every compilation shares."""
    return [
        *(UV, "pip", "compile", "--quiet", "--no-header", "--no-annotate"),
        *("--python-version", variant.python),
        *("--python-platform", f"{variant.machine.machine}-manylinux_2_{GLIBC}"),
        *("--only-binary", ":all:"),
        *("--exclude-newer", as_of.isoformat()),
    ]
