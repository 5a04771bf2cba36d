"""What the tests of all three managers share: a store of their own, and a fair choice of names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

#: How many of the packages that have moved are updated, each alone.
SAMPLE = 12


@pytest.fixture(scope="module", autouse=True)
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's store out of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADLOCK_STORE", str(tmp_path_factory.mktemp("store")))
        yield


def evenly(names: Sequence[str]) -> list[str]:
    """Choose `SAMPLE` of some names, or all, where they are fewer."""
    return list(names[:: max(1, len(names) // SAMPLE)][:SAMPLE])
