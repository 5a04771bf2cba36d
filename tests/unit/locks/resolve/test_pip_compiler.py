"""pip-compile for several rows: each answers as alone, and the index is asked once for all."""

from __future__ import annotations

import json
import sys
import sysconfig
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gradlock import command
from gradlock.errors import CommandError
from gradlock.locks.resolve import pip_compiler


class Shelf(BaseHTTPRequestHandler):
    """An index on loopback: a page a package, and wheels, which it gives in parts, too."""

    files: dict[str, bytes]
    asked: Counter[str]

    def do_HEAD(self) -> None:
        """Say how large what lies there is."""
        self.answer(200, len(self.files[self.path]))

    def do_GET(self) -> None:
        """Give what lies there, or a part of it."""
        found = self.files.get(self.path)
        if found is None:
            self.answer(404, 0)
        elif asked := self.headers["Range"]:
            first, last = map(int, asked.removeprefix("bytes=").split("-"))
            found = found[first : last + 1]
            self.answer(206, len(found))
            self.wfile.write(found)
        else:
            self.answer(200, len(found))
            self.wfile.write(found)

    def answer(self, status: int, size: int) -> None:
        """Begin an answer, and count what was asked."""
        type(self).asked[f"{self.command} {self.path}"] += 1
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(size))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def shelf(make_wheel: Callable[..., Path]) -> Iterator[str]:
    """Serve three packages; return the index's URL."""
    Shelf.files, Shelf.asked = {}, Counter()
    for name, needs, versions in (
        ("shared", "", ("1.0", "2.0")),
        ("left", "shared", ("1.0",)),
        ("right", "shared", ("1.0",)),
    ):
        page = ""
        for version in versions:
            wheel = make_wheel(name, {f"{name}.py": ""}, version=version, needs=needs)
            page += f'<a href="/{wheel.name}">{wheel.name}</a>'
            Shelf.files[f"/{wheel.name}"] = wheel.read_bytes()
        Shelf.files[f"/simple/{name}/"] = f"<!DOCTYPE html><html>{page}</html>".encode()
    with ThreadingHTTPServer(("127.0.0.1", 0), Shelf) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()


def compile_rows(index: str, work: Path, rows: dict[str, str], start: str = "") -> dict[str, str]:
    """Run it for rows of requirements; return the answer of each."""
    words = {}
    for name, asked in rows.items():
        (work / f"{name}.in").write_text(asked)
        (work / f"{name}.txt").write_text(start)
        words[name] = [
            *("--quiet", "--no-header", "--no-annotate", "--strip-extras", "--no-config"),
            *("--no-emit-index-url", "--cache-dir", str(work / "cache")),
            *("--pip-args", "--use-feature fast-deps"),
            *("--output-file", str(work / f"{name}.txt"), str(work / f"{name}.in")),
        ]
    (work / "rows.json").write_text(json.dumps(words))
    command.run(
        [sys.executable, "-P", pip_compiler.__file__, work / "rows.json"],
        purpose="compiling rows",
        env=command.plain(
            PIP_INDEX_URL=index,
            PIP_CONFIG_FILE="/dev/null",
            PYTHONPATH=sysconfig.get_paths()["purelib"],
        ),
        cwd=work,
    )
    return {name: (work / f"{name}.txt").read_text() for name in rows}


def test_rows_ask_the_index_once_for_what_they_share(shelf: str, tmp_path: Path) -> None:
    rows = {"one": "left\n", "two": "right\n", "three": "left\nright\nshared<2\n"}
    assert compile_rows(shelf, tmp_path, rows) == {
        "one": "left==1.0\nshared==2.0\n",
        "two": "right==1.0\nshared==2.0\n",
        "three": "left==1.0\nright==1.0\nshared==1.0\n",
    }
    pages = {what: often for what, often in Shelf.asked.items() if "/simple/" in what}
    wheels = {what: often for what, often in Shelf.asked.items() if what.startswith("HEAD /")}
    assert pages == dict.fromkeys(map("GET /simple/{}/".format, ("left", "right", "shared")), 1)
    assert sorted(wheels.values()) == [1, 1, 1, 1]


def test_what_rows_start_with_is_asked_for_ahead_and_not_again(shelf: str, tmp_path: Path) -> None:
    """A pin that is gone, and one that nothing asks for, keep nothing from being resolved."""
    start = "shared==1.0\nleft==1.0\nright==1.0\nshared-gone==1.0\nleft==7\n"
    assert compile_rows(shelf, tmp_path, {"one": "left\n", "two": "left\n"}, start) == {
        "one": "left==1.0\nshared==1.0\n",
        "two": "left==1.0\nshared==1.0\n",
    }
    asked = {what: often for what, often in Shelf.asked.items() if what.startswith("HEAD /")}
    assert len(asked) == 3
    assert set(asked.values()) == {1}


def test_a_row_keeps_its_own_pins(shelf: str, tmp_path: Path) -> None:
    assert compile_rows(shelf, tmp_path, {"one": "left\n"}, start="shared==1.0\n") == {
        "one": "left==1.0\nshared==1.0\n"
    }


def test_a_row_that_fails_is_named(shelf: str, tmp_path: Path) -> None:
    rows = {"one": "left\n", "two": "shared==3\n", "three": "right\n"}
    with pytest.raises(CommandError, match="status 1") as caught:
        compile_rows(shelf, tmp_path, rows)
    assert "shared==3" in caught.value.mend
    assert "(of two)" in caught.value.mend
    assert (tmp_path / "one.txt").read_text() == "left==1.0\nshared==2.0\n"
    assert (tmp_path / "three.txt").read_text() == ""
