"""Layers: each group of artifacts as one deterministic tar in the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: Where an image has its environment, as layers spell it.
PREFIX = "opt/conda"


@dataclass(frozen=True)
class Layer:
    """One layer of an image: an uncompressed tar below the store.

    `digest` is the sha256 of the tar (OCI's diff ID, without `sha256:`), `size` its bytes.
    """

    name: str
    path: Path
    digest: str
    size: int
