"""What decides which records hold, besides the device: TensorFlow's release, oneDNN's kernels."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from functools import cache

#: The release that records are of where nothing else is said.
RECORDED = "2.21"
#: The Python by whose bytecode `coverage/unrun.toml` knows the ways of branches.
PYTHON = (3, 13)
#: The distributions that TensorFlow comes as.
DISTRIBUTIONS = ("tensorflow", "tensorflow-cpu")


def tensorflow() -> str:
    """Return the version of TensorFlow that is installed; it is not imported.

    Raises:
        LookupError: there is none.

    """
    for name in DISTRIBUTIONS:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    raise LookupError(f"none of {', '.join(DISTRIBUTIONS)} is installed")


def release() -> str:
    """Return its minor release."""
    return ".".join(tensorflow().split(".")[:2])


def onednn() -> bool:
    """Whether oneDNN's kernels compute: TF_ENABLE_ONEDNN_OPTS says so, else the CPU decides."""
    from tensorflow.python.util import _pywrap_util_port

    return bool(_pywrap_util_port.IsMklEnabled())


@cache
def names() -> tuple[str, ...]:
    """Return the names of what may have records of its own: `records.<name>.toml`."""
    return (f"tensorflow-{release()}", *(() if onednn() else ("onednn-off",)))


def advice() -> Iterator[str]:
    """Yield where a failure belongs that comes of this environment, a line each."""
    for name in names():
        if name != f"tensorflow-{RECORDED}":
            yield (
                f"what fails in {name} alone: say why in gradients/gaps.py, of which releases or "
                f"of `without_onednn`, then records.py --of {name} writes records.{name}.toml from "
                "gradients.json (docs/numerics.md, Other environments)"
            )
