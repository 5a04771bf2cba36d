"""The parts of a CUDA toolkit as wheels: what `requirements/cuda-<release>.txt` pins.

NVIDIA's metapackage `cuda-toolkit` names the parts of its release, and TensorFlow's extra
`and-cuda` which of them it needs. The metapackage is not always right, so it is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gradlock import command, store
from gradlock.errors import CommandError, InputError
from gradlock.inputs import wanted
from gradlock.locks.resolve import pip, uv

#: What TensorFlow needs beside a toolkit: the table and TensorFlow itself say which.
APART = ("nvidia-cudnn-cu12", "nvidia-nccl-cu12")
#: Releases whose metapackage is wrong, and a TensorFlow that pins their parts exactly:
#: cuda-toolkit==12.5.1 names those of 12.5.0.
PINNED_BY = {"12.5.1": "2.19.0"}
#: Parts that are numbered as the toolkit is, by its minor release.
NUMBERED = r"nvidia-(cublas|cuda-[a-z]+|nvjitlink)-cu\d+"
#: A Python and a platform that all of these have wheels for.
ANY = ("--python-version", "3.12", "--python-platform", f"x86_64-manylinux_2_{pip.GLIBC}")


@dataclass(frozen=True)
class Toolkit:
    """The parts of a release that TensorFlow needs, versions by name, and who names them."""

    release: str
    parts: Mapping[str, str]
    source: str

    @property
    def text(self) -> str:
        """What the release's input holds."""
        lines = (f"{name}=={version}\n" for name, version in sorted(self.parts.items()))
        return (
            f"# The parts of CUDA toolkit {self.release}, as wheels. Source: {self.source}.\n"
            "# cuDNN is no part of it: variants.toml pins it; NCCL is what TensorFlow asks for.\n"
            + "".join(lines)
        )


def find(release: str, tensorflow: str, as_of: datetime) -> Toolkit:
    """Return the parts of a release (`12.6.3`) that a TensorFlow needs, as the index names them.

    Raises:
        InputError: the index has no such release, or what it says of it cannot be trusted.

    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", release):
        raise InputError(f"not a CUDA release such as 12.6.3: {release!r}")
    needed = _resolved(f"tensorflow[and-cuda]=={tensorflow}", as_of).keys() - set(APART)
    if exact := PINNED_BY.get(release):
        named = _resolved(f"tensorflow[and-cuda]=={exact}", as_of)
        source = f"TensorFlow {exact}, which pins them (extra `and-cuda`)"
    else:
        named = _named(release, as_of)
        source = f"the metapackage cuda-toolkit=={release}"
    found = Toolkit(release, {name: named[name] for name in needed & named.keys()}, source)
    if doubts := list(_doubts(found, needed - named.keys(), as_of)):
        raise InputError(
            f"what the index says of CUDA {release} cannot be trusted: {'; '.join(doubts)}",
            where=f"cuda-toolkit=={release}",
            mend="name another release, or write the file by hand from NVIDIA's release notes",
        )
    return found


def write(toolkit: Toolkit) -> tuple[Path, bool]:
    """Write a release's input; return its path, and whether its pins are other than they were."""
    path = wanted.REQUIREMENTS / f"cuda-{toolkit.release}.txt"
    if path.exists() and pins(path.read_text(encoding="utf-8")) == toolkit.parts:
        return path, False
    store.write_text(path, toolkit.text)
    return path, True


def pins(text: str) -> dict[str, str]:
    """Return NVIDIA's parts that some text pins, versions by name."""
    return dict(re.findall(r"(?m)^(nvidia-[a-z0-9-]+)==([^\s;]+)", text))


def _named(release: str, as_of: datetime) -> dict[str, str]:
    """Return all parts that the metapackage names."""
    return _resolved(f"cuda-toolkit[all]=={release}", as_of)


def _doubts(found: Toolkit, missing: set[str], as_of: datetime) -> Iterator[str]:
    """Yield why the parts cannot be those of the release."""
    if missing:
        yield f"it names no {', '.join(sorted(missing))}, which TensorFlow needs"
    minor, _, patch = found.release.rpartition(".")
    for name, version in sorted(found.parts.items()):
        if re.fullmatch(NUMBERED, name) and not version.startswith(f"{minor}."):
            yield f"{name} {version} is of another release"
    if found.release in PINNED_BY or patch == "0":
        return
    before = f"{minor}.{int(patch) - 1}"
    # The index has answered for this release: where it does not now, it has none before.
    with suppress(InputError):
        if _named(before, as_of).items() >= found.parts.items():
            yield f"it names the parts of {before}"


def _resolved(requirement: str, as_of: datetime) -> dict[str, str]:
    """Return NVIDIA's wheels that a requirement resolves to, versions by name."""
    with store.scratch("toolkit") as work:
        (work / "wanted.in").write_text(f"{requirement}\n")
        try:
            return pins(
                command.run(
                    [
                        *(*uv.COMPILE, *ANY, "--only-binary", ":all:"),
                        *("--exclude-newer", as_of.isoformat(), work / "wanted.in"),
                    ],
                    purpose=f"asking the index for {requirement}",
                    env=command.networked(),
                )
            )
        except CommandError as error:
            raise InputError(error.what, where=requirement, mend=error.mend) from error
