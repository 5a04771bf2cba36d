"""An order: an image by its digest, and names and numbers that a cluster takes."""

from __future__ import annotations

from typing import Any

import pytest

from gradlock.deploy import order
from gradlock.deploy.order import Order
from gradlock.errors import InputError
from gradlock.images.pins import ImagePin

PIN = ImagePin(f"sha256:{'1' * 64}", f"sha256:{'2' * 64}", "sha256:locks", {})
OTHER = f"sha256:{'3' * 64}"


@pytest.mark.parametrize(
    ("given", "image"),
    [
        ("", PIN.id),
        ("ghcr.io/team/x", f"ghcr.io/team/x@{PIN.manifest}"),
        ("localhost:5000/x", f"localhost:5000/x@{PIN.manifest}"),
        (f"ghcr.io/team/x@{OTHER}", f"ghcr.io/team/x@{OTHER}"),
    ],
)
def test_an_image_is_named_by_what_cannot_move(given: str, image: str) -> None:
    assert order.image(given, PIN) == image


@pytest.mark.parametrize(
    "given", ["gradlock", "ghcr.io/x:latest", "ghcr.io/x@", "ghcr.io/x@sha256:1", "ghcr.io/X"]
)
def test_another_image_is_refused(given: str) -> None:
    with pytest.raises(InputError):
        order.image(given, PIN)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"name": name} for name in ("", "A", "a_b", "-a", "a-", "1a", "a" * 41)),
        *({"workers": 0}, {"workers": 100_001}, {"cpus": 0}, {"gpus": -1}, {"claim": "a/b"}),
    ],
)
def test_what_no_cluster_takes_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Order(**{"name": "a", "image": PIN.id, **wrong})
