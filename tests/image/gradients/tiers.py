"""How much of the table a session runs: `--tier core` (the default) or `--tier all`."""

from __future__ import annotations

from enum import Enum

import pytest

from gradients.case import Case

#: The dearest checks: the core runs them where networks are made of such operations, or where no
#: cheaper check sees as much. `relaxed` has what `function` would see, but of Keras and of loops.
SAMPLED = {
    "xla": ("convolution", "pooling", "normalization", "layers", "attention", "activation"),
    "jacobian": ("convolution", "attention", "elementwise"),
    "called": ("elementwise", "automatic", "pooling", "normalization"),
    "function": ("layers", "recurrent", "attention", "normalization", "flow", "automatic"),
    "forward": (
        *("linalg", "convolution", "pooling", "normalization", "layers", "recurrent", "attention"),
        *("gather", "segment", "loss", "activation", "reduction", "elementwise", "special"),
        "automatic",
    ),
}
#: What cannot be asked of Keras's layers: weights of unknown sizes, variables as inputs.
OF_TENSORS = {
    "relaxed": ("layers", "recurrent", "attention"),
    "called": ("layers", "recurrent", "attention"),
}
#: What is run of rows that differ in attributes alone: of each, and of those that lead.
SWEPT = {
    "core": (("reverse",), ("float32", "relaxed")),
    "all": (("reverse", "float32", "relaxed"), ("second", "called")),
}


class Tier(Enum):
    """A part of the table: every case is in either, with the checks that find most."""

    CORE = "core"
    ALL = "all"

    def has(self, case: Case, check: str) -> bool:
        """Whether this tier runs a check of a case."""
        if case.group in OF_TENSORS.get(check, ()):
            return False
        if case.swept and case.reference and check == "second":
            # Such a reference has the same derivative here, and not beside.
            return False
        if case.swept:
            each, leading = SWEPT[self.value]
            return check in each or (case.lead and check in leading)
        return self is Tier.ALL or case.group in SAMPLED.get(check, (case.group,))


KEY = pytest.StashKey[Tier]()
