"""docker/Dockerfile and gradlock make the same image: `docker build` against `./inv image`."""

from __future__ import annotations

import hashlib
import io
import os
import posixpath
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import docker.errors
import pytest

from benchmarks.plain import served
from gradlock import store
from gradlock.artifacts import fetcher, sources
from gradlock.engine import containers
from gradlock.engine import engine as engines
from gradlock.engine.engine import Engine
from gradlock.errors import EngineError
from gradlock.images import recipe
from gradlock.images.image import Image
from gradlock.inputs import variants
from gradlock.inside import suites as inside
from gradlock.locks import freshness
from gradlock.verbs import building
from gradlock.verbs.building import Order

CHANNEL = "debian"
REFERENCE = "gradlock-dockerfile-test:cpu"
#: Whatever gradlock or docker/Dockerfile put into an image above Debian's own files.
FOLDERS = ("/opt/conda", "/etc/gradlock", "/etc/jupyter", "/usr/local")


# What may differ


@dataclass(frozen=True)
class Entry:
    """A file, a link or a folder, by everything that must be the same of it.

    `content` is the sha256 of a file or the target of a link; `text` is kept of those small
    files that are compared by what they say.
    """

    kind: str
    mode: int
    owner: tuple[int, int]
    content: str
    text: str = ""


Tree = Mapping[str, Entry]

SITE = r"opt/conda/lib/python3\.\d+/site-packages"
#: Files that only one of the two has, and why; the first column names whose they are.
ONLY = (
    ("pip", rf"{SITE}/.*/tests/(.*/)?__pycache__(/[^/]+\.pyc)?", "test suites get no bytecode"),
    ("pip", rf"{SITE}/[^/]+\.dist-info/REQUESTED", "to pip, all that -r names is asked for"),
    ("pip", r"opt/conda/bin/pip3\.\d+", "pip makes itself a launcher that no wheel declares"),
)
#: Files that both have, with other bytes, and why.
BYTES = (
    (rf"{SITE}/[^/]+\.dist-info/INSTALLER", "it names who installed"),
    (rf"{SITE}/.*/?__pycache__/[^/]+\.pyc", "pip's bytecode holds the time of its source"),
)
RECORD = rf"{SITE}/[^/]+\.dist-info/RECORD"
LAUNCHER = r"opt/conda/bin/[^/]+"


def differences(ours: Tree, pips: Tree) -> tuple[list[str], set[str]]:
    """Compare what gradlock and pip installed.

    Returns what differs and may not, in words, and the reasons for what differs and may.
    """
    problems, excuses = [], set()
    for path in sorted(ours.keys() | pips.keys()):
        mine, theirs = ours.get(path), pips.get(path)
        if mine == theirs:
            continue
        if mine is None or theirs is None:
            has = "pip" if mine is None else "gradlock"
            excuse = next(
                (why for who, form, why in ONLY if who == has and re.fullmatch(form, path)), None
            )
            told = f"only {has} has it"
        elif normal(path, mine) == normal(path, theirs):
            excuse, told = "a RECORD or a launcher says the same in other words", ""
        elif replace(mine, content="", text="") == replace(theirs, content="", text=""):
            excuse = next((why for form, why in BYTES if re.fullmatch(form, path)), None)
            told = "its content differs"
        else:
            excuse, told = None, f"{shown(mine)} of gradlock, {shown(theirs)} of pip"
        if excuse is None:
            problems.append(f"{path}: {told}")
        else:
            excuses.add(excuse)
    return problems, excuses


def normal(path: str, entry: Entry) -> Entry:
    """Return an entry with what a RECORD or a launcher says in place of its bytes."""
    if entry.text and re.fullmatch(RECORD, path):
        rows = (line.rsplit(",", 2) for line in entry.text.splitlines())
        return replace(entry, content="\n".join(sorted(filter(None, map(recorded, rows)))), text="")
    if entry.text and re.fullmatch(LAUNCHER, path):
        return replace(entry, content=repr(launched(entry.text)), text="")
    return entry


def recorded(row: Sequence[str]) -> str | None:
    """Return a RECORD's row as both write it, or None for a file that only one records.

    gradlock leaves bytecode out, as the specification allows; a launcher's bytes differ; a
    platlib file is `./name` to `installer` in a wheel whose root is purelib.
    """
    path, digest, size = posixpath.normpath(row[0].strip('"')), *row[1:]
    name = path.rpartition("/")[2]
    if "__pycache__/" in path or name == "REQUESTED" or re.fullmatch(r"pip3\.\d+", name):
        return None
    if name == "INSTALLER" or path.startswith("../../../bin/"):
        return path
    return f"{path},{digest},{size}"


