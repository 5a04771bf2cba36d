"""What rooms share: the exact environment, and the end of what a program printed."""

from __future__ import annotations

import subprocess

from gradlock.layers import room


def test_a_program_gets_the_variables_named_and_no_others() -> None:
    argv = room.exactly(["/usr/bin/env"], {"B": "a b\n=c", "A": ""})
    done = subprocess.run(argv, env={"HOME": "/x"}, capture_output=True, text=True, check=True)
    assert done.stdout == "B=a b\n=c\nA=\n"


def test_an_error_shows_the_last_lines_alone() -> None:
    lines = [f"line {number}" for number in range(99)]
    assert room.tail("\n".join(lines) + "\n\n").splitlines() == lines[-room.TAIL :]
    assert room.tail("") == ""
