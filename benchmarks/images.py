"""What images and locks cost, beside what the plain way costs on the same machine in the same run.

    nox -s benchmark                    everything: a quarter of an hour on 2 cores
    nox -s benchmark -- images          only the images; or only `lock`
    nox -s benchmark -- --json FILE     where the numbers go (default: reports/benchmark.json)

The plain way is `docker build` of docker/Dockerfile, pip installing the same lock, and
`pip-compile`. Seconds mean little elsewhere, ratios more. The plain build starts from a base
that is loaded already, and builds no conda prefix: both count for it, and against gradlock.

Everything happens in a temporary folder: a copy of the checkout, a store, caches, and a
private engine, which needs root. Nothing of the user's is read, changed or left behind.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
from rich.console import Console
from rich.table import Table as Grid

from gradlock import command, progress, store
from gradlock.artifacts import artifacts
from gradlock.engine import engine
from gradlock.engine.engine import Engine
from gradlock.errors import GradlockError
from gradlock.inputs import variants
from gradlock.locks import freshness, lockfile
from gradlock.locks.resolve import pip

#: What the bump moves: a small wheel that much depends on, to a release that is older.
BUMP = ("idna", "3.10")
#: What a copy of the checkout does without. Other locks have no pinned ID.
LEFT_OUT = (".git", ".venv", ".venv.lock", ".nox", ".*_cache", "__pycache__", "reports")
PLAIN = "gradlock-benchmark:plain"


@dataclass(frozen=True)
class Row:
    """One measurement: seconds here, seconds of the plain way, and the budget.

    `budget` is a ratio of the two where `plain` names what it is compared with, else seconds.
    """

    what: str
    seconds: float
    budget: float
    plain: str = ""
    plain_seconds: float = 0.0

    @property
    def value(self) -> float:
        """What the budget bounds."""
        return self.seconds / self.plain_seconds if self.plain else self.seconds

    @property
    def kept(self) -> bool:
        """Whether it is within its budget."""
        return self.value <= self.budget


@dataclass(frozen=True)
class Place:
    """Where gradlock is measured: a checkout of its own, with the environment that it gets."""

    checkout: Path
    env: Mapping[str, str]

    def run(self, *argv: str | Path) -> float:
        """Run a Python module in the checkout; return the seconds that it took."""
        start = time.monotonic()
        command.run(
            [sys.executable, "-m", *argv],
            purpose=f"running {' '.join(map(str, argv))}",
            cwd=self.checkout,
            env={**os.environ, **self.env},
        )
        return told(" ".join(map(str, argv)), start)

    def inv(self, *argv: str) -> float:
        """Run a verb; return the seconds that it took."""
        return self.run("invoke", *argv)


def told(what: str, start: float) -> float:
    """Return the seconds since `start`, and print them: the whole takes long."""
    seconds = time.monotonic() - start
    progress.say(f"{what}: {seconds:.1f} s")
    return seconds


def place(work: Path) -> Place:
    """Copy the checkout into a folder, with a store and caches beside it, all empty."""
    shutil.copytree(store.ROOT, work / "checkout", ignore=shutil.ignore_patterns(*LEFT_OUT))
    (work / "checkout/images.lock").unlink(missing_ok=True)
    caches = {
        "GRADLOCK_STORE": work / "store",
        "UV_CACHE_DIR": work / "uv",
        "PIP_CACHE_DIR": work / "pip",
        "XDG_CACHE_HOME": work / "cache",
    }
    return Place(work / "checkout", {name: str(path) for name, path in caches.items()})


# Images


def images(work: Path) -> list[Row]:
    """Measure `./inv image` against `docker build`."""
    here = place(work)
    os.environ.update(here.env)  # the engine and the artifacts are this store's, here too
    docker = engine.start_private()
    here = replace(here, env={**here.env, "DOCKER_HOST": docker.where})
    try:
        return _images(here, docker)
    finally:
        engine.stop_private()


def _images(here: Place, docker: Engine) -> list[Row]:
    table = variants.load()
    path = here.checkout / freshness.pip_path(table.cpu).relative_to(store.ROOT)
    lock = lockfile.read(path)
    pins = lockfile.parse_wheels(lock)
    offers = pip.locate([(pin.name, pin.version) for pin in pins], table.cpu, table.as_of)
    (bumped,) = pip.locate([BUMP], table.cpu, table.as_of)
    urls = {wheel.filename: wheel.url for wheel in offers}

    def image() -> float:
        return here.inv("image", "--no-smoke")

    def plain(sources: Mapping[str, str | Path]) -> float:
        here.inv("base")
        return _docker_build(docker, here.checkout, sources)

    cold, again = image(), image()
    plain_cold = plain(urls)
    files = {file.name: file for pin in pins if (file := artifacts.path_of(pin))}
    plain_cached = plain(files)
    docker.client.images.remove(f"gradlock:{table.cpu.name}", force=True)
    here.inv("clean")
    cached = image()

    body = lockfile.format_wheels(
        bumped.pin if pin.name == bumped.pin.name else pin for pin in pins
    )
    store.write_text(path, lockfile.with_header(body, lock.inputs))
    bump = image()
    plain_bump = plain({**files, bumped.filename: bumped.url})
    return [
        Row("image, nothing cached", cold, 0.8, "docker build, from the index", plain_cold),
        Row("image, artifacts cached", cached, 0.6, "docker build, wheels at hand", plain_cached),
        Row("image, one package bumped", bump, 0.1, "docker build, wheels at hand", plain_bump),
        Row("image, nothing to do", again, 3.0),
    ]


def _docker_build(docker: Engine, checkout: Path, sources: Mapping[str, str | Path]) -> float:
    """Build docker/Dockerfile from these wheels; return the seconds that it took."""
    with served(sources) as url:
        start = time.monotonic()
        docker.client.images.build(
            path=str(checkout),
            dockerfile="docker/Dockerfile",
            tag=PLAIN,
            network_mode="host",
            nocache=True,
            rm=True,
            forcerm=True,
            buildargs={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": url},
        )
        seconds = told("docker build", start)
    docker.client.images.remove(PLAIN, force=True)
    return seconds


@contextmanager
def served(sources: Mapping[str, str | Path]) -> Iterator[str]:
    """Offer wheels to pip on the loopback: files as they are, URLs passed on as they come.

    A build has no way to the index where that asks for a proxy or a private CA; this process
    has, and what it passes on is as slow as the network is.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Send the list of the wheels, or one of them."""
            source = sources.get(self.path.lstrip("/"))
            if self.path == "/":
                page = "".join(f'<a href="{name}">{name}</a>\n' for name in sources).encode()
                self.head(len(page), "text/html")
                self.wfile.write(page)
            elif source is None:
                self.send_error(404)
            elif isinstance(source, Path):
                self.head(source.stat().st_size)
                with source.open("rb") as stream:
                    shutil.copyfileobj(stream, self.wfile, 1 << 20)
            else:
                with httpx.stream("GET", source, follow_redirects=True, timeout=60) as answer:
                    answer.raise_for_status()
                    self.head(int(answer.headers["Content-Length"]))
                    for chunk in answer.iter_raw(1 << 20):
                        self.wfile.write(chunk)

        def head(self, size: int, kind: str = "application/octet-stream") -> None:
            """Send the head of an answer."""
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(size))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep still."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


# Locks


def locks(work: Path) -> list[Row]:
    """Measure `./inv lock` of all variants against `pip-compile` of one."""
    here, table = place(work), variants.load()
    for path in set(freshness.paths(table)) - {pip.TOOLS}:
        (here.checkout / path.relative_to(store.ROOT)).unlink()
    cold, again, check = here.inv("lock"), here.inv("lock"), here.inv("lock", "--check")
    plain = here.run(
        *("piptools", "compile", "--quiet", "--generate-hashes", "--allow-unsafe"),
        *("--strip-extras", "--cache-dir", work / "piptools"),
        *("--output-file", work / "plain.txt", "requirements/cpu.in"),
    )
    return [
        Row("lock, all variants, none there", cold, 60.0),
        Row("the same", cold, 1.0, "pip-compile, one variant", plain),
        Row("lock, nothing to do", again, 2.0),
        Row("lock --check", check, 1.0),
    ]


# The report


GROUPS = {"images": images, "lock": locks}


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    grid = Grid(caption=f"{os.cpu_count()} cores")
    for name in ("what", "s", "beside", "s", "ratio", "budget", ""):
        grid.add_column(name, justify="left" if name in ("what", "beside", "") else "right")
    for row in rows:
        beside = (row.plain, f"{row.plain_seconds:.1f}", f"{row.value:.2f}", f"{row.budget:.2f}")
        alone = ("", "", "", f"{row.budget:.0f} s")
        cells = beside if row.plain else alone
        grid.add_row(row.what, f"{row.seconds:.1f}", *cells, "" if row.kept else "over")
    Console(soft_wrap=True).print(grid)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write the numbers."""
    parser = argparse.ArgumentParser(prog="benchmarks.images", description=main.__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=" or ".join(GROUPS))
    parser.add_argument("--json", type=Path, default=store.ROOT / "reports/benchmark.json")
    given = parser.parse_args(argv)
    if unknown := set(given.groups) - set(GROUPS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    # A plain SIGTERM would leave the engine and the temporary folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows: list[Row] = []
    try:
        for name in given.groups or GROUPS:
            with tempfile.TemporaryDirectory(prefix="gradlock-benchmark-") as work:
                rows += GROUPS[name](Path(work))
    except GradlockError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show(rows)
    numbers = [{**asdict(row), "value": row.value, "kept": row.kept} for row in rows]
    store.write_text(given.json, json.dumps({"cores": os.cpu_count(), "rows": numbers}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
