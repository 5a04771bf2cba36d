"""The team's cache: whether the registry that is named for it answers."""

from __future__ import annotations

from collections.abc import Iterator

from gradlock.doctor import reach
from gradlock.doctor.findings import Finding, fine, warning
from gradlock.doctor.question import Question
from gradlock.errors import InputError
from gradlock.registry import reference

#: The variable that names it, as `registry.team` reads it.
VARIABLE = "GRADLOCK_CACHE"
WHY = "images that a colleague or CI has built are built again: a build goes on without it"


def cache(asked: Question) -> Iterator[Finding]:
    """Look whether the registry answers, where one is named; it may ask for a login."""
    named = asked.environ.get(VARIABLE)
    if not named:
        return
    try:
        place = reference.parse(named)
    except InputError as error:
        yield warning(f"{VARIABLE}: {error.what}", WHY, f"{error.mend}; or unset {VARIABLE}")
        return
    answers = [
        reach.ask(f"{scheme}://{place.address}/v2/", asked.environ)
        for scheme in (("https", "http") if place.loopback else ("https",))
    ]
    if any(answer.good or answer.status == 401 for answer in answers):
        yield fine(f"the team's cache answers: {place}")
    else:
        yield warning(
            f"the team's cache, {place}: {answers[-1].trouble}",
            WHY,
            f"{answers[-1].mend}; or unset {VARIABLE}",
        )
