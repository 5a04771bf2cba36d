"""Wheels are found by their hash, whatever an index says of them beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gradlock.artifacts import network
from gradlock.artifacts.index import Index as Asked
from gradlock.artifacts.index import Source
from gradlock.errors import ArtifactError
from gradlock.locks.pins import WheelPin
from tests.unit.artifacts.loopback import Index

PIN = WheelPin("some-pkg", "1.0", "a" * 64)
FILE = "some_pkg-1.0-py3-none-any.whl"


@pytest.fixture
def asked(index: Index) -> Iterator[Asked]:
    """Ask the index on loopback."""
    with network.client() as client:
        yield Asked(client, [index.url], threading.Event())


def offer(filename: str = FILE, sha256: str = PIN.sha256, **more: Any) -> dict[str, Any]:
    return {"filename": filename, "url": f"/files/{filename}", "hashes": {"sha256": sha256}, **more}


def page(*offers: dict[str, Any]) -> dict[str, Any]:
    return {"meta": {"api-version": "1.0"}, "name": "some-pkg", "files": list(offers)}


NEWER = offer("some_pkg-2.0-py3-none-any.whl", "b" * 64)
BETTER = offer("some_pkg-1.0-1-py3-none-any.whl", "c" * 64)


@pytest.mark.parametrize(
    ("files", "size"),
    [
        ([offer(size=7)], 7),
        ([offer(yanked="it was broken", size=7)], 7),
        ([NEWER, BETTER, offer()], 0),
        ([offer(size=None), NEWER], 0),
        ([{**offer(), "requires-python": ">=99"}], 0),
        ([{**offer(), "hashes": {}}, offer()], 0),
    ],
    ids=["alone", "yanked", "not-the-best", "no-size", "another-python", "without-a-hash"],
)
def test_a_wheel_is_found_whatever_an_index_would_choose(
    index: Index, asked: Asked, files: list[dict[str, Any]], size: int
) -> None:
    index.pages["some-pkg"] = page(*files)
    assert asked.locate(PIN) == Source(f"{index.url}/files/{FILE}", FILE, size)
    assert index.paths == ["/some-pkg/"]


def test_a_page_in_html_serves_too(index: Index, asked: Asked) -> None:
    index.pages["some-pkg"] = (
        f'<a href="../other/x.tar.gz#sha256={"b" * 64}">x.tar.gz</a>'
        f'<a data-yanked="" href="../files/{FILE}#sha256={PIN.sha256}">{FILE}</a>'
    )
    found = asked.locate(PIN)
    assert found.filename == FILE
    assert found.url.partition("#")[0] == f"{index.url}/files/{FILE}"


@pytest.mark.parametrize(
    "files",
    [
        [],
        [NEWER, BETTER],
        [{**offer(), "hashes": {"md5": PIN.sha256}}],
        [{**offer(), "core-metadata": {"sha256": PIN.sha256}, "hashes": {"sha256": "b" * 64}}],
        [offer("other-1.0-py3-none-any.whl")],
        [offer("../../some_pkg-1.0-py3-none-any.whl")],
        [offer("some_pkg-1.0.tar.gz")],
        [offer("some_pkg-1.1-py3-none-any.whl")],
    ],
    ids=[
        *("empty", "other-files", "another-kind-of-hash", "hash-of-metadata"),
        *("another-project", "a-way-out-of-the-store", "no-wheel", "another-version"),
    ],
)
def test_what_no_index_has_is_named(index: Index, asked: Asked, files: list[Any]) -> None:
    index.pages["some-pkg"] = page(*files)
    with pytest.raises(ArtifactError, match=r"some-pkg 1\.0: no index offers the file") as caught:
        asked.locate(PIN)
    assert PIN.sha256 in caught.value.where
    assert index.url in caught.value.where
    assert "--from" in caught.value.mend


def several(index: Index, asked: Asked, *urls: str) -> Asked:
    return Asked(asked.client, [f"{index.url}/{url}" for url in urls], asked.stop)


def test_the_next_index_is_asked_where_one_lacks_a_project(index: Index, asked: Asked) -> None:
    index.pages["some-pkg"] = page(offer())
    index.faults = [404]
    assert several(index, asked, "one", "two").locate(PIN).filename == FILE
    assert index.paths == ["/one/some-pkg/", "/two/some-pkg/"]


def test_an_index_that_fails_does_not_matter_where_another_has_it(
    index: Index, asked: Asked
) -> None:
    index.pages["some-pkg"] = page(offer())
    index.faults = [503, 503, 503, 503]
    assert several(index, asked, "one", "two").locate(PIN).filename == FILE


@pytest.mark.parametrize(("faults", "tries"), [([403], 1), ([503, 500, 502, 503], 4)])
def test_an_index_that_cannot_be_asked_is_named(
    index: Index, asked: Asked, faults: list[int | str], tries: int
) -> None:
    index.pages["some-pkg"] = page(offer())
    index.faults = list(faults)
    with pytest.raises(ArtifactError, match=f"the server answers {faults[-1]}") as caught:
        asked.locate(PIN)
    assert caught.value.where == f"{index.url}/some-pkg/"
    assert len(index.paths) == tries


def test_an_index_that_recovers_is_asked_again(index: Index, asked: Asked) -> None:
    index.pages["some-pkg"] = page(offer())
    index.faults = [503, 500]
    assert asked.locate(PIN).filename == FILE


@pytest.mark.parametrize("answer", [{"no": "files"}, [1], {"files": [1]}, {"files": [{}]}])
def test_a_page_that_is_none_is_an_error(index: Index, asked: Asked, answer: Any) -> None:
    index.pages["some-pkg"] = answer
    with pytest.raises(ArtifactError, match=r"looking for some-pkg .* in the index failed"):
        asked.locate(PIN)


def test_an_error_tells_no_password(index: Index, asked: Asked) -> None:
    secret = index.url.replace("://", "://me:secret@")
    with pytest.raises(ArtifactError) as caught:
        Asked(asked.client, [secret], asked.stop).locate(PIN)
    assert "secret" not in str(caught.value)


def test_an_interrupted_run_asks_nothing_more(index: Index, asked: Asked) -> None:
    asked.stop.set()
    with pytest.raises(ArtifactError, match="interrupted"):
        asked.locate(PIN)
    assert index.paths == []
