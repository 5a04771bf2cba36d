"""A fingerprint as a value, and its JSON."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from gradlock import store
from gradlock.errors import InputError

#: Moves when a fingerprint of before cannot be compared with one of after.
FORMAT = 1
FOLDER = store.ROOT / "fingerprints"


@dataclass(frozen=True)
class Metric:
    """What is kept of some arrays: `measure.summary` says how each part is made."""

    dtype: str
    size: int
    sha256: str
    norm: float
    largest: float
    sample: str

    @cached_property
    def values(self) -> tuple[float, ...]:
        """Return the sampled values."""
        data = base64.b64decode(self.sample, validate=True)
        return struct.unpack(f"<{len(data) // 8}d", data)


@dataclass(frozen=True)
class Fingerprint:
    """What an environment computes, and what that may depend on.

    `image` names the image (its ID, variant and the hash of its locks); it is empty for an
    environment that is none. `environment` is as `measure.environment` gives it.
    """

    environment: Mapping[str, Any]
    metrics: Mapping[str, Metric]
    image: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return what a person calls it: the variant, or the release of TensorFlow."""
        settings = f"{self.environment['threads']} threads"
        if self.environment["onednn"] != "default":
            settings += f", oneDNN {'off' if self.environment['onednn'] == '0' else 'on'}"
        return f"{self.image.get('variant', 'no image')}, TensorFlow {self.tensorflow}, {settings}"

    @property
    def tensorflow(self) -> str:
        """Return the release of TensorFlow."""
        packages = self.environment["packages"]
        return str(packages.get("tensorflow", packages.get("tensorflow-cpu", "?")))

    def of(self, image: Mapping[str, str]) -> Fingerprint:
        """Return it as that of an image."""
        return replace(self, image=image)

    def to_text(self) -> str:
        """Return its JSON."""
        document = {"format": FORMAT, **asdict(self)}
        return json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"


def parse(text: str, where: str) -> Fingerprint:
    """Read a fingerprint's JSON.

    Raises:
        InputError: it is none, is cut off, or was made in another format.

    """
    mend = "make it again: ./inv fingerprint"
    try:
        document = json.loads(text)
        form = document.get("format", FORMAT)
        if form != FORMAT:
            raise InputError(
                f"a fingerprint of format {form}, where this is {FORMAT}", where=where, mend=mend
            )
        found = Fingerprint(
            environment=document["environment"],
            metrics={name: Metric(**metric) for name, metric in document["metrics"].items()},
            image=document.get("image", {}),
        )
        for metric in found.metrics.values():
            metric.values  # noqa: B018 - refuses a sample that is cut off
        found.name  # noqa: B018 - refuses an environment without what it names
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise InputError(f"not a fingerprint: {error!r}", where=where, mend=mend) from error
    return found


def read(path: Path) -> Fingerprint:
    """Read a fingerprint's file."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise InputError("there is no such fingerprint", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not a fingerprint: {error}", where=str(path)) from error


def path_of(variant: str) -> Path:
    """Return where a variant's committed fingerprint stands."""
    return FOLDER / f"{variant}.json"


def committed(variant: str) -> Fingerprint:
    """Read a variant's committed fingerprint.

    Raises:
        InputError: there is none, or it is not one.

    """
    path = path_of(variant)
    if not path.exists():
        raise InputError(
            f"nothing says what {variant} must compute",
            where=str(path.relative_to(store.ROOT)),
            mend=f"./inv fingerprint --variant {variant} --pin, and commit it; or git checkout it",
        )
    return read(path)
