"""Real registries of this machine: Debian's docker-registry on loopback, as tests want it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PROGRAM = shutil.which("docker-registry")
MISSING = "needs Debian's docker-registry: apt-get install docker-registry"
#: Seconds that a registry may take to start.
PATIENCE = 20


@dataclass(frozen=True)
class Registry:
    """A registry of this machine: its address, and where its data lie."""

    host: str
    data: Path

    @property
    def place(self) -> str:
        """Return the repository that tests use."""
        return f"{self.host}/team/gradlock"

    def blob(self, digest: str) -> Path:
        """Return where a blob's data lie."""
        sha256 = digest.removeprefix("sha256:")
        return self.data / f"docker/registry/v2/blobs/sha256/{sha256[:2]}/{sha256}/data"

    def whole(self) -> int:
        """Return the bytes of all blobs and manifests that are whole."""
        return sum(
            path.stat().st_size for path in self.data.glob("docker/registry/v2/blobs/**/data")
        )

    def layers(self, manifest: str) -> list[Path]:
        """Return the compressed layers of an image, bottom first, by its manifest's digest."""
        told = json.loads(self.blob(manifest).read_bytes())
        return [self.blob(row["digest"]) for row in told["layers"]]

    def tags(self) -> set[str]:
        """Return what is tagged; nothing before there is a repository."""
        answer = httpx.get(f"http://{self.host}/v2/team/gradlock/tags/list", trust_env=False)
        return set(answer.json()["tags"]) if answer.status_code == httpx.codes.OK else set()


def free_port() -> int:
    """Return a port of loopback that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(home: Path, *, http: str = "", more: str = "") -> Iterator[Registry]:
    """Serve a registry whose data lie in a folder; `more` is YAML below `http` and beside it."""
    home.mkdir(parents=True, exist_ok=True)
    host = f"127.0.0.1:{free_port()}"
    settings = (
        f"version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\n"
        f"storage:\n  filesystem:\n    rootdirectory: {home}/data\n"
        f"http:\n  addr: {host}\n{http}{more}"
    )
    (home / "config.yml").write_text(settings)
    assert PROGRAM, MISSING
    with subprocess.Popen([PROGRAM, "serve", str(home / "config.yml")]) as process:
        try:
            _wait(host)
            yield Registry(host, home / "data")
        finally:
            process.terminate()


def _wait(host: str) -> None:
    """Wait until something listens."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2]))).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the registry does not start"
            time.sleep(0.05)
