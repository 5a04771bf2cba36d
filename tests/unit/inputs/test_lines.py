"""A line asks for a package or a wheel, or includes a file; what else resolvers take is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlock.inputs import lines, variants
from gradlock.locks import paths

WHEEL = "ours-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# -e .",
        "# to be gone on with \\",
        "numpy",
        "Py.Test_XDist  # as others spell it",
        "keras[a,B] >=3,<4 ; python_version < '3.14'",
        "numpy==2.*",
        f"ours @ https://a.example/{WHEEL}#sha256=00",
        f"ours[all] @ https://a.example/{WHEEL} ; sys_platform == 'linux'",
        f"https://a.example/{WHEEL}",
        f"ours @ https://a.example/{WHEEL}?of=2026",
        f"./vendor/{WHEEL}",
        f"ours @ ./vendor/{WHEEL}",
        "-r team.in",
        "-rteam.in",
        "--requirement=team.in",
        "--constraint bounds.in",
    ],
)
def test_what_a_line_may_be(line: str) -> None:
    assert list(lines.faults(f"{line}\n", "base.in")) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--index-url https://other.example/simple", "is an option"),
        ("-i https://other.example/simple", "is an option"),
        ("--extra-index-url=https://other.example", "is an option"),
        ("--find-links /srv/wheels", "is an option"),
        ("-f /srv/wheels", "is an option"),
        ("--no-index", "is an option"),
        ("--pre", "is an option"),
        ("--no-binary :all:", "is an option"),
        ("--require-hashes", "is an option"),
        ("--config-settings a=b", "is an option"),
        ("-e .", "asks for a folder"),
        ("--editable=git+https://a.example/x", "asks for a folder"),
        ("idna==3.20 --hash=sha256:00", "has an option of its own"),
        ("idna==3.20 \\", "goes on in the next one"),
        ("numpy # so \\", "goes on in the next one"),
        ("-r \\", "goes on in the next one"),
        ("${PACKAGE}", "has a variable of the environment"),
        (f"ours @ https://a.example/${{PATH}}/{WHEEL}", "has a variable of the environment"),
        (f"ours @ https://me:secret@a.example/{WHEEL}", "has a login in it"),
        ("ours @ git+https://a.example/ours", "asks for a repository"),
        (f"ours @ file:///srv/{WHEEL}", "names a place that others have not"),
        (f"ours @ file:vendor/{WHEEL}", "names a place that others have not"),
        (f"ours @ vendor/{WHEEL}", "names a place that others have not"),
        ("ours @ https://a.example/ours-1.0.tar.gz", "asks for what is no wheel"),
        (".", "is no requirement"),
        ("./vendor/ours", "is no requirement"),
        ("numpy pandas", "is no requirement"),
        ("numpy ; sys_platfrom == 'linux'", "is no requirement"),
        ("numpy=2", "is no requirement"),
        ("num\0py", "is no requirement"),
        ("n\u0443mpy", "is no requirement"),
    ],
)
def test_what_a_line_must_not_be_is_named_with_its_line(line: str, said: str) -> None:
    (error,) = lines.faults(f"# ours\n{line}\nscipy\n", "base.in")
    assert f"a line {said}" in error.what
    assert error.where == "base.in:2"
    assert error.mend
    assert "secret" not in str(error)


@pytest.mark.parametrize("path", paths.every(variants.load()), ids=lambda path: path.name)
def test_a_lock_is_no_input_and_that_is_said_once(path: Path) -> None:
    (error,) = lines.faults(path.read_text(), path.name)
    assert "is a lock" in error.what
    assert error.where == f"{path.name}:1"


def test_all_such_lines_are_named() -> None:
    found = lines.faults("--pre\nnumpy\n-e .\n", "base.in")
    assert [error.where for error in found] == ["base.in:1", "base.in:3"]
