"""What py-rattler does with package files, as a program.

`list` prints what they hold, as JSON; `install` lays them into a prefix. A process of its own,
since rattler may abort the one that it is in.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rattler.package_streaming import ArchiveEntry

#: The files that say what a package is, and what is done with the others; the last two not in
#: every one.
INDEX, PATHS, LINK = "info/index.json", "info/paths.json", "info/link.json"


async def listed(path: Path) -> dict[str, Any]:
    """Return what a package holds: its archive's `entries`, its `paths`, `index` and `commands`.

    An entry is its name, and `file`, `symlink`, `hardlink` or `other`, and a link's target; a
    path is as `paths.json` has it, and `hardlink`, `softlink` or `directory`. Where it cannot
    be read there is only a `problem`. Commands are the names of scripts that are made for it.
    """
    from rattler.package_streaming import PackageArchive

    try:
        archive = await PackageArchive.from_path(path)
        entries, texts = [], dict[str, bytes]()
        for section in ("info", "pkg"):
            async for entry in archive.stream(section):
                entries.append((entry.name, _kind(entry), entry.link_target))
                if entry.name in (INDEX, PATHS, LINK) and entry.is_file:
                    texts[entry.name] = await entry.read()
        found = await archive.paths_json()
        await archive.index_json()  # held to its form
        noarch = json.loads(texts.get(LINK, b"{}")).get("noarch") or {}
        return {
            "entries": entries,
            "paths": [(str(one.relative_path), _type(one.path_type)) for one in found.paths],
            "index": json.loads(texts[INDEX]),
            "commands": [
                text.partition("=")[0].strip() for text in noarch.get("entry_points") or ()
            ],
        }
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # rattler's panics are no Exceptions
        return {"problem": f"{type(error).__name__}: {error}"}


def _kind(entry: ArchiveEntry) -> str:
    if entry.is_symlink:
        return "symlink"
    if entry.is_hardlink:
        return "hardlink"
    return "file" if entry.is_file else "other"


def _type(path_type: Any) -> str:
    return next(name for name in ("hardlink", "softlink", "directory") if getattr(path_type, name))


async def install(
    target: Path, prefix: str, cache: Path, subdir: str, packages: Sequence[Path]
) -> None:
    """Install package files into the folder `target`, as if it were at `prefix`.

    `subdir` is what conda calls the platform that they are for.
    """
    import rattler

    records = [await rattler.RepoDataRecord.from_package_archive(path) for path in packages]
    await rattler.install(
        records,
        target_prefix=target,
        alternative_target_prefix=prefix,
        cache_dir=cache,
        platform=rattler.Subdir(subdir),
        execute_link_scripts=False,
        show_progress=False,
    )


async def main(verb: str, *arguments: str) -> None:
    """Do one of the two."""
    if verb == "list":
        print(json.dumps([await listed(Path(path)) for path in arguments]))
        return
    target, prefix, cache, subdir, *packages = arguments
    await install(Path(target), prefix, Path(cache), subdir, [Path(path) for path in packages])


if __name__ == "__main__":
    os.umask(0o022)
    status = 1
    try:
        asyncio.run(main(*sys.argv[1:]))
        status = 0
    except Exception as error:  # told without a traceback, whatever it is
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # rattler's threads can abort the interpreter's shutdown after all work is done.
        os._exit(status)
