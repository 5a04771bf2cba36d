"""Whether a lock is spelled as `invoke lock` spells it: each package once, in order, in one form.

Its header's checksum can be written anew over whatever was edited. A resolver's word on that is
slow (`verifying`); what no resolver writes is told from the text alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradlock.errors import EditedError
from gradlock.locks import lockfile, paths, places
from gradlock.locks.lockfile import LockText

NAME, VERSION = r"(?P<name>[a-z0-9-]+)", r"(?P<version>[0-9a-z.+!]+)"
SHA256, SIZE = r"[0-9a-f]{64}", r"[1-9][0-9]*"


@dataclass(frozen=True)
class Form:
    """What a kind of lock begins with, and what each of its packages is."""

    head: re.Pattern[str]
    package: re.Pattern[str]


DEBS = Form(
    re.compile(r"# name version arch size sha256 archive path\n"),
    re.compile(
        r"(?P<name>[a-z0-9][a-z0-9.+-]+) (?P<version>[0-9A-Za-z.+~:-]+) (?P<arch>[a-z0-9]+) "
        rf"{SIZE} {SHA256} debian(?:-security)? "
        r"pool/(?:[A-Za-z0-9][A-Za-z0-9_.+~-]*/)+(?P<file>[A-Za-z0-9_.+~-]+\.deb)\n"
    ),
)
WHEELS = Form(
    re.compile(""),
    re.compile(
        rf"(?:{NAME}(?:=={VERSION}| @ https?://[!-~]+)|\./(?P<file>[!-~]+)) "
        rf"\\\n    --hash=sha256:{SHA256}\n"
    ),
)
TOOLS = Form(
    re.compile(""),
    re.compile(
        rf"{NAME}=={VERSION}(?P<marker> ; [ -~]+)?(?: \\\n    --hash=sha256:{SHA256})+\n",
    ),
)
STANDARD = Form(
    re.compile(r'lock-version = "1\.0"\n(?:[a-z-]+ = [^\n]+\n)+\n'),
    re.compile(
        rf'\[\[packages\]\]\nname = "{NAME}"\nversion = "{VERSION}"\n'
        r'(?:wheels = \[\{path = "wheels/(?P<file>[!-~]+?)"|archive = \{(?:path|url) = "[!-~]+?")'
        rf'(?:, size = {SIZE})?, hashes = \{{sha256 = "{SHA256}"\}}\}}\]?\n(?:\n|\Z)'
    ),
)
CONDAS = Form(
    re.compile(
        r"# solved by conda-lock against [ -~]+\nversion: 1\nmetadata:\n  content_hash:\n"
        rf"    (?P<platform>[a-z0-9-]+): {SHA256}\n  channels:\n  - url: conda-forge\n"
        r"    used_env_vars: \[\]\n  platforms:\n  - (?P=platform)\n  sources:\n"
        r"  - environment\.yml\npackage:\n"
    ),
    re.compile(
        r"- name: (?P<name>[a-z0-9_.-]+)\n"
        r"  version: (?:'(?P<quoted>[0-9A-Za-z_.+!]+)'|(?P<version>[0-9A-Za-z_.+!]+))\n"
        r"  manager: conda\n  platform: (?P<platform>[a-z0-9-]+)\n"
        r"  dependencies:(?: \{\}\n|\n(?:    [a-z0-9_.-]+: [ -~]+\n)+)"
        r"  url: https://conda\.anaconda\.org/conda-forge/(?P<folder>[a-z0-9-]+)/"
        r"(?P<file>[0-9A-Za-z_.+!-]+)\.(?:conda|tar\.bz2)\n"
        rf"  hash:\n    md5: [0-9a-f]{{32}}\n    sha256: {SHA256}\n"
        r"  category: main\n  optional: false\n"
    ),
)
BY_SUFFIX = {".lock": DEBS, ".yml": CONDAS, ".toml": STANDARD, ".txt": WHEELS}


def check(lock: LockText) -> None:
    """Check the spelling of a lock.

    Raises:
        EditedError: `invoke lock` does not write that; it has the line.

    """
    form = TOOLS if lock.path in (paths.TOOLS, paths.DESK) else BY_SUFFIX[lock.path.suffix]
    head = form.head.match(lock.body)
    if not head:
        raise _edited(lock, 0)
    position, last = head.end(), ("", "")
    platform = head.groupdict().get("platform")
    while position < len(lock.body):
        package = form.package.match(lock.body, position)
        fault = _fault(package, platform, last) if package else "no such line"
        if fault or not package:
            raise _edited(lock, position, fault)
        position, last = package.end(), _key(package)
        if form is DEBS and package["arch"] != "all":
            platform = package["arch"]


def _fault(package: re.Match[str], platform: str | None, last: tuple[str, str]) -> str:
    """Say why a package cannot be there, though it is well-formed; empty where it can."""
    said, key = package.groupdict(), _key(package)
    if key <= last:
        return f"{key[0]} is there twice" if key == last else f"{key[0]} is not in its order"
    version = said.get("version") or said.get("quoted") or ""
    if "arch" in said:
        if platform and said["arch"] not in (platform, "all"):
            return f"{key[0]} is for {said['arch']}, and others are for {platform}"
        fits = said["file"] == f"{key[0]}_{version.rpartition(':')[2]}_{said['arch']}.deb"
    elif "folder" in said:
        if said["platform"] != platform or said["folder"] not in (platform, "noarch"):
            return f"{key[0]} is not for {platform}"
        fits = said["file"].rsplit("-", 2)[:-1] == [key[0], version]
    else:
        whole = bool(version and said.get("file"))
        fits = not whole or places.wheel_of(said["file"]) == (key[0], version)
    return "" if fits else f"{said['file']} is no file of {key[0]} {version}"


def _key(package: re.Match[str]) -> tuple[str, str]:
    """Return what a package is known by: its name, of a tool with the hosts that it is for."""
    said = package.groupdict()
    name = said["name"] or (places.wheel_of(said["file"]) or ("",))[0]
    return name, said.get("marker") or ""


def _edited(lock: LockText, position: int, fault: str = "no such line") -> EditedError:
    number = lock.body.count("\n", 0, position)
    line = "".join(lock.body.split("\n")[number : number + 1])
    return EditedError(
        f"a lock is not what `invoke lock` wrote: {fault}: {line[:120]!r}",
        where=f"{lockfile.shown(lock.path)}:{number + lockfile.HEADER + 1}",
        mend=f"git checkout it; to change it, edit its inputs and run {lockfile.RELOCK}",
    )
