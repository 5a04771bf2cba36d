"""The verbs: `./inv --list` names them, `./inv --help VERB` teaches one."""

from __future__ import annotations

import errno
import functools
import json
import logging
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task
from rich.console import Console
from rich.table import Table as Grid

from gradlock import progress, store, system
from gradlock.artifacts import transport
from gradlock.engine import engine, load, removal
from gradlock.engine.engine import Engine
from gradlock.errors import GradlockError, InputError
from gradlock.fingerprint import document, taking
from gradlock.fingerprint import drift as drifts
from gradlock.fingerprint import plot as drift_plot
from gradlock.fingerprint import table as drift_table
from gradlock.fingerprint.document import Fingerprint
from gradlock.images import image as images
from gradlock.images import pins
from gradlock.images.image import Image
from gradlock.inputs import variants as tables
from gradlock.inputs.variants import Variant
from gradlock.inside import lab as labs
from gradlock.inside import shell as shells
from gradlock.inside import suites as inside
from gradlock.locks import freshness, locking
from gradlock.locks.resolve import conda
from gradlock.progress import Stopwatch, say

Number = TypeVar("Number", int, float)

out = Console(highlight=False, soft_wrap=True)

CHOICE = {
    "variant": "A variant by its name; `./inv variants` lists them.",
    "cuda": "The GPU variant of a CUDA release: 12.5 or 12.5.1.",
    "gpu": "The GPU variant of the newest CUDA release.",
    "all": "Every variant.",
}
CHANNEL = {
    "channel": "Where conda packages come from: debian or conda-forge (default: "
    "what images.lock pins)."
}


def verb(body: Callable[..., None]) -> Callable[..., None]:
    """Make a task end with a plain message where a user's input or machine is at fault."""

    @functools.wraps(body)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            body(*args, **kwargs)
        except GradlockError as error:
            if _debugging():
                raise
            raise Exit(f"error: {error}", code=1) from error
        except OSError as error:
            if _debugging():
                raise
            full = "free some: ./inv clean" if error.errno == errno.ENOSPC else ""
            plain = GradlockError(
                error.strerror or str(error), where=str(error.filename or ""), mend=full
            )
            raise Exit(f"error: {plain}", code=1) from error
        except KeyboardInterrupt:
            raise Exit("interrupted; nothing half-done is used, run it again", code=130) from None

    return run


def _debugging() -> bool:
    """Whether --debug or INVOKE_DEBUG was given: invoke shows of either only how it logs."""
    return logging.getLogger("invoke").isEnabledFor(logging.DEBUG)


def _number(flag: str, given: str, kind: type[Number]) -> Number:
    """Read a flag's number; invoke's own parser would end with a traceback."""
    try:
        return kind(given)
    except ValueError:
        name = "a whole number" if kind is int else "a number"
        raise InputError(f"--{flag} takes {name}, not {given!r}") from None


@task
@verb
def setup(_context: Context) -> None:
    """Install what is missing, and see that a Docker Engine answers."""
    system.install()
    if not (found := engine.seek()) and os.environ.get("DOCKER_HOST"):
        return  # what is named does not answer, and that was said
    found = found or engine.connect()
    version = found.client.version()["Version"]
    say(f"Docker Engine {version} answers at {found.where}")


@task(
    help={
        "upgrade": "Move as_of in variants.toml to now, and let every pin move.",
        "update": "Let this package move, and what it forces; may be repeated.",
        "check": "Change nothing; fail when a lock is not current or breaks a rule.",
        "resolver": "uv (refereed by pip-tools; default), or pip-tools alone.",
    },
    iterable=["update"],
)
@verb
def lock(
    _context: Context,
    upgrade: bool = False,
    update: Sequence[str] | None = None,  # invoke collects into a list only where this is None
    check: bool = False,
    resolver: str = "uv",
) -> None:
    """Compile all locks from their inputs; what is current stays as it is."""
    if check:
        found = locking.problems(tables.load())
        if found:
            raise GradlockError("\n".join(found))
        out.print("every lock is current")
        return
    watch, table = Stopwatch(), tables.load()
    request = locking.Request(upgrade, tuple(update or ()), resolver)
    changed = locking.lock(table, request, functools.partial(images.python, table), watch)
    for path in changed:
        out.print(f"changed {path.relative_to(store.ROOT)}")
    out.print(f"locked in {watch.line()}" if changed else "every lock is current")


