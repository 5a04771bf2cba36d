"""Wheels: requirements/*.in to a variant's pip lock, by uv; `pip_tools` referees.

uv resolves for the image's interpreter and platform from any host. A lock names one file a
package: the wheel that pip, too, would choose there.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from gradlock import store
from gradlock.errors import GradlockError, InputError, LockError, raise_all
from gradlock.inputs import variants, wanted
from gradlock.inputs.platforms import DEFAULT
from gradlock.inputs.variants import Variant
from gradlock.locks import lockfile, places
from gradlock.locks.moves import Move
from gradlock.locks.pins import WheelPin
from gradlock.locks.pylock import Wheel
from gradlock.locks.resolve import uv

#: The oldest glibc that a wheel may ask for is the newest that this counts to: TensorFlow
#: 2.21's own floor is 2.27, and 2.28 is what most of its neighbours are built for.
GLIBC = 28


def resolve(
    variant: Variant,
    as_of: datetime,
    *,
    keep: Iterable[WheelPin],
    constrain: Iterable[WheelPin] = (),
    moves: Sequence[Move] = (),
) -> tuple[Wheel, ...]:
    """Resolve a variant's requirements with uv, to one wheel a package.

    Pins of `keep` stay where they still fit, but for those of `moves`. Those of `constrain`
    (the lock that it follows) hold for every package that is shared.

    Raises:
        InputError: there is no solution; the chain of who asks for what is named, and which of
            it the lock to follow holds.
        LockError: a package is no wheel that fits.

    """
    constrain = tuple(constrain)
    with store.scratch("pip") as work:
        lock = work / "pylock.toml"
        _start(lock, keep)
        try:
            uv.compile_(
                [
                    *_target(variant, as_of),
                    *sources(variant, constrain, work),
                    *uv.upgrades(moves),
                    *("--format", "pylock.toml", "--output-file", lock),
                ],
                purpose=f"resolving the wheels of {variant.name}",
                where=inputs_of(variant, constrain),
            )
        except InputError as error:
            raise _held(error, variant, constrain) from None
        return _wheels(lock, variant)


def _held(error: InputError, variant: Variant, constrain: Iterable[WheelPin]) -> InputError:
    """Say which versions of an error are those of the lock that a variant follows."""
    named = set(re.findall(r"[\w.-]+==[\w.+!-]*\w", error.what))
    held = sorted(pin.requirement for pin in constrain if pin.requirement in named)
    if not held:
        return error
    leader = variant.extends or variants.LEADER
    return InputError(
        f"{error.what}\n    {', '.join(held)}: so in {leader}, which {variant.name} follows",
        where=error.where,
        mend=f"ask for what fits {leader}; ./inv lock --update NAME moves it there, too",
    )


def agreeing(
    guess: Future[tuple[Wheel, ...]], follow: Iterable[WheelPin]
) -> tuple[Wheel, ...] | None:
    """Return what was resolved without the lock to follow, where that would change no pin.

    That a guess failed is no fault: who resolves with that lock says why.
    """
    try:
        found = guess.result()
    except (GradlockError, CancelledError):
        return None
    theirs = {pin.name: pin for pin in follow}
    alike = all(theirs.get(wheel.pin.name, wheel.pin) == wheel.pin for wheel in found)
    return found if alike else None


def locate(pins: Iterable[WheelPin], variant: Variant, as_of: datetime) -> tuple[Wheel, ...]:
    """Find the one wheel of each version for the variant's interpreter and platform.

    Raises:
        LockError: a package has no such wheel; all of them are named.

    """
    with store.scratch("locate") as work:
        (work / "pins.txt").write_text("".join(f"{pin.requirement}\n" for pin in pins))
        uv.compile_(
            [
                *_target(variant, as_of),
                *("--no-deps", work / "pins.txt"),
                *("--format", "pylock.toml", "--output-file", work / "pylock.toml"),
            ],
            purpose=f"finding the wheels of {variant.name} in the index",
            where=lockfile.shown(wanted.REQUIREMENTS),
        )
        return _wheels(work / "pylock.toml", variant)


def inputs_of(variant: Variant, constrain: Iterable[WheelPin] = ()) -> str:
    """Return what a variant's wheels are resolved from, for an error."""
    names = [lockfile.shown(path) for path in wanted.wheel_inputs(variant)]
    leader = wanted.REQUIREMENTS / f"{variant.extends or variants.LEADER}.txt"
    follows = [lockfile.shown(leader)] if any(True for _ in constrain) else []
    return ", ".join([*names, variants.TABLE.name, *follows])


