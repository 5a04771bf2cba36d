"""`invoke lock`: what is current stays, the rest is resolved, and nothing is written half-way."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gradlock.command import Program
from gradlock.errors import InputError, LockError
from gradlock.inputs import variants, wanted
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import checking, freshness, lockfile, locking, paths, pylock, rules
from gradlock.locks.lockfile import LockText
from gradlock.locks.moves import Move
from gradlock.locks.pins import DebPin, WheelPin
from gradlock.locks.pylock import Wheel
from gradlock.locks.refereeing import Programs
from gradlock.locks.resolve import conda, debian, pip, pip_tools, tools
from gradlock.locks.resolve.pip_tools import Case
from gradlock.locks.resolving import Request
from gradlock.progress import Stopwatch

ROWS = [row.name for row in variants.load()]
GPUS = [row.name for row in variants.load() if row.gpu]
#: A row that the table will not have.
CU1299 = """
[variants.cu1299]
cuda = "12.99.0"
cudnn = "9.5.2.1"
driver = "525.60.13"
"""


class Resolvers:
    """Resolvers that give what the project's locks hold, and keep what they were asked for.

    `change` may put a fault into the wheels of a variant.
    """

    def __init__(self, root: Path) -> None:
        self.asked: list[str] = []
        self.upgraded: dict[str, tuple[str, ...]] = {}
        self.kept: dict[str, list[str]] = {}
        self.as_of: datetime | None = None
        self.change: Callable[[str, list[WheelPin]], list[WheelPin]] = lambda _, pins: pins
        self.guessed = self.change
        self.versions: dict[str, str] = {}
        self.refereed: dict[str, str] = {}
        self.followed: set[str] = set()
        self.debs = lockfile.parse_debs(lockfile.read(root / "requirements/apt.lock"))
        self.tools = {
            name: lockfile.read(root / f"requirements/{name}.txt").body for name in ("dev", "desk")
        }
        self.wheels = {
            name: list(lockfile.parse_wheels(lockfile.read(root / f"requirements/{name}.txt")))
            for name in ROWS
        }
        self.condas = {row.name: lockfile.read(paths.conda(row)).body for row in variants.load()}

    def resolve_debs(
        self,
        names: Sequence[str],
        suite: str,
        architecture: str,
        apt: str,
        *,
        keep: Iterable[DebPin],
    ) -> tuple[DebPin, ...]:
        """Take the place of apt."""
        assert apt == "apt of apt.lock"
        self.asked.append("apt" if architecture == "amd64" else f"apt {architecture}")
        self.versions = {pin.name: pin.version for pin in keep}
        self.kept["apt"] = list(self.versions)
        return self.debs

    def resolve_tools(
        self, source: Path, as_of: datetime, *, keep: str, moves: Sequence[Move], follow: str = ""
    ) -> str:
        """Take the place of uv for gradlock's own tools."""
        self.asked.append(source.stem)
        if follow:
            assert follow == self.tools["dev"]
            self.followed.add(source.stem)
        return self.tools[source.stem]

    def resolve_wheels(
        self, variant: Variant, as_of: datetime, **options: Any
    ) -> tuple[Wheel, ...]:
        """Take the place of uv."""
        self.asked.append(f"pip {variant.name}")
        self.kept[f"pip {variant.name}"] = [pin.name for pin in options["keep"]]
        self.upgraded[variant.name] = tuple(map(str, options["moves"]))
        if variant.gpu and not options["constrain"] and variant.name in ROWS:
            return self.files(self.guessed(variant.name, self.wheels[variant.name]))
        if options["constrain"]:
            self.followed.add(f"pip {variant.name}")
        self.as_of = as_of
        pins = self.wheels.get(variant.name) or self._parts_of(variant)
        return self.files(self.change(variant.name, pins))

    def files(self, pins: Sequence[WheelPin], *_: object) -> tuple[Wheel, ...]:
        """Take the place of the index: name a file for every pin."""
        names = [pin.name.replace("-", "_") for pin in pins]
        return tuple(
            Wheel(pin, f"{name}-{pin.version}-py3-none-any.whl", 7)
            for name, pin in zip(names, pins, strict=True)
        )

    def _parts_of(self, variant: Variant) -> list[WheelPin]:
        """Return the wheels of another toolkit: those that the variant's constraints name."""
        named = dict(
            line.split("==")
            for line in wanted.wheel_inputs(variant)[-1].read_text().splitlines()
            if "==" in line
        )
        named["nvidia-cudnn-cu12"] = str(variant.cudnn)
        named["tensorflow"] = variant.tensorflow
        return [
            dataclasses.replace(pin, version=named.get(pin.name, pin.version))
            for pin in self.wheels["cu125"]
        ]

    def compile_conda(self, variant: Variant, table: Table, **options: Any) -> str:
        """Take the place of conda-lock."""
        self.asked.append(f"conda {variant.name}")
        if options["cpu"]:
            self.followed.add(f"conda {variant.name}")
        if variant.name in self.condas:
            return self.condas[variant.name]
        old, new = "12.5", str(variant.cuda_minor)
        body = re.sub(
            r"(- name: python\n  version: |/python-)3\.\d+",
            rf"\g<1>{variant.python}",
            self.condas["cu125"],
        )
        for said in ("cuda-version\n  version: '{}'", "/cuda-version-{}-"):
            body = body.replace(said.format(old), said.format(new))
        return body

    def referee(self, cases: Sequence[Case], _: object, interpreter: Program) -> None:
        """Agree; keep which Python was to do it, and who had to hold the CPU's pins."""
        for case in cases:
            self.refereed[case.variant.name] = interpreter.argv[0]
            if case.constrain:
                self.followed.add(f"referee {case.variant.name}")

    def compile_alone(self, case: Case, as_of: datetime, _: Program) -> tuple[Wheel, ...]:
        """Take the place of pip-compile where no uv resolves."""
        options = {"keep": case.keep, "constrain": case.constrain, "moves": case.moves}
        return self.resolve_wheels(case.variant, as_of, **options)


