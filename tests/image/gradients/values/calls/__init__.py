"""What TensorFlow's functions of Python compute, by NumPy and SciPy: a row is a call and its value.

Such a function is made of operations whose rules are right, whatever it makes of them: a wrong
value has a gradient that agrees with it, and no check of a gradient sees it. A call is a function
of nothing, so that TensorFlow computes nothing while a module is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

#: A call, and what must come out: an array, or several in any structure.
Row = tuple[Callable[[], Any], Any]
Rows = dict[str, Row]
Kind = TypeVar("Kind")


def merged(*tables: Mapping[str, Kind]) -> dict[str, Kind]:
    """Return several tables as one, of which none has a row by a name of another's."""
    rows: dict[str, Kind] = {}
    for table in tables:
        if twice := sorted(rows.keys() & table.keys()):
            raise ValueError(f"rows by one name in two tables: {', '.join(twice)}")
        rows.update(table)
    return rows