def launched(text: str) -> tuple[str, ...]:
    """Return what a launcher runs, and with what: its first line, a module, a function.

    A program that is no launcher of an entry point says its whole text.
    """
    match = re.fullmatch(
        r"(#!\S+)\n(?:# -\*- .* -\*-\n)?(?:import re\n)?import sys\n+"
        r"from (\S+) import (\S+)\n+if __name__ == .__main__.:\n"
        r"    sys\.argv\[0\] = [^\n]*\n    sys\.exit\((\S+)\(\)\)\n",
        text,
    )
    return match.groups() if match else (text,)


def shown(entry: Entry) -> str:
    """Return an entry's kind, mode and owner as `ls` gives them."""
    return f"{entry.kind} {entry.mode:04o} {entry.owner[0]}:{entry.owner[1]}"


# The comparison itself


FILE = Entry("file", 0o644, (0, 0), "1" * 64)
ROOT = "opt/conda/lib/python3.13/site-packages"
PIP_LAUNCHER = """\
#!/opt/conda/bin/python
import sys
from pkg.cli import main
if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.exe')
    sys.exit(main())
"""
OUR_LAUNCHER = """\
#!/opt/conda/bin/python
# -*- coding: utf-8 -*-
import re
import sys
from pkg.cli import main
if __name__ == "__main__":
    sys.argv[0] = re.sub(r"(-script\\.pyw|\\.exe)?$", "", sys.argv[0])
    sys.exit(main())
"""


def texted(text: str, mode: int = 0o644) -> Entry:
    return Entry("file", mode, (0, 0), store.digest(text.encode()), text)


def test_equal_trees_do_not_differ() -> None:
    tree = {f"{ROOT}/a.py": FILE}
    assert differences(tree, dict(tree)) == ([], set())


@pytest.mark.parametrize(
    ("path", "theirs"),
    [
        (f"{ROOT}/a.py", replace(FILE, content="2" * 64)),
        (f"{ROOT}/a.py", replace(FILE, mode=0o755)),
        (f"{ROOT}/a.py", replace(FILE, owner=(1000, 1000))),
        (f"{ROOT}/a.py", None),
        (f"{ROOT}/__pycache__/a.cpython-313.pyc", None),
        (f"{ROOT}/__pycache__/a.cpython-313.pyc", replace(FILE, mode=0o600)),
        (f"{ROOT}/a-1.dist-info/INSTALLER", None),
        ("opt/conda/bin/pip3.13", None),
        ("opt/conda/bin/jupyter", replace(FILE, content="2" * 64)),
    ],
)
def test_a_file_that_differs_is_told(path: str, theirs: Entry | None) -> None:
    problems, excuses = differences({path: FILE}, {path: theirs} if theirs else {})
    assert [problem.partition(":")[0] for problem in problems] == [path]
    assert not excuses


def test_a_file_that_only_pip_has_is_told() -> None:
    assert differences({}, {f"{ROOT}/a.py": FILE})[0] == [f"{ROOT}/a.py: only pip has it"]


def test_a_record_may_say_the_same_otherwise() -> None:
    path = f"{ROOT}/a-1.dist-info/RECORD"
    ours = texted("../../../bin/a,sha256=x,9\na-1.dist-info/RECORD,,\na.py,sha256=y,1\n")
    pips = texted(
        "../../../bin/a,sha256=z,8\n__pycache__/a.cpython-313.pyc,,\n"
        "a-1.dist-info/RECORD,,\na-1.dist-info/REQUESTED,sha256=e,0\na.py,sha256=y,1\n"
    )
    assert differences({path: ours}, {path: pips})[0] == []
    wrong = texted(pips.text.replace("sha256=y", "sha256=w"))
    assert differences({path: ours}, {path: wrong})[0] == [f"{path}: its content differs"]


def test_a_launcher_may_be_spelt_otherwise() -> None:
    path = "opt/conda/bin/a"
    ours, pips = texted(OUR_LAUNCHER, 0o755), texted(PIP_LAUNCHER, 0o755)
    assert differences({path: ours}, {path: pips})[0] == []
    for old, new in (("pkg.cli", "pkg.other"), ("main", "run"), ("/opt/conda", "/usr")):
        wrong = texted(PIP_LAUNCHER.replace(old, new), 0o755)
        assert differences({path: ours}, {path: wrong})[0] == [f"{path}: its content differs"]


# The two images


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Return an engine whose builds reach this machine's loopback."""
    try:
        found = engines.connect()
    except EngineError as error:
        pytest.skip(f"no engine: {error}")
    info = found.client.info()
    rootless = any("rootless" in option for option in info.get("SecurityOptions") or ())
    if (
        os.environ.get("DOCKER_HOST", "unix:")[:5] != "unix:"
        or rootless
        or "Desktop" in str(info["OperatingSystem"])
    ):
        pytest.skip("the engine has a network of its own: it cannot reach wheels served here")
    yield found
    found.client.close()


@pytest.fixture(scope="module")
def ours(engine: Engine) -> Image:
    """Return gradlock's own image of `cpu`, loaded, and load the base of the other."""
    table = variants.load()
    wanted = [recipe.read(table.cpu, table, CHANNEL, whole=whole) for whole in (False, True)]
    (_, built), _ = building.images(engine, wanted, Order())
    return built.image


