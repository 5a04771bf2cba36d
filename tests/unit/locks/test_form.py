"""What no resolver writes is told from a lock's text, whatever its header says of it."""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import Path

import pytest

from gradlock.errors import EditedError
from gradlock.inputs import variants
from gradlock.locks import form, lockfile, paths
from gradlock.locks.lockfile import LockText

TABLE = variants.load()
CPU = TABLE.cpu
APT, PIP, CONDA = paths.APT, paths.pip(CPU), paths.conda(CPU)
STANDARD, TOOLS = paths.pylock(CPU), paths.TOOLS
ZEROS = 64 * "0"

#: Where, what is sought, and what takes its place: an edit by hand, under a checksum made anew.
EDITS = {
    "pip, a package twice": (PIP, r"(six==.*\n.*\n)", r"\1\1"),
    "pip, twice with another hash": (PIP, r"(six==.*\n.*:).{64}\n", rf"\g<0>\g<1>{ZEROS}\n"),
    "pip, not in order": (PIP, r"(absl-py.*\n.*\n)(aiodns.*\n.*\n)", r"\2\1"),
    "pip, a carriage return": (PIP, r"(six==.*)\n", "\\1\r\n"),
    "pip, a marker": (PIP, r"(six==\S+)", r"\1 ; python_version < '3'"),
    "pip, an extra": (PIP, r"(keras)==", r"\1[all]=="),
    "pip, upper case": (PIP, r"six==", "Six=="),
    "pip, another spelling": (PIP, r"absl-py==", "absl_py=="),
    "pip, MD5": (PIP, r"(six==.*\n.*)sha256:.*", rf"\1md5:{32 * '0'}"),
    "pip, two hashes": (PIP, r"(six==.*\n.*)", rf"\1 \\\\\n    --hash=sha256:{ZEROS}"),
    "pip, an option": (PIP, r"six==", "--index-url https://other.example\nsix=="),
    "pip, an include": (PIP, r"six==", "-r other.txt\nsix=="),
    "pip, a comment": (PIP, r"six==", "# by hand\nsix=="),
    "pip, a tab": (PIP, r"(six==.*\n) +", "\\1\t"),
    "pip, an empty line": (PIP, r"six==", "\nsix=="),
    "pip, a letter that looks alike": (PIP, r"six==", "s\u0456x=="),
    "pip, a digit of another script": (PIP, r"six==1", "six==\u0661"),
    "pip, a space that is not seen": (PIP, r"six==", "six\u200b=="),
    "pip, a separator of lines": (PIP, r"(six==\S+ )", "\\1\u2028"),
    "pip, cut in a line": (PIP, r"(six==.*\n.*\d)[\s\S]*", r"\1"),
    "apt, a package twice": (APT, r"(apt .*\n)", r"\1\1"),
    "apt, twice at other versions": (APT, r"(apt )(\S+)(.*\n)", r"\1\2\3\g<1>9\3"),
    "apt, a tab": (APT, r"apt ", "apt\t"),
    "apt, two spaces": (APT, r"apt ", "apt  "),
    "apt, a space at the end": (APT, r"(apt .*)", r"\1 "),
    "apt, a size with a nought": (APT, r"(apt \S+ \S+ )", r"\g<1>0"),
    "apt, another machine's": (APT, r"(dpkg \S+ )amd64(.*)amd64", r"\1arm64\2arm64"),
    "apt, another archive": (APT, r"(apt .* )debian ", r"\1other "),
    "apt, a path that leads out": (APT, r"(apt .* )pool/", r"\1pool/../../"),
    "apt, an absolute path": (APT, r"(apt .* )pool", r"\1/pool"),
    "apt, another's file": (APT, r"(apt .*/)\S+", r"\1base-files_13_amd64.deb"),
    "apt, other columns": (APT, r"# name version arch", "# name arch version"),
    "conda, an anchor": (CONDA, r"- name: zstd\n", "- &a\n  name: zstd\n"),
    "conda, an alias": (CONDA, r"\Z", "- *a\n"),
    "conda, a key twice": (CONDA, r"(    sha256: ).*\n", rf"\g<0>\g<1>{ZEROS}\n"),
    "conda, another channel": (CONDA, r"  - url: conda-forge", "  - url: other"),
    "conda, another host": (CONDA, r"//conda\.anaconda\.org", "//other.example"),
    "conda, a channel in a URL": (CONDA, r"(anaconda\.org)/conda-forge", r"\1/other"),
    "conda, without TLS": (CONDA, r"url: https", "url: http"),
    "conda, a query": (CONDA, r"(  url: \S+\.conda)", r"\1?x=1"),
    "conda, a URL that leads out": (CONDA, r"(conda-forge/linux-64)/", r"\1/../../other/"),
    "conda, another platform's file": (CONDA, r"conda-forge/linux-64/", "conda-forge/osx-64/"),
    "conda, another platform": (CONDA, r"  platform: linux-64", "  platform: osx-64"),
    "conda, other platforms": (CONDA, r"  - linux-64", "  - osx-64"),
    "conda, MD5 alone": (CONDA, r"    sha256: .*\n", ""),
    "conda, a hash that is a number": (CONDA, r"(    sha256: ).*", r"\g<1>1234"),
    "conda, another version than its file": (CONDA, r"(zstd\n  version: ).*", r"\g<1>9"),
    "conda, another name than its file": (CONDA, r"- name: zstd", "- name: zstdx"),
    "conda, a list for a name": (CONDA, r"- name: zstd", "- name: [zstd]"),
    "conda, pip's": (CONDA, r"  manager: conda", "  manager: pip"),
    "conda, a tag": (CONDA, r"(zstd\n  version: )", r"\1!!python/object:os.system "),
    "conda, two documents": (CONDA, r"\Z", "---\n"),
    "conda, no packages": (CONDA, r"package:[\s\S]*", "package: {}\n"),
    "PEP 751, a negative size": (STANDARD, r"size = ", "size = -"),
    "PEP 751, a path that leads out": (STANDARD, r"wheels/", "../"),
    "PEP 751, another's file": (STANDARD, r"wheels/absl_py", "wheels/other"),
    "PEP 751, a URL": (STANDARD, r"\{path", '{url = "https://other.example/a.whl", path'),
    "PEP 751, an index": (STANDARD, r"(\nversion = .*)", r'\1\nindex = "https://other.example"'),
    "PEP 751, a marker": (STANDARD, r"(\nversion = .*)", r'\1\nmarker = "os_name == 1"'),
    "PEP 751, MD5 alone": (STANDARD, r"sha256 = \S{66}", f'md5 = "{32 * "0"}"'),
    "PEP 751, MD5, too": (STANDARD, r"hashes = \{", f'hashes = {{md5 = "{32 * "0"}", '),
    "PEP 751, a table of a tool": (STANDARD, r"\Z", "\n[tool.other]\nx = 1\n"),
    "tools, a package twice": (TOOLS, r"(anyio==(?:.*\\\n)+.*\n)", r"\1\1"),
    "tools, an option": (TOOLS, r"anyio==", "--index-url https://other.example\nanyio=="),
    "tools, no hash": (TOOLS, r"(anyio==\S+) (?:\\\n.*)+\n", r"\1\n"),
}


@pytest.mark.parametrize("path", paths.every(TABLE), ids=lambda path: path.name)
def test_the_projects_own_locks_are_well_formed(path: Path) -> None:
    form.check(lockfile.read(path))


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_found_with_its_line(edit: str) -> None:
    path, sought, instead = EDITS[edit]
    lock = lockfile.read(path)
    begins = "^" if path in (APT, PIP, TOOLS) else ""
    body = re.sub(rf"(?m){begins}{sought}", instead, lock.body, count=1)
    assert body != lock.body
    with pytest.raises(EditedError, match="not what `invoke lock` wrote") as caught:
        form.check(LockText(path, lock.inputs, body))
    name, _, line = caught.value.where.partition(":")
    assert name == lockfile.shown(path)
    pairs = zip_longest(body.split("\n"), lock.body.split("\n"))
    at = next(number for number, pair in enumerate(pairs) if pair[0] != pair[1])
    # Of a package of several lines it is the first; of two that changed places, the second.
    assert abs(at + lockfile.HEADER + 1 - int(line)) <= (30 if path == CONDA else 5)


def test_a_lock_of_nothing_is_none() -> None:
    for path in (APT, CONDA, STANDARD):
        with pytest.raises(EditedError):
            form.check(LockText(path, "", ""))
