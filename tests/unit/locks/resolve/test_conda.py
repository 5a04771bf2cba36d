"""Conda locks, solved against the shipped snapshot: what holds, what moves, what is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gradlock import store
from gradlock.errors import ArtifactError, InputError, LockError, ToolError
from gradlock.inputs import wanted
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import lockfile, paths
from gradlock.locks.lockfile import LockText
from gradlock.locks.moves import Move
from gradlock.locks.resolve import conda, conda_solver, forge, snapshot
from gradlock.locks.resolve.conda_solver import RefusalError, Request

CPU = Variant("cpu", "3.13", "2.21.0")
GPU = dataclasses.replace(CPU, name="cu125", cuda="12.5.1", cudnn="9.3.0.75", driver="525.60.13")
AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
TABLE = Table(AS_OF, "trixie", (CPU, GPU), AS_OF)
#: A date before the newest git and graphviz of the snapshot.
EARLIER = dataclasses.replace(TABLE, as_of=datetime(2026, 1, 1, tzinfo=UTC))
SPECS = ("git", "graphviz", "python 3.13.* *_cp313", "tini")


@pytest.fixture(scope="module", autouse=True)
def offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the network and the user's store out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conda, "reachable", lambda: False)
        patch.setenv("GRADLOCK_STORE", str(tmp_path_factory.mktemp("store")))
        yield


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the snapshot as a channel on disk."""
    folder = tmp_path_factory.mktemp("snapshot")
    snapshot.unpack(folder)
    return folder


def compile_lock(
    variant: Variant,
    table: Table,
    *,
    current: LockText | None = None,
    cpu: LockText | None = None,
) -> LockText:
    """Compile a lock and read it back."""
    keep = lockfile.parse_conda(current) if current else ()
    body = conda.compile_lock(variant, table, keep=keep, cpu=cpu)
    return LockText(paths.conda(variant), "0" * 64, body)


@pytest.fixture(scope="module")
def earlier() -> LockText:
    """Compile the CPU lock of an earlier date."""
    return compile_lock(CPU, EARLIER)