@pytest.fixture(scope="module")
def plain(engine: Engine, ours: Image) -> Any:
    """Build docker/Dockerfile with the store's wheels, and remove the image in the end."""
    table = variants.load()
    locks = freshness.current(table.cpu, table)
    found = fetcher.fetch(sources.pins_of(locks, CHANNEL))
    wheels = [found[pin.sha256] for pin in locks.wheels]
    with served({wheel.name: wheel for wheel in wheels}) as url:
        build(engine, VARIANT="cpu", PIP_NO_INDEX="1", PIP_FIND_LINKS=url)
    yield REFERENCE
    engine.client.images.remove(REFERENCE, force=True)


def build(engine: Engine, **arguments: str) -> None:
    """Run `docker build`, as the head of docker/Dockerfile says."""
    engine.client.images.build(
        path=str(store.ROOT),
        dockerfile="docker/Dockerfile",
        tag=REFERENCE,
        network_mode="host",
        buildargs=arguments,
        rm=True,
        forcerm=True,
    )


class Stream(io.RawIOBase):
    """What the engine sends in chunks, as a file to read from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.rest = chunks, b""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with the bytes that come next."""
        self.rest = self.rest or next(self.chunks, b"")
        size = min(len(buffer), len(self.rest))
        buffer[:size], self.rest = self.rest[:size], self.rest[size:]
        return size


def tree(engine: Engine, reference: str) -> dict[str, Entry]:
    """Return what an image holds below FOLDERS, by path."""
    found: dict[str, Entry] = {}
    with containers.container(engine, reference, ["true"], kind="tests") as container:
        for folder in FOLDERS:
            chunks, _ = container.get_archive(folder, chunk_size=1 << 20)
            parent = folder.rpartition("/")[0].lstrip("/")
            with tarfile.open(fileobj=io.BufferedReader(Stream(chunks)), mode="r|") as archive:
                for member in archive:
                    path = f"{parent}/{member.name}".strip("/")
                    found[path] = entry(path, member, archive, found)
            assert not any(b"".join(chunks)), "after an archive's end there is nothing"
    return found


def entry(path: str, member: tarfile.TarInfo, archive: tarfile.TarFile, found: Tree) -> Entry:
    """Return one member of an archive as a value."""
    owner, mode = (member.uid, member.gid), member.mode & 0o7777
    if member.isdir():
        return Entry("folder", mode, owner, "")
    if member.issym():
        return Entry("link", mode, owner, member.linkname)
    if member.islnk():  # to a file that came before it, in the same folder of FOLDERS
        parent = path.removesuffix(member.name)
        return found[f"{parent}{member.linkname}"]
    source = archive.extractfile(member)
    assert source is not None, f"{path} is of an unexpected kind"
    small = re.fullmatch(f"{RECORD}|{LAUNCHER}", path) and member.size < 1 << 22
    if small:
        data = source.read()
        text = data.decode(errors="replace")
        return Entry("file", mode, owner, store.digest(data), text)
    return Entry("file", mode, owner, sha256(source))


def sha256(source: IO[bytes]) -> str:
    """Return the hash of a stream, in hex."""
    digest = hashlib.sha256()
    while chunk := source.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def test_the_base_must_be_of_the_lock(engine: Engine, ours: Image) -> None:
    gpu = variants.load().newest_gpu.name
    with pytest.raises(docker.errors.BuildError) as caught:
        build(engine, VARIANT=gpu, PIP_NO_INDEX="1")
    log = "".join(line.get("stream", "") for line in caught.value.build_log)
    assert f"./inv base --variant {gpu}" in log


def test_the_files_are_the_same(engine: Engine, ours: Image, plain: str) -> None:
    problems, excuses = differences(tree(engine, ours.reference), tree(engine, plain))
    assert not problems, f"{len(problems)} differ:\n" + "\n".join(problems[:40])
    unused = {row[-1] for row in (*ONLY, *BYTES)} - excuses
    assert not unused, "nothing differs for these reasons any more: remove them"


def test_the_settings_are_the_same(engine: Engine, ours: Image, plain: str) -> None:
    mine, theirs = (settings(engine, reference) for reference in (ours.reference, plain))
    assert mine == theirs


def test_the_smoke_tests_pass(engine: Engine, plain: str, tmp_path: Path) -> None:
    status = inside.run_suites(
        engine, plain, ["smoke"], gpu=False, gpu_required=False, reports=tmp_path
    )
    assert status == 0


def settings(engine: Engine, reference: str) -> dict[str, Any]:
    """Return what an image says of how it runs; empty values are as good as none."""
    own = engine.client.api.inspect_image(reference)["Config"]
    named = ("User", "WorkingDir", "Entrypoint", "Cmd", "ExposedPorts", "Env", "Labels")
    return {name: own.get(name) or None for name in (*named, "Healthcheck", "Volumes", "OnBuild")}
