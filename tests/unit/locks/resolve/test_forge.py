"""Where conda-forge is: the channel, or a mirror of it; and what is said of one that fails."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import fetcher
from gradlock.errors import ArtifactError, InputError
from gradlock.locks.pins import CondaPin
from gradlock.locks.resolve import conda, conda_solver, forge
from gradlock.locks.resolve.conda_solver import Request

pytestmark = pytest.mark.usefixtures("own_store")

FILE = "tool-1-0.conda"
DATA = b"a package"
PIN = CondaPin("tool", "1", f"{forge.CONDA_FORGE}/linux-64/{FILE}", store.digest(DATA))


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Forget what was asked in another test."""
    forge._unanswered.cache_clear()
    conda.reachable.cache_clear()
    yield
    forge._unanswered.cache_clear()
    conda.reachable.cache_clear()


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """Write a channel of one package, as a mirror has it."""
    record = {"name": "tool", "version": "1", "build": "0", "build_number": 0, "depends": []}
    record |= {"subdir": "linux-64", "sha256": PIN.sha256, "timestamp": 10**12}
    for subdir, held in (("linux-64", {FILE: record}), ("noarch", {})):
        folder = tmp_path / "mirror" / subdir
        folder.mkdir(parents=True)
        told = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": held}
        (folder / "repodata.json").write_text(json.dumps(told))
    (tmp_path / "mirror/linux-64" / FILE).write_bytes(DATA)
    return tmp_path / "mirror"


class Quiet(SimpleHTTPRequestHandler):
    """A folder by HTTP."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(channel: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(channel))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def silent() -> Iterator[str]:
    """Listen and never answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def solve(tmp_path: Path, request: Request) -> subprocess.CompletedProcess[str]:
    """Solve for the tool in a process of its own, as conda-lock has it done."""
    request.write(tmp_path / "request.json")
    return subprocess.run(
        [
            *(sys.executable, "-m", conda_solver.__name__, "create", "--prefix", "x", "--dry-run"),
            *("--json", "--override-channels", "--channel", "conda-forge", "tool"),
        ],
        env={"PYTHONPATH": str(store.ROOT), conda_solver.VARIABLE: str(tmp_path / "request.json")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("form", ["folder", "url"])
def test_a_mirrors_records_are_locked_by_the_channels_own_urls(
    form: str, channel: Path, served: str, tmp_path: Path
) -> None:
    mirror = str(channel) if form == "folder" else served
    done = solve(tmp_path, Request(cache=str(tmp_path / "cache"), mirror=mirror))
    (record,) = json.loads(done.stdout)["actions"]["LINK"]
    assert (record["url"], record["sha256"]) == (PIN.url, PIN.sha256)


def test_a_channel_that_falls_silent_is_given_up(silent: str, tmp_path: Path) -> None:
    began = time.monotonic()
    done = solve(tmp_path, Request(cache=str(tmp_path / "cache"), mirror=silent, patience=1))
    assert time.monotonic() - began < 30
    refused = conda_solver.refusal(tmp_path / "request.json")
    assert done.returncode == 1
    assert refused
    assert refused.cause == "channel"


@pytest.mark.parametrize("form", ["folder", "url"])
def test_packages_come_from_a_mirror(
    form: str, channel: Path, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(forge.VARIABLE, f"{channel}/" if form == "folder" else f"{served}/")
    assert conda.reachable()
    assert fetcher.fetch([PIN])[PIN.sha256].read_bytes() == DATA


def test_a_channel_out_of_reach_is_one_error_in_seconds(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(forge.VARIABLE, silent)
    monkeypatch.setattr(forge, "TIMEOUT", 0.2)
    pins = [CondaPin(f"p{n}", "1", PIN.url, store.digest(bytes([n]))) for n in range(50)]
    began = time.monotonic()
    with pytest.raises(ArtifactError, match=r"^conda-forge cannot be reached: ReadTimeout"):
        fetcher.fetch(pins)
    assert time.monotonic() - began < 10


def test_a_named_mirror_that_fails_is_an_error_and_no_snapshot(
    served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(forge.VARIABLE, f"{served}/lost")
    with pytest.raises(ArtifactError, match="the server answers 404"):
        conda.reachable()


def test_why_the_snapshot_is_taken_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(forge.VARIABLE, raising=False)
    monkeypatch.setattr(forge, "_unanswered", lambda _: "the server answers 503")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conda, "reachable", conda.reachable.__wrapped__)
        assert not conda.reachable()
    assert "(the server answers 503): solving against its snapshot" in capsys.readouterr().err


def test_a_mirrors_login_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(forge.VARIABLE, "http://me:secret@127.0.0.1:1/forge")
    with pytest.raises(ArtifactError) as raised:
        forge.answering()
    assert "secret" not in str(raised.value)
    assert raised.value.where == "http://127.0.0.1:1/forge"


def test_a_folder_that_is_no_channel_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(forge.VARIABLE, str(tmp_path))
    with pytest.raises(InputError, match=r"no noarch/repodata.json"):
        forge.folder()
