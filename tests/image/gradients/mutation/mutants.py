"""Mutants of a source, by its syntax tree: one small, plausible mistake each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

#: Calls whose first two operands may not change places.
ORDERED = ("mat_mul", "matmul", "batch_mat_mul", "subtract", "sub", "divide", "div", "real_div")
#: What a reduction's, and a cast's, name holds.
REDUCTIONS = ("reduce_", "sum", "mean", "_ReduceGradient")
CASTS = ("cast", "conj", "stop_gradient", "broadcast_to")
#: Where a whole number is an axis.
AXES = ("axis", "axes", "dim", "dims", "batch_dims")
NEIGHBOURS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
OPPOSITES: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.Div(),
    ast.Div: ast.Mult(),
}
UNORDERED = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)
Change = tuple[str, ast.expr]


@dataclass(frozen=True)
class Mutant:
    """One mistake: its kind, where it is, the statement without and with it.

    `node` and `choice` say which change of which node, counted as `ast.walk` meets them.
    `outermost` is the function or method that holds it, and is replaced as a whole.
    """

    pattern: str
    outermost: str
    line: int
    before: str
    after: str
    node: int
    choice: int


def mutants(source: str) -> Iterator[Mutant]:
    """Yield the mutants of all functions of a source; of what only raises there are none."""
    tree = ast.parse(source)
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    for outermost, statement in _statements(tree.body, ""):
        for node in _own(statement):
            for choice, (pattern, new) in enumerate(changes(node)):
                before = _text(statement)
                # There and back: thousands of trees would take minutes.
                _Replacing(node, new).visit(statement)
                after = _text(statement)
                _Replacing(new, node).visit(statement)
                number = numbers[id(node)]
                line = statement.lineno
                yield Mutant(pattern, outermost, line, before, after, number, choice)


def mutated(source: str, node: int, choice: int) -> ast.Module:
    """Return the tree of a source with one change; lines stay where they are."""
    tree = ast.parse(source)
    target = next(one for number, one in enumerate(ast.walk(tree)) if number == node)
    _, new = changes(target)[choice]
    changed = _Replacing(target, new).visit(tree)
    assert isinstance(changed, ast.Module), "the module itself is no expression"
    return ast.fix_missing_locations(changed)


def changes(node: ast.AST) -> list[Change]:
    """Return the mistakes that can be made at a node, each with what it becomes."""
    found: list[Change] = []
    if isinstance(node, ast.BinOp):
        if not isinstance(node.op, UNORDERED):
            found.append(("operands swapped", ast.BinOp(node.right, node.op, node.left)))
        if type(node.op) in OPPOSITES:
            opposite = ast.BinOp(node.left, OPPOSITES[type(node.op)], node.right)
            found.append(("operator changed", opposite))
            found += [("term dropped", node.left), ("term dropped", node.right)]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        word = "sign lost" if isinstance(node.op, ast.USub) else "condition negated"
        found.append((word, node.operand))
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        other = NEIGHBOURS.get(type(node.ops[0]))
        if other is not None:
            found.append(("comparison moved", ast.Compare(node.left, [other()], node.comparators)))
    elif isinstance(node, ast.BoolOp):
        other_op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        found.append(("and for or", ast.BoolOp(other_op, node.values)))
    elif isinstance(node, ast.IfExp):
        swapped = ast.IfExp(node.test, node.orelse, node.body)
        found.append(("condition negated", swapped))
    elif isinstance(node, ast.Call):
        found += _of_call(node)
    elif isinstance(node, ast.Constant):
        found += _of_constant(node)
    return [(pattern, ast.copy_location(new, node)) for pattern, new in found]


def _of_call(node: ast.Call) -> Iterator[Change]:
    """Yield the mistakes that can be made with a call."""
    name = ast.unparse(node.func).rpartition(".")[2]
    if not node.args or any(isinstance(one, ast.Starred) for one in node.args):
        return
    if name in ORDERED and len(node.args) > 1:
        first, other, *rest = node.args
        yield "operands swapped", ast.Call(node.func, [other, first, *rest], node.keywords)
    if any(part in name for part in REDUCTIONS):
        yield "reduction left out", node.args[0]
    elif any(part in name for part in CASTS):
        yield "cast lost", node.args[0]
    for number, keyword in enumerate(node.keywords):
        value = keyword.value
        if keyword.arg in AXES and isinstance(value, ast.Constant) and type(value.value) is int:
            moved = ast.keyword(keyword.arg, ast.Constant(value.value - 1))
            keywords = [*node.keywords[:number], moved, *node.keywords[number + 1 :]]
            yield "axis off by one", ast.Call(node.func, node.args, keywords)


def _of_constant(node: ast.Constant) -> Iterator[Change]:
    """Yield the mistakes that can be made with a constant."""
    if isinstance(node.value, bool):
        yield "flag flipped", ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield "constant moved", ast.Constant(node.value + 1)
    elif isinstance(node.value, float):
        yield "constant moved", ast.Constant(node.value * 1.5 or 1.0)


def _statements(body: list[ast.stmt], outside: str) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the statements of functions with the outermost one's name, but for what only raises."""
    for statement in body:
        if isinstance(statement, ast.ClassDef) and not outside.endswith("()"):
            yield from _statements(statement.body, f"{outside}{statement.name}.")
        elif isinstance(statement, ast.FunctionDef) and not outside.endswith("()"):
            yield from _statements(statement.body, f"{outside}{statement.name}()")
        elif outside.endswith("()"):
            if isinstance(body[-1], ast.Raise):
                return
            yield outside[:-2], statement
            for field in ("body", "orelse", "finalbody"):
                inner = getattr(statement, field, None)
                if isinstance(inner, list):
                    yield from _statements(inner, outside)
            for handler in getattr(statement, "handlers", ()):
                yield from _statements(handler.body, outside)


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes of a statement that are in no statement below it, nor a docstring."""
    if isinstance(statement, ast.Assert | ast.FunctionDef | ast.ClassDef):
        return
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        children = ast.iter_child_nodes(node)
        waiting += [one for one in children if not isinstance(one, ast.stmt | ast.ExceptHandler)]


def _text(statement: ast.stmt) -> str:
    """Return a statement; of one that holds others, its head."""
    text = ast.unparse(statement)
    return text.partition("\n")[0] if hasattr(statement, "body") else text


class _Replacing(ast.NodeTransformer):
    """Puts one expression in another's place."""

    def __init__(self, target: ast.AST, new: ast.expr) -> None:
        self._target, self._new = target, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Replace the target, and look no further into what comes instead."""
        if node is self._target:
            return self._new
        return self.generic_visit(node)
