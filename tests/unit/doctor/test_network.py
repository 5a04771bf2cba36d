"""The network: worse where something is still to be fetched, and each time with the server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gradlock.artifacts import indexes
from gradlock.doctor import hashes, network, reach, tools
from gradlock.doctor.findings import Severity
from gradlock.doctor.hashes import Missing
from gradlock.doctor.question import Question
from gradlock.doctor.reach import Answer
from gradlock.errors import InputError
from gradlock.locks.resolve import mirrors

GONE = "pool/main/b/bash/bash_1_amd64.deb"
ROOTS = {"debian": "http://m.test/debian", "debian-security": "http://m.test/debian-security"}


@pytest.fixture(autouse=True)
def reached(monkeypatch: pytest.MonkeyPatch) -> dict[str, Answer]:
    """Have the network be a table: a part of a URL, and what is answered; all else is good."""
    answers: dict[str, Answer] = {}

    def ask(url: str, _environ: object, *, method: str = "GET") -> Answer:
        del method
        return next((each for part, each in answers.items() if part in url), Answer(200))

    monkeypatch.setattr(reach, "ask", ask)
    monkeypatch.setattr(indexes, "urls", lambda: ("https://index.test/simple",))
    monkeypatch.setattr(mirrors, "found", lambda: ROOTS)
    return answers


def lacking(monkeypatch: pytest.MonkeyPatch, found: Missing) -> None:
    monkeypatch.setattr(hashes, "missing", lambda _: found)


NOTHING = Missing((), ())
SOMETHING = Missing(("keras",), (("debian", GONE),))


@pytest.mark.parametrize(
    ("missing", "severity"), [(NOTHING, Severity.WARNING), (SOMETHING, Severity.BROKEN)]
)
def test_what_cannot_be_reached_is_worse_where_it_is_needed(
    asked: Question,
    reached: dict[str, Answer],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    missing: Missing,
    severity: Severity,
) -> None:
    lacking(monkeypatch, missing)
    monkeypatch.setattr(tools, "NOTE", tmp_path)
    reached["test/"] = Answer(trouble="index.test refuses", mend="mend it")
    for check in (network.index, network.debian):
        (found,) = check(asked)
        assert found.severity is severity
        assert "index.test refuses" in found.seen
        assert "mend it" in found.mend


def test_without_a_venv_the_index_is_needed(
    asked: Question, reached: dict[str, Answer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lacking(monkeypatch, NOTHING)
    monkeypatch.setattr(tools, "NOTE", tmp_path / "none")
    reached["test/"] = Answer(500, "answers 500", "later")
    assert next(network.index(asked)).severity is Severity.BROKEN


def test_servers_that_answer_are_fine(asked: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch, SOMETHING)
    for check in (network.index, network.debian, network.security):
        (found,) = check(asked)
        assert found.severity is Severity.FINE


def test_a_superseded_deb_is_told_with_a_dated_mirror(
    asked: Question, reached: dict[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking(monkeypatch, SOMETHING)
    reached[GONE] = Answer(404, "gone", "")
    _, found = network.debian(asked)
    assert found.severity is Severity.BROKEN
    assert "bash_1_amd64.deb" in found.seen
    assert "GRADLOCK_DEBIAN_MIRROR" in found.mend
    assert len(list(network.security(asked))) == 1


def test_a_machine_without_mirrors_is_told(
    asked: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> dict[str, str]:
        raise InputError("no mirror of Debian's archives is known")

    lacking(monkeypatch, SOMETHING)
    monkeypatch.setattr(mirrors, "found", none)
    (found,) = network.debian(asked)
    assert "no mirror" in found.seen
    assert "GRADLOCK_DEBIAN_SECURITY_MIRROR" in found.mend


def test_an_unknown_default_index_is_not_seen(
    asked: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_library() -> tuple[str, ...]:
        raise ModuleNotFoundError(name="pypi_simple")

    monkeypatch.setattr(indexes, "urls", no_library)
    monkeypatch.setattr(indexes, "named", lambda default: (default,) if default else ())
    monkeypatch.setattr(network, "_default", lambda: "")
    assert next(network.index(asked)).severity is Severity.UNSEEN
    monkeypatch.setattr(network, "_default", lambda: "https://other.test/simple")
    assert "other.test" in next(network.index(asked)).seen


def test_a_proxy_that_is_dead_or_no_address_is_broken(asked: Question) -> None:
    for value in ("http://127.0.0.1:1", "127.0.0.1:1", "http://:3128", "http://host:port"):
        (found,) = network.proxies(replace(asked, environ={"https_proxy": value}))
        assert found.severity is Severity.BROKEN, value
        assert "https_proxy" in found.seen


def test_no_proxy_is_nothing(asked: Question) -> None:
    assert list(network.proxies(replace(asked, environ={}))) == []


def test_two_proxies_for_one_purpose_are_told(asked: Question) -> None:
    environ = {"http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:2"}
    assert "two proxies" in next(network.proxies(replace(asked, environ=environ))).seen


def test_a_file_of_cas_that_is_not_there_is_broken(asked: Question) -> None:
    (found,) = network.trust(replace(asked, environ={"PIP_CERT": "/no/such.pem"}))
    assert found.severity is Severity.BROKEN
    assert "PIP_CERT names /no/such.pem" in found.seen
