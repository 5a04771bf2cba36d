"""The base layer: Debian's root file system from exactly the locked .debs, by its own tools.

The .debs are unpacked into one root with dpkg's database (`unpack`). In a room, their own
scripts and their own dpkg configure them (`CONFIGURE`). What comes out becomes the layer
(`write`). Nothing of the host takes part but Python.
"""

from __future__ import annotations

import copy
import os
import posixpath
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tarfile import LNKTYPE, TarFile, TarInfo

from gradlock.errors import LockError
from gradlock.layers import cache, deb, dpkg, tar
from gradlock.layers.deb import Deb
from gradlock.layers.tar import MTIME, HashingWriter, LayerWriter
from gradlock.locks.pins import DebPin

RECIPE = cache.recipe("layers/base.py", "layers/deb.py", "layers/dpkg.py")
USER, UID, HOME = "gradlock", 1000, "home/gradlock"

#: Unpacked before the others: it holds the links that make /bin one with /usr/bin.
FIRST = "base-files"
#: How many packages may be in memory at once: the largest are some 50 MB each.
AHEAD = 16
#: What a build leaves behind and nobody needs: logs, lists, caches, what names the host or
#: comes from the room.
LEFT_OVERS = re.compile(
    r"(var/log/|var/cache/(apt|debconf|fontconfig|ldconfig|man)/|var/lib/apt/(lists|periodic)/|tmp/|run/)."
    r"|etc/(machine-id|hostname|hosts|mtab|resolv\.conf|\.pwd\.lock)$|.*-old$|(dev|proc|sys)/."
    r"|\.dockerenv$"
)
#: Parts of packages that an image does without: manuals, and all documents but copyrights.
#: They are not even unpacked, so that a room has less to take in and to give back.
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
#: All that the packages' scripts see of the world.
ENV = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBCONF_NONINTERACTIVE_SEEN": "true",
    "SOURCE_DATE_EPOCH": str(MTIME),
    # In what order Perl and Python go through their tables must not be left to chance.
    "PERL_HASH_SEED": "0",
    "PYTHONHASHSEED": "0",
    # Else the program that compiles Debian's modules for good, by hash, finds some compiled:
    # for times of files, by its own import.
    "PYTHONDONTWRITEBYTECODE": "1",
}
#: What dpkg does after it has unpacked: the preinst scripts, as it would have run them (those
#: of essential packages first, which the others rely on), then its own `--configure`. It stops
#: at the first error, so that the last lines are about that.
#: dpkg's database is in memory meanwhile (a room has a tmpfs at /run): dpkg flushes it after each
#: step, and beside layers of gigabytes that are being written each flush waits for the disk.
CONFIGURE = r"""
umask 022
cd /
cp -a /var/lib/dpkg /run/dpkg
export DPKG_ADMINDIR=/run/dpkg
packages=$(dpkg-query --show \
    --showformat='${binary:Package} ${Package} ${Architecture} ${Essential}\n')
preinst() (
    export DPKG_ROOT= DPKG_MAINTSCRIPT_NAME=preinst
    export DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 DPKG_MAINTSCRIPT_DEBUG=0
    export DPKG_RUNNING_VERSION="$(dpkg-query --show --showformat='${Version}' dpkg)"
    while read -r key DPKG_MAINTSCRIPT_PACKAGE DPKG_MAINTSCRIPT_ARCH essential; do
        script=/var/lib/dpkg/info/$key.preinst
        [ "$essential" = "$1" ] && [ -e "$script" ] || continue
        export DPKG_MAINTSCRIPT_PACKAGE DPKG_MAINTSCRIPT_ARCH
        "$script" install </dev/null || {
            echo "the preinst script of $key failed" >&2
            exit 1
        }
    done <<END
$packages
END
)
preinst yes
preinst no
dpkg --abort-after=1 --configure --pending
rm -r /var/lib/dpkg
mv /run/dpkg /var/lib/dpkg
"""


def unpack(debs: Sequence[DebPin], files: Mapping[str, Path], target: Path) -> None:
    """Write the unpacked root of .debs at `files` (paths by sha256) as a tar.

    dpkg's database in it says of each package that it is unpacked. The bytes depend on the
    packages alone: not even on the order in which they are given.

    Raises:
        ArtifactError: a file is no package that can be read.
        LockError: two packages hold the same file.

    """
    ordered = sorted(debs, key=lambda pin: (pin.name != FIRST, pin.name))
    database = dpkg.Database()
    # Not `tar.writing`: what is thrown away need not reach the disk.
    with target.open("wb", buffering=tar.CHUNK) as sink:
        writer = LayerWriter(HashingWriter(sink))
        root = Root(writer)
        for package in _read([files[pin.sha256] for pin in ordered]):
            database.add(package, root.add(package))
        for name, data, mode in database.files():
            writer.file(name, data, mode=mode)
        writer.close()


