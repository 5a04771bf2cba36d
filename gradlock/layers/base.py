"""The base layer: Debian's root file system from exactly the locked .debs, by mmdebstrap."""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradlock import command, store
from gradlock.layers import cache
from gradlock.layers.tar import MTIME, LayerWriter
from gradlock.locks.lockfile import DebPin

RECIPE = cache.recipe("layers/base.py")
USER, UID, HOME = "gradlock", 1000, "home/gradlock"

#: What a build leaves behind and nobody needs: logs, lists, caches, what names the host.
LEFT_OVERS = re.compile(
    r"(var/log/|var/cache/(apt|ldconfig|debconf|man)/|var/lib/apt/(lists|periodic)/|tmp/|run/)."
    r"|etc/(machine-id|hostname|resolv\.conf|\.pwd\.lock)$|.*-old$|dev/."
)
#: Parts of packages that an image does without: manuals, and all documents but copyrights.
#: Left out here and not by dpkg's path-exclude, since mmdebstrap starts a filter for each
#: package then, which takes longer than all of its other work.
EXCLUDED = re.compile(
    r"usr/share/(man|info|locale|lintian)/.|usr/share/doc/[^/]+/(?!copyright$)."
    r"|etc/alternatives/.*\.\d\.gz$"
)
#: Only these accounts are added to Debian's own.
ACCOUNTS = {
    "etc/passwd": f"{USER}:x:{UID}:{UID}::/{HOME}:/bin/bash\n",
    "etc/group": f"{USER}:x:{UID}:\n",
    "etc/shadow": f"{USER}:!:::::::\n",
    "etc/gshadow": f"{USER}:!::\n",
}


def write(
    writer: LayerWriter, pins: Sequence[DebPin], files: Mapping[str, Path], suite: str
) -> None:
    """Write the root file system of the .debs at `files` (paths by sha256) as a layer."""
    with store.scratch("base") as work:
        _repository(work / "repository", pins, files)
        _bootstrap(work, pins, suite)
        with tarfile.open(work / "root.tar") as root:
            members = {member.name.removeprefix("./").strip("/"): member for member in root}
            # Hard links last: the file that one names must stand before it.
            for name in sorted(members, key=lambda name: (members[name].islnk(), name)):
                if not name or LEFT_OVERS.match(name) or EXCLUDED.match(name):
                    continue
                if name in ACCOUNTS:
                    source = root.extractfile(members[name])
                    assert source is not None, f"{name} is a regular file of base-passwd"
                    member = members[name]
                    writer.file(
                        name,
                        source.read() + ACCOUNTS[name].encode(),
                        mode=member.mode & 0o7777,
                        uid=member.uid,
                        gid=member.gid,
                    )
                    continue
                writer.copy(members[name], root)
            for folder in (HOME, f"{HOME}/work"):
                writer.folder(folder, uid=UID, gid=UID)


def _repository(home: Path, pins: Sequence[DebPin], files: Mapping[str, Path]) -> None:
    """Lay out a flat apt repository of exactly those files."""
    home.mkdir()
    for pin in pins:
        os.link(files[pin.sha256], home / pin.filename)
    packages = home / "Packages"
    command.run(
        ["dpkg-scanpackages", "--multiversion", "."],
        purpose="indexing the locked .debs",
        cwd=home,
        output=packages,
    )


def _bootstrap(work: Path, pins: Sequence[DebPin], suite: str) -> None:
    """Run mmdebstrap; its only source is the repository in `work`."""
    command.run(
        [
            *("mmdebstrap", "--quiet", "--variant=custom", "--format=tar"),
            "--architectures=amd64",
            f"--include={','.join(pin.name for pin in pins)}",
            # The repository's own address and the host's name servers stay out of the image.
            '--customize-hook=rm -f "$1/etc/apt/sources.list"',
            suite,
            str(work / "root.tar"),
            f"deb [trusted=yes] copy:{work}/repository ./",
        ],
        purpose="building the root file system",
        env=command.plain(SOURCE_DATE_EPOCH=str(MTIME), TMPDIR=str(work)),
    )
