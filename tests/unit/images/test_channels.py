"""The channel of an image: what is named, what is pinned, and only then what answers."""

from __future__ import annotations

import pytest

from gradlock.errors import InputError
from gradlock.images import channels, pins
from gradlock.locks.resolve import conda


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the channels that are pinned: a set to fill."""
    found: set[str] = set()
    monkeypatch.setattr(pins, "find", lambda channel, _: channel in found)
    return found


def test_what_is_named_is_taken(pinned: set[str]) -> None:
    pinned.add("debian")
    assert channels.chosen("conda-forge", "cpu") == "conda-forge"


@pytest.mark.parametrize("channel", ["debian", "conda-forge"])
def test_what_is_pinned_does_not_depend_on_who_answers(
    channel: str, pinned: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def reachable() -> bool:
        raise AssertionError("conda-forge was asked")

    monkeypatch.setattr(conda, "reachable", reachable)
    pinned.add(channel)
    assert channels.chosen("", "cpu") == channel


@pytest.mark.parametrize(("answers", "channel"), [(True, "conda-forge"), (False, "debian")])
def test_where_nothing_is_pinned_it_is_who_answers(
    answers: bool, channel: str, pinned: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conda, "reachable", lambda: answers)
    assert channels.chosen("", "cpu") == channel


def test_an_unknown_channel_is_refused(pinned: set[str]) -> None:
    with pytest.raises(InputError, match="unknown channel 'pip': use debian or conda-forge"):
        channels.chosen("pip", "cpu")
