"""Statements about an image, by in-toto's form: of what (a digest), of which kind, and what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gradlock.errors import ProofError
from gradlock.images.config import to_json

#: What the bytes of a statement are.
KIND = "application/vnd.in-toto+json"
TYPE = "https://in-toto.io/Statement/v1"
#: The note by which a registry's list tells one kind of statement from another.
NOTE = "in-toto.io/predicate-type"


@dataclass(frozen=True)
class Statement:
    """What is said: `subject` is a digest as registries write it, `kind` the predicate's type."""

    name: str
    subject: str
    kind: str
    predicate: dict[str, Any]

    def data(self) -> bytes:
        """Return its one spelling, which is what is signed."""
        digest = {"sha256": self.subject.removeprefix("sha256:")}
        return to_json(
            {
                "_type": TYPE,
                "subject": [{"name": self.name, "digest": digest}],
                "predicateType": self.kind,
                "predicate": self.predicate,
            }
        )


def read(data: bytes, *, where: str) -> Statement:
    """Return the statement that some bytes are; `where` they are from is for a message.

    Raises:
        ProofError: they are none, or one about several things.

    """
    try:
        told = json.loads(data)
        if told["_type"] != TYPE:
            raise TypeError(f"it is a {told['_type']}")
        (subject,) = told["subject"]
        predicate = told["predicate"]
        if not isinstance(predicate, dict):
            raise TypeError("its predicate is no object")
        digest = f"sha256:{subject['digest']['sha256']}"
        return Statement(
            str(subject.get("name", "")), digest, str(told["predicateType"]), predicate
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProofError(
            f"what should be an in-toto statement is none: {type(error).__name__}: {error}",
            where=where,
            mend="push it again, where it was made",
        ) from error


def about(statement: Statement, subject: str, kind: str, *, where: str) -> None:
    """See that a statement is about an image, and of the kind that was looked for.

    Raises:
        ProofError: it is not.

    """
    if statement.subject != subject:
        raise ProofError(
            f"it is about another image: {statement.subject}, not {subject}", where=where
        )
    if statement.kind != kind:
        raise ProofError(f"it says something else: {statement.kind}, not {kind}", where=where)
