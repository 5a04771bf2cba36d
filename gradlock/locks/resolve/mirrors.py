"""Debian's mirrors: those that the environment names, or that this machine's apt is set up with.

A lock holds paths below an archive's root and no host, so any mirror serves it, a dated one too.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from gradlock import command
from gradlock.errors import InputError

#: What apt calls the archives that a machine is configured with.
LABELS = {"debian": "Debian", "debian-security": "Debian-Security"}
#: The variable that names each archive's mirror, which may be a dated one.
VARIABLES = {
    "debian": "GRADLOCK_DEBIAN_MIRROR",
    "debian-security": "GRADLOCK_DEBIAN_SECURITY_MIRROR",
}
#: Where apt's sources are, in either of their two forms.
APT = Path("/etc/apt")


def found() -> dict[str, str]:
    """Return the URL of each archive's root, with no slash at its end.

    Raises:
        InputError: the machine is not configured with Debian's archives and none is named.

    """
    roots = {archive: os.environ.get(name, "") for archive, name in VARIABLES.items()}
    for configured in (_told_by_apt, _in_files):
        if not all(roots.values()):
            known = configured()
            roots = {archive: url or known.get(archive, "") for archive, url in roots.items()}
    missing = [VARIABLES[archive] for archive, url in roots.items() if not url]
    if missing:
        raise InputError(
            "no mirror of Debian's archives is known: this machine's apt names none",
            where=" and ".join(missing),
            mend="export each with a mirror's URL (https://MIRROR/debian and "
            "https://MIRROR/debian-security; a dated one serves old locks)",
        )
    return {archive: url.rstrip("/") for archive, url in roots.items()}


def _told_by_apt() -> dict[str, str]:
    """Return the archives that apt knows by their labels: it has read their lists."""
    if not shutil.which("apt-get", path=command.PATH):
        return {}
    listed = command.run(
        ["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"],
        purpose="reading apt's configuration",
        env=command.networked(),
    )
    # A label may have spaces ("Debian Backports"), a URL has none. What apt reads from a file
    # or a list of mirrors is of no use: gradlock downloads by HTTP.
    rows = (line.rsplit(" ", 1) for line in listed.splitlines() if " " in line)
    labelled = {label: url for label, url in rows if url.startswith("http")}
    return {archive: labelled[label] for archive, label in LABELS.items() if label in labelled}


def _in_files() -> dict[str, str]:
    """Return the archives that apt's files name, told by their paths.

    It serves where apt has read no list, or is not there. A wrong guess is harmless: what
    comes is held to the lock's hash.
    """
    known: dict[str, str] = {}
    for path in (APT / "sources.list", *sorted((APT / "sources.list.d").glob("*"))):
        if path.suffix not in (".list", ".sources"):
            continue
        for url in _urls(path):
            # A dated mirror has the moment behind the archive's name.
            if match := re.match(r"https?://.*/(debian|debian-security)(/\d{8}T\d{6}Z)?/?$", url):
                known.setdefault(match[1], url)
    return known


def _urls(path: Path) -> Iterator[str]:
    """Yield the URLs in a file of apt's sources; those of a list of mirrors one by one."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    if path.suffix == ".list":
        words = re.findall(r"(?m)^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)", text)
    else:
        stanzas = [part for part in re.split(r"\n\s*\n", text) if not _disabled(part)]
        fields = re.findall(r"(?mi)^URIs:((?:.*\n?(?:[ \t].*\n?)*))", "\n\n".join(stanzas))
        words = " ".join(fields).split()
    for word in words:
        if match := re.fullmatch(r"mirror\+file:(?://)?(/.+)", word):
            listed = Path(match[1])
            if listed.is_file():
                yield from re.findall(r"(?m)^(https?://\S+)", listed.read_text(errors="replace"))
        else:
            yield word


def _disabled(stanza: str) -> bool:
    return bool(re.search(r"(?mi)^Enabled:\s*(no|false|off|0|without|disable)\s*$", stanza))