def sources(variant: Variant, constrain: Iterable[WheelPin], work: Path) -> tuple[str | Path, ...]:
    """Return the command-line arguments that name what to resolve, for either resolver."""
    wanted.read_with(wanted.wheel_inputs(variant))
    pinned = [f"{wanted.tensorflow(variant)}=={variant.tensorflow}"]
    if variant.cudnn:
        pinned.append(f"nvidia-cudnn-cu12=={variant.cudnn}")
    pinned += [
        f"{pin.name}=={pin.version}" for pin in constrain if pin.name not in wanted.TENSORFLOWS
    ]
    constraints = work / "constraints.txt"
    constraints.write_text("".join(f"{line}\n" for line in pinned))
    options = (
        part for path in (*wanted.toolkit(variant), constraints) for part in ("--constraint", path)
    )
    return (*wanted.requirements(variant), *options)


def _start(lock: Path, keep: Iterable[WheelPin]) -> None:
    """Write the pins that uv prefers; a wheel that has a place is where the inputs say."""
    packages = [
        f'[[packages]]\nname = "{pin.name}"\nversion = "{pin.version}"\n'
        for pin in keep
        if not pin.place
    ]
    if packages:
        lock.write_text('lock-version = "1.0"\ncreated-by = "gradlock"\n' + "".join(packages))


def _wheels(lock: Path, variant: Variant) -> tuple[Wheel, ...]:
    """Read what uv resolved: for each package the one wheel that fits a variant best.

    Raises:
        LockError: a package is no wheel that fits; all such are named.

    """
    ranks = {tag: rank for rank, tag in enumerate(platform_tags(variant))}
    wheels, problems = [], []
    for package in tomllib.loads(lock.read_text(encoding="utf-8"))["packages"]:
        named = f"{package['name']} {package.get('version', '')}".strip()
        wheel, fault = None, _fault(package, variant)
        if not fault:
            wheel = _placed(package, ranks, lock) if "archive" in package else _best(package, ranks)
        if wheel:
            wheels.append(wheel)
        else:
            problems.append(
                LockError(
                    f"{named} {fault}"
                    if fault
                    else f"{named} has no wheel for Python "
                    f"{variant.python} on manylinux_2_{GLIBC}_{variant.machine.machine}",
                    where=inputs_of(variant),
                    mend="ask for a version that has one",
                )
            )
    raise_all(LockError, problems)
    return tuple(sorted(wheels, key=lambda wheel: wheel.pin.name))


def _fault(package: Mapping[str, Any], variant: Variant) -> str:
    """Say why a package of uv's answer cannot be locked at all; empty where it may."""
    if other := sorted({"vcs", "directory"} & package.keys()):
        return f"is from a {other[0]}, which has no hash: build a wheel of it, and name that"
    marker = package.get("marker")
    if marker and not Marker(marker).evaluate(variant.environment):
        return f"is not for this variant, by uv's own marker: {marker}"
    return ""


def _placed(package: Mapping[str, Any], ranks: Mapping[Tag, int], lock: Path) -> Wheel | None:
    """Return the wheel that a person named by URL or path, where it fits."""
    archive = package["archive"]
    if "path" in archive:
        place = f"./{os.path.relpath(lock.parent / archive['path'], store.ROOT)}"
    else:
        place = archive["url"].partition("#")[0]
    found = places.wheel_of(place)
    if not found or "@" in urlsplit(place).netloc:  # a login is nobody else's
        return None
    filename = places.filename_of(place)
    if ranks.keys().isdisjoint(parse_wheel_filename(filename)[3]):
        return None
    pin = WheelPin(*found, archive["hashes"]["sha256"], place)
    return Wheel(pin, filename, archive.get("size", 0))


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
    return Wheel(pin, filename, offer.get("size", 0), offer["url"])


def _target(variant: Variant, as_of: datetime) -> list[str]:
    """Return the part of uv's command line that says what for, and as of when."""
    return [
        *("--python-version", variant.python),
        *("--python-platform", f"{variant.machine.machine}-manylinux_2_{GLIBC}"),
        *("--only-binary", ":all:"),
        *("--exclude-newer", as_of.isoformat()),
    ]
