"""Artifacts: what a lock names and nothing else gets into the store, whatever the index does."""

from __future__ import annotations

import gzip
import resource
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import artifacts
from gradlock.artifacts.artifacts import Pin, Source
from gradlock.errors import ArtifactError
from gradlock.locks.lockfile import DebPin, WheelPin

pytestmark = pytest.mark.usefixtures("own_store")

DATA = bytes(range(256)) * 4000  # a megabyte: it arrives in pieces


@dataclass
class Index:
    """An index on loopback: files by name, faults to show, and the requests that it got.

    A fault answers one request: a status, or `dies` and `interrupts` after half of the file.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[int | str] = field(default_factory=list)
    ranges: bool = True
    compresses: bool = False
    requests: list[str] = field(default_factory=list)
    url: str = ""
    interrupted: threading.Event = field(default_factory=threading.Event)

    def source(self, name: str) -> Source:
        """Return where a file can be downloaded."""
        return Source(f"{self.url}/{name}", name, len(self.files.get(name, b"")))


def parts() -> list[Path]:
    """Return what a next run resumes."""
    return list(store.folder("artifacts").glob("*.part"))


def press_ctrl_c() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def handler(index: Index) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers["Range"] if index.ranges else None
            index.requests.append(wanted or "whole")
            fault = index.faults.pop(0) if index.faults else None
            data = index.files.get(self.path.removeprefix("/"))
            if isinstance(fault, int) or data is None:
                self.send_error(fault if isinstance(fault, int) else 404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if start >= len(data):
                self.send_error(416)
                return
            self.send_response(206 if wanted else 200)
            body = data[start:]
            if index.compresses and "gzip" in self.headers["Accept-Encoding"]:
                body = gzip.compress(body)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            half = len(body) // 2 if fault else len(body)
            self.wfile.write(body[:half])
            self.wfile.flush()
            if fault == "interrupts":
                while not any(part.stat().st_size for part in parts()):
                    time.sleep(0.01)
                press_ctrl_c()
                index.interrupted.wait(5)
                with suppress(ConnectionError):  # the client is gone
                    self.wfile.write(body[half:])
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """Serve an index; no pause between the tries of a download, and no proxy before it."""
    monkeypatch.setattr(artifacts, "BACKOFF", (0.0, 0.0, 0.0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    served = Index()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(served)) as server:
        server.daemon_threads = True
        served.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        served.interrupted.set()
        server.shutdown()
        thread.join()


def wheel(data: bytes = DATA, name: str = "pkg") -> WheelPin:
    return WheelPin(name, "1.0", store.digest(data))


def deb(data: bytes = DATA) -> DebPin:
    return DebPin("git", "1", "amd64", len(data), store.digest(data), "debian", "pool/git.deb")


def fetch(index: Index, *pins: Pin, name: str = "pkg.whl") -> dict[str, Path]:
    """Fetch pins that the index has in files of their package's name."""

    def locate(missing: Sequence[Pin]) -> Mapping[str, Source]:
        named = {pin.sha256: f"{pin.name}.whl" for pin in missing}
        return {sha256: index.source(file) for sha256, file in named.items()}

    return artifacts.fetch(pins, locate)


def nothing(_: object) -> Mapping[str, Source]:
    raise AssertionError("nothing had to be located")


def stored() -> list[str]:
    """Return the names of what lies in the store, but for what a next run resumes."""
    folder = store.folder("artifacts")
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_is_fetched_is_stored_and_not_fetched_again(index: Index) -> None:
    index.files["pkg.whl"] = DATA
    pin = wheel()
    found = fetch(index, pin, pin)
    assert found[pin.sha256].read_bytes() == DATA
    assert found[pin.sha256].name == "pkg.whl"
    assert artifacts.fetch([pin], nothing) == found
    assert index.requests == ["whole"]
    assert stored() == ["pkg.whl"]


def test_a_download_that_dies_in_the_middle_goes_on_from_there(index: Index) -> None:
    index.files["pkg.whl"], index.faults = DATA, ["dies"]
    assert fetch(index, wheel())[wheel().sha256].read_bytes() == DATA
    assert index.requests == ["whole", f"bytes={len(DATA) // 2}-"]


