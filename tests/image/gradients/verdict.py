"""What a check's outcome means, beside what is known of TensorFlow. Knows no TensorFlow."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from gradients import records
from gradients.case import Known

PASSED, EXPECTED, FAILED = "passed", "expected", "failed"


@dataclass(frozen=True)
class Outcome:
    """What a check measured: an error, or, in `raised`, the exception's type and text.

    `place` is the function that raised it.
    """

    tolerance: float
    error: float = math.nan
    raised: str = ""
    place: str = ""

    @property
    def right(self) -> bool:
        """Whether the check passes; an error that is not a number does not."""
        return not self.raised and self.error <= self.tolerance

    @property
    def signature(self) -> str:
        """What a failure is known by, as `records` keeps it; empty where there is none."""
        return "" if self.right else records.signature(self.raised, self.place, self.error)

    def __str__(self) -> str:
        """Say what happened."""
        return self.raised or f"error {self.error:.1e}, tolerance {self.tolerance:.0e}"


@dataclass(frozen=True)
class Verdict:
    """Whether an outcome is as it should be, and why."""

    status: str
    why: str


def applies(known: Known | None, tensorflow: str) -> Known | None:
    """Return an expected failure where it holds for a release of TensorFlow."""
    if known is None or Version(tensorflow) not in SpecifierSet(known.tensorflow, prereleases=True):
        return None
    return known


def judge(
    outcome: Outcome, known: Known | None, recorded: str | None = None, *, measured: bool = True
) -> Verdict:
    """Hold an outcome to what is expected.

    An expected failure that is none any more fails, too: its record must go. So does one that
    fails otherwise than recorded: with other words than `known` has, or with another signature
    than `recorded`. `measured` is False on a device that the records were not made on: there a
    record allows the failure, does not demand it, and has no signature.
    """
    if known is None:
        return Verdict(PASSED if outcome.right else FAILED, str(outcome))
    if outcome.right:
        if not (measured and known.always):
            return Verdict(PASSED, str(outcome))
        return Verdict(
            FAILED,
            "no longer wrong: remove the record, or name the releases that it holds for "
            f"({known.reason}); {outcome}",
        )
    if known.raises and not re.search(known.raises, outcome.raised, re.DOTALL):
        return Verdict(FAILED, f"fails, but not by raising {known.raises!r}: {outcome}")
    if outcome.raised and not known.raises:
        return Verdict(FAILED, f"raises, but is recorded as wrong ({known.reason}): {outcome}")
    if not measured or known.wavers or (recorded is None and not known.always):
        return Verdict(EXPECTED, known.reason)
    if recorded is None or not records.same(outcome.signature, recorded):
        return Verdict(
            FAILED,
            f"fails as {outcome.signature!r}, and records.toml has {recorded!r}: if that is "
            f"another defect, say so in gaps.py, then record it ({known.reason}); {outcome}",
        )
    return Verdict(EXPECTED, known.reason)