@task(
    help={
        **CHOICE,
        **CHANNEL,
        "pin": "Write the ID to images.lock: what everybody must get from now on.",
        "smoke": "Run the smoke tests in an image that has not passed them yet.",
    }
)
@verb
def image(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    all: bool = False,
    channel: str = "",
    pin: bool = False,
    smoke: bool = True,
) -> None:
    """Build images from the locks, load them into Docker, and smoke-test the new ones."""
    table = tables.load()
    chosen = table.select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    channels = {row: _channel(channel, row) for row in chosen}
    docker = engine.connect()
    for row in chosen:
        watch = Stopwatch()
        built = images.build(row, table, channels[row], watch)
        if not pin:
            _compare(built)
        sent = _load(docker, built, watch)
        if smoke:
            _smoke(docker, row, built, watch)
        if pin:
            pins.write(built)
        _report(built, sent, watch)


def _channel(named: str, row: Variant) -> str:
    """Return the channel to build with; without a name, the one that images.lock pins.

    So what is built does not depend on who answers. Where nothing is pinned, it is
    conda-forge, or the embedded channel where that cannot be reached.
    """
    if named and named not in images.CHANNELS:
        raise InputError(f"unknown channel {named!r}: use {' or '.join(images.CHANNELS)}")
    if named:
        return named
    pinned = [channel for channel in images.CHANNELS if pins.find(channel, row.name)]
    return pinned[-1] if pinned else ("conda-forge" if conda.reachable() else "debian")


def _compare(built: Image) -> None:
    """Hold an image to images.lock; say so where that has no ID for it."""
    known = pins.find(built.channel, built.variant)
    if known:
        pins.check(built, known)
    else:
        say(f"images.lock has no ID yet for {built.variant} from {built.channel}; --pin writes it")


def _load(docker: Engine, built: Image, watch: Stopwatch) -> int:
    with watch.stage("load"), progress.meter(f"loading {built.reference}", built.size) as meter:
        return load.load(docker, built, meter)


def _smoke(docker: Engine, row: Variant, built: Image, watch: Stopwatch) -> None:
    """Run the smoke tests once an image; a stamp in the store remembers what passed."""
    stamp = store.folder("passed") / inside.stamp(docker, built.id, gpu=row.gpu)
    if stamp.exists():
        return
    with watch.stage("smoke"):
        _inside(docker, row, built.reference, ["smoke"], gpu_required=False)
    stamp.touch()


def _inside(
    docker: Engine,
    row: Variant,
    reference: str,
    suites: Sequence[str],
    *,
    gpu_required: bool,
    tier: str = "core",
) -> None:
    """Run suites in an image; a failure ends the command with pytest's own report above."""
    status = inside.run_suites(
        docker,
        reference,
        suites,
        gpu=row.gpu,
        gpu_required=gpu_required and row.gpu,
        reports=store.ROOT / "reports" / row.name,
        tier=tier,
    )
    if status:
        raise Exit(f"error: {' and '.join(suites)} failed in {reference}", code=status)


def _report(built: Image, sent: int, watch: Stopwatch) -> None:
    out.print(f"{built.reference}  {built.id}")
    out.print(
        f"  {built.size / 1e9:.2f} GB in {len(built.layers)} layers, {sent / 1e6:.0f} MB sent, "
        f"channel {built.channel}; {watch.line()}"
    )


@task(help={**{key: CHOICE[key] for key in ("variant", "cuda", "gpu")}, **CHANNEL})
@verb
def base(
    _context: Context, variant: str = "", cuda: str = "", gpu: bool = False, channel: str = ""
) -> None:
    """Build and load gradlock:base, an image without its wheels: docker/Dockerfile adds them."""
    table, watch = tables.load(), Stopwatch()
    (row,) = table.select(variant=variant, cuda=cuda, gpu=gpu)
    source = _channel(channel, row)
    docker = engine.connect()
    built = images.build_base(row, table, source, watch)
    _report(built, _load(docker, built, watch), watch)


@task(
    positional=["suites"],
    help={
        **CHOICE,
        "suites": "Folders of tests/image, separated by commas: smoke,gradients.",
        "gpu_required": "Fail instead of skipping where there is no GPU.",
        "tier": "How much of the table of gradients: core (default), or all.",
    },
)
@verb
def suite(
    _context: Context,
    suites: str,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    all: bool = False,
    gpu_required: bool = False,
    tier: str = "core",
) -> None:
    """Run test suites inside images, as users run them: `./inv suite gradients --gpu`."""
    chosen = tables.load().select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    if gpu_required and not any(row.gpu for row in chosen):
        raise InputError(
            "--gpu-required promises nothing of a variant that computes on the CPU alone",
            mend="choose a GPU variant too: --gpu, or --cuda RELEASE",
        )
    docker = engine.connect()
    for row in chosen:
        reference = _present(docker, row)
        _inside(docker, row, reference, suites.split(","), gpu_required=gpu_required, tier=tier)


