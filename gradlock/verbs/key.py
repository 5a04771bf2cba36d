"""The verb `key`."""

from __future__ import annotations

from pathlib import Path

import tomlkit
from invoke.context import Context

from gradlock.verbs.outcome import out, verb


@verb(
    positional=["path"],
    help={"path": "The private key's file, made where it is not there yet: keep it to yourself."},
)
def key(_context: Context, path: str) -> None:
    """Make a key that signs, and print what a policy says to trust it."""
    from gradlock.proof import keys  # its library is needed for nothing else

    file = Path(path)
    try:
        signer = keys.make(file)
    except FileExistsError:
        signer = keys.load(file)
    row = tomlkit.document()
    row["keys"] = {file.stem: {"public": keys.public(signer)}}
    out.print(tomlkit.dumps(row), end="", markup=False)