def test_an_index_that_stays_dead_is_named_and_the_next_run_resumes(index: Index) -> None:
    index.files["pkg.whl"], index.faults = DATA, ["dies", 503, 503, 503]
    with pytest.raises(
        ArtifactError, match=r"fetching pkg\.whl failed: the server answers 503"
    ) as e:
        fetch(index, wheel())
    assert e.value.where == f"{index.url}/pkg.whl"
    assert "run again" in e.value.mend
    assert artifacts.path_of(wheel()) is None
    assert fetch(index, wheel())[wheel().sha256].read_bytes() == DATA
    assert index.requests[-1] == f"bytes={len(DATA) // 2}-"


def test_an_index_that_cannot_be_reached_is_named(index: Index) -> None:
    closed = Index(url="http://127.0.0.1:9")  # the port `discard`, where nothing listens
    with pytest.raises(ArtifactError, match=r"fetching pkg\.whl failed: ConnectError") as caught:
        fetch(closed, wheel())
    assert caught.value.where == "http://127.0.0.1:9/pkg.whl"


def test_every_try_waits_longer() -> None:
    pauses = [0.0, *artifacts.BACKOFF]
    assert pauses == sorted(set(pauses))
    assert 5 < sum(pauses) < 60


@pytest.mark.parametrize("status", [403, 404, 410])
def test_what_is_gone_is_asked_for_once(index: Index, status: int) -> None:
    index.files["pkg.whl"], index.faults = DATA, [status]
    with pytest.raises(ArtifactError, match=f"answers {status}"):
        fetch(index, wheel())
    assert index.requests == ["whole"]


def test_a_deb_that_left_the_mirrors_names_the_dated_ones(index: Index) -> None:
    with pytest.raises(ArtifactError, match="answers 404") as caught:
        fetch(index, deb())
    for way in ("GRADLOCK_DEBIAN_MIRROR", "GRADLOCK_DEBIAN_SECURITY_MIRROR", "--from", "relock"):
        assert way in caught.value.mend


def test_an_index_without_ranges_is_read_from_the_start(index: Index) -> None:
    index.files["pkg.whl"], index.faults, index.ranges = DATA, ["dies"], False
    assert fetch(index, wheel())[wheel().sha256].read_bytes() == DATA
    assert index.requests == ["whole", "whole"]


def test_an_index_that_would_compress_is_told_not_to(index: Index) -> None:
    index.files["pkg.whl"], index.compresses = DATA, True
    assert fetch(index, wheel())[wheel().sha256].read_bytes() == DATA


@pytest.mark.parametrize("extra", [b"", b"more"], ids=["whole", "too-long"])
def test_a_leftover_with_nothing_to_resume_is_done_anew(index: Index, extra: bytes) -> None:
    index.files["pkg.whl"] = DATA
    (store.folder("artifacts") / f"{wheel().sha256}.part").write_bytes(DATA + extra)
    assert fetch(index, wheel())[wheel().sha256].read_bytes() == DATA
    assert stored() == ["pkg.whl"]


@pytest.mark.parametrize("leftover", [b"", b"of another file"])
def test_wrong_bytes_are_refused_with_both_hashes_and_never_stored(
    index: Index, leftover: bytes
) -> None:
    index.files["pkg.whl"] = DATA[:-1] + b"X"
    part = store.folder("artifacts") / f"{wheel().sha256}.part"
    part.write_bytes(leftover)
    with pytest.raises(ArtifactError, match=r"pkg\.whl: refused") as caught:
        fetch(index, wheel())
    got = leftover + index.files["pkg.whl"][len(leftover) :]
    assert store.digest(got) in caught.value.what
    assert wheel().sha256 in caught.value.what
    assert stored() == []


