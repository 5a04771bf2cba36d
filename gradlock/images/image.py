"""Images: layers and a configuration, assembled without an engine.

An image's ID is the hash of its configuration, which lists the hash of every layer: a
function of the locks, the channel and gradlock's own files, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradlock import store
from gradlock.images.config import config
from gradlock.images.recipe import Recipe
from gradlock.layers import Layer


@dataclass(frozen=True)
class Image:
    """An image in the store: its layers, bottom first, and its configuration's bytes."""

    variant: str
    channel: str
    locks: str
    config: bytes
    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, recipe: Recipe, layers: Sequence[Layer]) -> Image:
        """Return a recipe's image from its layers, bottom first."""
        locks = f"sha256:{recipe.locks.digest}"
        return cls(recipe.name, recipe.channel, locks, config(recipe, layers), tuple(layers))

    @property
    def id(self) -> str:
        """The image's ID, as engines show it."""
        return f"sha256:{store.digest(self.config)}"

    @property
    def reference(self) -> str:
        """The tag that the image gets in an engine."""
        return f"gradlock:{self.variant}"

    @property
    def size(self) -> int:
        """The bytes of all layers."""
        return sum(layer.size for layer in self.layers)
