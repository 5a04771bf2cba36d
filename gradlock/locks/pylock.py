"""pylock.<variant>.toml: a pip lock as PEP 751 has it, beside the one in pip-tools' format.

It says the same, and the files' names and sizes. No index is named in it: a file lies below
`wheels/`, beside the lock, where `./inv fetch --to` puts it; a wheel by URL keeps its URL.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from packaging.pylock import Pylock, PylockValidationError

from gradlock import store
from gradlock.errors import EditedError, LockError
from gradlock.inputs.variants import Variant
from gradlock.locks import form, lockfile, places
from gradlock.locks.lockfile import LockText
from gradlock.locks.pins import WheelPin

#: Where the files of an index are looked for, from the lock on.
FOLDER = "wheels"


@dataclass(frozen=True)
class Wheel:
    """A wheel as a resolver found it; `size` in bytes, 0 where it is not known.

    `url` is where an index has it today, which no lock says.
    """

    pin: WheelPin
    filename: str
    size: int = 0
    url: str = ""


def write(wheels: Iterable[Wheel], variant: Variant, lock: Path) -> str:
    """Return the body of a variant's lock, which is to lie at `lock`."""
    document = _document(variant)
    packages = tomlkit.aot()
    for wheel in sorted(wheels, key=lambda wheel: wheel.pin.name):
        package = tomlkit.table()
        package["name"] = wheel.pin.name
        package["version"] = wheel.pin.version
        if wheel.pin.place:
            package["archive"] = _inline(_where(wheel.pin.place, lock), wheel)
        else:
            files = tomlkit.array()
            files.append(_inline({"path": f"{FOLDER}/{wheel.filename}"}, wheel))
            package["wheels"] = files
        packages.append(package)
    document["packages"] = packages
    return tomlkit.dumps(document)


def _document(variant: Variant) -> tomlkit.TOMLDocument:
    """Return what a variant's lock says before its packages."""
    document = tomlkit.document()
    document["lock-version"] = "1.0"
    document["environments"] = [
        f"implementation_name == 'cpython' and python_version == '{variant.python}' "
        f"and sys_platform == 'linux' and platform_machine == '{variant.machine.machine}'"
    ]
    document["requires-python"] = f"=={variant.python}.*"
    document["created-by"] = "gradlock"
    return document


def _inline(where: dict[str, str], wheel: Wheel) -> Any:
    """Return a file's place, size and hash as one line."""
    row = tomlkit.inline_table()
    row.update(where)
    if wheel.size:
        row["size"] = wheel.size
    hashes = tomlkit.inline_table()
    hashes["sha256"] = wheel.pin.sha256
    row["hashes"] = hashes
    return row


def _where(place: str, lock: Path) -> dict[str, str]:
    if place.startswith("./"):
        return {"path": Path(os.path.relpath(store.ROOT / place, lock.parent)).as_posix()}
    return {"url": place}


def read(lock: LockText) -> tuple[Wheel, ...]:
    """Read the body of a lock.

    Raises:
        LockError: it is not what the standard says, or holds what `write` does not write.

    """
    try:
        packages = Pylock.from_dict(tomllib.loads(lock.body)).packages
        return tuple(_wheel(package, lock.path) for package in packages)
    except (tomllib.TOMLDecodeError, PylockValidationError, ValueError, KeyError) as error:
        raise LockError(
            f"not a lock as PEP 751 has it, with one wheel for every package: {error}",
            where=lockfile.shown(lock.path),
            mend=lockfile.RELOCK,
        ) from error


def check(lock: LockText, pip: LockText, variant: Variant) -> None:
    """Check that a variant's lock says what the pip lock says that it was written from.

    Raises:
        LockError: it was written from another, names other files, or is for another variant.

    """
    form.check(lock)
    if not lock.body.startswith(tomlkit.dumps(_document(variant))):
        raise EditedError(
            f"a lock is not what `invoke lock` wrote: it is not for {variant.name}",
            where=f"{lockfile.shown(lock.path)}:{lockfile.HEADER + 1}",
            mend=f"git checkout it, or {lockfile.RELOCK}",
        )
    ours = {wheel.pin for wheel in read(lock)}
    theirs = set(lockfile.parse_wheels(pip))
    if lock.inputs != pip.digest or ours != theirs:
        names = sorted({pin.name for pin in ours ^ theirs})
        raise LockError(
            f"a lock is not of {lockfile.shown(pip.path)}: {', '.join(names) or 'it is older'}",
            where=", ".join(lockfile.place_of(each, names[0]) for each in (lock, pip))
            if names
            else lockfile.shown(lock.path),
            mend=f"{lockfile.RELOCK}; or git checkout the one that was edited by hand",
        )


def _wheel(package: Any, lock: Path) -> Wheel:
    """Return the one wheel of a package."""
    if package.archive:
        file = package.archive
        local = file.path and os.path.relpath(lock.parent / file.path, store.ROOT)
        place = f"./{Path(local).as_posix()}" if local else file.url
        filename = places.filename_of(place)
    else:
        if len(package.wheels or ()) != 1:
            raise ValueError(f"{package.name} has not one wheel")
        file = package.wheels[0]
        place, filename = "", file.filename
    pin = WheelPin(package.name, str(package.version), file.hashes["sha256"], place)
    return Wheel(pin, filename, file.size or 0)
