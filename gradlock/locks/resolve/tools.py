"""gradlock's own tools: requirements/dev.in and desk.in to their locks, by uv, for any host."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gradlock import store
from gradlock.locks import lockfile
from gradlock.locks.moves import Move
from gradlock.locks.resolve import uv

#: The oldest Python that gradlock itself runs under.
HOST = "3.11"


def resolve(
    source: Path, as_of: datetime, *, keep: str, follow: str = "", moves: Sequence[Move] = ()
) -> str:
    """Resolve tools of gradlock's own; return the lock's body, all hashes in it.

    `keep` is the body of the lock that there is, whose pins stay where they still fit, but for
    those of `moves`; those of `follow` hold for every package that is shared.
    """
    with store.scratch("tools") as work:
        lock = work / "lock.txt"
        # Without hashes: uv would take them over as they are, also those that somebody edited.
        lock.write_text(re.sub(r" \\\n +--hash=\S+", "", keep))
        (work / "constraints.txt").write_text(follow)
        uv.compile_(
            [
                *("--universal", "--python-version", HOST, "--only-binary", ":all:"),
                *("--exclude-newer", as_of.isoformat(), "--generate-hashes"),
                *uv.upgrades(moves),
                *("--constraint", work / "constraints.txt"),
                *("--output-file", lock, source),
            ],
            purpose=f"resolving gradlock's own tools ({source.name})",
            where=lockfile.shown(source),
        )
        return lock.read_text(encoding="utf-8")
