"""How far two fingerprints are apart, and why that may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gradlock.fingerprint.document import Fingerprint, Metric

#: The distance between 1 and the next number, by type.
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
#: Above these norm-ulps a difference is more than another order of summation: between releases
#: 42 was measured for an operation, and 1.5 for a training (docs/fingerprints.md).
OPERATIONS, TRAININGS = 64.0, 8.0
#: No limit is more than this part of the largest magnitude: of bfloat16, 64 would be half of it.
NARROW = 0.1
#: How much wider the limits are where a fingerprint was made on another CPU, which adds in other
#: orders and with wider vectors: room for that, far below any error that a wrong kernel makes.
ANOTHER_CPU = 16


@dataclass(frozen=True)
class Difference:
    """A metric that is not bit-identical: `norm_ulp` apart, of `limit` allowed."""

    name: str
    norm_ulp: float
    limit: float

    @property
    def alarming(self) -> bool:
        """Whether it is past the limit; what is not a number is."""
        return not self.norm_ulp <= self.limit


@dataclass(frozen=True)
class Drift:
    """What two fingerprints say of each other.

    `identical` counts metrics whose bytes are equal, `differences` holds the rest, the worst
    first; `missing` are metrics that only one of them has, `packages` the releases that differ
    (None: not there), `settings` what differs of threads, oneDNN and Python.
    """

    identical: int
    differences: tuple[Difference, ...]
    missing: tuple[str, ...]
    packages: Mapping[str, tuple[str | None, str | None]]
    settings: Mapping[str, tuple[str, str]]
    same_hardware: bool
    same_image: bool

    @property
    def alarms(self) -> tuple[Difference, ...]:
        """Return what is past its limit."""
        return tuple(one for one in self.differences if one.alarming)

    @property
    def failed(self) -> bool:
        """Whether nothing explains what differs."""
        return bool(self.alarms or self.missing or self.unexplained)

    @property
    def unexplained(self) -> bool:
        """Whether the same image, settings and CPU gave other bits: they must not."""
        same = self.same_image and self.same_hardware and not self.settings
        return same and bool(self.differences or self.missing)


def compare(
    ours: Fingerprint,
    theirs: Fingerprint,
    *,
    operations: float = OPERATIONS,
    trainings: float = TRAININGS,
) -> Drift:
    """Compare two fingerprints; the limits are in norm-ulp."""
    common = ours.metrics.keys() & theirs.metrics.keys()
    differences = [
        Difference(
            name,
            norm_ulp(ours.metrics[name], theirs.metrics[name]),
            _limit(ours.metrics[name], trainings if name.startswith("train/") else operations),
        )
        for name in common
        if ours.metrics[name].sha256 != theirs.metrics[name].sha256
    ]
    return Drift(
        identical=len(common) - len(differences),
        differences=tuple(sorted(differences, key=lambda one: (-one.norm_ulp, one.name))),
        missing=tuple(sorted(ours.metrics.keys() ^ theirs.metrics.keys())),
        packages=_packages(ours, theirs),
        settings=_settings(ours, theirs),
        same_hardware=ours.environment["hardware"] == theirs.environment["hardware"],
        same_image=bool(ours.image) and ours.image.get("id") == theirs.image.get("id"),
    )


def hold(taken: Fingerprint, committed: Fingerprint) -> Drift:
    """Compare a fingerprint with the one that was committed, perhaps from another CPU."""
    same = taken.environment["hardware"] == committed.environment["hardware"]
    wider = 1 if same else ANOTHER_CPU
    return compare(taken, committed, operations=OPERATIONS * wider, trainings=TRAININGS * wider)


def _limit(metric: Metric, limit: float) -> float:
    """Return a limit that still means something in a narrow type, whose epsilon is large."""
    return min(limit, NARROW / EPSILON.get(metric.dtype, 1.0))


def norm_ulp(ours: Metric, theirs: Metric) -> float:
    """Return max|a - b| / (epsilon max|b|) over the sample, or that of the norms if it is larger.

    The norms see what the sample does not hold. Metrics of other types or sizes are infinitely
    far apart.
    """
    if (ours.dtype, ours.size) != (theirs.dtype, theirs.size) or ours.dtype not in EPSILON:
        return math.inf
    apart = max(abs(a - b) for a, b in zip(ours.values, theirs.values, strict=True))
    distances = ((apart, theirs.largest), (abs(ours.norm - theirs.norm), theirs.norm))
    return max(_part(distance, scale) for distance, scale in distances) / EPSILON[ours.dtype]


def _part(distance: float, scale: float) -> float:
    if distance == 0:
        return 0.0
    return distance / scale if scale else math.inf


def _packages(ours: Fingerprint, theirs: Fingerprint) -> dict[str, tuple[str | None, str | None]]:
    one, other = ours.environment["packages"], theirs.environment["packages"]
    names = sorted(one.keys() | other.keys())
    return {
        name: (one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name)
    }


def _settings(ours: Fingerprint, theirs: Fingerprint) -> dict[str, tuple[str, str]]:
    pairs = {
        name: (str(ours.environment.get(name)), str(theirs.environment.get(name)))
        for name in ("threads", "onednn", "python")
    }
    return {name: (one, other) for name, (one, other) in pairs.items() if one != other}
