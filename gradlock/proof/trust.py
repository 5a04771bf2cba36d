"""Whether enough of those whom a policy trusts have signed that something holds of an image."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from gradlock.errors import ProofError, RegistryError
from gradlock.proof import envelope, statement
from gradlock.proof.policy import Policy
from gradlock.proof.statement import Statement
from gradlock.registry import referrers
from gradlock.registry.client import Repository
from gradlock.registry.referrers import Referrer

#: Says why a statement does not count, or nothing where it does.
Objection = Callable[[Statement], str]


@dataclass(frozen=True)
class Signed:
    """A signed statement as it came, and where from."""

    where: str
    data: bytes


@dataclass(frozen=True)
class Question:
    """What must be signed: a kind of statement, about a digest, on a day, without an objection."""

    kind: str
    subject: str
    today: date
    objection: Objection


def fetch(repository: Repository, manifest: str, kind: str) -> tuple[list[Signed], list[str]]:
    """Return the signed statements of a kind beside an image, and why others cannot be had.

    Raises:
        RegistryError: the registry cannot be asked, or does not list what is beside an image.

    """
    found, broken = [], []
    for one in _listed(repository, manifest, kind):
        where = f"{repository.place}@{one.digest}"
        try:
            found.append(Signed(where, referrers.read(repository, one, manifest)))
        except RegistryError as error:
            broken.append(f"{error.what} ({where})")
    return found, broken


def _listed(repository: Repository, manifest: str, kind: str) -> list[Referrer]:
    listed = referrers.find(repository, manifest, envelope.KIND)
    return [one for one in listed if one.notes.get(statement.NOTE, kind) == kind]


def judge(policy: Policy, asked: Question, signed: Iterable[Signed]) -> tuple[set[str], list[str]]:
    """Return who has signed what was asked for, and why other statements do not count."""
    signers: set[str] = set()
    refused: list[str] = []
    for one in signed:
        try:
            opened = envelope.open_(one.data, policy.keys(), where=one.where)
            statement.about(opened.statement, asked.subject, asked.kind, where=one.where)
        except ProofError as error:
            refused.append(f"{error.what} ({one.where})")
            continue
        refused += [f"{why} ({one.where})" for why in opened.refused]
        objection = asked.objection(opened.statement)
        if objection:
            refused.append(f"{objection} ({one.where})")
            continue
        for name in sorted(opened.signers):
            if policy.expired(name, asked.today):
                refused.append(f"the key of {name} counts no more ({one.where})")
            else:
                signers.add(name)
    return signers, refused


def hold(policy: Policy, repository: Repository, manifest: str, asked: Question) -> str:
    """See that enough have signed what was asked for, beside an image; return who has.

    Raises:
        ProofError: fewer than the policy needs; it says why others do not count.
        RegistryError: the registry cannot be asked.

    """
    signed, broken = fetch(repository, manifest, asked.kind)
    signers, refused = judge(policy, asked, signed)
    told = f"{len(signers)} of {len(policy.trusted)} keys"
    names = f" ({', '.join(sorted(signers))})" if signers else ""
    others = "".join(f"; not counted: {why}" for why in [*broken, *refused])
    if len(signers) < policy.need:
        raise ProofError(
            f"it takes {policy.need} of {len(policy.trusted)} keys, {len(signers)} have signed"
            f"{names}{others}",
            where=f"{policy.path}, {repository.place}@{manifest}",
            mend="have others build it again and sign it: ./inv verify REFERENCE --sign KEY",
        )
    return f"signed by {told}{names}{others}"