@pytest.fixture
def resolvers(monkeypatch: pytest.MonkeyPatch, project: Path) -> Resolvers:
    made = Resolvers(project)
    monkeypatch.setattr(debian, "resolve", made.resolve_debs)
    monkeypatch.setattr(pip, "resolve", made.resolve_wheels)
    monkeypatch.setattr(pip, "locate", made.files)
    monkeypatch.setattr(pip_tools, "resolve", made.compile_alone)
    monkeypatch.setattr(pip_tools, "referee", made.referee)
    monkeypatch.setattr(tools, "resolve", made.resolve_tools)
    monkeypatch.setattr(conda, "compile_lock", made.compile_conda)
    return made


@contextmanager
def python(variant: Variant, _apt: LockText) -> Iterator[Program]:
    """Take the place of an image's Python."""
    yield Program((f"python{variant.python}",), {})


def apt(lock: LockText | None) -> Any:
    """Take the place of an apt."""
    return f"apt of {lock.path.name}" if lock else None


def lock(project: Path, **request: Any) -> list[str]:
    """Run the verb; return the paths of the locks that changed."""
    table = variants.load(project / "variants.toml")
    changed = locking.lock(table, Request(**request), Programs(python, apt), Stopwatch())
    return sorted(str(path.relative_to(project)) for path in changed)


def texts(project: Path) -> dict[str, bytes]:
    """Return everything in the project, to see whether it stays."""
    files = [path for path in project.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files}


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_what_is_current_is_not_resolved(project: Path, resolvers: Resolvers) -> None:
    before = texts(project)
    assert lock(project) == []
    assert resolvers.asked == []
    assert texts(project) == before


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        ("requirements/apt.in", {"apt"}),
        ("requirements/dev.in", {"dev"}),
        ("requirements/desk.in", {"desk"}),
        ("requirements/gpu.in", {f"pip {name}" for name in GPUS}),
        ("requirements/cuda-12.5.1.txt", {"pip cu125"}),
        ("requirements/base.in", {f"pip {name}" for name in ROWS}),
        ("environment.yml", {f"conda {name}" for name in ROWS}),
    ],
)
def test_only_what_an_input_changed_is_resolved(
    project: Path, resolvers: Resolvers, file: str, asked: set[str]
) -> None:
    append(project / file, "# another line\n")
    lock(project)
    assert set(resolvers.asked) == asked
    assert checking.problems(variants.load(project / "variants.toml")) == []
    assert lock(project) == []


def test_a_moved_lock_is_written_and_refereed(project: Path, resolvers: Resolvers) -> None:
    append(project / "requirements/cuda-12.5.1.txt", "# another line\n")
    assert lock(project) == ["requirements/cu125.txt"]
    assert resolvers.refereed == {"cu125": "python3.13"}
    assert "numpy" in resolvers.kept["pip cu125"]