def test_all_problems_are_named_and_what_came_well_stays(index: Index) -> None:
    index.files |= {"good.whl": b"good", "bad.whl": b"other"}
    good, bad = wheel(b"good", "good"), wheel(b"bad", "bad")
    gone, unknown = wheel(b"gone", "gone"), wheel(b"unknown", "unknown")

    def locate(missing: Sequence[Pin]) -> Mapping[str, Source]:
        return {pin.sha256: index.source(f"{pin.name}.whl") for pin in missing if pin != unknown}

    with pytest.raises(ArtifactError, match="3 problems") as caught:
        artifacts.fetch([good, bad, gone, unknown], locate)
    for said in ("bad.whl: refused", "gone.whl failed", "unknown 1.0: no index offers the file"):
        assert said in str(caught.value)
    assert stored() == ["good.whl"]
    assert good.sha256 in artifacts.fetch([good], nothing)


def test_a_flipped_byte_in_the_store_is_found(
    index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    index.files["pkg.whl"] = DATA
    path = fetch(index, wheel())[wheel().sha256]
    flipped = bytes([DATA[0] ^ 1]) + DATA[1:]
    path.write_bytes(flipped)
    assert fetch(index, wheel())[wheel().sha256].read_bytes() == DATA
    said = capsys.readouterr().err
    assert "refused pkg.whl" in said
    assert store.digest(flipped) in said
    assert wheel().sha256 in said


def test_a_file_that_was_only_touched_stays(index: Index) -> None:
    index.files["pkg.whl"] = DATA
    path = fetch(index, wheel())[wheel().sha256]
    path.touch()
    assert artifacts.fetch([wheel()], nothing) == {wheel().sha256: path}


def test_a_half_written_file_is_not_taken_for_the_artifact(index: Index) -> None:
    home = store.folder("artifacts") / wheel().sha256
    home.mkdir()
    (home / ".pkg.whl.x1y2.part").write_bytes(DATA[:10])
    assert artifacts.path_of(wheel()) is None
    index.files["pkg.whl"] = DATA
    assert fetch(index, wheel())[wheel().sha256].read_bytes() == DATA


def test_an_interrupted_run_ends_at_once_and_the_next_one_resumes(index: Index) -> None:
    index.files["pkg.whl"], index.faults = DATA, ["interrupts"]
    threading.Timer(0.3, index.interrupted.set).start()
    with pytest.raises(KeyboardInterrupt):
        fetch(index, wheel())
    assert artifacts.path_of(wheel()) is None
    assert fetch(index, wheel())[wheel().sha256].read_bytes() == DATA
    assert index.requests[1].startswith("bytes=")


def test_an_interrupted_run_does_not_sit_out_its_pauses(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "BACKOFF", (600.0,))
    index.files["pkg.whl"], index.faults = DATA, [503]
    threading.Timer(0.3, press_ctrl_c).start()
    with pytest.raises(KeyboardInterrupt):
        fetch(index, wheel())


@contextmanager
def full_disk(free: int) -> Iterator[None]:
    """Let no file grow above `free` bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_named_and_the_next_run_resumes(index: Index) -> None:
    data = DATA * 5
    index.files["pkg.whl"] = data
    with full_disk(4 << 20), pytest.raises(ArtifactError, match=r"writing pkg\.whl failed") as e:
        fetch(index, wheel(data))
    assert "make room" in e.value.mend
    assert fetch(index, wheel(data))[wheel(data).sha256].read_bytes() == data
    assert index.requests[1].startswith("bytes=")


def test_keeping_a_copy_leaves_the_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "pkg.whl"
    file.write_bytes(DATA)
    before = file.stat()
    kept = artifacts.keep(file, wheel(), "pkg.whl")
    assert kept.read_bytes() == DATA
    assert file.stat().st_mtime == before.st_mtime
    assert artifacts.verified(wheel()) == kept


def test_keeping_refuses_other_bytes(tmp_path: Path) -> None:
    file = tmp_path / "pkg.whl"
    file.write_bytes(b"other")
    with pytest.raises(ArtifactError, match="refused") as caught:
        artifacts.keep(file, wheel(), "pkg.whl")
    assert caught.value.where == str(file)
    assert file.exists()
    assert stored() == []
