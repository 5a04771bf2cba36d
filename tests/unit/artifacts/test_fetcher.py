"""Artifacts: what a lock names and nothing else gets into the store, whatever the index does."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import artifacts, fetcher, network
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.download import Download
from gradlock.artifacts.fetcher import Fetcher
from gradlock.artifacts.index import Source
from gradlock.errors import ArtifactError, InputError
from gradlock.locks.pins import DebPin, WheelPin
from tests.unit.artifacts.loopback import Index, press_ctrl_c

pytestmark = pytest.mark.usefixtures("own_store")

DATA = bytes(range(256)) * 4000  # a megabyte: it arrives in pieces


def wheel(data: bytes = DATA, name: str = "pkg") -> WheelPin:
    return WheelPin(name, "1.0", store.digest(data))


def deb(data: bytes = DATA) -> DebPin:
    return DebPin("git", "1", "amd64", len(data), store.digest(data), "debian", "pool/git.deb")


def fetch(index: Index, *pins: Pin) -> dict[str, Path]:
    """Fetch pins that the index has in files of their package's name."""
    return fetcher.fetch(pins, locate=lambda pin: index.source(f"{pin.name}.whl"))


def nothing(_: object) -> Source:
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
    assert fetcher.fetch([pin], locate=nothing) == found
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
    pauses = [0.0, *network.BACKOFF]
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
    assert store.digest(index.files["pkg.whl"]) in caught.value.what
    assert wheel().sha256 in caught.value.what
    assert stored() == []


def test_all_problems_are_named_and_what_came_well_stays(index: Index) -> None:
    index.files |= {"good.whl": b"good", "bad.whl": b"other"}
    good, bad = wheel(b"good", "good"), wheel(b"bad", "bad")
    gone, unknown = wheel(b"gone", "gone"), wheel(b"unknown", "unknown")

    def locate(pin: Pin) -> Source:
        if pin == unknown:
            raise ArtifactError("unknown 1.0: no index offers the file")
        return index.source(f"{pin.name}.whl")

    with pytest.raises(ArtifactError, match="3 problems") as caught:
        fetcher.fetch([good, bad, gone, unknown], locate=locate)
    for said in ("bad.whl: refused", "gone.whl failed", "unknown 1.0: no index offers the file"):
        assert said in str(caught.value)
    assert stored() == ["good.whl"]
    assert good.sha256 in fetcher.fetch([good], locate=nothing)


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
    assert fetcher.fetch([wheel()], locate=nothing) == {wheel().sha256: path}


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


def test_an_interrupted_run_does_not_wait_for_a_server_that_is_silent(index: Index) -> None:
    index.files["pkg.whl"], index.faults = DATA, ["interrupts"]
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):  # the server would be silent for 5 seconds
        fetch(index, wheel())
    assert time.monotonic() - began < 3


def test_an_interrupted_run_does_not_sit_out_its_pauses(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "BACKOFF", (600.0,))
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


def test_what_is_found_broken_is_fetched_again_at_the_same_run(index: Index) -> None:
    index.files["pkg.whl"] = DATA
    with Fetcher(locate=lambda _: index.source("pkg.whl")) as fetching:
        path = fetching.get(wheel())
        state = path.stat()
        path.write_bytes(bytes([DATA[0] ^ 1]) + DATA[1:])
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
        assert fetching.get(wheel()) == path  # nothing tells yet
        assert artifacts.refuse(path)  # who could not read it says so
        assert fetching.get(wheel()).read_bytes() == DATA
        assert (fetching.count, fetching.size) == (2, 2 * len(DATA))
    assert index.requests == ["whole", "whole"]


@pytest.mark.parametrize("again", [True, False])
def test_hashing_again_finds_a_flipped_byte_whose_time_was_kept(index: Index, again: bool) -> None:
    index.files["pkg.whl"] = DATA
    path = fetch(index, wheel())[wheel().sha256]
    state = path.stat()
    flipped = bytes([DATA[0] ^ 1]) + DATA[1:]
    path.write_bytes(flipped)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    found = fetcher.fetch([wheel()], again=again, locate=lambda _: index.source("pkg.whl"))
    assert found[wheel().sha256].read_bytes() == (DATA if again else flipped)


def test_a_truncated_file_whose_time_was_kept_is_fetched_again(index: Index) -> None:
    index.files["pkg.whl"] = DATA
    path = fetch(index, wheel())[wheel().sha256]
    state = path.stat()
    path.write_bytes(b"")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert fetch(index, wheel())[wheel().sha256].read_bytes() == DATA


def test_where_an_artifact_is_is_asked_once(index: Index) -> None:
    asked: list[Pin] = []

    def locate(pin: Pin) -> Source:
        asked.append(pin)
        return index.source("pkg.whl")

    index.files["pkg.whl"] = DATA
    with Fetcher(locate=locate) as fetching, ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: fetching.source(wheel()), range(4)))
        assert found == {index.source("pkg.whl")}
        fetching.get(wheel())
    assert asked == [wheel()]


def test_a_fetcher_with_nothing_to_do_makes_no_client(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.files["pkg.whl"] = DATA
    fetch(index, wheel())
    monkeypatch.setattr(network, "client", nothing)
    assert fetcher.fetch([wheel()], locate=nothing)


def test_the_largest_of_what_was_found_goes_first(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher, "LOADERS", 1)
    sizes = {f"p{size}": bytes(size) for size in (10, 1000, 100)}
    index.files = {"first.whl": b"1", **{f"{name}.whl": data for name, data in sizes.items()}}
    busy = threading.Event()
    started: list[str] = []

    def locate(pin: Pin) -> Source:
        if pin.name != "first":
            busy.wait(5)
        return index.source(f"{pin.name}.whl")

    run = Download.run

    def slow(download: Download) -> Path:
        started.append(download.pin.name)
        if not busy.is_set():
            busy.set()
            time.sleep(0.3)  # meanwhile the others are found
        return run(download)

    monkeypatch.setattr(Download, "run", slow)
    pins = [wheel(b"1", "first"), *(wheel(data, name) for name, data in sizes.items())]
    fetcher.fetch(pins, locate=locate)
    assert started == ["first", "p1000", "p100", "p10"]


def test_a_stopped_fetcher_downloads_nothing_more(index: Index) -> None:
    with Fetcher(locate=lambda _: index.source("pkg.whl")) as fetching:
        fetching.stop()
        with pytest.raises(ArtifactError, match="interrupted"):
            fetching.get(wheel())
    assert index.requests == []


def test_a_problem_that_all_share_is_named_once(index: Index) -> None:
    def locate(_: Pin) -> Source:
        raise InputError("no mirror")

    with pytest.raises(InputError, match="no mirror"):
        fetcher.fetch([deb(b"1"), deb(b"2")], locate=locate)


def test_a_wheel_of_the_project_is_taken_from_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(store, "ROOT", tmp_path)
    (tmp_path / "vendor").mkdir()
    wheel = tmp_path / "vendor/own-1.0-py3-none-any.whl"
    wheel.write_bytes(DATA)
    pin = WheelPin("own", "1.0", store.digest(DATA), f"./vendor/{wheel.name}")
    assert fetcher.fetch([pin], locate=nothing)[pin.sha256].name == wheel.name
    other = WheelPin("own", "1.0", "0" * 64, pin.place)
    with pytest.raises(ArtifactError, match=store.digest(DATA)):
        fetcher.fetch([other], locate=nothing)
    wheel.unlink()
    with pytest.raises(ArtifactError, match="a locked wheel is missing"):
        fetcher.fetch([other], locate=nothing)
