"""Made-up fingerprints."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gradlock.fingerprint.document import Fingerprint, Metric

HARDWARE = {"machine": "x86_64", "model": "A", "instructions": ["avx2"], "caches": ["32K", "1M"]}
ENVIRONMENT = {
    "hardware": HARDWARE,
    "threads": 2,
    "onednn": "default",
    "python": "3.13.5",
    "packages": {"tensorflow-cpu": "2.21.0", "numpy": "2.5.5"},
}
OPERATION, TRAINING = "op/exp/float32/eager", "train/mlp/float32/xla/losses"
VALUES = (1.0, -4.0, 0.25)
#: The operation's values, moved by 70 units in the last place of the largest.
FAR = (1.0, -4.0 * (1 + 70 * 2.0**-23), 0.25)


def metric(values: Sequence[float], dtype: str = "float32") -> Metric:
    """Return the metric of some values, all of which are its sample."""
    data = struct.pack(f"<{len(values)}d", *values)
    return Metric(
        dtype=dtype,
        size=len(values),
        sha256=data.hex(),
        norm=sum(value**2 for value in values) ** 0.5,
        largest=max(map(abs, values)),
        sample=base64.b64encode(data).decode(),
    )


#: The fingerprint of an operation and a training.
FINGERPRINT = Fingerprint(
    ENVIRONMENT,
    {OPERATION: metric(VALUES), TRAINING: metric([2.0])},
    {"id": "sha256:aa", "variant": "cpu"},
)


def moved(name: str, values: Sequence[float]) -> Fingerprint:
    """Return the fingerprint of another image, with other values of one metric."""
    metrics = {**FINGERPRINT.metrics, name: metric(values)}
    return replace(FINGERPRINT, metrics=metrics, image={"id": "sha256:bb"})


def changed(fingerprint: Fingerprint, **environment: Any) -> Fingerprint:
    """Return a fingerprint from another environment."""
    return replace(fingerprint, environment={**fingerprint.environment, **environment})


def elsewhere(fingerprint: Fingerprint) -> Fingerprint:
    """Return a fingerprint as if it were made on another CPU."""
    return changed(fingerprint, hardware={**HARDWARE, "model": "B"})
