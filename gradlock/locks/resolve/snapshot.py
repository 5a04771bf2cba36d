"""conda-forge's records as the project ships them, for where conda-forge cannot be reached.

They are metadata: enough to solve an environment, not to build one. `snapshot/README.md`
says where they come from and what they lack.
"""

from __future__ import annotations

import io
from pathlib import Path

import zstandard

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
        packed = io.BytesIO((FILES / f"{subdir}.json.zst").read_bytes())
        with target.open("wb") as stream:
            zstandard.ZstdDecompressor().copy_stream(packed, stream)
