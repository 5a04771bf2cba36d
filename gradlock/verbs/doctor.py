"""The verb `doctor`."""

from __future__ import annotations

from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.doctor import program
from gradlock.verbs.outcome import verb


@verb(help=program.HELP)
def doctor(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    container: str = "",
    json_: bool = False,
) -> None:
    """Say what is wrong with this machine, or with a container, and what mends it."""
    status = program.run(variant=variant, cuda=cuda, gpu=gpu, container=container, json=json_)
    if status:
        raise Exit(code=status)
