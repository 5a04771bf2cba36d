"""How much of the table a session runs: `--tier core` (the default) or `--tier all`."""

from __future__ import annotations

from enum import Enum

import pytest

from gradients.case import Case

#: The dearest check: the core runs it where vectorising is not plain.
SAMPLED = {"jacobian": ("linalg", "convolution", "attention", "gather", "segment")}


class Tier(Enum):
    """A part of the table: every case is in either, with the checks that find most."""

    CORE = "core"
    ALL = "all"

    def has(self, case: Case, check: str) -> bool:
        """Whether this tier runs a check of a case."""
        return self is Tier.ALL or case.group in SAMPLED.get(check, (case.group,))


KEY = pytest.StashKey[Tier]()
