"""dpkg's database of packages that are unpacked and not yet configured, written without dpkg.

What dpkg itself would have written when it unpacked them; its `--configure` goes on from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gradlock.errors import LockError
from gradlock.layers.deb import Deb
from gradlock.layers.tar import ENCODING, ERRORS

HOME = "var/lib/dpkg"
STATUS = f"{HOME}/status"
#: What dpkg calls a package that needs nothing more.
INSTALLED = "install ok installed"
#: The control files that are programs.
SCRIPTS = ("config", "postinst", "postrm", "preinst", "prerm")


@dataclass
class Database:
    """The database's files as packages are added, in the order in which they are unpacked."""

    stanzas: list[str] = field(default_factory=list)
    info: dict[str, bytes] = field(default_factory=dict)
    triggers: dict[str, list[str]] = field(default_factory=dict)

    def add(self, deb: Deb, paths: Iterable[str]) -> None:
        """Record a package as unpacked; `paths` are the names in its data, in its order."""
        first, rest = deb.control["control"].decode().strip("\n").split("\n", 1)
        text = f"{first}\nStatus: install ok unpacked\n{rest}\n"
        if files := conffiles(deb):
            text += "Conffiles:\n" + "".join(f" /{name} newconffile\n" for name in files)
        self.stanzas.append(text)
        for name, data in deb.control.items():
            if name != "control":
                self.info[f"{deb.key}.{name}"] = data
        listed = "".join(f"/{name or '.'}\n" for name in paths)
        self.info[f"{deb.key}.list"] = listed.encode(ENCODING, ERRORS)
        for trigger, awaits in _interests(deb):
            owner = deb.key if awaits else f"{deb.key}/noawait"
            self.triggers.setdefault(trigger, []).append(owner)

    def files(self) -> Iterator[tuple[str, bytes, int]]:
        """Yield the files of the database: name, content and mode."""
        yield STATUS, "\n".join(self.stanzas).encode(), 0o644
        yield f"{HOME}/info/format", b"1\n", 0o644
        for name, data in self.info.items():
            mode = 0o755 if name.rpartition(".")[2] in SCRIPTS else 0o644
            yield f"{HOME}/info/{name}", data, mode
        # Triggers named by a path are kept in one file, the others in one each.
        paths = []
        for trigger, owners in self.triggers.items():
            if trigger.startswith("/"):
                paths += [f"{trigger} {owner}\n" for owner in owners]
            else:
                lines = "".join(f"{owner}\n" for owner in owners)
                yield f"{HOME}/triggers/{trigger}", lines.encode(), 0o644
        yield f"{HOME}/triggers/File", "".join(paths).encode(), 0o644


def conffiles(deb: Deb) -> tuple[str, ...]:
    """Return the configuration files of a package, without the leading slash.

    A line may start with a flag; such files are to be removed, and a new root has none.
    """
    lines = deb.control.get("conffiles", b"").decode().splitlines()
    return tuple(line[1:] for line in lines if line.startswith("/"))


def check(status: str) -> None:
    """Check that all packages of a status file are installed.

    Raises:
        LockError: some are not; each is named, with what it is.

    """
    stanzas = [_fields(stanza) for stanza in status.split("\n\n") if stanza.strip()]
    left = [
        f"{stanza['Package']} is {stanza['Status']!r}"
        for stanza in stanzas
        if stanza["Status"] != INSTALLED
    ]
    if left or not stanzas:
        raise LockError(
            "the locked Debian packages do not configure: " + ("; ".join(left) or "there are none"),
            where="requirements/apt.lock",
            mend="what they lack is above; ./inv lock --upgrade resolves a release anew",
        )


def _fields(stanza: str) -> Mapping[str, str]:
    return dict(re.findall(r"(?m)^([A-Za-z-]+): *(.*)$", stanza))


def _interests(deb: Deb) -> Sequence[tuple[str, bool]]:
    """Return the triggers that a package waits for, and whether who activates them waits for it."""
    lines = deb.control.get("triggers", b"").decode().splitlines()
    words = [line.partition("#")[0].split() for line in lines]
    return [
        (line[1], not line[0].endswith("-noawait"))
        for line in words
        if line and line[0].startswith("interest")
    ]
