"""The verbs: all of them taught, and errors told as a user can use them."""

from __future__ import annotations

import errno
import inspect
import os
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import Task

import tasks
from gradlock import store
from gradlock.engine import engine
from gradlock.errors import GradlockError, InputError
from gradlock.inputs import variants
from gradlock.locks import locking
from tests.unit.fingerprints import FAR, FINGERPRINT, OPERATION, moved

VERBS: dict[str, Task[Any]] = dict(Collection.from_module(tasks).tasks)


def inv(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a verb as ./inv does."""
    return subprocess.run(
        [sys.executable, "-m", "invoke", "--search-root", str(store.ROOT), *argv],
        cwd=store.ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_is_taught(name: str) -> None:
    # Read anew: what lists a verb's arguments takes their help out of it.
    verb = runpy.run_path(tasks.__file__)[VERBS[name].body.__name__]
    line = (inspect.getdoc(verb) or "").splitlines()[0]
    assert line.endswith((".", "`."))
    for argument in verb.get_arguments():
        assert argument.help, f"{name} {argument.name} has no help"


def test_the_list_shows_every_verb() -> None:
    done = inv("--list")
    assert done.returncode == 0
    shown = {line.split()[0] for line in done.stdout.splitlines()[1:] if line.strip()}
    assert VERBS.keys() <= shown


UNKNOWN = ("fetch", "--variant", "cu999")


@pytest.mark.parametrize(
    ("argv", "env"),
    [(UNKNOWN, {}), (("--debug", *UNKNOWN), {}), (UNKNOWN, {"INVOKE_DEBUG": "1"})],
    ids=["plainly", "debug-flag", "debug-variable"],
)
def test_a_traceback_is_shown_only_where_it_was_asked_for(
    argv: tuple[str, ...], env: dict[str, str], tmp_path: Path
) -> None:
    done = inv(*argv, **env, GRADLOCK_STORE=str(tmp_path))
    debug = len(argv) + len(env) > len(UNKNOWN)
    assert done.returncode == 1
    known = ", ".join(row.name for row in variants.load())
    assert f"unknown variant 'cu999': the table has {known}" in done.stderr
    assert ("Traceback" in done.stderr) == debug
    if not debug:
        assert done.stderr.startswith("error: ")
        assert "where: variants.toml" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "argv",
    [("image", "--variant", "cu999"), ("image", "--cuda", "11.8"), ("image", "--channel", "pip")],
    ids=" ".join,
)
def test_a_mistyped_flag_is_told_before_an_engine_is_sought(
    argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect() -> None:
        raise AssertionError("an engine was sought")

    monkeypatch.setattr(engine, "connect", connect)
    flags = {argv[1].removeprefix("--"): argv[2]}
    with pytest.raises(Exit) as caught:
        VERBS["image"].body(Context(), **flags)
    assert repr(argv[2]) in str(caught.value)


def fails(error: BaseException) -> Any:
    def body(_: Context) -> None:
        raise error

    return tasks.verb(body)


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (InputError("broken", where="here", mend="so"), "error: broken\n  where: here", 1),
        (GradlockError("broken"), "error: broken", 1),
        (PermissionError(errno.EACCES, "Permission denied", "/file"), "where: /file", 1),
        (OSError(errno.ENOSPC, "No space left on device", "/file"), "No space left on device", 1),
        (KeyboardInterrupt(), "interrupted", 130),
    ],
    ids=lambda value: type(value).__name__,
)
def test_expected_failures_become_plain_messages(
    error: BaseException, said: str, code: int
) -> None:
    with pytest.raises(Exit) as caught:
        fails(error)(Context())
    assert said in str(caught.value)
    assert caught.value.code == code


def test_what_nobody_expected_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        fails(ZeroDivisionError())(Context())


def test_a_check_of_good_locks_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    VERBS["lock"].body(Context(), check=True)
    assert capsys.readouterr().out == "every lock is current\n"


def test_a_check_of_broken_locks_fails_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "problems", lambda _: ["one is stale", "another is cut"])
    with pytest.raises(Exit, match="one is stale\nanother is cut"):
        VERBS["lock"].body(Context(), check=True)


def test_the_table_is_printed_from_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    VERBS["variants"].body(Context())
    printed = capsys.readouterr().out
    for row in variants.load():
        for cell in (row.name, row.tensorflow, row.cuda or "-"):
            assert cell in printed


def test_contradicting_folders_are_refused() -> None:
    with pytest.raises(Exit, match="choose one of --to and --from"):
        VERBS["fetch"].body(Context(), to="a", from_="b")


def test_a_checkout_below_a_folder_with_spaces_can_be_tested(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = tmp_path / "my projects"
    monkeypatch.setattr(store, "ROOT", root)
    ran: list[list[str]] = []

    class Recorder(Context):
        def run(self, command: str, **_: Any) -> Any:
            ran.append(shlex.split(command))
            return type("Done", (), {"exited": 0})

    VERBS["test"].body(Recorder(), gpu_required=True)
    (argv,) = ran
    assert str(root / "noxfile.py") in argv
    assert argv[-2:] == ["--", "--gpu-required"]


@pytest.mark.parametrize(
    ("flags", "code"), [((), 1), (("--operations", "80"), 0), (("--operations", "1"), 1)]
)
def test_drift_of_two_files(tmp_path: Path, flags: tuple[str, ...], code: int) -> None:
    """Past a limit the verb fails, and shows and plots what it found all the same."""
    (tmp_path / "a.json").write_text(moved(OPERATION, FAR).to_text())
    (tmp_path / "b.json").write_text(FINGERPRINT.to_text())
    picture = tmp_path / "drift.png"
    files = (str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    done = inv("drift", *files, "--plot", str(picture), *flags)
    assert done.returncode == code
    assert "1 of 2 metrics are bit-identical, the worst of the rest is 70" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "argv",
    [("drift", "a.json", "b.json", "--trainings", "few"), ("fingerprint", "--threads", "two")],
)
def test_a_flag_that_is_no_number_is_told_plainly(argv: tuple[str, ...]) -> None:
    done = inv(*argv)
    assert done.returncode == 1
    assert f"error: {argv[-2]} takes a" in done.stderr
    assert "Traceback" not in done.stderr
