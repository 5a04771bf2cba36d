"""What a variant asks for, held to rules by name: before anything is resolved, which takes long."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from gradlock.errors import InputError, raise_all
from gradlock.inputs import wanted
from gradlock.inputs.variants import Variant
from gradlock.locks import lockfile, rules


def check(variant: Variant) -> None:
    """Refuse names that no lock of a variant may hold.

    Raises:
        InputError: there are such; all are named, each with its line.

    """
    raise_all(
        InputError,
        (
            InputError(problem, where=where, mend="remove the line: the table decides it")
            for problem, where in _problems(variant)
        ),
    )


def _problems(variant: Variant) -> Iterator[tuple[str, str]]:
    right = wanted.tensorflow(variant)
    parts = wanted.toolkit(variant)
    for path in wanted.read_with(wanted.wheel_inputs(variant), constraints=False):
        if path.suffix == ".whl" or path in parts:
            continue
        for number, line in enumerate(wanted.text(path).splitlines(), 1):
            match = re.match(r"\s*([A-Za-z0-9][\w.-]*)", line)
            name = canonicalize_name(match[1]) if match else ""
            where = f"{lockfile.shown(path)}:{number}"
            if name in wanted.TENSORFLOWS and name != right:
                yield f"{variant.name} must hold {right} alone, but {name} is asked for", where
            elif not variant.gpu and name and re.match(rules.CUDA_NAMES, name):
                yield f"{variant.name} must hold nothing of CUDA, but {name} is asked for", where
