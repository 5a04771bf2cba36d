"""Batches that are given by their number: shuffled, read ahead by threads, told of epochs."""

from __future__ import annotations

import numpy as np
import pytest
from keras.src.trainers import data_adapters

from gradients.values.test_given import ARRAYS, BATCHES, INPUTS, Listed, model, trained


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_shuffled_by_its_number_is_all_there(workers: int) -> None:
    """In another order, whoever reads it."""
    many = Listed(INPUTS, workers=workers)
    many.batches = [(np.array([number]),) for number in range(40)]
    adapter = data_adapters.get_data_adapter(many, shuffle=True)
    adapter.on_epoch_begin()
    found = [int(batch[0][0]) for batch in adapter.get_tf_dataset()]
    adapter.on_epoch_end()
    assert found != sorted(found) == list(range(40))


class Told(Listed):
    """Batches without an end, or whose order is turned after each epoch."""

    endless = False
    begun = 0

    @property
    def num_batches(self) -> int | None:
        """How many there are."""
        return None if self.endless else len(self.batches)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """Return a batch."""
        return self.batches[index % len(self.batches)]

    def on_epoch_begin(self) -> None:
        """Count it."""
        self.begun += 1

    def on_epoch_end(self) -> None:
        """Turn the order around."""
        if self.begun:
            self.batches.reverse()


def test_batches_are_told_where_an_epoch_begins_and_ends() -> None:
    """The second has them in their new order."""
    whole, batches_ = model(), Told(*ARRAYS)
    whole.fit(batches_, epochs=2, shuffle=False, verbose=0)
    kernel, _ = trained(None, (*BATCHES, *BATCHES[::-1]))
    np.testing.assert_allclose(whole.get_weights()[0], kernel, rtol=1e-4, atol=1e-6)
    assert batches_.begun == 2


def test_what_threads_have_read_ahead_is_not_lost() -> None:
    """Between epochs of batches that have no end."""
    endless = Told(*ARRAYS, workers=2)
    endless.endless, endless.batches = True, [(np.array([number]),) for number in range(99)]
    adapter = data_adapters.get_data_adapter(endless)
    found: list[int] = []
    for _ in range(2):
        adapter.on_epoch_begin()
        given = adapter._get_iterator()
        found += [int(next(given)[0][0]) for _ in range(3)]
        endless.begun = 0
        adapter.on_epoch_end()
    assert found == list(range(6))