def test_a_named_package_may_move(project: Path, resolvers: Resolvers) -> None:
    lock(project, update=("nvidia-nccl-cu12",))
    assert set(resolvers.asked) == {f"pip {name}" for name in GPUS}
    assert resolvers.upgraded["cu125"] == ("nvidia-nccl-cu12",)
    lock(project, update=("tini",))
    assert "tini" not in resolvers.kept["apt"]
    assert "git" in resolvers.kept["apt"]


def test_a_deb_moves_with_all_of_its_source(
    project: Path, resolvers: Resolvers, capsys: pytest.CaptureFixture[str]
) -> None:
    lock(project, update=("libkrb5-3",))
    siblings = {"libkrb5-3", "libgssapi-krb5-2", "libk5crypto3", "libkrb5support0"}
    assert {pin.name for pin in resolvers.debs} - set(resolvers.kept["apt"]) == siblings
    said = capsys.readouterr().err
    assert "built from the same source: libgssapi-krb5-2, libk5crypto3, libkrb5support0" in said


def test_an_earlier_date_leaves_the_tools_alone(project: Path, resolvers: Resolvers) -> None:
    table = project / "variants.toml"
    table.write_text(table.read_text().replace('\nas_of = "2026-', '\nas_of = "2025-'))
    lock(project)
    assert resolvers.as_of is not None
    assert resolvers.as_of.year == 2025
    assert "tools" not in resolvers.asked


@pytest.mark.parametrize("key", ["as_of", "tools_as_of"])
def test_a_date_in_the_future_is_refused(project: Path, resolvers: Resolvers, key: str) -> None:
    table = project / "variants.toml"
    table.write_text(re.sub(rf'(?m)^{key} = "....', f'{key} = "2999', table.read_text()))
    before = texts(project)
    with pytest.raises(InputError, match=f"{key} in the future"):
        lock(project)
    assert any(f"{key} in the future" in said for said in checking.problems(variants.load(table)))
    assert resolvers.asked == []
    assert texts(project) == before


def test_a_name_that_no_lock_holds_is_refused(project: Path, resolvers: Resolvers) -> None:
    with pytest.raises(InputError, match="no lock holds no-such, nor-this"):
        lock(project, update=("numpy", "nor-this", "no-such"))
    assert resolvers.asked == []


def test_an_upgrade_moves_the_date_and_lets_all_go(project: Path, resolvers: Resolvers) -> None:
    comment = "# The one table of gradlock"
    resolvers.change = move(*ROWS)
    lock(project, upgrade=True)
    text = (project / "variants.toml").read_text()
    table = variants.load(project / "variants.toml")
    assert text.startswith(comment)
    assert resolvers.as_of == table.as_of == table.tools_as_of
    assert abs((datetime.now(UTC) - table.as_of).total_seconds()) < 120
    assert table.as_of.second == 0
    assert resolvers.kept["pip cpu"] == resolvers.kept["apt"] == []
    assert checking.problems(table) == []


def test_an_upgrade_that_moves_no_pin_changes_no_file(project: Path, resolvers: Resolvers) -> None:
    before = texts(project)
    assert lock(project, upgrade=True) == []
    assert {"apt", "dev", "pip cpu"} <= set(resolvers.asked)
    assert texts(project) == before


def test_an_upgrade_without_a_moved_pin_still_makes_what_was_not_current(
    project: Path, resolvers: Resolvers
) -> None:
    append(project / "requirements/base.in", "# another line\n")
    assert "requirements/cpu.txt" in lock(project, upgrade=True)
    assert checking.problems(variants.load(project / "variants.toml")) == []


def test_the_locks_of_a_row_that_is_gone_go_with_it(project: Path, resolvers: Resolvers) -> None:
    table = project / "variants.toml"
    table.write_text(re.sub(r"\[variants\.cu129\][^\[]*", "", table.read_text()))
    assert lock(project) == [
        "requirements/cu129.conda-lock.yml",
        "requirements/cu129.txt",
        "requirements/pylock.cu129.toml",
    ]
    assert resolvers.asked == []
    assert not list((project / "requirements").glob("*cu129.*"))
    assert checking.problems(variants.load(table)) == []


