"""How much of the table a session runs: `--tier core` (the default) or `--tier all`."""

from __future__ import annotations

from enum import Enum

import pytest

from gradients.case import Case

#: The dearest checks: the core runs them where networks are made of such operations, or where no
#: cheaper check sees as much. `relaxed` has what `function` would see, but of Keras's layers, whose
#: weights cannot have unknown sizes, and of loops. docs/numerics.md says what each has caught.
SAMPLED = {
    "xla": ("convolution", "pooling", "normalization", "attention", "activation"),
    "jacobian": ("attention", "elementwise"),
    "called": ("elementwise",),
    "function": ("layers", "recurrent", "attention", "flow"),
    "forward": (
        *("linalg", "convolution", "pooling", "normalization", "layers", "attention", "gather"),
        *("segment", "loss", "activation", "reduction", "elementwise", "special", "automatic"),
    ),
    # Networks compute in 16 bits; `bfloat16` has all groups.
    "float16": (
        *("linalg", "convolution", "pooling", "normalization", "layers", "recurrent", "attention"),
        *("loss", "activation"),
    ),
}
#: Rows of those groups that the core leaves out: each traces dozens of small functions, and costs
#: as much as ten to thirty others. `second` and `relaxed` differentiate what they are made of.
DEAREST = {"forward": ("loss/ctc", "loss/sampled_softmax")}
#: What cannot be asked of Keras's layers: weights of unknown sizes, variables as inputs.
OF_TENSORS = {
    "relaxed": ("layers", "recurrent", "attention"),
    "called": ("layers", "recurrent", "attention"),
}
#: The groups of rows that differ in attributes alone.
ALL_SWEPT = (
    *("products", "axes", "slices", "broadcasts", "windows", "sizes", "boundaries", "forms"),
    "corners",
)
#: What is run of such rows, by group: of each row,
SWEPT = {
    "core": {"reverse": ALL_SWEPT},
    "all": dict.fromkeys(("reverse", "float32", "relaxed"), ALL_SWEPT),
}
#: and of those that lead, besides: rules that ask for sizes, sums that are long, all orders.
LEADING = {
    "core": {
        "relaxed": ("products", "axes", "slices", "broadcasts", "forms"),
        "float32": ("products", "sizes"),
    },
    "all": {"second": ALL_SWEPT},
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
            leading = LEADING[self.value].get(check, ()) if case.lead else ()
            return case.group in (*SWEPT[self.value].get(check, ()), *leading)
        if self is Tier.ALL:
            return True
        sampled = case.group in SAMPLED.get(check, (case.group,))
        return sampled and str(case) not in DEAREST.get(check, ())


KEY = pytest.StashKey[Tier]()
