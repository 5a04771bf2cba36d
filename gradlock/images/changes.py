"""What two states of images.lock say of each image: its size, and what a colleague pulls anew."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradlock import store


@dataclass(frozen=True)
class ImageChange:
    """An image whose ID differs; sizes in bytes, None where a layer is not in this store.

    `layers` names those that the older image has not (of a new one: that of the variant which it
    extends), and `pulled` is what they weigh.
    """

    variant: str
    channel: str
    old: str | None
    new: str | None
    old_size: int | None
    new_size: int | None
    pulled: int | None
    layers: tuple[str, ...]


def compare(
    old: str | None, new: str | None, below: Mapping[str, str] | None = None
) -> tuple[ImageChange, ...]:
    """Compare two texts of images.lock; `below` names the variant that another one extends.

    Who pulls the first image of such a variant has the one below it.
    """
    before, after, lower = _entries(old), _entries(new), below or {}
    return tuple(
        _change(*key, before.get(key), after.get(key), after.get((key[0], lower.get(key[1], ""))))
        for key in dict.fromkeys([*before, *after])
        if (before.get(key) or {}).get("id") != (after.get(key) or {}).get("id")
    )


def _entries(text: str | None) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the pinned images by channel and variant; none of what cannot be read."""
    try:
        channels = tomllib.loads(text or "")
    except tomllib.TOMLDecodeError:
        return {}
    return {
        (channel, variant): entry
        for channel, entries in channels.items()
        for variant, entry in entries.items()
    }


def _change(
    channel: str,
    variant: str,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    below: Mapping[str, Any] | None,
) -> ImageChange:
    before: dict[str, str] = dict(old["layers"]) if old else {}
    after: dict[str, str] = dict(new["layers"]) if new else {}
    had = (old or below or {"layers": {}})["layers"].values()
    fresh = {name: digest for name, digest in after.items() if digest not in had}
    return ImageChange(
        variant,
        channel,
        old["id"] if old else None,
        new["id"] if new else None,
        _total(before) if old else None,
        _total(after) if new else None,
        _total(fresh) if new else None,
        tuple(fresh),
    )


def _total(layers: Mapping[str, str]) -> int | None:
    """Return what layers weigh, where the store has all of them."""
    try:
        return sum(_path(digest).stat().st_size for digest in layers.values())
    except FileNotFoundError:
        return None


def _path(digest: str) -> Path:
    return store.folder("layers") / f"{digest}.tar"
