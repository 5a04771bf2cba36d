"""Which rows of their own have no operation in their gradients that no other row has.

    python -m gradients.alike FILE      inside an image, beside the suite: write `alike.toml` anew

What is dearest is asked of one row of each kind: what compiles an operation, differentiates it
forward, or takes many of its gradients at once does so for each operation alone.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from gradients.case import Case

FILE = Path(__file__).with_suffix(".toml")
HEADER = "# Rows whose operations other rows have; `alike.py` writes and explains it."
#: Groups of which no row is left out: strides and dilations are attributes, and choose the kernel.
BY_ATTRIBUTES = ("convolution", "pooling")
#: Operations that a row pays for besides its own: to start with, a row is dear.
ROW = 3


@cache
def left() -> frozenset[str]:
    """Return the names of the rows that others stand for."""
    groups = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return frozenset(f"{group}/{name}" for group, names in groups.items() for name in names)


def chosen(operations: Mapping[str, frozenset[str]]) -> set[str]:
    """Return rows that have every operation between them, small ones first."""
    found: set[str] = set()
    missing = frozenset().union(*operations.values())
    while missing:
        best = max(
            operations,
            key=lambda row: len(operations[row] & missing) / (ROW + len(operations[row])),
        )
        found.add(best)
        missing -= operations[best]
    return found


def text(rows: Iterable[str]) -> str:
    """Return the file's text."""
    groups: dict[str, list[str]] = {}
    for row in sorted(rows):
        group, _, name = row.partition("/")
        groups.setdefault(group, []).append(name)
    lines = [
        line
        for group, names in groups.items()
        for line in (f"{group} = [", *(f'  "{name}",' for name in names), "]")
    ]
    return "\n".join([HEADER, *lines]) + "\n"


def operations(case: Case) -> frozenset[str] | None:
    """Return the operations of a row's value and gradient in a graph; None where it has none.

    Raises:
        Exception: whatever a row raises that is not known to.

    """
    import tensorflow as tf

    from gradients.checks import Problem, vjp
    from gradients.tracing import traced

    problem = Problem(case)
    try:
        cotangent = tf.constant(problem.cotangent, case.dtype)
        both = traced(lambda given, *inputs: vjp(case.function, inputs, given))
        graph = both.get_concrete_function(cotangent, *problem.inputs).graph.as_graph_def()
    except Exception:
        if "function" in case.known:
            return None
        raise
    functions = (function.node_def for function in graph.library.function)
    return frozenset(node.op for nodes in (graph.node, *functions) for node in nodes)


def main() -> None:
    """Write the file."""
    from gradients.cases import table

    found = {str(case): operations(case) for case in table() if not case.swept}
    told = {row: names for row, names in found.items() if names is not None}
    kept = chosen(told) | {row for row in told if row.startswith(BY_ATTRIBUTES)}
    Path(sys.argv[1]).write_text(text(told.keys() - kept), encoding="utf-8")


if __name__ == "__main__":
    main()
