"""gradlock's own tools: the `.venv` that `./inv` sets up, and the table of variants."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from gradlock import command, store
from gradlock.doctor.findings import Finding, broken, fine, warning
from gradlock.doctor.question import Question
from gradlock.errors import CommandError

VENV = store.ROOT / ".venv"
#: What `./inv` writes when all is set up: the lock's checksum, the folder, Python's version, and
#: the Python that was named.
NOTE = VENV / "gradlock-is-set-up"
AGAIN = f"rm -f {NOTE}; ./inv setup"
#: What the tools' lock names, one `name==version` at the beginning of a line; where a condition
#: stands behind it, it is for some Pythons or systems only.
PIN = re.compile(r"(?m)^([a-z0-9-]+)==(\S+)( ;)?")


def venv(_question: Question) -> Iterator[Finding]:
    """Look whether `.venv` is there, is this checkout's, and has what the lock names."""
    try:
        wanted, folder, version, _ = NOTE.read_text(encoding="utf-8").splitlines()[:4]
    except (OSError, ValueError):
        yield from _without()
        return
    python = VENV / "bin/python"
    if folder != str(store.ROOT):
        yield warning(
            f".venv was set up for {folder}",
            "its programs name that folder: the next command sets it up anew",
            "./inv setup",
        )
        return
    try:
        found = _release_of(python)
    except CommandError as error:
        yield warning(
            f"the Python of .venv does not run: {error.what}",
            "Python was removed or replaced: the next command sets .venv up anew",
            "./inv setup",
        )
        return
    if found != version:
        yield warning(
            f".venv was set up for Python {version}, and its Python is {found} now",
            "the next command sets it up anew",
            "./inv setup",
        )
        return
    if wanted.split() != _checksum():
        yield warning(
            "requirements/dev.txt is another one than .venv was made of",
            "the next command installs what has changed",
            "./inv setup",
        )
        return
    yield from _contents(python, version)


def _without() -> Iterator[Finding]:
    """Tell what `./inv setup` meets where there is no `.venv`."""
    half = VENV.exists()
    seen = ".venv is half set up: a run was interrupted" if half else ".venv is not set up yet"
    able = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
    installs = os.getuid() == 0 and shutil.which("apt-get") is not None
    if able or installs:
        by = "" if able else "; it installs Debian's python3-venv first, which this Python lacks"
        yield warning(seen, f"every command but this one needs it{by}", "./inv setup")
        return
    yield broken(
        f"{seen}, and this Python has no venv module",
        "every command but this one needs .venv; Debian and Ubuntu ship the module apart",
        "as root: apt-get install python3-venv",
    )


def _contents(python: Path, version: str) -> Iterator[Finding]:
    """Look whether what the lock names is installed, and the verbs can be loaded."""
    folder = VENV / f"lib/python{version}/site-packages"
    there = {
        re.sub(r"[-_.]+", "-", found.metadata["Name"] or "").lower(): found.version
        for found in importlib.metadata.distributions(path=[str(folder)])
    }
    text = (store.ROOT / "requirements/dev.txt").read_text(encoding="utf-8")
    pins: dict[str, set[str | None]] = {}
    for name, release, condition in PIN.findall(text):
        pins.setdefault(name, set()).update({release, None} if condition else {release})
    wrong = [name for name, releases in pins.items() if there.get(name) not in releases]
    if wrong:
        shown = ", ".join(wrong[:6]) + (f" and {len(wrong) - 6} more" if len(wrong) > 6 else "")
        yield broken(
            f".venv lacks {shown}, or has another release",
            "it was changed after it was set up: commands may fail anywhere",
            AGAIN,
        )
        return
    try:
        _asked(python, f"import sys; sys.path.insert(0, {str(store.ROOT)!r}); import tasks")
    except CommandError as error:
        yield broken(
            "the verbs cannot be loaded: " + error.mend.splitlines()[-1].strip(),
            "a file of .venv, or of gradlock, is broken or was changed: every command fails",
            f"git status shows what was changed in gradlock; {AGAIN}",
        )
        return
    yield fine(f".venv has what its lock names, with Python {version}")


def _release_of(python: Path) -> str:
    """Return the release of the Python of `.venv`, which may be this one: 3.13."""
    if Path(sys.prefix) == VENV:
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    return _asked(python, "import sys; print('%d.%d' % sys.version_info[:2])")


def _checksum() -> list[str]:
    """Return what `cksum` says of the tools' lock, as ./inv notes it."""
    printed = command.run(
        ["cksum", store.ROOT / "requirements/dev.txt"], purpose="reading requirements/dev.txt"
    )
    return printed.split()[:2]


def _asked(python: Path, code: str) -> str:
    argv: list[str | Path] = [python, "-I", "-B", "-c", code]
    return command.run(argv, purpose="asking the Python of .venv").strip()


def table(question: Question) -> Iterator[Finding]:
    """Look at the table of variants: without it nothing is known of what to look for."""
    if question.trouble:
        yield broken(
            question.trouble.replace("\n", ";"),
            "every command reads it: no variant is known, and none was looked at",
            "git checkout variants.toml; CONTRIBUTING.md says how to add a row",
        )
