"""The room in containers: streams over an engine's connection, and which room a machine has."""

from __future__ import annotations

import io
import json
import socket
import struct
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
import requests
from docker.errors import APIError

from gradlock.engine import containers, room
from gradlock.engine import engine as engines
from gradlock.engine.engine import Engine
from gradlock.engine.room import InContainers, Input, OpenImage, Output
from gradlock.errors import CommandError, EngineError
from gradlock.layers.chroot import Chroot

STDOUT, STDERR = 1, 2


def frame(kind: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", kind, len(data)) + data


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return both ends of a connection: the engine's, and ours."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield theirs, ours


def test_what_a_program_prints_is_told_from_what_it_says(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    theirs, ours = ends
    output = Output(ours, [STDERR])
    data = bytes(range(256)) * 1000
    sent = [frame(STDOUT, data[:7]), frame(STDERR, b"one\n"), frame(STDOUT, data[7:])]
    sent += [frame(STDOUT, b""), frame(STDERR, b"two\n")]
    thread = threading.Thread(target=lambda: (theirs.sendall(b"".join(sent)), theirs.close()))
    thread.start()
    reader = io.BufferedReader(output)
    assert reader.read(100_000) == data[:100_000]
    assert reader.read() == data[100_000:]
    thread.join()
    assert output.said() == "one\ntwo"


def test_only_the_last_of_what_is_said_is_kept(ends: tuple[socket.socket, socket.socket]) -> None:
    theirs, ours = ends
    output = Output(ours, [STDERR])
    theirs.sendall(b"".join(frame(STDERR, b"%1000d\n" % number) for number in range(200)))
    theirs.close()
    output.drain()
    assert output.said().splitlines()[-1].strip() == "199"
    assert len(output.said()) < room.KEPT


def test_a_connection_that_breaks_ends_the_output(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    theirs, ours = ends
    theirs.sendall(frame(STDOUT, b"whole") + frame(STDOUT, b"cut")[:-1])
    theirs.close()
    assert io.BufferedReader(Output(ours, [STDERR])).read() == b"wholecu"


def test_the_end_of_the_input_is_told_and_output_still_comes(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    theirs, ours = ends
    given = Input(ours)
    given.write(b"source")
    given.flush()
    given.close()
    given.close()  # a program that has ended is told twice
    assert theirs.recv(99) == b"source"
    assert theirs.recv(99) == b""
    theirs.sendall(b"answer")
    assert ours.recv(99) == b"answer"


def an_engine(**api: object) -> Engine:
    client = mock.Mock()
    client.info.return_value = {"PidsLimit": True, "NCPU": 2}
    client.api.configure_mock(**api)
    return Engine(client, "unix:///there", private=False)


def imported(*events: dict[str, str]) -> mock.Mock:
    return mock.Mock(return_value="\r\n".join(map(json.dumps, events)) + "\r\n")


def test_the_image_is_labelled_as_this_process_own_and_gone_in_the_end() -> None:
    engine = an_engine(import_image=imported({"status": "Loading"}, {"status": "sha256:abc"}))
    with InContainers(engine).open(Path("/root.tar")) as opened:
        assert opened.image == "sha256:abc"
        engine.client.api.remove_image.assert_not_called()
    engine.client.api.remove_image.assert_called_once_with("sha256:abc", force=True)
    (change,) = engine.client.api.import_image.call_args.kwargs["changes"]
    (own,) = containers.owned().items()
    assert f'{own[0]}="{own[1]}"' in change
    assert f'{room.THROWN_AWAY}="true"' in change


def refused(status: int) -> APIError:
    response = requests.Response()
    response.status_code = status
    return APIError("unable to delete: used by a running container", response)


def test_what_was_being_started_as_an_error_closed_the_room_hides_no_error() -> None:
    """It is in the way of the image's removal for a moment."""
    engine = an_engine(import_image=imported({"status": "sha256:abc"}))
    engine.client.api.remove_image.side_effect = [refused(409), refused(409), None]
    with pytest.raises(OSError, match="is full"), InContainers(engine).open(Path("/root.tar")):
        raise OSError("the disk is full")
    assert engine.client.api.remove_image.call_count == 3


@pytest.mark.parametrize(("status", "patience"), [(409, 0), (500, room.PATIENCE)])
def test_an_image_that_is_not_removed_is_told(
    monkeypatch: pytest.MonkeyPatch, status: int, patience: int
) -> None:
    monkeypatch.setattr(room, "PATIENCE", patience)
    engine = an_engine(import_image=imported({"status": "sha256:abc"}))
    engine.client.api.remove_image.side_effect = refused(status)
    with (
        pytest.raises(EngineError, match="removing the unpacked root"),
        InContainers(engine).open(Path("/root.tar")),
    ):
        pass


@pytest.mark.parametrize("told", ["aarch64", "arm64"])
def test_a_room_is_of_the_processor_of_its_engine(told: str) -> None:
    engine = an_engine()
    engine.client.configure_mock(**{"info.return_value": {"Architecture": told}})
    assert InContainers(engine).processor() == "aarch64"


def test_an_import_that_is_refused_says_so() -> None:
    engine = an_engine(import_image=imported({"error": "write: no space left on device"}))
    with pytest.raises(EngineError, match="disk is full"), InContainers(engine).open(Path("/x")):
        pass


@pytest.mark.parametrize(("status", "ends"), [(0, True), (3, True), (None, False)])
def test_a_failed_block_names_the_program_only_if_that_ended(
    status: int | None, ends: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = socket.socketpair()
    container = mock.Mock()
    container.attach_socket.return_value = ours
    container.wait.side_effect = None if ends else requests.ReadTimeout
    container.wait.return_value = {"StatusCode": status}
    engine = an_engine()
    engine.client.containers.create.return_value = container
    theirs.sendall(frame(STDERR, b"no memory\n"))
    theirs.close()
    kind = CommandError if status else KeyError
    opened = OpenImage(engine, "sha256:abc", {})
    with pytest.raises(kind) as caught, opened.start(["/bin/cat"], {}, {"/in/x": b"x"}):
        raise KeyError("mine")
    if isinstance(caught.value, CommandError):
        assert caught.value.mend.endswith("no memory")
        assert isinstance(caught.value.__cause__, KeyError)
    container.remove.assert_called_once()
    (_, placed), _ = container.put_archive.call_args
    with tarfile.open(fileobj=io.BytesIO(placed)) as archive:
        assert [(member.name, member.mode) for member in archive] == [
            ("in", 0o755),
            ("in/x", 0o644),
        ]


@pytest.mark.parametrize(
    ("engine", "root", "kind"),
    [(True, True, InContainers), (True, False, InContainers), (False, True, Chroot)],
)
def test_a_chroot_is_for_machines_without_an_engine(
    engine: bool, root: bool, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "find", lambda: an_engine() if engine else None)
    monkeypatch.setattr(room.chroot, "usable", lambda: root)
    assert isinstance(room.here(), kind)


def test_a_machine_with_neither_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Engine:
        raise EngineError("no Docker Engine answers")

    monkeypatch.setattr(engines, "find", lambda: None)
    monkeypatch.setattr(engines, "connect", none)
    monkeypatch.setattr(room.chroot, "usable", lambda: False)
    with pytest.raises(EngineError, match="no Docker Engine"):
        room.here()
