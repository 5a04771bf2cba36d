"""Pinned images that came whole from elsewhere: known by what they are, not by how they are made.

<store>/pulled/<id>    an image with this ID came from a registry, and its layers are here
"""

from __future__ import annotations

from pathlib import Path

from gradlock import store
from gradlock.images import parts, pins
from gradlock.images.config import config
from gradlock.images.image import Image
from gradlock.images.pins import ImagePin
from gradlock.images.recipe import Recipe
from gradlock.layers import Layer, cache


def pin_of(recipe: Recipe) -> ImagePin | None:
    """Return the pin of a recipe, if what is here and now can only give that image.

    Its locks, its configuration and gradlock's own files must be those that were pinned. How
    the other layers are made is not looked at: their digests are the pinned ones.
    """
    pin = pins.find(recipe.channel, recipe.name)
    if pin is None or pin.locks != f"sha256:{recipe.locks.digest}":
        return None
    own = cache.get("files", *parts.own(recipe))
    if pin.layers.get(own.name) != own.digest:
        return None
    named = [Layer(name, own.path, digest, 0) for name, digest in pin.layers.items()]
    return pin if f"sha256:{store.digest(config(recipe, named))}" == pin.id else None


def find(recipe: Recipe) -> Image | None:
    """Return a recipe's pinned image, if it came from elsewhere and the store has it whole."""
    known = pins.find(recipe.channel, recipe.name)
    if known is None or not _mark(known.id).exists():
        return None
    pin = pin_of(recipe)
    if pin is None:
        return None
    layers = [cache.held(name, digest) for name, digest in pin.layers.items()]
    whole = [layer for layer in layers if layer is not None]
    return Image.of(recipe, whole) if len(whole) == len(layers) else None


def note(image: Image) -> None:
    """Write down that an image came from elsewhere."""
    store.write_text(_mark(image.id), image.reference)


def _mark(identity: str) -> Path:
    return store.folder("pulled") / identity.removeprefix("sha256:")
