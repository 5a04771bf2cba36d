"""The network: worse where something is still to be fetched, and each time with the server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gradlock.artifacts import indexes
from gradlock.artifacts.once import Once
from gradlock.doctor import hashes, network, reach, tools
from gradlock.doctor.findings import Severity
from gradlock.doctor.hashes import Missing
from gradlock.doctor.question import Question
from gradlock.doctor.reach import Answer
from gradlock.errors import InputError

GONE = "pool/main/b/bash/bash_1_amd64.deb"
ROOTS = {"debian": "http://m.test/debian", "debian-security": "http://m.test/debian-security"}


@pytest.fixture(autouse=True)
def reached(monkeypatch: pytest.MonkeyPatch) -> dict[str, Answer]:
    """Have the network be a table: a part of a URL, and what is answered; all else is good."""
    answers: dict[str, Answer] = {}

    def ask(url: str, _environ: object, *, method: str = "GET") -> Answer:
        del method
        good = Answer(200, begins=network.SIGNED if "InRelease" in url else b"uv-1-py3-none.whl")
        return next((each for part, each in answers.items() if part in url), good)

    monkeypatch.setattr(reach, "ask", ask)
    monkeypatch.setattr(indexes, "named", lambda _: ("https://index.test/simple",))
    return answers


@pytest.fixture
def asked(asked: Question) -> Question:
    """Return a question about a machine whose mirrors are known."""
    return replace(asked, mirrors=Once(lambda: ROOTS))


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
    (found,) = network.debian(replace(asked, mirrors=Once(none)))
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
    monkeypatch.setattr(indexes, "urls", lambda: ("https://known.test/simple",))
    assert "known.test" in next(network.index(asked)).seen


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


HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\n"
OUT = "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
NEAR = "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
ZEROS = "0" * 32
OUT6 = f"{ZEROS} 00 {ZEROS} 00 fd{'0' * 29}1 00000400 00000003 00000000 00000003     eth0\n"
LO6 = f"{ZEROS} 00 {ZEROS} 00 {ZEROS} ffffffff 00000001 00000000 00200200       lo\n"


@pytest.mark.parametrize(
    ("four", "six", "count"),
    [
        (HEAD + OUT + NEAR, LO6, 0),
        (HEAD + NEAR, OUT6 + LO6, 0),
        (HEAD + NEAR, LO6, 1),
        (HEAD, "", 1),
    ],
)
def test_a_machine_from_which_no_route_leads_is_told(
    asked: Question,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    four: str,
    six: str,
    count: int,
) -> None:
    (tmp_path / "route").write_text(four)
    (tmp_path / "ipv6_route").write_text(six)
    monkeypatch.setattr(network, "ROUTES", (tmp_path / "route", tmp_path / "ipv6_route"))
    found = list(network.routes(replace(asked, environ={})))
    assert [row.severity for row in found] == [Severity.BROKEN] * count
    assert list(network.routes(replace(asked, environ={"http_proxy": "p"}))) == []


def test_a_system_without_cas_is_told(asked: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "trusts_nobody", lambda _: True)
    assert "apt-get install ca-certificates" in next(network.trust(asked)).mend


def test_a_login_page_is_no_index_and_no_mirror(
    asked: Question, reached: dict[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking(monkeypatch, SOMETHING)
    reached["test/"] = Answer(200, begins=b"<html>Welcome to the hotel")
    for check in (network.index, network.debian):
        (found,) = check(asked)
        assert found.severity is Severity.BROKEN
        assert "login page" in found.mend


@pytest.mark.parametrize(("value", "count"), [("1", 2), ("true", 2), ("0", 1), ("", 1)])
def test_what_switches_the_index_off_is_told(
    asked: Question, monkeypatch: pytest.MonkeyPatch, value: str, count: int
) -> None:
    lacking(monkeypatch, SOMETHING)
    found = list(network.index(replace(asked, environ={"UV_OFFLINE": value})))
    assert len(found) == count
    assert ("UV_OFFLINE" in found[0].seen) == (count == 2)
