"""The channel conda-forge, the whole way: records, a lock, packages, an image that runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import yaml

from gradlock import store
from gradlock.engine.engine import Engine
from gradlock.inputs import variants
from gradlock.locks import paths
from tests.conda.conftest import Checkout


def run(engine: Engine, image: str, *argv: str) -> str:
    """Run a command in an image; return what it printed."""
    printed = engine.client.containers.run(image, list(argv), remove=True, network_mode="none")
    return str(printed.decode()).strip()


def test_the_locks_hold_the_channels_packages(checkout: Checkout, forge: Path) -> None:
    """With the hashes of the files, and the channel's own URLs: a mirror is nobody's origin."""
    for row in variants.load():
        text = (checkout.root / paths.conda(row).relative_to(store.ROOT)).read_text()
        locked = {one["name"]: one for one in yaml.safe_load(text)["package"]}
        assert set(locked) >= {"git", "graphviz", "greeter", "python", "tini"}
        assert ("cuda-version" in locked) == row.gpu
        for one in locked.values():
            name = one["url"].rpartition("/")[2]
            (file,) = forge.glob(f"*/{name}")
            assert one["hash"]["sha256"] == store.file_digest(file)
            assert one["url"].startswith("https://conda.anaconda.org/conda-forge/")


def test_the_image_passes_the_smoke_tests(checkout: Checkout, image: str) -> None:
    out = checkout.done("suite", "smoke")
    assert "failed" not in out


def test_prefixes_are_the_images(image: str, docker_engine: Engine) -> None:
    """In a text and in a program, where its length must stay."""
    assert run(docker_engine, image, "where") == "/opt/conda"
    assert run(docker_engine, image, "held", "echo", "runs") == "runs"
    held = "import re; print(re.search(rb'/opt/conda/share\\0+$', open('/opt/conda/bin/held', 'rb')"
    assert run(docker_engine, image, "python", "-c", f"{held}.read()) is not None)") == "True"


def test_commands_of_pure_python_run(image: str, docker_engine: Engine) -> None:
    assert run(docker_engine, image, "greet") == "hello"


def test_python_is_the_packages_own(image: str, docker_engine: Engine) -> None:
    told = "import json, os, sys; print(json.dumps([sys.prefix, os.path.dirname(os.__file__)]))"
    prefix, library = json.loads(run(docker_engine, image, "python", "-c", told))
    assert prefix == "/opt/conda"
    assert library.startswith("/opt/conda/lib/")


def test_python_believes_the_bytecode_of_its_library_and_of_packages(
    image: str, docker_engine: Engine
) -> None:
    """That of a package for every Python, too, which brings none."""
    told = (
        "import sys, json, greeter; from importlib.util import MAGIC_NUMBER as magic; "
        "heads = [open(one.__cached__, 'rb').read(8) for one in (json, greeter)]; "
        "print(heads == [magic + bytes([1, 0, 0, 0])] * 2)"
    )
    assert run(docker_engine, image, "python", "-c", told) == "True"
    printed = docker_engine.client.containers.run(
        image,
        ["python", "-Sv", "-c", "import json, sysconfig"],
        remove=True,
        network_mode="none",
        stderr=True,
    ).decode()
    assert "code object from '/opt/conda/lib/" in printed
    assert not re.search(r"code object from '[^']*\.py'", printed), "compiled at this start"


def test_another_store_gives_the_same_image(
    checkout: Checkout, image: str, empty_store: Path
) -> None:
    """And says which scripts it did not run."""
    flags = ("image", "--channel", "conda-forge", "--pinned", "--no-load", "--no-smoke")
    status, out, err = checkout.run(*flags, GRADLOCK_STORE=str(empty_store))
    assert status == 0, err
    assert image in out
    assert "link scripts were not run: graphviz" in err


def test_two_packages_with_one_file_make_no_image(copied: Callable[[], Checkout]) -> None:
    made = copied()
    with (made.root / "environment.yml").open("a") as stream:
        stream.write("  - clobber\n")
    made.done("lock")
    status, _, err = made.run("image", "--channel", "conda-forge", "--no-load", "--no-smoke")
    assert status == 1
    assert "clobber-1.0" in err
    assert "tini-0.19.0" in err
    assert "bin/where" in err


def test_a_package_that_comes_cut_short_is_named(
    checkout: Checkout, empty_store: Path, forge: Path, cut: Callable[[str], None]
) -> None:
    (file,) = forge.glob("*/git-*.conda")
    for kept in empty_store.glob("artifacts/*/git-*.conda"):
        kept.unlink()
    cut(file.name)
    status, _, err = checkout.run(
        "fetch", "--channel", "conda-forge", GRADLOCK_STORE=str(empty_store)
    )
    assert status == 1
    assert file.name in err
    assert "Traceback" not in err
