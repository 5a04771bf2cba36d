"""The plain way: `docker build`, pip or uv installing the same lock on a base that is there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
from docker.errors import ImageNotFound
from uv import find_uv_bin

from benchmarks.place import engine_seconds, settle
from benchmarks.report import Cost
from gradlock import progress
from gradlock.engine.engine import Engine, working

TAG = "gradlock-benchmark:plain"
#: An image with uv in it, made before anything is timed, as its own image would be pulled.
WITH_UV = "gradlock-benchmark:uv"
BY_UV = """\
FROM {base}
USER root
COPY requirements/{variant}.txt /tmp/lock.txt
RUN uv pip install --python /opt/conda/bin/python --no-cache --no-index \
    --find-links "{url}" --require-hashes --no-deps {options} --requirement /tmp/lock.txt \
    && rm /tmp/lock.txt
USER 1000:1000
"""
#: Seconds that an engine may take to answer: it removes and commits gigabytes before it does.
PATIENCE = 600
Sources = Mapping[str, str | Path]


def by_pip(docker: Engine, checkout: Path, variant: str, sources: Sources) -> Cost:
    """Build docker/Dockerfile from these wheels."""
    with served(sources) as url:
        given = {"VARIANT": variant, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": url}
        return _timed(docker, checkout, "docker/Dockerfile", "pip", given)


def by_uv(
    docker: Engine, checkout: Path, variant: str, sources: Sources, *, bytecode: bool
) -> Cost:
    """Build a Dockerfile that has uv install these wheels."""
    options = "--compile-bytecode" if bytecode else ""
    with served(sources) as url:
        text = BY_UV.format(base=WITH_UV, variant=variant, url=url, options=options)
        (checkout / "Dockerfile.uv").write_text(text)
        return _timed(docker, checkout, "Dockerfile.uv", f"uv {options}".strip(), {})


def with_uv(docker: Engine, work: Path) -> None:
    """Put the uv that gradlock itself runs with into an image on `gradlock:base`."""
    context = work / "uv-context"
    context.mkdir(exist_ok=True)
    shutil.copy(find_uv_bin(), context / "uv")
    (context / "Dockerfile").write_text("FROM gradlock:base\nCOPY uv /usr/local/bin/uv\n")
    _build(docker, context, "Dockerfile", WITH_UV, {})


def _timed(
    docker: Engine, checkout: Path, dockerfile: str, how: str, given: Mapping[str, str]
) -> Cost:
    settle()
    begin, before = time.monotonic(), engine_seconds()
    _build(docker, checkout, dockerfile, TAG, given)
    seconds = time.monotonic() - begin
    progress.say(f"docker build with {how}: {seconds:.1f} s")
    remove(docker, TAG)
    return Cost(seconds, engine_seconds() - before)


def remove(docker: Engine, reference: str) -> None:
    """Remove an image, however long the engine takes for its gigabytes."""
    with working(docker, f"removing {reference}"), patient(docker), suppress(ImageNotFound):
        docker.client.api.remove_image(reference, force=True)


@contextmanager
def patient(docker: Engine) -> Iterator[None]:
    """Wait for the engine's answers as long as it works on them."""
    before, docker.client.api.timeout = docker.client.api.timeout, PATIENCE
    try:
        yield
    finally:
        docker.client.api.timeout = before


def _build(
    docker: Engine, checkout: Path, dockerfile: str, tag: str, given: Mapping[str, str]
) -> None:
    # The project's own .dockerignore lets in the locks alone, and that is all that is copied.
    with working(docker, f"docker build of {dockerfile}"), patient(docker):
        docker.client.images.build(
            path=str(checkout),
            dockerfile=dockerfile,
            tag=tag,
            network_mode="host",
            nocache=True,
            rm=True,
            forcerm=True,
            buildargs=dict(given),
        )


@contextmanager
def served(sources: Sources) -> Iterator[str]:
    """Offer wheels on the loopback: files as they are, URLs passed on as they come.

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
