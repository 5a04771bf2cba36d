"""The bill of materials beside an image, held to the locks."""

from __future__ import annotations

import json

from gradlock.errors import ProofError
from gradlock.images.recipe import Recipe

KIND = "application/vnd.cyclonedx+json"
LEFT = "gradlock:files-of-no-package"


def check(data: bytes, recipe: Recipe, identity: str, *, where: str) -> str:
    """See that a bill is one of an image, and names exactly what the locks have; say how much.

    Raises:
        ProofError: it is no CycloneDX, is of another image, or names other files.

    """
    mend = "push the image again"
    try:
        told = json.loads(data)
        _validate(data.decode())
        component = told["metadata"]["component"]
        named = {row["hashes"][0]["content"]: row["purl"] for row in told["components"]}
        left = {row["name"]: row["value"] for row in component["properties"]}.get(LEFT)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ProofError(
            f"what should be a bill of materials is none: {type(error).__name__}: {error}",
            where=where,
            mend=mend,
        ) from error
    if component["version"] != identity:
        raise ProofError(
            f"the bill is of another image: {component['version']}", where=where, mend=mend
        )
    locked = {pin.sha256: pin.name for pin in recipe.locks.debs}
    locked |= {pin.sha256: pin.name for pin in recipe.locks.wheels}
    locked |= {pin.sha256: pin.name for pin in recipe.condas}
    extra = sorted(named[sha256] for sha256 in named.keys() - locked.keys())
    lacking = sorted(locked[sha256] for sha256 in locked.keys() - named.keys())
    if extra or lacking:
        raise ProofError(
            f"the bill and the locks differ: {_few(extra)} only in the bill, "
            f"{_few(lacking)} only in the locks",
            where=where,
            mend=mend,
        )
    if left != "0":
        raise ProofError(f"{left} files of the image are of no package", where=where)
    return f"{len(named)} packages, as locked; no file of no package"


def _validate(text: str) -> None:
    # Its library takes as long as all others together.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise ValueError(str(problem).partition("\n")[0][:200])


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:5]) or "nothing"
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