@task(
    help={
        **CHOICE,
        **CHANNEL,
        "to": "Copy them to this folder, with SHA256SUMS.",
        "from": "Take them from such a folder instead of the network.",
    }
)
@verb
def fetch(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    all: bool = False,
    channel: str = "",
    to: str = "",
    from_: str = "",
) -> None:
    """Bring every artifact of the locks into the store; carry them with --to and --from."""
    table = tables.load()
    chosen = table.select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    if to and from_:
        raise InputError("choose one of --to and --from")
    if from_:
        # Whatever the locks name is welcome: the folder may hold either channel's.
        wanted = [
            pin
            for row in chosen
            for source in images.CHANNELS
            for pin in images.pins_of(freshness.read(row), source)
        ]
        out.print(f"took {transport.bring(Path(from_), wanted)} artifacts from {from_}")
        return
    found: dict[str, Path] = {}
    for row in chosen:
        locks = freshness.current(row, table)
        found |= images.fetch(locks, table, _channel(channel, row))
    if to:
        transport.export(found, Path(to))
    size = sum(path.stat().st_size for path in found.values())
    place = to or str(store.folder("artifacts"))
    out.print(f"{len(found)} artifacts, {size / 1e6:.0f} MB, verified, in {place}")


MEASURED = {
    "threads": "Threads of an operation (default: 2); sums depend on how they are shared out.",
    "onednn": "on, off, or default: oneDNN's kernels.",
}
LIMITS = {
    "operations": "Alarm above these norm-ulps of an operation (default: 64).",
    "trainings": "Alarm above these norm-ulps of trained weights and losses (default: 8).",
}


@task(
    help={
        **CHOICE,
        **MEASURED,
        "to": "The JSON (default: reports/VARIANT/fingerprint.json).",
        "check": "Compare with fingerprints/VARIANT.json, and fail past the limits.",
        "pin": "Write fingerprints/VARIANT.json.",
    }
)
@verb
def fingerprint(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    all: bool = False,
    threads: str = str(taking.THREADS),
    onednn: str = "default",
    to: str = "",
    check: bool = False,
    pin: bool = False,
) -> None:
    """Measure what an image computes: operations, gradients, trainings, to the last bit."""
    chosen = tables.load().select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    count = _number("threads", threads, int)
    if to and len(chosen) > 1:
        raise InputError("--to names one file, for one variant")
    docker = engine.connect()
    for row in chosen:
        taken = taking.take(docker, _present(docker, row), threads=count, onednn=onednn)
        default = store.ROOT / "reports" / row.name / "fingerprint.json"
        path = document.path_of(row.name) if pin else Path(to) if to else default
        committed = document.path_of(row.name)
        before = document.read(committed) if check and committed.exists() else None
        store.write_text(path, taken.to_text())
        out.print(f"{len(taken.metrics)} metrics of {taken.name}: {path}")
        if before:
            _hold(taken, before)
        elif check:
            say(f"there is no {committed.relative_to(store.ROOT)} yet; --pin writes it")


def _hold(taken: Fingerprint, committed: Fingerprint) -> None:
    """Hold a fingerprint to the committed one; the first is A, the second B."""
    found = drifts.hold(taken, committed)
    for line in drift_table.lines(taken, committed, found):
        out.print(line)
    if found.failed:
        raise Exit("error: the image computes something else than its fingerprint says", code=1)


@task(
    positional=["a", "b"],
    help={
        "a": "A fingerprint's JSON, a variant, or an image that the engine has.",
        "b": "The other one.",
        **LIMITS,
        "plot": "Where the picture goes (default: reports/drift.png).",
    },
)
@verb
def drift(
    _context: Context,
    a: str,
    b: str,
    operations: str = f"{drifts.OPERATIONS:g}",
    trainings: str = f"{drifts.TRAININGS:g}",
    plot: str = "",
) -> None:
    """Say how far two environments' numbers are apart, beside what differs in their locks."""
    limits = {
        "operations": _number("operations", operations, float),
        "trainings": _number("trainings", trainings, float),
    }
    ours, theirs = _fingerprint(a), _fingerprint(b)
    found = drifts.compare(ours, theirs, **limits)
    for line in drift_table.lines(ours, theirs, found):
        out.print(line)
    picture = Path(plot) if plot else store.ROOT / "reports/drift.png"
    drift_plot.write(found, f"A: {ours.name}\nB: {theirs.name}", picture)
    say(f"plotted in {picture}")
    if found.failed:
        raise Exit(code=1)


def _fingerprint(named: str) -> Fingerprint:
    """Return the fingerprint in a file, of a variant's image, or of any image of the engine."""
    if named.endswith(".json"):
        return document.read(Path(named))
    docker, table = engine.connect(), tables.load()
    rows = [row for row in table if row.name == named]
    return taking.take(docker, _present(docker, rows[0]) if rows else named)


