"""images.lock: the ID that everybody must get, by channel and variant."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tomlkit

from gradlock import progress, store
from gradlock.errors import LockError, PinError
from gradlock.images import packed
from gradlock.images.image import Image
from gradlock.inputs import variants

PATH = store.ROOT / "images.lock"
HEADER = (
    "The ID of every image, by channel and variant: the same locks give the same ID, bit for\n"
    "bit, on every machine, and the same manifest in every registry. `invoke image --pin` writes\n"
    "an entry; a build that gives another ID fails and names the layers that differ."
)
#: What an entry holds, and as what.
FIELDS = {"id": str, "manifest": str, "locks": str, "layers": dict}


@dataclass(frozen=True)
class ImagePin:
    """What an image was pinned to: its ID, the hash of its locks, its layers' digests.

    `manifest` is the digest that it has in every registry.
    """

    id: str
    manifest: str
    locks: str
    layers: dict[str, str]


def pin_of(image: Image) -> ImagePin:
    """Return what pinning an image records; its layers are compressed to know the manifest."""
    layers = {layer.name: layer.digest for layer in image.layers}
    return ImagePin(image.id, packed.digest(image), image.locks, layers)


def find(channel: str, variant: str, path: Path = PATH) -> ImagePin | None:
    """Return what is pinned, or None.

    Raises:
        LockError: images.lock is not what `--pin` writes.

    """
    entry = _read(path).get(channel, {}).get(variant)
    return ImagePin(**entry) if entry else None


def require(rows: Iterable[tuple[str, str]], path: Path = PATH) -> None:
    """See that every one of some images, each a channel and a variant, is pinned.

    Raises:
        PinError: some are not; all are named.

    """
    missing = [f"{name} from {channel}" for channel, name in rows if not find(channel, name, path)]
    if missing:
        raise PinError(
            f"nothing says which ID these images must have: {', '.join(missing)}",
            where=path.name,
            mend="./inv image --variant NAME --pin, and commit it; or git checkout it",
        )


def _read(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Return every entry, by channel and variant; none where there is no file."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        for channel, rows in entries.items():
            for variant, row in rows.items():
                if {key: type(value) for key, value in row.items()} != FIELDS:
                    raise TypeError(f"{channel}.{variant} is malformed")
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LockError(
            f"images.lock is not what `invoke image --pin` writes: {error}",
            where=path.name,
            mend=f"git checkout {path.name}",
        ) from error
    return entries


def write(image: Image, path: Path = PATH) -> None:
    """Pin an image; the other entries stay, but for those of rows that the table has no more."""
    known = {image.variant, *(row.name for row in variants.load())}
    with store.exclusive("pins"):
        document = tomlkit.document()
        for line in HEADER.splitlines():
            document.add(tomlkit.comment(line))
        old = _read(path)
        pin = pin_of(image)
        old.setdefault(image.channel, {})[image.variant] = asdict(pin)
        for channel in sorted(old):
            rows = tomlkit.table(is_super_table=True)
            for variant in sorted(known & old[channel].keys()):
                rows.add(variant, old[channel][variant])
            document.add(channel, rows)
        store.write_text(path, tomlkit.dumps(document))


def hold(image: Image) -> None:
    """Hold an image to what is pinned; say so where nothing is.

    Raises:
        PinError: it has another ID.

    """
    if known := find(image.channel, image.variant):
        check(image, known)
    else:
        progress.say(
            f"images.lock has no ID for {image.variant} from {image.channel}; --pin writes it"
        )


def check(image: Image, pin: ImagePin) -> None:
    """Compare a build with its pin.

    Raises:
        PinError: the IDs differ; the layers that differ are named.

    """
    if image.id == pin.id:
        return
    ours = {layer.name: layer.digest for layer in image.layers}
    differing = [
        name
        for name in [*ours, *(gone for gone in pin.layers if gone not in ours)]
        if ours.get(name) != pin.layers.get(name)
    ]
    moved = pin.locks != image.locks
    raise PinError(
        f"{image.variant} came out as {image.id}, but is pinned to {pin.id}; "
        f"layers that differ: {', '.join(differing) or 'none, only the configuration'}",
        where=f"{PATH.name}, [{image.channel}.{image.variant}]",
        mend=(
            "the locks have moved since it was pinned: if that was meant, "
            "./inv image --pin, and commit images.lock with the locks"
            if moved
            else "the locks are those that were pinned, so this build is not reproducible: "
            "report it with the layers named above (./inv image --pin if the code was changed)"
        ),
    )


def hold_manifest(image: Image) -> None:
    """Hold an image to the digest that is pinned for registries; one must be.

    Raises:
        PinError: compressed, its layers are not what was pinned.

    """
    pin = find(image.channel, image.variant)
    found = packed.digest(image)
    if pin is None or pin.manifest != found:
        said = pin.manifest if pin else "none"
        raise PinError(
            f"{image.variant} would be {found} in a registry, but the pinned one is {said}",
            where=f"{PATH.name}, [{image.channel}.{image.variant}]",
            mend="the release of the compressor has changed (requirements/dev.txt): "
            "./inv image --pin; else remove the .tar.gz files in the store's folder layers",
        )
