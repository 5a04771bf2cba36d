"""Functions of one element that pfor is asked to do for all: by who has the new axis, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: A function of one element, and the elements, three of each: arrays with one more axis. What all
#: have in common stands in the function itself.
Row = tuple[Callable[..., Any], tuple[np.ndarray, ...]]
Rows = dict[str, Row]
