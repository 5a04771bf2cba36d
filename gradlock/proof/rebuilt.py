"""The statement that somebody has built an image again, and got the same."""

from __future__ import annotations

from datetime import date

from gradlock.images.recipe import Recipe
from gradlock.proof.statement import Statement
from gradlock.proof.trust import Question

KIND = "urn:gradlock:rebuilt:v1"


def make(recipe: Recipe, manifest: str, identity: str, expires: date | None = None) -> Statement:
    """Return what is to be signed after a build that was equal; it may expire after a day."""
    predicate = {
        "result": "equal",
        "image": identity,
        "channel": recipe.channel,
        "locks": f"sha256:{recipe.locks.digest}",
    }
    if expires:
        predicate["expires"] = expires.isoformat()
    return Statement(f"gradlock/{recipe.name}", manifest, KIND, predicate)


def question(manifest: str, today: date) -> Question:
    """Return what a policy is asked of an image: who says, today, that it came out equal."""
    return Question(KIND, manifest, today, lambda said: objection(said, today))


def objection(said: Statement, today: date) -> str:
    """Return why such a statement does not count today; empty where it does."""
    if said.predicate.get("result") != "equal":
        return "it does not say that the image came out equal"
    expires = said.predicate.get("expires")
    if expires is None:
        return ""
    try:
        day = date.fromisoformat(expires)
    except (TypeError, ValueError):
        return f"it expires on {expires!r}, which is no day"
    return f"it has expired on {expires}" if today > day else ""
