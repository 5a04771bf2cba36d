"""A closed container: what it may, and what goes in and comes out whatever the umask."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator, Sequence
from unittest import mock

import pytest

from gradlock.engine.engine import Engine
from gradlock.errors import EngineError
from gradlock.inside import box


def engine() -> Engine:
    client = mock.Mock()
    client.info.return_value = {"PidsLimit": True, "NCPU": 2}
    return Engine(client, "tcp://far", private=False)


def archive(*entries: tuple[str, bytes, bytes]) -> bytes:
    """Return an archive: names, types, and contents or where links lead."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, kind, data in entries:
            entry = tarfile.TarInfo(name)
            entry.type = kind
            if kind == tarfile.REGTYPE:
                entry.size = len(data)
            else:
                entry.linkname = data.decode()
            tar.addfile(entry, io.BytesIO(data) if kind == tarfile.REGTYPE else None)
    return buffer.getvalue()


def container(data: bytes, sizes: Sequence[int] = (7,)) -> mock.Mock:
    """Return a container whose results come in pieces of these sizes, again and again."""

    def pieces() -> Iterator[bytes]:
        start = turn = 0
        while start < len(data):
            yield data[start : start + sizes[turn % len(sizes)]]
            start += sizes[turn % len(sizes)]
            turn += 1

    made = mock.Mock()
    made.get_archive.side_effect = lambda _: (pieces(), {})
    return made


def test_it_is_closed() -> None:
    options = box.options(engine(), TF_ENABLE_ONEDNN_OPTS="0")
    assert options["network_mode"] == "none"
    assert options["read_only"] is True
    assert options["cap_drop"] == ["ALL"]
    assert options["pids_limit"] == 4096
    assert options["environment"]["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert options["environment"]["PYTHONDONTWRITEBYTECODE"] == "1"


def test_nothing_of_this_machine_is_mounted() -> None:
    options = box.options(engine())
    (mounted,) = options["mounts"]
    assert mounted["Type"] == "volume"
    assert not mounted["Source"]
    assert "volumes" not in options


@pytest.mark.parametrize("umask", [0, 0o077])
def test_what_goes_in_can_be_read_and_results_written(umask: int) -> None:
    before = os.umask(umask)
    made = mock.Mock()
    try:
        box.put(made, {"smoke/deep/test_one.py": b"one", "pytest.ini": b"two"})
    finally:
        os.umask(before)
    ((folder, data),) = [call.args for call in made.put_archive.call_args_list]
    assert folder == "/gradlock"
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = {entry.name: (entry.mode, entry.uid, entry.mtime) for entry in tar}
    assert found == {
        "tests": (0o755, 0, 0),
        "tests/smoke": (0o755, 0, 0),
        "tests/smoke/deep": (0o755, 0, 0),
        "results": (0o777, 0, 0),
        "tests/pytest.ini": (0o644, 0, 0),
        "tests/smoke/deep/test_one.py": (0o644, 0, 0),
    }


@pytest.mark.parametrize("sizes", [(1,), (7, 512, 3), (1 << 20,)])
def test_results_come_out_whole_however_they_are_cut(sizes: Sequence[int]) -> None:
    data = archive(
        ("results", tarfile.DIRTYPE, b""),
        ("results/smoke.xml", tarfile.REGTYPE, b"<testsuites/>"),
        ("results/large.json", tarfile.REGTYPE, bytes(range(256)) * 100),
    )
    found = box.results(container(data, sizes))
    assert found == {"smoke.xml": b"<testsuites/>", "large.json": bytes(range(256)) * 100}


def test_no_results_are_none() -> None:
    assert box.results(container(archive(("results", tarfile.DIRTYPE, b"")))) == {}


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("results/link.xml", tarfile.SYMTYPE, b"/etc/shadow"),
        ("results/hard.xml", tarfile.LNKTYPE, b"/etc/shadow"),
        ("results/../../x.xml", tarfile.REGTYPE, b"x"),
        ("/etc/x.xml", tarfile.REGTYPE, b"x"),
        ("results/deep/x.xml", tarfile.REGTYPE, b"x"),
        ("results/pipe", tarfile.FIFOTYPE, b""),
    ],
)
def test_what_is_no_result_is_left(name: str, kind: bytes, data: bytes) -> None:
    assert box.results(container(archive((name, kind, data)))) == {}


def test_results_without_an_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "LIMIT", 100)
    data = archive(*((f"results/{n}", tarfile.REGTYPE, bytes(40)) for n in range(3)))
    with pytest.raises(EngineError, match="results are more"):
        box.results(container(data))
