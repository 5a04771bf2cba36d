"""The sessions: `nox --list`; CI runs the same ones. Those in images take `-- --gpu-required`.

They run the tools of .venv, which are locked by hash. Where a session needs more, nox makes an
environment for it, which holds what requirements/desk.txt locks: those tools, and a few others.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent))

from gradlock import command
from gradlock.inputs import variants

nox.options.default_venv_backend = "none"
nox.options.sessions = [
    "lint",
    "types",
    "unit",
    "images",
    "smoke",
    # Of one image: Python, TensorFlow and packages are the same in all, `fingerprint` holds what
    # each computes, and the workflow has a job for each.
    *(
        f"{name}(variant='{variants.load().cpu.name}')"
        for name in ("gradients", "notebooks", "distributed")
    ),
    "fingerprint",
    "e2e",
    "lab",
    "hosts",
    "docs",
]
nox.options.error_on_missing_interpreters = True
ROOT = Path(__file__).parent
VARIANTS = {variant.name: variant for variant in variants.load().plain}
CODE = (
    *("gradlock", "website", "tests", "notebooks", "benchmarks", "docker/rootfs"),
    *("tasks.py", "noxfile.py"),
)
GPU_REQUIRED = "--gpu-required"
#: What the images' suites alone know. Without `--proven` a session repeats what has passed.
IMAGES_OWN = (GPU_REQUIRED, "--proven")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, the flow of imports, and what the workflow may do."""
    _tool(session, "ruff", "check", *CODE)
    _tool(session, "ruff", "format", "--check", *CODE)
    _tool(session, "lint-imports")
    _tool(session, "zizmor", "--offline", "--quiet", ".github/workflows")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    _tool(session, "mypy")


@nox.session
def unit(session: nox.Session) -> None:
    """Run the unit tests: no network, no engine."""
    _pytest(session, "tests/unit")


@nox.session
def images(session: nox.Session) -> None:
    """Build and load every image, and hold each to images.lock."""
    _inv(session, "image", "--all", "--pinned", "--no-smoke")


@nox.session
@nox.parametrize("variant", list(VARIANTS))
def smoke(session: nox.Session, variant: str) -> None:
    """Run the smoke tests inside an image."""
    _inside(session, variant, "smoke")


@nox.session
@nox.parametrize("variant", list(VARIANTS))
def gradients(session: nox.Session, variant: str) -> None:
    """Run the gradient tests inside an image."""
    _inside(session, variant, "gradients")


@nox.session
@nox.parametrize("variant", list(VARIANTS))
def notebooks(session: nox.Session, variant: str) -> None:
    """Run the notebooks inside an image, and keep them with their outputs."""
    _inside(session, variant, "notebooks")


@nox.session
@nox.parametrize("variant", list(VARIANTS))
def distributed(session: nox.Session, variant: str) -> None:
    """Train on several containers of an image, 2 or `-- --tier all` 4, and compare with one."""
    _inside(session, variant, "distributed")


@nox.session
@nox.parametrize("variant", list(VARIANTS))
def fingerprint(session: nox.Session, variant: str) -> None:
    """Compare what an image computes with its committed fingerprint."""
    _inv(session, "fingerprint", "--check", "--variant", variant)


@nox.session
def e2e(session: nox.Session) -> None:
    """Build, load, serve and break things, with a real engine."""
    _pytest(session, "tests/e2e")


@nox.session(venv_backend="venv", reuse_venv=True)
def lab(session: nox.Session) -> None:
    """Drive JupyterLab in a real browser, and serve it by a real JupyterHub."""
    _desk(session)
    session.run("python", "-m", "pytest", "tests/lab", *_given(session))


@nox.session
def hosts(session: nox.Session) -> None:
    """Build the CPU image on other hosts, which are made here, as root: the same ID on each."""
    _pytest(session, "tests/hosts/test_hosts.py")


@nox.session(venv_backend="venv", reuse_venv=True)
def docs(session: nox.Session) -> None:
    """Build the site in site/html, strictly, and look at every page; `-- --complete` as CI does."""
    _desk(session)
    session.run("python", "-m", "website", *_given(session))
    session.run("python", "-m", "pytest", "tests/site")


@nox.session(default=False)
def pythons(session: nox.Session) -> None:
    """Run the unit tests on newer Pythons, in a Debian of each, which is made here, as root."""
    _pytest(session, "tests/hosts/test_pythons.py")


@nox.session(default=False)
def environments(session: nox.Session) -> None:
    """Run `gradients` without oneDNN, in one thread, on older TensorFlows; needs a network."""
    _pytest(session, "tests/environments")


@nox.session(default=False)
def workers(session: nox.Session) -> None:
    """Kill, stop and mislead one of several workers, and spoil their collectives: 20 minutes."""
    _pytest(session, "tests/workers")


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Kill builds, fill the disk and break files, more often than `e2e` has time for."""
    session.run(
        *(sys.executable, "-m", "pytest", "tests/e2e/test_faults.py", "--kills=30"),
        *_given(session),
    )


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """Plant mutants in TensorFlow's own gradient code, inside the CPU image: `-- --mutants 300`."""
    session.run(sys.executable, "-m", "tests.mutation", *_given(session))


@nox.session(default=False)
def locks(session: nox.Session) -> None:
    """Resolve all locks again, as of their date: they must say what comes out; needs a network.

    An update of one package must move nothing else that could have stayed.
    """
    _inv(session, "lock", "--verify")
    _pytest(session, "tests/locks")


@nox.session(default=False, venv_backend="venv", reuse_venv=True)
def conda(session: nox.Session) -> None:
    """Build an image of the channel conda-forge from packages that are built here."""
    _desk(session)
    session.run("python", "-m", "pytest", "tests/conda", *_given(session))


@nox.session(default=False)
def engines(session: nox.Session) -> None:
    """Load the CPU image into every kind of engine that can be had here, and compute in it."""
    _pytest(session, "tests/engines")


@nox.session(default=False)
def benchmark(session: nox.Session) -> None:
    """Measure images and locks beside the plain way; slow, needs root and a quiet machine."""
    session.run(sys.executable, "-m", "benchmarks", *session.posargs)


def _tool(session: nox.Session, name: str, *arguments: str) -> None:
    """Run a program of .venv: some of them are no modules of Python."""
    session.run(str(Path(sys.executable).with_name(name)), *arguments)


def _pytest(session: nox.Session, folder: str) -> None:
    """Run tests on the host, with what stands after `--` but for what only images' tests know."""
    session.run(sys.executable, "-m", "pytest", folder, *_given(session))


def _given(session: nox.Session) -> list[str]:
    """Return what stands after `--`, but for what only images' tests know."""
    return [word for word in session.posargs if word not in IMAGES_OWN]


def _desk(session: nox.Session) -> None:
    """Make the session's own environment hold what desk.txt locks, and nothing else."""
    session.run_install(
        *(sys.executable, "-m", "uv", "pip", "sync", "--quiet", "--require-hashes"),
        *("--python", session.virtualenv.location, "requirements/desk.txt"),
        env=command.networked(),
        include_outer_env=False,
        external=True,
    )


def _inv(session: nox.Session, *words: str) -> None:
    """Run a verb."""
    session.run(sys.executable, str(ROOT / "tasks.py"), *words)


def _inside(session: nox.Session, variant: str, suite: str) -> None:
    """Run a suite in a variant's image; a GPU is required of those that compute on one."""
    gpu = VARIANTS[variant].gpu
    given = [word for word in session.posargs if gpu or word != GPU_REQUIRED]
    _inv(session, "suite", suite, "--variant", variant, *given)
