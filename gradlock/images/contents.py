"""What is in an image, read from its layers: packages, their licences, and whose each file is."""

from __future__ import annotations

import csv
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.parser import HeaderParser
from tarfile import TarFile

from packaging.utils import canonicalize_name

from gradlock.images.image import Image
from gradlock.layers import tar

#: Where a wheel says what it is, and which files are its.
SITE = r"(opt/conda/lib/python[\d.]+/site-packages)"
METADATA = re.compile(SITE + r"/[^/]+\.dist-info/METADATA")
RECORD = re.compile(SITE + r"/[^/]+\.dist-info/RECORD")
#: Where dpkg says which files are a package's.
LIST = re.compile(r"var/lib/dpkg/info/([^/:]+)(?::[a-z0-9]+)?\.list")
COPYRIGHT = re.compile(r"usr/share/doc/([^/]+)/copyright")
#: A licence's name in a copyright file in Debian's machine-readable form.
LICENCE = re.compile(r"(?m)^License:[ \t]*(\S[^\n]*?)[ \t]*$")
#: Bytecode is its source's; `debpython` and the interpreter's packages compile on their own.
BYTECODE = re.compile(r"(.*)/__pycache__/([^/]+?)\.cpython-\d+(?:\.opt-\d)?\.pyc")

#: Files of no package, and who made them: the base's own scripts, and gradlock's layers.
OTHERS = {
    r"var/lib/(dpkg|pam|systemd|python|shells\.state)(/.*)?": "dpkg, and scripts of packages",
    r"etc/(passwd|group|shadow|gshadow|subuid|subgid|shells|security/opasswd)": "accounts",
    r"etc/(environment|inputrc|motd|networks|nsswitch\.conf|profile|localtime)": "base-files",
    r"etc/(ca-certificates\.conf|ssl/certs/.*)": "ca-certificates, from the CAs that it ships",
    r"etc/(alternatives|pam\.d|fonts/conf\.d|rcS\.d|systemd|dpkg/origins)/.*": "packages' scripts",
    r"etc/(ld\.so\.cache|python3/debian_config)": "libc-bin, python3",
    r"(usr/s?bin/(awk|nawk|pager|which|rmt)|usr/local/man|var/spool/mail)": "alternatives, links",
    r"usr/lib/[a-z0-9_]+-linux-gnu/graphviz/config6a": "graphviz, of its plugins",
    r"(root|home)/.*": "homes",
    r"opt/conda/(bin|conda-meta)/.*|opt/conda/pyvenv\.cfg|opt/conda/lib/.*/README\.txt": "prefix",
    r"etc/(gradlock|jupyter)/.*|usr/local/(bin|lib)/.*": "gradlock",
}
_OTHERS = re.compile("|".join(f"(?:{pattern})" for pattern in OTHERS))


@dataclass
class Package:
    """A package, by its name in its own world; licences as it states them."""

    name: str
    version: str = ""
    expression: str = ""
    licences: set[str] = field(default_factory=set)


@dataclass
class Contents:
    """All packages of an image, by name, and the files that are nobody's."""

    wheels: dict[str, Package] = field(default_factory=dict)
    debs: dict[str, Package] = field(default_factory=dict)
    unowned: list[str] = field(default_factory=list)


def read(image: Image) -> Contents:
    """Return what an image's layers hold; nothing of it is run."""
    found = Contents()
    files: list[str] = []
    owned: set[str] = set()
    links: dict[str, str] = {}
    for layer in image.layers:
        with tar.reading(layer.path) as source:
            for member in source:
                if member.isdir():
                    continue
                files.append(member.name)
                if member.issym() and "/" not in member.name:
                    links[member.name] = member.linkname  # bin -> usr/bin
                if member.isreg():
                    owned.update(_told(source, member.name, found))
    owned = {_real(name, links) for name in owned}
    found.unowned = sorted(name for name in files if not _has_owner(_real(name, links), owned))
    return found


def _has_owner(name: str, owned: set[str]) -> bool:
    if name in owned or _OTHERS.fullmatch(name):
        return True
    compiled = BYTECODE.fullmatch(name)
    return bool(compiled) and f"{compiled[1]}/{compiled[2]}.py" in owned if compiled else False


def _real(name: str, links: dict[str, str]) -> str:
    """Return a name as it is without the links that make /bin one with /usr/bin."""
    top, slash, rest = name.partition("/")
    return f"{links[top]}/{rest}" if slash and top in links else name


def _told(source: TarFile, name: str, found: Contents) -> Iterator[str]:
    """Note what a file tells of packages; yield the files that it says are a package's."""
    if METADATA.fullmatch(name):
        package = _wheel(_text(source, name))
        found.wheels[canonicalize_name(package.name)] = package
    elif record := RECORD.fullmatch(name):
        for row in csv.reader(_text(source, name).splitlines()):
            yield posixpath.normpath(f"{record[1]}/{row[0]}")
    elif listed := LIST.fullmatch(name):
        found.debs.setdefault(listed[1], Package(listed[1]))
        for line in _text(source, name).splitlines():
            yield line.strip("/")
    elif own := COPYRIGHT.fullmatch(name):
        package = found.debs.setdefault(own[1], Package(own[1]))
        package.licences.update(LICENCE.findall(_text(source, name)))


def _wheel(metadata: str) -> Package:
    told = HeaderParser().parsestr(metadata)
    classified = {
        line.rpartition("::")[2].strip()
        for line in told.get_all("Classifier", [])
        if line.startswith("License ::")
    }
    # A licence's whole text is put into the field, too; then the classifiers have its name.
    named = str(told.get("License", ""))
    licences = classified or ({named} if named and "\n" not in named and len(named) < 80 else set())
    return Package(
        str(told["Name"]), str(told["Version"]), str(told.get("License-Expression", "")), licences
    )


def _text(source: TarFile, name: str) -> str:
    stream = source.extractfile(name)
    return stream.read().decode(errors="replace") if stream else ""
