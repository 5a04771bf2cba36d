"""What tf.experimental.numpy refuses of what NumPy takes, until upstream's mends are released.

All but the first work once `experimental_enable_numpy_behavior` was called: 126231.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tensorflow.experimental import numpy as ours

from gradients.values.calls.inputs import X

WHOLE = np.array([[3, -1, 4], [-2, 7, 5]])
REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    # 125955.
    "var": (lambda: ours.var(X, ddof=1), TypeError, "Cannot convert the argument `type_value`"),
    "around": (lambda: ours.around(X, 1), AttributeError, "no attribute 'astype'"),
    "average": (lambda: ours.average(WHOLE), AttributeError, "no attribute 'astype'"),
    "heaviside": (lambda: ours.heaviside(WHOLE, 1), AttributeError, "no attribute 'astype'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_namesake_of_numpys_refuses(name: str) -> None:
    call, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        call()
