"""The kinds of deployment: what each is made by, and which parts of an order it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from gradlock.deploy import compose, kubernetes, slurm
from gradlock.deploy.order import Order
from gradlock.errors import InputError


@dataclass(frozen=True)
class Kind:
    """A kind: how its text is made; a `job` has a command, and `near` may use a loaded image."""

    text: Callable[[Order], str]
    job: bool = False
    near: bool = False


def _yaml(make: Callable[[Order], Sequence[dict[str, Any]]]) -> Callable[[Order], str]:
    """Return what writes a kind's values as YAML, a document each."""

    def write(order: Order) -> str:
        return yaml.dump_all(make(order), Dumper=_Dumper, sort_keys=False, width=100)

    return write


class _Dumper(yaml.SafeDumper):
    """Writes a value that occurs twice twice: anchors are for machines."""

    def ignore_aliases(self, data: Any) -> bool:
        """Name nothing."""
        return True


KINDS = {
    "compose": Kind(_yaml(lambda order: [compose.workers(order)]), job=True, near=True),
    "jobset": Kind(_yaml(kubernetes.jobset), job=True),
    "trainjob": Kind(_yaml(kubernetes.trainjob), job=True),
    "statefulset": Kind(_yaml(kubernetes.statefulset)),
    "notebook": Kind(_yaml(kubernetes.notebook)),
    "slurm": Kind(slurm.script, job=True, near=True),
}


def named(name: str) -> Kind:
    """Return a kind by its name.

    Raises:
        InputError: there is none of that name.

    """
    if name not in KINDS:
        raise InputError(f"unknown kind {name!r}: use one of {', '.join(KINDS)}")
    return KINDS[name]
