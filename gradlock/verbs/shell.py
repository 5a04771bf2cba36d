"""The verb `shell`."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.inputs import variants
from gradlock.inside import shell as shells
from gradlock.verbs import building, connection, flags
from gradlock.verbs.outcome import verb


@verb(
    help={
        **flags.ONE,
        **flags.FOLDER,
        "command": "Run this instead of an interactive shell.",
    }
)
def shell(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    command: str = "",
    folder: str = ".",
) -> None:
    """Open a shell in an image, with this folder as its working folder."""
    (row,) = variants.load().select(variant=variant, cuda=cuda, gpu=gpu)
    docker = connection.connect()
    argv = ["bash", "-c", command] if command else ["bash"]
    reference = building.present(docker, row)
    status = shells.run(docker, reference, argv, folder=Path(folder), gpu=row.gpu, gpu_required=gpu)
    if status:
        raise Exit(code=status)
