"""The sessions: `nox --list`; CI runs the same ones. Those in images take `-- --gpu-required`.

They run the tools of .venv, which are locked by hash; nox makes no environment of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent))

from gradlock.inputs import variants

nox.options.default_venv_backend = "none"
nox.options.sessions = [
    "lint",
    "types",
    "unit",
    "images",
    "smoke",
    "gradients",
    "fingerprint",
    "e2e",
]
nox.options.error_on_missing_interpreters = True
VARIANTS = [variant.name for variant in variants.load()]
CODE = ("gradlock", "tests", "benchmarks", "docker/rootfs", "tasks.py", "noxfile.py")


def _for_pytest(session: nox.Session) -> list[str]:
    """Return the arguments after `--`, but for the one that only the images' tests know."""
    return [given for given in session.posargs if given != "--gpu-required"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, and that the code is formatted."""
    session.run(sys.executable, "-m", "ruff", "check", *CODE)
    session.run(sys.executable, "-m", "ruff", "format", "--check", *CODE)


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    session.run(sys.executable, "-m", "mypy")


@nox.session
def unit(session: nox.Session) -> None:
    """Run the unit tests: no network, no engine."""
    session.run(sys.executable, "-m", "pytest", "tests/unit", *_for_pytest(session))


@nox.session
def images(session: nox.Session) -> None:
    """Build and load every image, and hold it to images.lock."""
    session.run(sys.executable, "-m", "invoke", "image", "--all", "--no-smoke")


@nox.session
@nox.parametrize("variant", VARIANTS)
def smoke(session: nox.Session, variant: str) -> None:
    """Run the smoke tests inside an image."""
    _inside(session, variant, "smoke")


@nox.session
@nox.parametrize("variant", VARIANTS)
def gradients(session: nox.Session, variant: str) -> None:
    """Run the gradient tests inside an image."""
    _inside(session, variant, "gradients")


@nox.session
@nox.parametrize("variant", VARIANTS)
def fingerprint(session: nox.Session, variant: str) -> None:
    """Compare what an image computes with its committed fingerprint."""
    session.run(sys.executable, "-m", "invoke", "fingerprint", "--check", "--variant", variant)


def _inside(session: nox.Session, variant: str, suite: str) -> None:
    session.run(
        sys.executable, "-m", "invoke", "suite", suite, "--variant", variant, *session.posargs
    )


@nox.session
def e2e(session: nox.Session) -> None:
    """Build, load, serve and break things, with a real engine."""
    session.run(sys.executable, "-m", "pytest", "tests/e2e", *_for_pytest(session))


@nox.session(default=False)
def benchmark(session: nox.Session) -> None:
    """Measure images and locks beside the plain way; slow, needs root and a quiet machine."""
    session.run(sys.executable, "-m", "benchmarks", *session.posargs)