@task(help={"json": "Print the rows as JSON, on one line: CI's matrix comes from it."})
@verb
def variants(_context: Context, json_: bool = False) -> None:
    """Print the table of variants, and what images.lock says of each."""
    table = tables.load()
    if json_:
        print(json.dumps([row.to_dict() for row in table]))
        return
    grid = Grid(caption=f"locked as of {table.as_of:%Y-%m-%d %H:%M} UTC on Debian {table.debian}")
    for name in ("variant", "Python", "TensorFlow", "CUDA", "cuDNN", "least driver", "image ID"):
        grid.add_column(name, no_wrap=True)
    for row in table:
        known = pins.find("debian", row.name)
        cells = (row.name, row.python, row.tensorflow, row.cuda, row.cudnn, row.driver)
        grid.add_row(*(cell or "-" for cell in cells), known.id[:19] if known else "not pinned")
    # In a log, too, no cell is cut.
    Console(highlight=False, width=max(out.width, 120)).print(grid)


@task(help={"gpu_required": "Fail instead of skipping where there is no GPU."})
@verb
def test(context: Context, gpu_required: bool = False) -> None:  # noqa: PT028 - a verb
    """Run every test that this machine can run: nox's default sessions."""
    nox = [sys.executable, "-m", "nox", "--noxfile", str(store.ROOT / "noxfile.py")]
    extra = ["--", "--gpu-required"] if gpu_required else []
    with context.cd(str(store.ROOT)):
        done = context.run(shlex.join([*nox, *extra]), warn=True, pty=sys.stdout.isatty())
    if done is None or done.exited:
        raise Exit("error: a session failed; its report is above", code=done.exited if done else 1)


@task(
    help={
        **{key: CHOICE[key] for key in ("variant", "cuda", "gpu")},
        "port": "The port on this machine (default: the first free one from 8888).",
        "folder": "The folder to work in (default: this one).",
        "detach": "Leave it running, and return.",
        "stop": "End every JupyterLab that was left running.",
    }
)
@verb
def lab(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    port: str = "",
    folder: str = ".",
    detach: bool = False,
    stop: bool = False,
) -> None:
    """Serve JupyterLab from an image, on this machine only, with a random token."""
    number = _number("port", port, int) if port else None
    if stop:
        running = engine.find()
        out.print(f"ended {labs.stop(running) if running else 0}")
        return
    docker = engine.connect()
    (row,) = tables.load().select(variant=variant, cuda=cuda, gpu=gpu)
    labs.run(
        docker,
        _present(docker, row),
        folder=Path(folder),
        port=number,
        gpu=row.gpu,
        gpu_required=gpu,
        detach=detach,
    )


@task(
    help={
        **{key: CHOICE[key] for key in ("variant", "cuda", "gpu")},
        "command": "Run this instead of an interactive shell.",
        "folder": "The folder to work in (default: this one).",
    }
)
@verb
def shell(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    command: str = "",
    folder: str = ".",
) -> None:
    """Open a shell in an image, with this folder as its working folder."""
    (row,) = tables.load().select(variant=variant, cuda=cuda, gpu=gpu)
    docker = engine.connect()
    argv = ["bash", "-c", command] if command else ["bash"]
    reference = _present(docker, row)
    status = shells.run(docker, reference, argv, folder=Path(folder), gpu=row.gpu, gpu_required=gpu)
    if status:
        raise Exit(code=status)


def _present(docker: Engine, row: Variant) -> str:
    """Return the reference of a variant's image, built and loaded when it is not there."""
    table, watch = tables.load(), Stopwatch()
    built = images.build(row, table, _channel("", row), watch)
    _compare(built)
    _load(docker, built, watch)
    return built.reference


@task(help={"all": "Also the images, the artifacts, and the private engine with all it holds."})
@verb
def clean(_context: Context, all: bool = False) -> None:
    """Remove what gradlock can make again: layers, reports, left-overs of killed runs."""
    with store.exclusive("build"):
        names = ["layers", "passed"]
        store.sweep()
        if all:
            found = engine.seek()
            if found:
                built = ("base", *(row.name for row in tables.load()))
                removal.remove(found, [f"gradlock:{name}" for name in built])
            engine.stop_private()
            names += ["engine", "artifacts", "repodata", "piptools"]
        for name in names:
            shutil.rmtree(store.store() / name, ignore_errors=True)
        shutil.rmtree(store.ROOT / "reports", ignore_errors=True)
    out.print(f"removed {', '.join(names)} from {store.store()}")
