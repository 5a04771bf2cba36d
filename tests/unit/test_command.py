"""Subprocesses: what they print, and what an error says when they fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gradlock import command
from gradlock.errors import CommandError


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_stdout_is_returned_and_stderr_is_not() -> None:
    code = "import sys; print('result'); print('noise', file=sys.stderr)"
    assert command.run(python(code), purpose="testing") == "result\n"


def test_stdin_cwd_and_environment_reach_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEPT", "kept")
    code = "import os, sys; print(os.getcwd(), os.environ['KEPT'], os.environ['NEW'], input())"
    printed = command.run(
        python(code), purpose="testing", cwd=tmp_path, env={"NEW": "new"}, stdin="typed\n"
    )
    assert printed.split() == [str(tmp_path), "kept", "new", "typed"]


def test_output_goes_to_a_file_byte_by_byte(tmp_path: Path) -> None:
    code = r"import sys; sys.stdout.buffer.write(b'\xff\r\n')"
    assert command.run(python(code), purpose="testing", output=tmp_path / "out") == ""
    assert (tmp_path / "out").read_bytes() == b"\xff\r\n"


def test_bytes_that_are_no_text_break_nothing() -> None:
    code = r"import sys; sys.stderr.buffer.write(b'caf\xe9'); sys.exit(1)"
    with pytest.raises(CommandError, match="status 1") as caught:
        command.run(python(code), purpose="testing")
    assert "caf" in caught.value.mend


@pytest.mark.parametrize("to_file", [False, True])
def test_a_failure_shows_the_command_and_its_last_lines(tmp_path: Path, to_file: bool) -> None:
    code = "import sys; [print(f'line {n}', file=sys.stderr) for n in range(100)]; sys.exit(7)"
    with pytest.raises(CommandError) as caught:
        command.run(
            python(code),
            purpose="testing failures",
            output=tmp_path / "out" if to_file else None,
        )
    error = caught.value
    assert error.what == f"testing failures: {Path(sys.executable).name} failed with status 7"
    assert error.where.startswith(sys.executable)
    assert error.mend.endswith("line 98\n    line 99")
    assert "line 74\n" not in error.mend


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(CommandError, match="'no-such-program' is not installed") as caught:
        command.run(["no-such-program"], purpose="testing")
    assert "setup" in caught.value.mend
