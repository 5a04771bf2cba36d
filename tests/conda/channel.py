"""A channel as a server has it, on loopback: records, packages, and a package's faults."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import zstandard

from gradlock import store

SUBDIRS = ("linux-64", "noarch")


def index(folder: Path, built: int) -> None:
    """Write a channel's records, by rattler; `built` dates them, in milliseconds.

    What is younger than a lock's date does not enter it, and these packages are of today.
    """
    # Its own process: rattler may abort the one that it is in.
    argv = [sys.executable, "-m", __name__, str(folder)]
    subprocess.run(argv, check=True, cwd=store.ROOT)
    for subdir in SUBDIRS:
        path = folder / subdir / "repodata.json"
        told = json.loads(path.read_text())
        for record in told["packages.conda"].values():
            record["timestamp"] = built
        text = json.dumps(told)
        path.write_text(text)
        path.with_name("repodata.json.zst").write_bytes(zstandard.compress(text.encode()))


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder; of the file named in `cut` only the first half."""

    cut: str = ""

    def do_GET(self) -> None:
        """Send a file."""
        path = Path(self.translate_path(self.path))
        if path.name == type(self).cut and path.is_file():
            data = path.read_bytes()
            data = data[: len(data) // 2]
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Keep still."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a channel until the block ends; yield its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


async def _index(folder: str) -> None:
    from rattler.index import index_fs

    await index_fs(Path(folder), write_zst=False, write_shards=False, force=True)


if __name__ == "__main__":
    asyncio.run(_index(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # rattler's threads can abort the interpreter's shutdown
