"""Which mutants are planted first, and which tests of each run first."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

from gradients.mutation import score
from gradients.mutation.mutants import Mutant

#: The checks of the table that are tried first, since they are cheap and see most.
FIRST = ("reverse", "forward", "relaxed", "function", "float32", "second", "called")


def drawn(there: Sequence[Mutant], seed: str) -> list[Mutant]:
    """Return mutants in an order that a seed decides, of each kind of code in turn.

    So each beginning is a sample of each kind.
    """
    kinds: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in there:
        kinds[score.kind(mutant.file)].append(mutant)
    for kind in kinds.values():
        random.Random(seed).shuffle(kind)
    return [one for turn in zip_longest(*kinds.values()) for one in turn if one]


def spread(names: Sequence[str], seed: str, first: str = "") -> Iterator[str]:
    """Yield tests so that each beginning has all kinds: checks by group, tests by function.

    A line that a thousand tests run is wrong for some of them, which are alike.
    """
    kinds: dict[tuple[int, str], list[str]] = defaultdict(list)
    for name in sorted(names):
        kinds[_kind(name)].append(name)
    for kind in kinds.values():
        random.Random(seed).shuffle(kind)
    turns = zip_longest(*(kinds[kind] for kind in sorted(kinds)))
    if first in names:
        yield first
    yield from (name for name in chain.from_iterable(turns) if name and name != first)


def _kind(name: str) -> tuple[int, str]:
    """Return a test's kind, by the place that it has among others."""
    function, _, row = name.partition("[")
    check = row.rpartition("-")[2].rstrip("]")
    if "test_case" not in function:
        return len(FIRST), function
    place = FIRST.index(check) if check in FIRST else len(FIRST) + 1
    return place, f"{row.partition('/')[0]} {check}"
