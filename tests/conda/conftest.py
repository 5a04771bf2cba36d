"""A checkout whose conda packages come from a channel of this machine, and its image."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker.errors import ImageNotFound

from gradlock import store
from gradlock.artifacts import artifacts
from gradlock.engine.engine import Engine
from gradlock.inputs import variants
from gradlock.layers.bindings import upstream
from gradlock.locks import freshness, paths
from gradlock.locks.resolve.forge import VARIABLE
from tests.conda import channel, packages
from tests.e2e.conftest import Invoke, copy, cpu_image, docker_engine, empty_store, invoke

__all__ = ["cpu_image", "docker_engine", "empty_store", "invoke"]


@dataclass(frozen=True)
class Checkout:
    """A copy of the checkout, and how its verbs are run: one that fails shows what it said."""

    root: Path
    run: Callable[..., tuple[int, str, str]]

    def done(self, *argv: str, **env: str) -> str:
        """Run a verb that must succeed; return what it printed."""
        status, out, err = self.run(*argv, **env)
        assert status == 0, out + err
        return out


@pytest.fixture(scope="session")
def forge(tmp_path_factory: pytest.TempPathFactory, cpu_image: str) -> Path:
    """Build the packages, and return the folder of their channel."""
    folder, root = tmp_path_factory.mktemp("forge"), tmp_path_factory.mktemp("root")
    table = variants.load()
    debs = {pin.name: pin for pin in freshness.current(table.cpu, table).debs}
    python = f"python{table.cpu.python}"
    wanted = (python, f"{python}-minimal", f"lib{python}-minimal", f"lib{python}-stdlib")
    found = [artifacts.path_of(debs[name]) for name in wanted]
    packages.unpack([path for path in found if path], root)
    releases = sorted({str(row.cuda_minor) for row in table if row.gpu})
    packages.build(folder, root, upstream(debs[python].version), releases)
    channel.index(folder, int(table.as_of.timestamp() - 86400) * 1000)
    return folder


@pytest.fixture(scope="session")
def mirror(forge: Path) -> Iterator[str]:
    """Serve the channel; return its URL."""
    with channel.served(forge) as url:
        yield url


@pytest.fixture
def cut() -> Iterator[Callable[[str], None]]:
    """Return what has the server cut a file short, until the test ends."""
    yield lambda name: setattr(channel.Handler, "cut", name)
    channel.Handler.cut = ""


@pytest.fixture(scope="session")
def copied(
    tmp_path_factory: pytest.TempPathFactory, invoke: Invoke, mirror: str
) -> Callable[[], Checkout]:
    """Return a maker of copies of the checkout that know the mirror, without conda locks."""

    def make() -> Checkout:
        root = tmp_path_factory.mktemp("checkout") / "gradlock"
        copy(root)
        for row in variants.load():
            with suppress(FileNotFoundError):
                (root / paths.conda(row).relative_to(store.ROOT)).unlink()

        def run(*argv: str, **env: str) -> tuple[int, str, str]:
            run = invoke(*argv, root=root, **{VARIABLE: mirror, **env})
            out, err = run.communicate()
            return run.returncode, out, err

        return Checkout(root, run)

    return make


@pytest.fixture(scope="session")
def checkout(copied: Callable[[], Checkout]) -> Checkout:
    """Return a copy of the checkout, locked against the channel."""
    made = copied()
    made.done("lock")
    return made


@pytest.fixture(scope="session")
def image(checkout: Checkout, docker_engine: Engine, cpu_image: str) -> Iterator[str]:
    """Build the CPU image of the channel conda-forge, pin it, and return its ID."""
    printed = checkout.done("image", "--channel", "conda-forge", "--pin", "--no-smoke")
    found = re.search(r"sha256:[0-9a-f]{64}", printed)
    assert found, printed
    yield found[0]
    docker_engine.client.api.tag(cpu_image, "gradlock", variants.load().cpu.name, force=True)
    with suppress(ImageNotFound):
        docker_engine.client.images.remove(found[0], force=True)
