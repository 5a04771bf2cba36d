"""An index on loopback for tests of what is fetched: it serves files, pages and faults."""

from __future__ import annotations

import gzip
import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pypi_simple import ACCEPT_JSON_ONLY

from gradlock import store
from gradlock.artifacts.index import Source


@dataclass
class Index:
    """An index on loopback: files by name, faults to show, and the requests that it got.

    A fault answers one request: a status, or `dies` and `interrupts` after half of the file.
    A page is served as JSON, or as HTML where it is text; `headers` are those of the last request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[int | str] = field(default_factory=list)
    ranges: bool = True
    compresses: bool = False
    requests: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    pages: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
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
            index.paths.append(self.path)
            index.headers = {name.lower(): value for name, value in self.headers.items()}
            fault = index.faults.pop(0) if index.faults else None
            data = index.files.get(self.path.removeprefix("/"))
            page = index.pages.get(self.path.strip("/").rpartition("/")[2])
            if self.path in index.redirects:
                self.send_response(302)
                self.send_header("Location", index.redirects[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if page is not None and not isinstance(fault, int):
                self.send_page(page)
                return
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

        def send_page(self, page: object) -> None:
            kind = "text/html" if isinstance(page, str) else ACCEPT_JSON_ONLY
            body = (page if isinstance(page, str) else json.dumps(page)).encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def serving() -> Iterator[Index]:
    """Serve an index, on a port of its own."""
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
