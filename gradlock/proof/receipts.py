"""Receipts: what has passed in an image need not run again where nothing of it has changed.

    <store>/receipts/<key>.json     a suite has passed, here or where somebody trusted ran it

The key is the image's ID, the suite's files and what runs them, the class of machine, and the
engine. A receipt of another machine counts only where it is signed as a policy demands: unlike
a layer, which is held to its digest, it is a mere claim.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from gradlock import progress, store
from gradlock.engine import hardware
from gradlock.engine.engine import Engine
from gradlock.errors import ArtifactError, ProofError, RegistryError
from gradlock.images import pins
from gradlock.images.image import Image
from gradlock.inside import suites
from gradlock.inside.settings import Settings
from gradlock.proof import statement
from gradlock.proof.statement import Statement
from gradlock.registry import team

# What reads signatures is imported where there may be some: the other verbs start without it.
if TYPE_CHECKING:
    from gradlock.proof.policy import Policy

KIND = "https://in-toto.io/attestation/test-result/v0.1"
#: Names the policy by which another machine's receipts count.
VARIABLE = "GRADLOCK_POLICY"


@dataclass(frozen=True)
class Run:
    """How a suite is run: all that may change what comes of it, besides the image."""

    suite: str
    gpu: bool
    gpu_required: bool = False
    tier: str = ""
    settings: Settings = suites.PLAIN


def claim(engine: Engine, identity: str, run: Run) -> Statement:
    """Return what may be said when a suite has passed in the image with an ID."""
    how = {
        "suite": run.suite,
        "tier": run.tier,
        "gpu_required": run.gpu_required,
        "environment": run.settings.environment,
        "hardware": list(hardware.kind(engine, gpu=run.gpu)),
        "engine": list(hardware.engine_kind(engine)),
    }
    code = {"name": "tests", "digest": {"sha256": suites.code(run.suite)}}
    predicate = {"result": "PASSED", "configuration": [code], "run": how}
    return Statement("gradlock", identity, KIND, predicate)


def note(said: Statement) -> None:
    """Write down that a suite has passed."""
    with store.replacing(_path(said)) as part:
        part.write_bytes(said.data())


def known(said: Statement) -> bool:
    """Tell whether the store has a receipt, whole."""
    try:
        return _path(said).read_bytes() == said.data()
    except FileNotFoundError:
        return False


def of_image(identity: str) -> list[Statement]:
    """Return all receipts in the store of the image with an ID."""
    found = []
    for path in sorted(store.folder("receipts").glob("*.json")):
        try:
            said = statement.read(path.read_bytes(), where=str(path))
        except ProofError:
            continue  # cut short by a disk: it counts for nothing, and is written again
        if said.subject == identity and path == _path(said):
            found.append(said)
    return found


def _path(said: Statement) -> Path:
    return store.folder("receipts") / f"{store.digest(said.data())}.json"


def policy() -> Policy | None:
    """Return the policy that `GRADLOCK_POLICY` names.

    Raises:
        InputError: it is none.

    """
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    from gradlock.proof import policy as policies

    return policies.read(Path(named))


def proven(said: Statement, image: Image) -> str:
    """Return who says that a suite has passed, in words; empty where nobody does.

    The team's cache is asked where the store does not know, and a policy says whom to trust.
    What fails there costs a line.

    Raises:
        InputError: the policy, or the cache's name, is none.

    """
    if known(said):
        return "here"
    trusted, place = policy(), team.place()
    pin = pins.find(image.channel, image.variant)
    if trusted is None or place is None or pin is None or pin.id != image.id:
        return ""
    from gradlock.proof import trust

    asked = trust.Question(KIND, said.subject, date.today(), lambda other: _objection(other, said))
    try:
        with team.opened(place) as repository:
            signed, _ = trust.fetch(repository, pin.manifest, KIND)
    except (RegistryError, ArtifactError) as error:
        progress.say(f"the team's cache failed: {error.what} ({error.where}); testing here")
        return ""
    signers, _ = trust.judge(trusted, asked, signed)
    if len(signers) < trusted.need:
        return ""
    note(said)
    return f"signed by {', '.join(sorted(signers))}"


def _objection(other: Statement, said: Statement) -> str:
    return "" if other.data() == said.data() else "it is of another run"
