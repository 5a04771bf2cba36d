"""A locked package tells the name of its file, and how a requirements file asks for it."""

from __future__ import annotations

import pytest

from gradlock.locks.pins import CondaPin, DebPin, WheelPin

SHA256 = 64 * "a"


def test_names_of_files_come_from_paths_and_urls() -> None:
    deb = DebPin("git", "1", "amd64", 1, SHA256, "debian", "pool/g/git_1_amd64.deb")
    package = CondaPin("git", "1", "https://example.org/linux-64/git-1-0.conda", SHA256)
    assert deb.filename == "git_1_amd64.deb"
    assert package.filename == "git-1-0.conda"


@pytest.mark.parametrize(
    ("place", "requirement"),
    [
        ("", "ours==1.0"),
        ("https://a.example/ours-1.0-py3-none-any.whl", None),
        ("./vendor/ours-1.0-py3-none-any.whl", "./vendor/ours-1.0-py3-none-any.whl"),
    ],
)
def test_a_wheel_is_asked_for_where_it_is(place: str, requirement: str | None) -> None:
    assert WheelPin("ours", "1.0", SHA256, place).requirement == (requirement or f"ours @ {place}")