def answer(
    channel: Path, tmp_path: Path, specs: Sequence[str] = SPECS, **request: Any
) -> dict[str, str]:
    """Ask the solver as conda-lock does; return the file name of every package.

    In a process of its own, as always: rattler may abort the one that it is in.
    """
    path = tmp_path / "request.json"
    Request(cache=str(tmp_path / "cache"), snapshot=str(channel), **request).write(path)
    done = subprocess.run(
        [
            *(sys.executable, "-m", conda_solver.__name__, "create", "--prefix", tmp_path),
            *("--dry-run", "--json", "--override-channels", "--channel", "conda-forge"),
            *("--channel", f"file://{virtual_packages(tmp_path)}", *specs),
        ],
        env={**os.environ, conda_solver.VARIABLE: str(path), "PYTHONPATH": str(store.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    refusal = conda_solver.refusal(path)
    if refusal:
        assert done.returncode == 1
        raise refusal
    assert done.returncode == 0, done.stderr
    return {conda_solver.name_of(file): file for file in conda_solver.chosen(done.stdout)}


def virtual_packages(tmp_path: Path) -> Path:
    """Write a channel of virtual packages as conda-lock does."""
    packages = {
        name: {"name": name, "version": version, "build": "0"}
        for name, version in (("__glibc", "2.28"), ("__linux", "5.10"), ("__unix", "0"))
    }
    folder = tmp_path / "virtual"
    (folder / "linux-64").mkdir(parents=True, exist_ok=True)
    (folder / "linux-64" / "repodata.json").write_text(json.dumps({"packages": packages}))
    return folder


def files(lock: LockText) -> dict[str, str]:
    """Return the file name of every package in a lock."""
    return {pin.name: pin.filename for pin in lockfile.parse_conda(lock)}


def test_a_lock_names_conda_forges_files_by_sha256(earlier: LockText) -> None:
    pins = lockfile.parse_conda(earlier)
    assert {"python", "git", "graphviz", "tini"} <= {pin.name for pin in pins}
    for pin in pins:
        assert pin.url.startswith(f"{forge.CONDA_FORGE}/")
        assert pin.url.split("/")[-2] in ("linux-64", "noarch")
        assert len(pin.sha256) == 64
    assert earlier.body.startswith(
        f"# solved by conda-lock against the snapshot of conda-forge of {snapshot.DATE}\n"
    )


def test_what_the_snapshot_lacks_for_a_platform_is_left_out_and_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arm = dataclasses.replace(CPU, name="arm", platform="linux/arm64")
    lock = compile_lock(arm, EARLIER)
    assert {"python", "git", "graphviz"} <= files(lock).keys()
    assert "tini" not in files(lock)
    assert lock.body.splitlines()[0].endswith(f"of {snapshot.DATE}, which lacks tini")
    assert "no tini for linux-aarch64: the conda lock of arm is without" in capsys.readouterr().err
    urls = {pin.url.split("/")[-2] for pin in lockfile.parse_conda(lock)}
    assert urls == {"linux-aarch64", "noarch"}


def test_a_lock_tells_nothing_of_the_machine(earlier: LockText) -> None:
    for word in (str(store.store()), str(Path.home()), str(store.ROOT), "/tmp", "file://"):
        assert word not in earlier.body


def test_the_interpreter_has_the_plain_abi(earlier: LockText) -> None:
    assert files(earlier)["python"].endswith("_cp313.conda")


def test_a_lock_is_the_same_on_another_machine(
    earlier: LockText, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("HOME", "TMPDIR", "GRADLOCK_STORE", "XDG_CACHE_HOME"):
        (tmp_path / variable).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setenv("CONDA_OVERRIDE_GLIBC", "2.17")
    monkeypatch.setenv("CONDA_FLAGS", "--nonsense")
    monkeypatch.chdir(tmp_path)
    assert compile_lock(CPU, EARLIER).body == earlier.body
    assert not list((tmp_path / "HOME").iterdir())


def test_a_gpu_lock_follows_the_cpu_lock(earlier: LockText) -> None:
    cpu, gpu = files(earlier), files(compile_lock(GPU, TABLE, cpu=earlier))
    assert gpu.keys() - cpu.keys() == {"cuda-version"}
    assert gpu["cuda-version"].startswith("cuda-version-12.5-")
    assert {name: gpu[name] for name in cpu} == cpu


def test_what_is_locked_stays_when_the_date_moves(earlier: LockText) -> None:
    assert compile_lock(CPU, TABLE, current=earlier).body == earlier.body


def test_an_update_moves_what_is_named(earlier: LockText, channel: Path, tmp_path: Path) -> None:
    before = files(earlier)
    kept = [file for name, file in before.items() if name != "git"]
    after = answer(channel, tmp_path, keep=kept, as_of=TABLE.as_of.isoformat())
    moved = {name for name in before if before[name] != after.get(name)}
    assert "git" in moved
    assert not moved & {"python", "graphviz", "tini"}
    newest = answer(channel, tmp_path, as_of=TABLE.as_of.isoformat())
    assert after["git"] == newest["git"]
    assert before["graphviz"] != newest["graphviz"]


def test_an_update_can_name_the_version(earlier: LockText) -> None:
    old = {pin.name: pin.version for pin in lockfile.parse_conda(earlier)}
    keep = lockfile.parse_conda(earlier)
    moves = [Move("git"), Move("tini", old["tini"])]
    body = conda.compile_lock(CPU, TABLE, keep=keep, cpu=None, moves=moves)
    new = {pin.name: pin.version for pin in lockfile.parse_conda(LockText(earlier.path, "", body))}
    assert new["git"] != old["git"]
    assert new["tini"] == old["tini"]
    with pytest.raises(InputError, match="git"):
        conda.compile_lock(CPU, TABLE, keep=keep, cpu=None, moves=[Move("git", "1.2.3")])


def test_what_holds_a_package_back_moves_along(earlier: LockText) -> None:
    """The libraries of a compiler ask for one another at exactly their own version."""
    keep = lockfile.parse_conda(earlier)
    body = conda.compile_lock(CPU, TABLE, keep=keep, cpu=None, moves=[Move("libgomp")])
    new, old = files(LockText(earlier.path, "", body)), files(earlier)
    moved = {name for name in new if new[name] != old.get(name)}
    assert {"libgomp", "libgcc"} <= moved
    assert not moved & {"git", "python", "graphviz"}


def test_nothing_newer_than_the_date_is_taken(earlier: LockText, channel: Path) -> None:
    records = json.loads((channel / "linux-64" / "repodata.json").read_text())["packages.conda"]
    stamps = [records.get(file, {}).get("timestamp", 0) for file in files(earlier).values()]
    assert max(stamps) > 1e12
    assert max(stamps) / 1000 <= EARLIER.as_of.timestamp()


def test_specs_without_a_solution_are_refused(channel: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="no-such-package") as caught:
        answer(channel, tmp_path, [*SPECS, "no-such-package"])
    assert caught.value.cause == "specs"


@pytest.mark.parametrize("how", ["keep", "pin"])
def test_a_locked_file_that_the_snapshot_lacks_is_named(
    channel: Path, tmp_path: Path, how: str
) -> None:
    with pytest.raises(
        RefusalError, match=r"lacks what is locked: git-99\.0-h0_0\.conda"
    ) as caught:
        answer(channel, tmp_path, **{how: ("git-99.0-h0_0.conda",)})
    assert caught.value.cause == "lock"


@pytest.mark.parametrize(
    ("cause", "kind"), [("specs", InputError), ("lock", LockError), ("channel", ArtifactError)]
)
def test_a_refusal_becomes_an_error_that_says_how_to_mend_it(
    cause: conda_solver.Cause, kind: type[Exception]
) -> None:
    error = conda._refused(RefusalError("because", cause), GPU, None)
    assert type(error) is kind
    assert "because" in error.what
    assert error.where
    assert error.mend


def test_a_refusal_names_the_lock_that_had_to_be_followed() -> None:
    followed = LockText(paths.conda(CPU), "", "")
    error = conda._refused(RefusalError("because"), GPU, followed)
    assert "and conda-lock.yml, which the other rows' locks follow" in error.where


def test_a_solver_that_refuses_reaches_the_user_as_one_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ask_for(monkeypatch, tmp_path, ["python", "no-such-package"])
    with pytest.raises(InputError, match="no-such-package") as caught:
        compile_lock(CPU, TABLE)
    assert "Traceback" not in str(caught.value)


def test_a_solver_that_is_too_old_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "rattler").mkdir()
    (tmp_path / "rattler/__init__.py").touch()  # nothing of what is imported from it
    monkeypatch.setattr(store, "CODE", f"{tmp_path}:{store.CODE}")
    with pytest.raises(ToolError, match="No module named") as caught:
        compile_lock(CPU, TABLE)
    assert "dev.txt" in caught.value.where
    assert "tools_as_of" in caught.value.mend
    assert "Traceback" not in str(caught.value)


def ask_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, specs: Any, channel: str = "conda-forge"
) -> None:
    """Have environment.yml ask for these specs."""
    path = tmp_path / "environment.yml"
    path.write_text(json.dumps({"channels": [channel], "dependencies": specs}))
    monkeypatch.setattr(wanted, "ENVIRONMENT", path)
