"""Reaching a server: each way in which it fails has its own words, and its own mend."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="it makes certificates, and is not locked for all hosts")

from gradlock.doctor import reach
from tests.unit.doctor import secured


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no variable of this machine's say how to reach a server, and whom to trust."""
    for name in (*reach.TRUST, "http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def closed() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_server_that_answers_is_good() -> None:
    with secured.serving() as url:
        for method in ("GET", "HEAD"):
            assert reach.ask(url, {}, method=method) == reach.Answer(200, begins=b"")


@pytest.mark.parametrize(
    ("status", "words", "mend"),
    [
        (404, "not there", "name another"),
        (403, "no permission", ".netrc"),
        (401, "no permission", ".netrc"),
        (407, "asks for a login", "USER:PASSWORD"),
        (503, "answers 503", "later"),
    ],
)
def test_a_refusal_is_told(status: int, words: str, mend: str) -> None:
    with secured.serving(status=status) as url:
        answer = reach.ask(url, {})
    assert not answer.good
    assert words in answer.trouble
    assert mend in answer.mend


def test_a_port_that_nobody_listens_on_is_refused() -> None:
    answer = reach.ask(f"http://127.0.0.1:{closed()}/", {})
    assert "refuses the connection" in answer.trouble


def test_a_name_that_nobody_knows_is_told() -> None:
    answer = reach.ask("http://no-such-host.invalid/", {})
    assert "no-such-host.invalid is not known here" in answer.trouble


def test_name_servers_that_are_silent_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ends = threading.Event()
    monkeypatch.setattr(reach, "RESOLVES", 0.1)
    monkeypatch.setattr(reach, "RESOLVER", tmp_path / "resolv.conf")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: ends.wait(30))
    assert "this system's name servers do not answer" in reach.ask("http://index.test/", {}).trouble
    reach.RESOLVER.write_text("nameserver 192.0.2.1\nsearch x\nnameserver 192.0.2.2\n")
    assert "192.0.2.1, 192.0.2.2" in reach.ask("http://index.test/", {}).trouble
    ends.set()


def test_a_server_that_is_silent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "PATIENCE", 0.2)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        answer = reach.ask(f"http://127.0.0.1:{server.getsockname()[1]}/", {})
    assert "does not answer within" in answer.trouble


def test_a_ca_that_is_not_trusted_is_named_and_trusted_once_a_variable_names_it(
    tmp_path: Path,
) -> None:
    bundle, own = secured.made(tmp_path)
    with secured.serving(certificate=own) as url:
        answer = reach.ask(url, {})
        assert secured.NAME in answer.trouble
        assert "no variable names one" in answer.trouble
        assert "SSL_CERT_FILE" in answer.mend
        assert reach.ask(url, {"PIP_CERT": str(bundle)}).good


def test_an_expired_certificate_is_the_clocks_matter(tmp_path: Path) -> None:
    bundle, own = secured.made(tmp_path, days=-1)
    with secured.serving(certificate=own) as url:
        assert "date" in reach.ask(url, {"PIP_CERT": str(bundle)}).mend


def test_another_servers_certificate_is_told(tmp_path: Path) -> None:
    bundle, own = secured.made(tmp_path, host="192.0.2.1")
    with secured.serving(certificate=own) as url:
        answer = reach.ask(url, {"PIP_CERT": str(bundle)})
    assert "another server answers" in answer.trouble


def test_a_server_without_tls_is_told() -> None:
    with secured.serving() as url:
        answer = reach.ask(url.replace("http:", "https:"), {})
    assert "speaks no TLS" in answer.trouble


def test_a_dead_proxy_is_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    port = closed()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    answer = reach.ask("http://somewhere.invalid/", {})
    assert f"the proxy 127.0.0.1:{port}" in answer.trouble
    assert "unset http_proxy" in answer.mend


@pytest.mark.parametrize("status", [403, 407])
def test_a_proxy_that_refuses_a_tunnel_is_told(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with secured.serving(status=status) as url:
        monkeypatch.setenv("https_proxy", url)
        answer = reach.ask("https://somewhere.invalid/", {})
    assert not answer.good
    assert "the proxy 127.0.0.1" in answer.trouble


@pytest.mark.parametrize("url", ["http://", "nonsense", "http://[::1/", "http://host:port/"])
def test_what_is_no_url_is_told(url: str) -> None:
    assert reach.ask(url, {}).trouble


def test_files_of_cas_that_are_not_there_are_named(tmp_path: Path) -> None:
    (tmp_path / "there.pem").touch()
    environ = {"SSL_CERT_FILE": "/no/such", "PIP_CERT": str(tmp_path / "there.pem")}
    assert reach.missing_files(environ) == {"SSL_CERT_FILE": "/no/such"}


def test_no_login_is_shown() -> None:
    assert reach.host("https://me:secret@index.test:8443/simple") == "index.test:8443"
