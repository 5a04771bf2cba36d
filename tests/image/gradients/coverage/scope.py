"""The files whose functions must be run: TensorFlow's gradients, Keras's optimizers and layers."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

#: By package, the files below its folder.
PATTERNS = {
    "tensorflow": (
        "python/ops/*_grad.py",
        "python/ops/custom_gradient.py",
        "python/ops/cond_v2.py",
        "python/ops/while_v2.py",
        "python/eager/backprop.py",
        "python/eager/backprop_util.py",
        "python/eager/forwardprop.py",
        "python/eager/polymorphic_function/concrete_function.py",
    ),
    "keras": (
        "src/optimizers/*.py",
        "src/optimizers/schedules/*.py",
        "src/losses/*.py",
        *(f"src/layers/{group}/*.py" for group in ("activations", "attention", "convolutional")),
        *(f"src/layers/{group}/*.py" for group in ("core", "merging", "normalization")),
        *(f"src/layers/{group}/*.py" for group in ("pooling", "regularization", "rnn")),
    ),
}
#: Tests that Keras ships beside its code.
TESTS = "_test.py"


def files() -> Iterator[tuple[str, Path]]:
    """Yield every file in scope: its name from the package on, and its path.

    The packages are found, not imported: importing takes seconds, and runs code.
    """
    for package, patterns in PATTERNS.items():
        spec = find_spec(package)
        assert spec is not None, f"{package} is not installed"
        assert spec.origin is not None, f"{package} has no file"
        root = Path(spec.origin).parent
        for pattern in patterns:
            for path in sorted(root.glob(pattern)):
                if not path.name.endswith(TESTS) and path.name != "__init__.py":
                    yield path.relative_to(root.parent).as_posix(), path
