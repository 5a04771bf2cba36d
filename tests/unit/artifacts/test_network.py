"""How the network is asked: with the machine's logins, patiently, and never after the end."""

from __future__ import annotations

import base64
import ssl
import threading
import time
from pathlib import Path

import httpx
import pytest

from gradlock.artifacts import network
from gradlock.errors import ArtifactError
from tests.unit.artifacts.loopback import Index


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep the user's logins and CAs out of the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (*network.OWN_CAS, *network.CA_FILES, "NETRC"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def login(index: Index) -> str:
    """Return the login of the last request."""
    _, _, packed = index.headers.get("authorization", " ").partition(" ")
    return base64.b64decode(packed).decode()


def get(url: str) -> httpx.Response:
    with network.client() as client:
        return client.get(url)


def test_the_login_in_a_url_is_used_on_its_host(index: Index) -> None:
    index.files["a"] = b"a"
    with network.client() as client:
        client.get(f"{index.url}/a")
        assert login(index) == ""
        client.get(index.url.replace("://", "://me:p%40ss@") + "/a")
        assert login(index) == "me:p@ss"
        client.get(f"{index.url}/a")  # as an index's page names its files
        assert login(index) == "me:p@ss"


@pytest.mark.parametrize("named", [True, False])
def test_netrcs_login_is_used(
    index: Index, machine: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    path = machine / ("netrc" if named else ".netrc")
    if named:
        monkeypatch.setenv("NETRC", str(path))
    path.write_text("machine 127.0.0.1 login me password secret\n")
    path.chmod(0o600)
    index.files["a"] = b"a"
    get(f"{index.url}/a")
    assert login(index) == "me:secret"


@pytest.mark.parametrize("text", ["machine", "nonsense {"])
def test_a_broken_netrc_is_no_login(index: Index, machine: Path, text: str) -> None:
    (machine / ".netrc").write_text(text)
    index.files["a"] = b"a"
    assert get(f"{index.url}/a").content == b"a"


def test_a_login_does_not_follow_to_another_host(index: Index) -> None:
    index.files["a"] = b"a"
    index.redirects["/there"] = index.url.replace("127.0.0.1", "localhost") + "/a"
    assert get(index.url.replace("://", "://me:secret@") + "/there").content == b"a"
    assert index.paths == ["/there", "/a"]
    assert login(index) == ""


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"])
def test_a_private_ca_is_trusted(name: str, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Context(ssl.SSLContext):
        def load_verify_locations(self, cafile: object = None, *rest: object, **_: object) -> None:
            asked.append(str(cafile))

    monkeypatch.setattr(
        ssl, "create_default_context", lambda cafile=None, **_: asked.append(str(cafile)) or made
    )
    made = Context(ssl.PROTOCOL_TLS_CLIENT)
    (machine / "ca.pem").write_text("a certificate")
    monkeypatch.setenv(name, str(machine / "ca.pem"))
    network.client().close()
    assert str(machine / "ca.pem") in asked


def answered(status: int) -> httpx.HTTPStatusError:
    request = httpx.Request("GET", "http://index.example/")
    return httpx.HTTPStatusError("", request=request, response=httpx.Response(status))


@pytest.mark.parametrize("status", network.FINAL)
def test_what_is_final_is_not_tried_again(status: int) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise answered(status)

    with pytest.raises(httpx.HTTPStatusError):
        network.patiently(work, threading.Event(), "here")
    assert len(tries) == 1


def test_every_try_waits_longer() -> None:
    assert list(network.BACKOFF) == sorted(set(network.BACKOFF))
    assert 5 < sum(network.BACKOFF) < 60


def test_whoever_waits_for_the_next_try_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "BACKOFF", (600.0,))
    stop = threading.Event()

    def work() -> None:
        threading.Timer(0.05, stop.set).start()
        raise answered(503)

    started = time.monotonic()
    with pytest.raises(ArtifactError, match="interrupted"):
        network.patiently(work, stop, "here")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@host/a@b", "https://host/a@b"),
        ("https://host/a@b", "https://host/a@b"),
        ("no url", "no url"),
    ],
)
def test_a_login_is_not_shown(url: str, shown: str) -> None:
    assert network.plain(url) == shown
