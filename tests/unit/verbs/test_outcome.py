"""The end of a verb: what was expected is a message, what was not keeps its traceback."""

from __future__ import annotations

import errno
import signal
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.errors import (
    ArtifactError,
    EngineError,
    GradlockError,
    InputError,
    RegistryError,
)
from gradlock.inputs import variants
from gradlock.interrupts import Interrupted
from gradlock.verbs import outcome
from gradlock.verbs.outcome import Body
from tests.unit.verbs.conftest import Inv


def fails(error: BaseException) -> Body:
    def body(_: Context) -> None:
        raise error

    return outcome.plainly(body)


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (InputError("broken", where="here", mend="so"), "error: broken\n  where: here", 1),
        (GradlockError("broken"), "error: broken", 1),
        (PermissionError(errno.EACCES, "Permission denied", "/file"), "where: /file", 1),
        (ImportError("cannot import name 'x' from 'y'"), "a library of .venv is not as", 1),
        (OSError(errno.ENOSPC, "No space left on device", "/file"), "mend:  free some", 1),
        (Interrupted(signal.SIGINT), "interrupted", 130),
        (Interrupted(signal.SIGTERM), "interrupted", 143),
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


@pytest.mark.parametrize(
    ("error", "machine"),
    [
        (EngineError("no engine"), True),
        (ArtifactError("no index"), True),
        (RegistryError("no registry"), True),
        (InputError("no such variant"), False),
        (GradlockError("stale"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_doctor_is_named_where_the_machine_may_be_the_cause(
    error: GradlockError, machine: bool
) -> None:
    with pytest.raises(Exit) as caught:
        fails(error)(Context())
    assert ("./inv doctor" in str(caught.value)) == machine


def test_the_doctor_is_named_once() -> None:
    with pytest.raises(Exit) as caught:
        fails(EngineError("no answer", mend="./inv doctor looks for the cause"))(Context())
    assert str(caught.value).count("doctor") == 1


def test_what_nobody_expected_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        fails(ZeroDivisionError())(Context())


def test_a_signal_ends_a_verb_as_an_interrupt() -> None:
    """Ctrl-C, a cancelled job: the same message, the status that a shell shows."""

    def body(_: Context) -> None:
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Exit, match="interrupted; nothing half-done is used") as caught:
        outcome.plainly(body)(Context())
    assert caught.value.code == 143


def test_a_verb_keeps_its_name_and_its_flags() -> None:
    @outcome.verb(help={"all": "Every one."})
    def sample(_: Context, all: bool = False) -> None:
        """Do nothing."""

    assert sample.name == "sample"
    (argument,) = sample.get_arguments()
    assert (argument.names, argument.help) == (("all",), "Every one.")


UNKNOWN = ("fetch", "--variant", "cu999")


@pytest.mark.parametrize(
    ("argv", "env"),
    [(UNKNOWN, {}), (("--debug", *UNKNOWN), {}), (UNKNOWN, {"INVOKE_DEBUG": "1"})],
    ids=["plainly", "debug-flag", "debug-variable"],
)
def test_a_traceback_is_shown_only_where_it_was_asked_for(
    argv: tuple[str, ...], env: dict[str, str], tmp_path: Path, inv: Inv
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
