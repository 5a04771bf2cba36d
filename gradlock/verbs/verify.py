"""The verb `verify`."""

from __future__ import annotations

import json as to_json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context
from rich.table import Table as Grid

from gradlock.engine import room
from gradlock.errors import InputError, ProofError, raise_all
from gradlock.images import channels, pins, recipe
from gradlock.images.build import Means
from gradlock.images.recipe import Recipe
from gradlock.inputs import variants
from gradlock.inputs.variants import Table
from gradlock.proof import verification
from gradlock.proof.verification import Finding, Target
from gradlock.registry import reference, team
from gradlock.registry.client import Repository
from gradlock.registry.reference import Reference
from gradlock.verbs import flags
from gradlock.verbs.outcome import out, verb

if TYPE_CHECKING:  # their library is needed for signatures alone
    from securesystemslib.signer import CryptoSigner

    from gradlock.proof.policy import Policy


@dataclass(frozen=True)
class Demands:
    """What is asked for beyond the checks that need nothing but the registry."""

    rebuild: bool
    signer: CryptoSigner | None
    expires: date | None
    policy: Policy | None


@verb(
    positional=["image"],
    help={
        **flags.CHANNEL,
        **flags.JSON,
        "image": "HOST/REPOSITORY:TAG, HOST/REPOSITORY@DIGEST, or a variant, whose pinned image "
        "is looked for in GRADLOCK_CACHE.",
        "rebuild": "Build it from its locks, without a layer of the store, and compare.",
        "sign": "Sign with this key (./inv key makes one) that it came out equal; rebuilds it.",
        "expires": "The last day on which that signature counts, as 2027-06-30.",
        "policy": "Demand the signatures that this file asks for.",
    },
)
def verify(
    _context: Context,
    image: str,
    channel: str = "",
    rebuild: bool = False,
    sign: str = "",
    expires: str = "",
    policy: str = "",
    json: bool = False,
) -> None:
    """Check an image in a registry: its pin, locks, bill and provenance, and who signed it."""
    demands = _demands(rebuild, sign, expires, policy)
    table = variants.load()
    place, name = _named(image, table, channel)
    with Repository(place) as repository:
        target = verification.find(repository, name)
        made = _recipe(target, table)
        findings = verification.checks(target, made)
        for one in _more(target, made, demands, findings):
            findings.append(one)
    _print(target, findings, as_json=json)
    raise_all(ProofError, [one.problem for one in findings if one.problem])


def _demands(rebuild: bool, sign: str, expires: str, policy: str) -> Demands:
    """Read what the flags ask for; keys and policies are read before anything is built."""
    from gradlock.proof import keys
    from gradlock.proof import policy as policies

    if expires and not sign:
        raise InputError("--expires is of a signature", mend="name a key, too: --sign KEY")
    try:
        day = date.fromisoformat(expires) if expires else None
    except ValueError:
        raise InputError(f"--expires takes a day as 2027-06-30, not {expires!r}") from None
    return Demands(
        rebuild or bool(sign),
        keys.load(Path(sign)) if sign else None,
        day,
        policies.read(Path(policy)) if policy else None,
    )


def _named(image: str, table: Table, channel: str) -> tuple[Reference, str]:
    """Return the repository of an image, and its digest or tag there."""
    if "/" in image:
        if channel:
            raise InputError(
                "--channel tells which image of a variant is meant; one in a registry says its own",
                mend=f"./inv verify {image}; or name a variant",
            )
        return reference.parse_image(image)
    row = table.named(image)
    wanted = channels.chosen(channel, row.name)
    pin = pins.find(wanted, row.name)
    if pin is None:
        raise InputError(
            f"images.lock pins no image of {image} from {wanted}",
            mend=f"./inv image --variant {image} --channel {wanted} --pin",
        )
    return team.required(), pin.manifest


def _recipe(target: Target, table: Table) -> Recipe:
    """Return the recipe of what an image says to be."""
    return recipe.read(table.named(target.variant), table, target.channel)


def _more(
    target: Target, made: Recipe, demands: Demands, found: Sequence[Finding]
) -> Iterator[Finding]:
    """Yield what came of the demands; `found` are all findings until then."""
    from gradlock.proof import rebuilding, rebuilt, trust

    if demands.rebuild:
        with _means(made) as means:
            yield verification.run("rebuilt", partial(rebuilding.check, target, made, means))
    if demands.signer and not any(one.problem for one in found):
        signing = partial(rebuilding.sign, target, made, demands.signer, demands.expires)
        yield verification.run("signed", signing)
    if demands.policy:
        asked = rebuilt.question(target.digest, date.today())
        yield verification.run(
            "policy", partial(trust.hold, demands.policy, target.repository, target.digest, asked)
        )


@contextmanager
def _means(made: Recipe) -> Iterator[Means]:
    """Yield what an image is built with again.

    Its artifacts may come from the team's cache. Those of the store are hashed anew.
    """
    with team.artifacts([made.locks.digest]) as nearer:
        yield Means(room.here(), verify=True, held=False, nearer=nearer)


def _print(target: Target, findings: Sequence[Finding], *, as_json: bool) -> None:
    rows = [
        {
            "check": one.check,
            "passed": one.problem is None,
            "said": one.said,
            "digest": target.digest,
        }
        for one in findings
    ]
    if as_json:
        out.print(to_json.dumps(rows), markup=False)
        return
    grid = Grid()
    for column in ("check", "", "what it found"):
        grid.add_column(column, overflow="fold")
    for one in findings:
        grid.add_row(one.check, "failed" if one.problem else "ok", one.said)
    out.print(grid)
