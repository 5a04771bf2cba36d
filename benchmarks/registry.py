"""Images by way of a registry on loopback: push, pull and a team's cache beside building."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import images
from benchmarks.images import Bench
from benchmarks.place import with_engine
from benchmarks.report import Cost, Row
from gradlock.errors import RegistryError
from gradlock.inputs import variants
from tests import registries
from tests.registries import Registry

#: How often what is compared is measured, in turn: another time the machine is another.
TIMES = 2
BUILD, BARE = "build, artifacts at hand", "build, artifacts at hand, no engine"


def registry(work: Path) -> Iterator[Row]:
    """Measure the CPU image by way of a registry; yield each group of rows when it is measured.

    Raises:
        RegistryError: there is none to measure with.

    """
    if registries.PROGRAM is None:
        raise RegistryError("there is no registry here", mend="apt-get install docker-registry")
    with with_engine(work) as (here, docker), registries.serving(work / "registry") as served:
        bench = Bench(here, docker, work)
        bench.image("--pin")  # what the rest is held to
        pushed = here.inv("push", "--to", served.place)
        whole = served.whole()
        yield Row("push, nothing there", pushed.seconds, core_seconds=pushed.core_seconds)
        yield Row("bytes of the CPU image in a registry", whole / 1e6, unit="MB")
        again = here.inv("push", "--to", served.place)
        yield Row("push, nothing new", again.seconds)
        for _ in range(TIMES):
            yield from _beside(bench, served)
        yield _bump(bench, served, whole)


def _beside(bench: Bench, served: Registry) -> Iterator[Row]:
    """Measure what has everything in a registry, and nothing in its store, beside building."""
    name = variants.load().cpu.name
    bench.forget(name)
    built = bench.image()
    bench.forget(name)
    bare = bench.image("--no-load")
    bench.forget(name)
    cached, taken = _fresh(bench, served, "image"), _fresh(bench, served, "image", "--no-load")
    pulled = _fresh(bench, served, "pull", "--from", served.place)
    yield _row("image from the team's cache, empty store", cached, 0.6, BUILD, built)
    yield _row("the same, no engine", taken, 0.6, BARE, bare)
    yield _row("pull, empty store", pulled, 0.6, BUILD, built)


def _fresh(bench: Bench, served: Registry, verb: str, *flags: str) -> Cost:
    """Run a verb with a store that is empty, and an engine that does not have the image."""
    home = bench.work / "fresh"
    env = {"GRADLOCK_STORE": str(home), "GRADLOCK_CACHE": served.place}
    there = replace(bench.here, env={**bench.here.env, **env})
    smoke = ["--no-smoke"] if verb == "image" else []
    try:
        return there.inv(verb, *smoke, *flags)
    finally:
        bench.forget(variants.load().cpu.name)
        shutil.rmtree(home)


def _bump(bench: Bench, served: Registry, whole: int) -> Row:
    """Measure what a push sends of an image in which one small wheel has moved."""
    images.bump(bench.here.checkout)
    bench.image("--no-load", "--pin")
    bench.here.inv("push", "--to", served.place)
    sent = served.whole() - whole
    return Row("a bump pushes", sent / 1e6, 0.05, "the image", whole / 1e6, unit="MB")


def _row(what: str, cost: Cost, budget: float, beside: str, there: Cost) -> Row:
    return Row(what, cost.seconds, budget, beside, there.seconds, core_seconds=cost.core_seconds)
