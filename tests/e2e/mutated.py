"""An image in which a file of TensorFlow is changed: what a suite must notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gradlock.engine import containers
from gradlock.engine.engine import Engine

#: The repository of these images: one that a killed run leaves is found by it.
REPOSITORY = "gradlock-mutant"


@contextmanager
def image(
    engine: Engine, base: str, tag: str, name: str, old: str, new: str, *, options: str = ""
) -> Iterator[str]:
    """Make an image with `old` replaced by `new` in a file below TensorFlow's package.

    pytest is given `options` there, before those of a suite.
    """
    # The bytecode beside a module is not checked against it: without it, the source counts.
    script = (
        "import pathlib, sysconfig\n"
        f"path = pathlib.Path(sysconfig.get_path('purelib'), 'tensorflow', {name!r})\n"
        "text = path.read_text()\n"
        f"assert {old!r} in text\n"
        f"path.write_text(text.replace({old!r}, {new!r}))\n"
        "for stale in (path.parent / '__pycache__').glob(path.stem + '.*'):\n"
        "    stale.unlink()\n"
    )
    argv = ["python", "-c", script]
    with containers.container(engine, base, argv, kind="e2e", user="0") as container:
        container.start()
        assert container.wait()["StatusCode"] == 0, container.logs()
        changes = ["USER 1000:1000", f'ENV PYTEST_ADDOPTS="{options}"']
        container.commit(REPOSITORY, tag, changes=changes)
    reference = f"{REPOSITORY}:{tag}"
    try:
        yield reference
    finally:
        engine.client.images.remove(reference, force=True)