def _read(paths: Iterable[Path]) -> Iterator[Deb]:
    """Read packages in their order, a few ahead: inflating them leaves Python free."""
    waiting: deque[Future[Deb]] = deque()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path in paths:
            waiting.append(pool.submit(deb.read, path))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class Root:
    """A root as packages are unpacked into it; a link to a folder counts as that folder."""

    def __init__(self, writer: LayerWriter) -> None:
        self._writer = writer
        self._links: dict[str, str] = {}
        self._folders: set[str] = set()

    def add(self, package: Deb) -> list[str]:
        """Write a package's files; return their names as the package has them.

        A configuration file gets the name under which dpkg looks for it when it configures.
        """
        configuration = set(dpkg.conffiles(package))
        names = []
        with deb.opened(package.data) as archive:
            for member in archive:
                name = deb.plain_name(member.name)
                names.append(name)
                place = self.place(name)
                if not place or EXCLUDED.match(place):
                    continue
                if member.isdir():
                    self._folder(place, member, archive)
                    continue
                if member.issym():
                    self._link(place, member, package)
                renamed = name in configuration and member.isreg()
                self._write(place + ".dpkg-new" * renamed, member, archive)
        return names

    def place(self, name: str) -> str:
        """Return where a name lies when each link on the way to it is followed."""
        folder, _, base = name.rpartition("/")
        if not folder:
            return name
        folder = self.place(folder)
        if folder in self._links:
            above = posixpath.dirname(f"/{folder}")
            aim = posixpath.normpath(posixpath.join(above, self._links[folder]))
            return self.place(f"{aim.lstrip('/')}/{base}")
        return f"{folder}/{base}"

    def _folder(self, place: str, member: TarInfo, archive: TarFile) -> None:
        if place not in self._links:
            self._folders.add(place)
            self._write(place, member, archive)

    def _link(self, place: str, member: TarInfo, package: Deb) -> None:
        if place in self._folders:
            raise LockError(
                f"{package.name} holds a link where another package holds a folder",
                where=f"/{place}",
                mend="drop one of them from requirements/apt.in",
            )
        self._links[place] = member.linkname

    def _write(self, place: str, member: TarInfo, archive: TarFile) -> None:
        placed = copy.copy(member)
        placed.name = place
        if member.islnk():
            placed.linkname = self.place(deb.plain_name(member.linkname))
            if EXCLUDED.match(placed.linkname):  # then this link is the file
                file = archive.getmember(member.linkname)
                placed.type, placed.size = file.type, file.size
                placed.offset_data = file.offset_data
        self._writer.copy(placed, archive)


def write(writer: LayerWriter, configured: Path) -> None:
    """Write the layer from a configured root, a tar as a room writes it.

    Raises:
        LockError: a package is not installed in it.

    """
    with tar.reading(configured) as root:
        members = {deb.plain_name(member.name): member for member in root}
        dpkg.check(_read_file(root, members, dpkg.STATUS).decode())
        kept = {
            name: member
            for name, member in members.items()
            if name and not LEFT_OVERS.match(name) and not EXCLUDED.match(name)
        }
        for name, member in _canonical(kept, members):
            if name in ACCOUNTS:
                text = _read_file(root, members, name) + ACCOUNTS[name].encode()
                mode = member.mode & 0o7777
                writer.file(name, text, mode=mode, uid=member.uid, gid=member.gid)
            else:
                writer.copy(member, root)
        writer.folder(HOME, uid=UID, gid=UID)
        # Whoever the container runs as can save there; a new volume takes the mode, too.
        writer.folder(f"{HOME}/work", mode=0o1777, uid=UID, gid=UID)


def _canonical(
    kept: Mapping[str, TarInfo], members: Mapping[str, TarInfo]
) -> Iterator[tuple[str, TarInfo]]:
    """Yield members by name, hard links last: the file that one names must stand before it.

    Which of several names of one file a tar holds as the file, the order of a folder decides;
    here it is the first by name.
    """
    names: dict[str, list[str]] = {}
    for name, member in kept.items():
        names.setdefault(_file_of(name, member, members), []).append(name)
    files, links = {}, {}
    for file, same in names.items():
        first, *others = sorted(same)
        files[first] = copy.copy(members[file])
        files[first].name = first
        for name in others:
            links[name] = copy.copy(members[file])
            links[name].name, links[name].type, links[name].linkname = name, LNKTYPE, first
    yield from sorted(files.items())
    yield from sorted(links.items())


def _file_of(name: str, member: TarInfo, members: Mapping[str, TarInfo]) -> str:
    """Return the name under which a tar holds the file that a name stands for."""
    while member.islnk():
        name = deb.plain_name(member.linkname)
        member = members[name]
    return name


def _read_file(root: TarFile, members: Mapping[str, TarInfo], name: str) -> bytes:
    source = root.extractfile(members[name]) if name in members else None
    if source is None:
        raise LockError(
            f"the base layer's packages leave no /{name}",
            where="requirements/apt.lock",
            mend="./inv lock resolves Debian's essential packages too; they may not be dropped",
        )
    return source.read()
