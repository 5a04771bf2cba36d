"""conda-forge's records as the project ships them, for where conda-forge cannot be reached.

They are metadata: enough to solve an environment, not to build one. `snapshot/README.md`
says where they come from and what they lack.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Set
from pathlib import Path

import zstandard

from gradlock.inputs.platforms import DEFAULT, PLATFORMS

#: When the newest record was built.
DATE = "2026-08-13"
FILES = Path(__file__).with_name("snapshot")


def subdirs() -> tuple[str, ...]:
    """Return the platforms that the snapshot has records for, `noarch` among them."""
    return tuple(sorted(path.name.removesuffix(".json.zst") for path in FILES.glob("*.json.zst")))


def unpack(folder: Path) -> None:
    """Write the snapshot as a channel: `folder/<subdir>/repodata.json`."""
    for subdir in subdirs():
        target = folder / subdir / "repodata.json"
        target.parent.mkdir(parents=True)
        target.write_bytes(_read(subdir))


def lacking(names: Iterable[str], subdir: str) -> tuple[str, ...]:
    """Return the names that have records for the usual platform, and none for another one.

    What is on no platform is none of them: it is no name of conda-forge's, or misspelt.
    """
    usual, other = (_names(each) for each in (PLATFORMS[DEFAULT].conda, subdir))
    anywhere = other | _names("noarch")
    return tuple(name for name in names if name in usual and name not in anywhere)


def _names(subdir: str) -> Set[str]:
    """Return the packages that have records for a platform."""
    records = json.loads(_read(subdir))
    kinds = ("packages", "packages.conda")
    return {record["name"] for kind in kinds for record in records[kind].values()}


def _read(subdir: str) -> bytes:
    """Return a platform's records, as a channel has them."""
    packed, plain = (FILES / f"{subdir}.json.zst").read_bytes(), io.BytesIO()
    zstandard.ZstdDecompressor().copy_stream(io.BytesIO(packed), plain)
    return plain.getvalue()