def test_an_upgrade_that_fails_leaves_everything_as_it_was(
    project: Path, resolvers: Resolvers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise InputError("no index")

    monkeypatch.setattr(pip, "resolve", fail)
    before = texts(project)
    with pytest.raises(InputError, match="no index"):
        lock(project, upgrade=True)
    assert texts(project) == before


def test_a_result_that_breaks_a_rule_is_not_written(project: Path, resolvers: Resolvers) -> None:
    resolvers.change = lambda name, pins: [p for p in pins if p.name != "nvidia-nccl-cu12"]
    append(project / "requirements/cuda-12.5.1.txt", "# another line\n")
    before = texts(project)
    with pytest.raises(LockError, match="lacks nvidia-nccl-cu12"):
        lock(project)
    assert texts(project) == before


def test_a_result_that_the_referee_refuses_is_not_written(
    project: Path, resolvers: Resolvers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LockError("uv and pip-compile disagree")

    monkeypatch.setattr(pip_tools, "referee", refuse)
    # A lock of the same pins moves, because its inputs did.
    append(project / "requirements/cuda-12.5.1.txt", "# another line\n")
    before = texts(project)
    with pytest.raises(LockError, match="disagree"):
        lock(project)
    assert texts(project) == before


@pytest.mark.parametrize("fault", ["missing", "truncated"])
def test_a_broken_lock_is_made_anew(
    project: Path, resolvers: Resolvers, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    path = project / "requirements/cpu.txt"
    whole = path.read_bytes()
    if fault == "missing":
        path.unlink()
    else:
        path.write_bytes(whole[:1000])
    assert lock(project) == ["requirements/cpu.txt"]
    assert path.read_bytes() == whole
    kept = resolvers.kept["pip cpu"]
    assert kept == [] if fault == "missing" else kept[0] == "absl-py"
    assert ("truncated" in capsys.readouterr().err) == (fault == "truncated")


def test_pip_tools_can_resolve_alone(project: Path, resolvers: Resolvers) -> None:
    append(project / "requirements/cuda-12.5.1.txt", "# another line\n")
    assert lock(project, resolver="pip-tools") == ["requirements/cu125.txt"]
    assert resolvers.refereed == {}


def test_an_unknown_resolver_names_the_known_ones(project: Path) -> None:
    with pytest.raises(InputError, match="'poetry': use uv or pip-tools"):
        lock(project, resolver="poetry")


def test_a_check_names_every_problem_once(project: Path) -> None:
    table = variants.load(project / "variants.toml")
    assert checking.problems(table) == []
    append(project / "requirements/dev.in", "another\n")
    append(project / "requirements/apt.in", "another\n")
    append(project / "requirements/cu129.txt", "another\n")
    found = checking.problems(table)
    for lock_name in ("dev.txt", "apt.lock", "cu129.txt"):
        assert sum(f"where: requirements/{lock_name}" in problem for problem in found) >= 1
    assert len(found) == len(set(found))


def test_another_row_needs_its_inputs_and_no_code(project: Path, resolvers: Resolvers) -> None:
    append(project / "variants.toml", CU1299)
    before = texts(project)
    with pytest.raises(LockError, match="an input is missing") as caught:
        lock(project)
    assert caught.value.where == "requirements/cuda-12.99.0.txt"
    assert texts(project) == before
    parts = (project / "requirements/cuda-12.5.1.txt").read_text()
    (project / "requirements/cuda-12.99.0.txt").write_text(parts.replace("==12.5", "==12.99"))
    assert lock(project) == [
        "requirements/cu1299.conda-lock.yml",
        "requirements/cu1299.txt",
        "requirements/pylock.cu1299.toml",
    ]
    table = variants.load(project / "variants.toml")
    (row,) = table.select(cuda="12.99")
    locks = freshness.current(row, table)
    assert ("nvidia-cuda-nvcc-cu12", "12.99.82") in {(p.name, p.version) for p in locks.wheels}
    rules.check(locks, freshness.current(table.cpu, table))
    assert checking.problems(table) == []


def test_names_are_read_as_people_write_them(project: Path, resolvers: Resolvers) -> None:
    lock(project, update=("Jupyter_Server,NUMPY==2.5.0",))
    assert resolvers.upgraded["cpu"] == ("jupyter-server", "numpy==2.5.0")


def test_a_deb_can_move_to_a_version(project: Path, resolvers: Resolvers) -> None:
    lock(project, update=("tini==0.99",))
    assert resolvers.versions["tini"] == "0.99"


def test_a_name_that_breaks_a_rule_is_refused_before_anything_is_resolved(
    project: Path, resolvers: Resolvers
) -> None:
    append(project / "requirements/base.in", "tf-nightly\nnvidia-cuda-nvcc-cu12\n")
    with pytest.raises(InputError) as caught:
        lock(project)
    number = len((project / "requirements/base.in").read_text().splitlines())
    assert "must hold tensorflow-cpu alone, but tf-nightly is asked for" in str(caught.value)
    assert f"requirements/base.in:{number}" in str(caught.value)
    assert "nothing of CUDA, but nvidia-cuda-nvcc-cu12 is asked for" in str(caught.value)
    assert resolvers.asked == []


def test_a_guess_that_the_cpus_lock_rules_out_is_not_taken(
    project: Path, resolvers: Resolvers
) -> None:
    append(project / "requirements/base.in", "# another line\n")
    resolvers.guessed = move(*GPUS)
    lock(project)
    assert {f"pip {name}" for name in GPUS} <= resolvers.followed
    assert checking.problems(variants.load(project / "variants.toml")) == []


def test_a_guess_that_fails_is_no_failure(project: Path, resolvers: Resolvers) -> None:
    def fail(*_: object) -> list[WheelPin]:
        raise InputError("no solution")

    append(project / "requirements/base.in", "# another line\n")
    resolvers.guessed = fail
    lock(project)
    assert checking.problems(variants.load(project / "variants.toml")) == []


def test_a_hash_that_was_edited_is_named_and_nothing_is_made_of_it(
    project: Path, resolvers: Resolvers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a checksum made anew it is what the other locks seem to be older than."""
    path = project / "requirements/cpu.txt"
    whole = lockfile.read(path)
    pin = lockfile.parse_wheels(whole)[3]
    path.write_text(lockfile.with_header(whole.body.replace(pin.sha256, 64 * "0"), whole.inputs))
    indexs = {each.name: each for each in lockfile.parse_wheels(whole)}
    monkeypatch.setattr(
        pip,
        "locate",
        lambda pins, *_: resolvers.files([indexs.get(each.name, each) for each in pins]),
    )
    before = texts(project)
    with pytest.raises(LockError, match=f"another file for {pin.name} ") as caught:
        lock(project)
    assert caught.value.where == lockfile.place_of(whole, pin.name)
    assert "git checkout" in caught.value.mend
    assert texts(project) == before


def test_a_conflict_is_mended_with_both_sides_pins(project: Path, resolvers: Resolvers) -> None:
    path = project / "requirements/cpu.txt"
    whole = path.read_text()
    ours, theirs = "anyio==9.1 \\\n", "anyio==9.2 \\\n"
    old = next(line for line in whole.splitlines(keepends=True) if line.startswith("anyio=="))
    sides = f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> other\n"
    path.write_text(whole.replace(old, sides))
    assert lock(project) == ["requirements/cpu.txt"]
    assert path.read_text() == whole
    assert len(resolvers.kept["pip cpu"]) == whole.count("==")


def test_verified_locks_are_what_resolving_gives(project: Path, resolvers: Resolvers) -> None:
    table = variants.load(project / "variants.toml")
    for row in table:  # the stand-in's files have names of their own
        path = paths.pylock(row)
        found = resolvers.files(resolvers.wheels[row.name])
        body = pylock.write(found, row, path)
        path.write_text(lockfile.with_header(body, lockfile.read(path).inputs))
    before = texts(project)
    assert locking.verify(table, Programs(python, apt), Stopwatch()) == []
    assert {"apt", "dev", "desk", "pip cpu", "conda cu129"} <= set(resolvers.asked)
    assert resolvers.refereed == {}
    path = project / "requirements/cu129.txt"
    lock_ = lockfile.read(path)
    pin = lockfile.parse_wheels(lock_)[3]
    body = lock_.body.replace(pin.sha256, "0" * 64)
    path.write_text(lockfile.with_header(body, lock_.inputs))
    found = [str(one) for one in locking.verify(table, Programs(python, apt), Stopwatch())]
    assert any("0" * 64 in one and "requirements/cu129.txt:11" in one for one in found)
    path.write_text(lockfile.with_header(lock_.body, lock_.inputs))
    assert texts(project) == before


OWN_TENSORFLOW = 'tensorflow = "2.20.0"'
OWN_PYTHON = 'python = "3.12"'


def add_row(project: Path, own: str = "") -> None:
    """Add a row of the table, and the parts of its toolkit.

    One with a Python of its own is on a suite that nobody knows the Python of.
    """
    if own == OWN_PYTHON:
        table = project / "variants.toml"
        table.write_text(table.read_text().replace('debian = "trixie"', 'debian = "sid"'))
    append(project / "variants.toml", f"{CU1299}{own}\n")
    parts = (project / "requirements/cuda-12.5.1.txt").read_text()
    (project / "requirements/cuda-12.99.0.txt").write_text(parts.replace("==12.5", "==12.99"))


def move(*names: str) -> Callable[[str, list[WheelPin]], list[WheelPin]]:
    """Return a change of the wheel `anyio` in the locks of these variants."""
    return lambda variant, pins: [
        dataclasses.replace(pin, version="9.9", sha256="9" * 64)
        if variant in names and pin.name == "anyio"
        else pin
        for pin in pins
    ]


@pytest.mark.parametrize(
    ("own", "python", "followed"),
    [
        ("", "python3.13", {"pip cu1299", "conda cu1299", "referee cu1299"}),
        (OWN_TENSORFLOW, "python3.13", {"conda cu1299"}),
        (OWN_PYTHON, "python3.12", set()),
    ],
)
def test_a_row_shares_what_its_python_and_tensorflow_allow(
    project: Path, resolvers: Resolvers, own: str, python: str, followed: set[str]
) -> None:
    add_row(project, own)
    append(project / "requirements/cuda-12.9.1.txt", "# another line\n")
    resolvers.change = move("cu1299") if own else resolvers.change
    lock(project)
    assert {name for name in resolvers.followed if name.endswith("cu1299")} == followed
    assert resolvers.refereed == {"cu1299": python, "cu129": "python3.13"}
    assert checking.problems(variants.load(project / "variants.toml")) == []


def test_a_python_that_debian_lacks_is_refused_before_anything_is_resolved(
    project: Path, resolvers: Resolvers
) -> None:
    append(project / "variants.toml", f"{CU1299}{OWN_PYTHON}\n")
    with pytest.raises(InputError, match=r"cu1299: Debian trixie has Python 3\.13 alone"):
        lock(project)
    assert resolvers.asked == []


def test_a_row_that_shares_is_held_to_the_cpus(project: Path, resolvers: Resolvers) -> None:
    add_row(project)
    resolvers.change = move("cu1299")
    with pytest.raises(LockError, match=r"anyio 9\.9 is .* in cpu"):
        lock(project)


def test_a_cpu_row_with_another_tensorflow_has_locks_of_its_own(
    project: Path, resolvers: Resolvers
) -> None:
    append(project / "variants.toml", f"[variants.cpu220]\n{OWN_TENSORFLOW}\n")
    resolvers.condas["cpu220"] = resolvers.condas["cpu"]
    resolvers.wheels["cpu220"] = [
        dataclasses.replace(pin, version="2.20.0") if pin.name == "tensorflow-cpu" else pin
        for pin in resolvers.wheels["cpu"]
    ]
    assert lock(project) == [
        "requirements/cpu220.conda-lock.yml",
        "requirements/cpu220.txt",
        "requirements/pylock.cpu220.toml",
    ]
    assert resolvers.followed == {"conda cpu220"}
    assert checking.problems(variants.load(project / "variants.toml")) == []


def test_a_row_for_another_platform_follows_nothing(project: Path, resolvers: Resolvers) -> None:
    append(project / "variants.toml", "[variants.arm]\nplatform = 'linux/arm64'\n")
    resolvers.condas["arm"] = resolvers.condas["cpu"]
    resolvers.wheels["arm"] = [
        dataclasses.replace(pin, name=pin.name.replace("tensorflow-cpu", "tensorflow"))
        for pin in resolvers.wheels["cpu"]
    ]
    assert lock(project) == [
        "requirements/apt-arm64.lock",
        "requirements/arm.conda-lock.yml",
        "requirements/arm.txt",
        "requirements/pylock.arm.toml",
    ]
    assert set(resolvers.asked) == {"apt arm64", "conda arm", "pip arm"}
    assert resolvers.followed == set()
    assert checking.problems(variants.load(project / "variants.toml")) == []


def extend(project: Path, resolvers: Resolvers, name: str, leader: str) -> None:
    """Add a row that extends another by a package of its name."""
    rows = f"\n[variants.{name}]\nextends = '{leader}'\npackages = ['requirements/{name}.in']\n"
    append(project / "variants.toml", rows)
    (project / f"requirements/{name}.in").write_text(f"{name}\n")
    resolvers.wheels[name] = [*resolvers.wheels[leader], WheelPin(name, "1.0", "7" * 64)]
    resolvers.condas[name] = resolvers.condas[leader]


@pytest.mark.parametrize("leader", ["cpu", "cu125"])
def test_a_row_that_extends_another_follows_it(
    project: Path, resolvers: Resolvers, leader: str
) -> None:
    extend(project, resolvers, "nlp99", leader)
    extend(project, resolvers, "speech99", "nlp99")
    files = ("{}.conda-lock.yml", "{}.txt", "pylock.{}.toml")
    assert lock(project) == sorted(
        f"requirements/{file.format(name)}" for name in ("nlp99", "speech99") for file in files
    )
    assert resolvers.followed == {
        f"{what} {name}" for what in ("pip", "conda", "referee") for name in ("nlp99", "speech99")
    }
    table = variants.load(project / "variants.toml")
    assert checking.problems(table) == []
    assert lock(project) == []
    speech99 = freshness.current(table.named("speech99"), table)
    assert {"nlp99", "speech99"} < {pin.name for pin in speech99.wheels}
    assert wanted.wheels(speech99.variant) == tuple(
        sorted({*wanted.wheels(table.named(leader)), "nlp99", "speech99"})
    )


def test_only_the_row_with_a_package_more_is_resolved(project: Path, resolvers: Resolvers) -> None:
    extend(project, resolvers, "nlp99", "cu125")
    lock(project)
    resolvers.asked.clear()
    append(project / "requirements/nlp99.in", "# another line\n")
    assert lock(project) == ["requirements/nlp99.txt"]
    assert resolvers.asked == ["pip nlp99"]


def test_what_moves_in_a_row_moves_in_those_that_extend_it(
    project: Path, resolvers: Resolvers
) -> None:
    extend(project, resolvers, "nlp99", "cpu")
    lock(project)
    resolvers.change = move(*ROWS, "nlp99")
    lock(project, update=("anyio",))
    assert checking.problems(variants.load(project / "variants.toml")) == []
    pins = lockfile.parse_wheels(lockfile.read(project / "requirements/nlp99.txt"))
    assert {pin.version for pin in pins if pin.name == "anyio"} == {"9.9"}


def test_a_row_apart_from_the_one_that_it_extends_is_refused(
    project: Path, resolvers: Resolvers
) -> None:
    extend(project, resolvers, "nlp99", "cu125")
    resolvers.change = move("nlp99")
    before = texts(project)
    with pytest.raises(LockError, match=r"anyio 9\.9 is .* in cu125"):
        lock(project)
    assert texts(project) == before


def test_the_packages_of_a_row_have_to_be_there_and_be_allowed(
    project: Path, resolvers: Resolvers
) -> None:
    extend(project, resolvers, "nlp99", "cpu")
    append(project / "requirements/nlp99.in", "tensorflow\n")
    with pytest.raises(InputError, match="nlp99 must hold tensorflow-cpu alone") as caught:
        lock(project)
    assert caught.value.where == "requirements/nlp99.in:2"
    (project / "requirements/nlp99.in").unlink()
    with pytest.raises(
        LockError, match=r"requirements/nlp99\.in is missing, which nlp99"
    ) as missing:
        lock(project)
    assert missing.value.where == "variants.toml, [variants.nlp99]"
    assert resolvers.asked == []


@pytest.mark.parametrize("own", ["", OWN_TENSORFLOW, OWN_PYTHON])
def test_only_who_shares_moves_with_the_cpus_lock(
    project: Path, resolvers: Resolvers, own: str
) -> None:
    add_row(project, own)
    lock(project)
    resolvers.asked.clear()
    resolvers.change = move(*ROWS, "cu1299")
    append(project / "requirements/cpu.in", "# another line\n")
    lock(project)
    sharing = {*ROWS} if own else {*ROWS, "cu1299"}
    assert set(resolvers.asked) == {f"pip {name}" for name in sharing}
