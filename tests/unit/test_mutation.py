"""The session `mutation`: first the suite, which says what runs which line, then the mutants."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from tests.mutation import __main__ as mutation

FILES = {
    "conftest.py": b"shared",
    "smoke/test_smoke.py": b"another suite",
    "gradients/checks.py": b"the suite",
    "gradients/mutation/score.py": b"what counts",
    "gradients/coverage/page.py": b"what is shown",
    "gradients/coverage/scope.py": b"what is told of",
}


def line(**entry: str) -> bytes:
    """Return what the plugin writes of a mutant."""
    return json.dumps(entry).encode() + b"\n"


def test_the_suite_says_what_runs_which_line_and_mutants_are_drawn_by_the_seed() -> None:
    assert "--coverage=rows" in mutation.suite()
    words = mutation.planting(mutants=7, seed="sha256:ab", seconds=60)
    assert {"--mutants=7", "--seed=sha256:ab", "--seconds=60"} <= set(words)
    assert mutation.suite()[-1] == words[-1] == "gradients"


def test_bugs_can_be_held_to_the_tests_that_their_tables_name() -> None:
    """Then pytest collects these alone, and says which there is not."""
    words = mutation.planting(
        "gradients/test_a.py::test_b", "gradients/test_c.py::test_d", bugs="x"
    )
    assert words[-2:] == ["gradients/test_a.py::test_b", "gradients/test_c.py::test_d"]
    assert "gradients" not in words


def test_a_session_has_its_seconds_before_it_is_ended_from_outside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many it was given; what it leaves is kept."""
    begun: dict[str, Any] = {}

    def container(
        _engine: object, _image: str, argv: list[str], **_: object
    ) -> AbstractContextManager[None]:
        begun["argv"] = argv
        return nullcontext()

    monkeypatch.setattr(mutation.containers, "container", container)
    monkeypatch.setattr(mutation.box, "options", lambda _: {})
    monkeypatch.setattr(mutation.box, "put", lambda *_: None)
    monkeypatch.setattr(mutation.box, "results", lambda _: {"kept": b"all"})
    monkeypatch.setattr(mutation.suites, "follow", lambda _, seconds: begun.update(outside=seconds))
    kept: dict[str, bytes] = {}
    mutation.run(MagicMock(), "gradlock:cpu", ["-s"], 86_400, {}, kept.update)
    assert begun["argv"][begun["argv"].index("timeout") + 2] == "86400"
    assert begun["outside"] > 86_400
    assert kept == {"kept": b"all"}


@pytest.mark.parametrize("name", FILES)
def test_what_was_found_holds_until_the_image_or_the_suite_changes(name: str) -> None:
    found = mutation.state("sha256:ab", FILES)
    assert mutation.state("sha256:cd", FILES) != found
    moves = name in ("conftest.py", "gradients/checks.py", "gradients/coverage/scope.py")
    assert (mutation.state("sha256:ab", FILES | {name: b"new"}) != found) == moves


def test_what_is_found_of_a_mutant_takes_the_place_of_what_was(tmp_path: Path) -> None:
    """And half a line, of a run that was ended, is none."""
    path = tmp_path / "mutation" / "mutants.jsonl"
    first = line(id="a", status="survived") + line(id="b", status="caught")
    mutation.keep_found(path, {mutation.FOUND: first})
    mutation.keep_found(path, {mutation.FOUND: line(id="a", status="caught") + b'{"id": "b", '})
    mutation.keep_found(path, {})
    assert [json.loads(one) for one in path.read_bytes().splitlines()] == [
        {"id": "a", "status": "caught"},
        {"id": "b", "status": "caught"},
    ]


def test_rows_of_another_suite_are_gone(tmp_path: Path) -> None:
    """And those that are there stay, where a run left none."""
    old, new = (tmp_path / f"rows-{name}.json" for name in ("old", "new"))
    mutation.keep_rows(old, {mutation.ROWS: b"{}"})
    mutation.keep_rows(new, {})
    assert old.exists()
    mutation.keep_rows(new, {mutation.ROWS: b"{}"})
    assert [path.name for path in tmp_path.iterdir()] == [new.name]
