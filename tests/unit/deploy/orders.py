"""Orders, and what is found in the values that are made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from gradlock.deploy import kinds
from gradlock.deploy.order import Order

DIGEST = f"sha256:{'a' * 64}"
IMAGE = f"ghcr.io/team/gradlock@{DIGEST}"
COMMAND = "python train.py --note 'a b' \"$HOME\""
JOB = Order("mnist", IMAGE, workers=3, command=COMMAND, claim="data")
LAB = Order("lab", IMAGE)
KUBERNETES = {"jobset": JOB, "trainjob": JOB, "statefulset": LAB, "notebook": LAB}


def documents(name: str, order: Order) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(kinds.named(name).text(order)))


def templates(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every pod's specification, however deep."""
    if isinstance(value, dict):
        if "containers" in value:
            yield value
        for part in value.values():
            yield from templates(part)
    elif isinstance(value, list):
        for part in value:
            yield from templates(part)


def pods() -> list[Any]:
    return [
        pytest.param(pod, id=name)
        for name, order in KUBERNETES.items()
        for document in documents(name, order)
        for pod in templates(document)
    ]
