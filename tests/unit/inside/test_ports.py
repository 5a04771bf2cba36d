"""Ports: which are free, and what is said of one that is not."""

from __future__ import annotations

import socket

import pytest

from gradlock.errors import InputError
from gradlock.inside import ports

FIRST = 18888


def test_a_port_that_something_listens_on_is_passed_over() -> None:
    first = next(ports.chosen(None, FIRST))
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", first))
        other.listen()
        assert next(ports.chosen(None, FIRST)) != first
        with pytest.raises(InputError, match=f"port {first} is taken") as caught:
            next(ports.chosen(first, FIRST))
        assert "--port" in caught.value.mend


def test_a_named_port_is_the_only_one() -> None:
    port = next(ports.chosen(None, FIRST))
    assert list(ports.chosen(port, 1)) == [port]


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(InputError, match="is no port"):
        next(ports.chosen(port, FIRST))
