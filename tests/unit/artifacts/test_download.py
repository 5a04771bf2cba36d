"""One download: what an earlier run left serves, and two that want the same do it once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import artifacts, network
from gradlock.artifacts.download import Download
from gradlock.artifacts.index import Source
from gradlock.errors import ArtifactError
from gradlock.locks.pins import WheelPin
from gradlock.progress import Meter
from tests.unit.artifacts.loopback import Index, parts

pytestmark = pytest.mark.usefixtures("own_store")

DATA = bytes(range(256)) * 4000
PIN = WheelPin("pkg", "1.0", store.digest(DATA))
Make = Callable[[], Download]


class Counter(Meter):
    """A meter that adds up."""

    def __init__(self) -> None:
        super().__init__()
        self.amounts: list[int] = []
        self.expected: list[int] = []

    def advance(self, amount: int) -> None:
        """Add to what is done."""
        self.amounts.append(amount)

    def expect(self, amount: int) -> None:
        """Add to what there is to do."""
        self.expected.append(amount)


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def make(index: Index, counter: Counter) -> Iterator[Make]:
    """Return a maker of downloads of a file that the index has."""
    index.files["pkg.whl"] = DATA
    stop = network.Stop()
    with network.client() as client:
        yield lambda: Download(client, PIN, index.source("pkg.whl"), counter, stop)


def part() -> Path:
    return store.folder("artifacts") / f"{PIN.sha256}.part"


@pytest.mark.parametrize("left", [0, 1, len(DATA) // 2, len(DATA) - 1, len(DATA)])
def test_the_meter_counts_every_byte_once(
    index: Index, make: Make, counter: Counter, left: int
) -> None:
    part().write_bytes(DATA[:left])
    index.faults = ["dies", 503]
    assert make().run().read_bytes() == DATA
    assert sum(counter.amounts) == len(DATA)


@pytest.mark.parametrize(
    "left", [b"\0" * 1000, DATA[:-1] + b"X", b"\0" * len(DATA)], ids=["start", "end", "all"]
)
def test_what_is_left_and_at_fault_is_fetched_anew_at_once(
    make: Make, left: bytes, counter: Counter
) -> None:
    part().write_bytes(left)  # as a power cut leaves what had not reached the disk
    assert make().run().read_bytes() == DATA
    assert not parts()
    assert sum(counter.amounts) == len(DATA)


def test_what_came_is_flushed_before_it_is_in_its_place(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[bool] = []
    fsync = os.fsync

    def flush(handle: int) -> None:
        flushed.append(artifacts.path_of(PIN) is None and os.fstat(handle).st_size == len(DATA))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", flush)
    path = make().run()
    assert flushed == [True]
    assert path.stat().st_mtime == len(DATA)


def test_an_artifact_is_readable_whatever_the_umask(make: Make) -> None:
    before = os.umask(0o077)
    try:
        assert make().run().stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


def test_threads_that_want_the_same_fetch_it_once(index: Index, make: Make) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: make().run(), range(8)))
    assert found == {artifacts.path_of(PIN)}
    assert index.requests == ["whole"]
    assert not parts()


HOLD = """
import fcntl, sys, time
held = open(sys.argv[1], "r+b")
fcntl.flock(held, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def other_run() -> Iterator[subprocess.Popen[str]]:
    """Have another process that is downloading."""
    part().write_bytes(DATA[:100])
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, part()], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def waiting(said: pytest.CaptureFixture[str]) -> None:
    """Wait until a download says that it waits."""
    until, text = time.monotonic() + 10, ""
    while "another run fetches pkg.whl" not in text:
        assert time.monotonic() < until
        time.sleep(0.01)
        text += said.readouterr().err


def test_what_another_run_was_fetching_goes_on_when_that_is_killed(
    index: Index,
    make: Make,
    other_run: subprocess.Popen[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(make().run)
        waiting(capsys)
        assert not index.requests
        other_run.kill()
        assert ours.result(10).read_bytes() == DATA
    assert index.requests == ["bytes=100-"]


def test_what_another_run_has_fetched_is_not_fetched_again(
    index: Index,
    make: Make,
    other_run: subprocess.Popen[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(make().run)
        waiting(capsys)
        (tmp_path / "pkg.whl").write_bytes(DATA)
        theirs = artifacts.keep(tmp_path / "pkg.whl", PIN, "pkg.whl")
        part().unlink()
        other_run.kill()
        assert ours.result(10) == theirs
    assert not index.requests
    assert not parts()


def test_whoever_waits_for_another_run_can_be_interrupted(
    make: Make, other_run: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    download = make()
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(download.run)
        waiting(capsys)
        download.stop.set()
        with pytest.raises(ArtifactError, match="interrupted"):
            ours.result(10)
    assert other_run.poll() is None


@pytest.mark.parametrize("left", [0, len(DATA) // 2])
@pytest.mark.parametrize("fault", ["", "dies"])
def test_the_meter_is_told_a_size_that_the_server_alone_tells(
    left: int, fault: str, index: Index, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "BACKOFF", (0.0,))
    index.files["git-1-0.conda"] = DATA
    index.faults = [fault] if fault else []
    part().write_bytes(DATA[:left])
    unsized = Source(f"{index.url}/git-1-0.conda", "git-1-0.conda", 0)
    with network.client() as client:
        Download(client, PIN, unsized, counter, network.Stop()).run()
    assert (counter.expected, sum(counter.amounts)) == ([len(DATA)], len(DATA))


def test_the_meter_is_told_a_known_size_by_whoever_knows_it(make: Make, counter: Counter) -> None:
    make().run()
    assert counter.expected == []
