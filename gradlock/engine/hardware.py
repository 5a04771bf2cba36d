"""What kind of machine an engine computes on, as far as results may depend on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from gradlock.engine import gpus
from gradlock.engine.engine import Engine
from gradlock.inputs.platforms import Platform, processor

#: Where Linux tells what a processor can.
PROCESSOR = Path("/proc/cpuinfo")
#: How many times longer an emulator takes than a processor: TensorFlow's import some thirty.
EMULATED = 30
#: What code is compiled for, widest first, and the one instruction set that tells it.
LEVELS = {"x86-64-v4": "avx512f", "x86-64-v3": "avx2", "x86-64-v2": "sse4_2"}


def kind(engine: Engine, *, gpu: bool) -> tuple[str, ...]:
    """Return the class of machine: two of one class are expected to compute the same.

    With `gpu` its GPUs belong to it, their models and driver. An engine that is not on this
    machine, or is in a virtual machine on it, does not tell: then the class is that engine alone.
    """
    info = engine.client.info()
    flags = _flags() if engine.local else frozenset()
    known = [str(info.get("Architecture", ""))]
    known += [level(flags)] if flags else [f"engine {info['ID']}"]
    return (*known, *(gpus.present(engine) if gpu else ()))


def slowness(engine: Engine, machine: Platform) -> int:
    """Return how many times longer an image for a platform may take: it is emulated elsewhere."""
    return 1 if processor_of(engine) == machine.machine else EMULATED


def processor_of(engine: Engine) -> str:
    """Return what an engine runs programs on, by the name that wheels have for it."""
    return processor(str(engine.client.info().get("Architecture", "")))


def engine_kind(engine: Engine) -> tuple[str, ...]:
    """Return the class of engine: its release, how it keeps images, and how it confines."""
    info = engine.client.info()
    confined = sorted(info.get("SecurityOptions") or ())
    return (str(info["ServerVersion"]), str(info.get("Driver", "")), *confined)


def level(flags: Iterable[str]) -> str:
    """Return what a processor with these instruction sets runs, as compilers call it."""
    held = set(flags)
    return next((name for name, flag in LEVELS.items() if flag in held), "x86-64")


def _flags() -> frozenset[str]:
    """Return this machine's instruction sets; none where it does not tell."""
    try:
        told = PROCESSOR.read_text(encoding="utf-8")
    except OSError:
        return frozenset()
    found = re.search(r"^flags\s*:(.*)$", told, re.MULTILINE)
    return frozenset(found.group(1).split()) if found else frozenset()
