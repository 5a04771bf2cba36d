"""Mutants of a source, by its syntax tree: one small, plausible mistake each."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass

#: Calls whose first two operands may not change places.
ORDERED = ("mat_mul", "matmul", "batch_mat_mul", "subtract", "sub", "divide", "div", "real_div")
#: What the name of a reduction, a cast, or a change of shape holds.
REDUCTIONS = ("reduce_", "sum", "mean", "_ReduceGradient")
CASTS = ("cast", "conj", "stop_gradient", "broadcast_to")
SHAPES = ("reshape", "expand_dims", "squeeze", "transpose", "reverse", "flip")
#: Functions of one number each, which may be forgotten.
FUNCTIONS = ("abs", "sqrt", "square", "exp", "log", "sign", "neg", "negative", "reciprocal")
#: Functions that are taken for one another.
TWINS = {
    **{"maximum": "minimum", "minimum": "maximum", "ones_like": "zeros_like"},
    **{"greater": "greater_equal", "greater_equal": "greater", "zeros_like": "ones_like"},
    **{"less": "less_equal", "less_equal": "less", "equal": "not_equal", "not_equal": "equal"},
    **{"logical_and": "logical_or", "logical_or": "logical_and", "any": "all", "all": "any"},
    **{"sum": "mean", "mean": "sum", "reduce_sum": "reduce_mean", "reduce_mean": "reduce_sum"},
    **{"max": "min", "min": "max", "reduce_max": "reduce_min", "reduce_min": "reduce_max"},
}
#: Where a whole number is an axis.
AXES = ("axis", "axes", "dim", "dims", "batch_dims")
#: Arguments that say how something is called, or where it lies on several devices.
WORDS = ("name", "caller", "stacklevel", "layout", "aggregation")
NEIGHBOURS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
#: Comparisons whose neighbour is their opposite: a condition of one is not negated once more.
OPPOSED = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
OPPOSITES: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.Div(),
    ast.Div: ast.Mult(),
}
UNORDERED = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)
#: Functions that compute no number of a model: how it is stored, and what shape it announces.
NO_NUMBER = ("get_config", "from_config", "compute_output_shape", "compute_output_spec")
#: Calls that say something, and do nothing.
SAYING = ("warn", "warning", "info", "debug", "vlog", "log_first_n")
Mistake = tuple[str, ast.expr | ast.stmt]


@dataclass(frozen=True)
class Mutant:
    """One mistake: its kind, where it is, the statement without and with it.

    `node` and `choice` say which change of which node, counted as `ast.walk` meets them.
    `outermost` is the function or method that holds it, and is replaced as a whole.
    """

    file: str
    pattern: str
    outermost: str
    line: int
    before: str
    after: str
    node: int
    choice: int

    @property
    def id(self) -> str:
        """What it is known by in later runs."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:16]

    @property
    def lines(self) -> tuple[int, ...]:
        """The line of its statement."""
        return (self.line,)

    @property
    def by(self) -> str:
        """Nothing: nobody knows before it is planted."""
        return ""

    def tree(self, source: str) -> ast.Module:
        """Return the tree of a source with it; lines stay where they are."""
        tree = ast.parse(source)
        target = next(one for number, one in enumerate(ast.walk(tree)) if number == self.node)
        _, new = changes(target)[self.choice]
        changed = _Replacing(target, new).visit(tree)
        assert isinstance(changed, ast.Module), "the module itself is no expression"
        return ast.fix_missing_locations(changed)


def mutants(source: str, file: str) -> Iterator[Mutant]:
    """Yield the mutants of all functions of a source; of what only raises there are none."""
    tree = ast.parse(source)
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    for outermost, statement in _statements(tree.body, ""):
        before = _text(statement)
        for node in _own(statement):
            for choice, (pattern, new) in enumerate(changes(node)):
                changed = _Replacing(node, new).visit(statement)
                after = _text(changed)
                if changed is statement:
                    # There and back: thousands of trees would take minutes.
                    _Replacing(new, node).visit(statement)
                number, line = numbers[id(node)], statement.lineno
                if after != before:
                    yield Mutant(file, pattern, outermost, line, before, after, number, choice)


def changes(node: ast.AST) -> list[Mistake]:
    """Return the mistakes that can be made at a node, each with what it becomes."""
    found: list[Mistake] = []
    if isinstance(node, ast.stmt):
        found += _of_statement(node)
    elif isinstance(node, ast.BinOp):
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


def _of_statement(node: ast.stmt) -> Iterator[Mistake]:
    """Yield the mistakes that can be made with a statement as a whole."""
    if isinstance(node, ast.If):
        known = isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], OPPOSED)
        if not known and not isinstance(node.test, ast.UnaryOp):
            negated = ast.UnaryOp(ast.Not(), node.test)
            yield "condition negated", ast.If(negated, node.body, node.orelse)
    elif isinstance(node, ast.AugAssign):
        yield "statement left out", ast.Pass()
        if type(node.op) in OPPOSITES:
            opposite = OPPOSITES[type(node.op)]
            yield "operator changed", ast.AugAssign(node.target, opposite, node.value)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "statement left out", ast.Pass()
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        # Only what had a value before can go on with it.
        names = {one.id for one in ast.walk(node.value) if isinstance(one, ast.Name)}
        if node.targets[0].id in names:
            yield "statement left out", ast.Pass()
    elif isinstance(node, ast.Return) and len(getattr(node.value, "elts", ())) == 2:
        assert isinstance(node.value, ast.Tuple | ast.List | ast.Set), "it has elements"
        first, other = node.value.elts
        yield "outputs swapped", ast.Return(ast.Tuple([other, first], ast.Load()))


def _of_call(node: ast.Call) -> Iterator[Mistake]:
    """Yield the mistakes that can be made with a call."""
    name = ast.unparse(node.func).rpartition(".")[2]
    for number, keyword in enumerate(node.keywords):
        value, others = keyword.value, [one for one in node.keywords if one is not keyword]
        # What is None or False is so by default.
        plain = isinstance(value, ast.Constant) and (value.value is None or value.value is False)
        if keyword.arg and keyword.arg not in WORDS and not plain:
            yield "argument left out", ast.Call(node.func, node.args, others)
        if keyword.arg in AXES and isinstance(value, ast.Constant) and type(value.value) is int:
            moved = ast.keyword(keyword.arg, ast.Constant(value.value - 1))
            keywords = [*node.keywords[:number], moved, *node.keywords[number + 1 :]]
            yield "axis off by one", ast.Call(node.func, node.args, keywords)
    if name in TWINS and isinstance(node.func, ast.Attribute):
        twin = ast.Attribute(node.func.value, TWINS[name], ast.Load())
        yield "function mistaken", ast.Call(twin, node.args, node.keywords)
    if not node.args or any(isinstance(one, ast.Starred) for one in node.args):
        return
    if name in ORDERED and len(node.args) > 1:
        first, other, *rest = node.args
        yield "operands swapped", ast.Call(node.func, [other, first, *rest], node.keywords)
    if any(part in name for part in REDUCTIONS):
        yield "reduction left out", node.args[0]
    elif any(part in name for part in CASTS):
        yield "cast lost", node.args[0]
    elif any(part in name for part in SHAPES):
        yield "shape left as it is", node.args[0]
    elif name in FUNCTIONS:
        yield "function left out", node.args[0]


def _of_constant(node: ast.Constant) -> Iterator[Mistake]:
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
            if statement.name not in NO_NUMBER:
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


def _refuses(body: list[ast.stmt]) -> bool:
    """Whether a block only raises or warns, if it does anything."""
    if body and all(map(_says, body)):
        return True
    if len(body) == 1 and isinstance(body[0], ast.If) and not body[0].orelse:
        return _refuses(body[0].body)
    return bool(body) and isinstance(body[-1], ast.Raise)


def _says(statement: ast.stmt) -> bool:
    """Whether a statement is words alone: a warning, a log, a docstring."""
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    said = isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] in SAYING
    return said or isinstance(value, ast.Constant)


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield a statement and its nodes that are in no statement below it; not of what it says."""
    if isinstance(statement, ast.Assert | ast.FunctionDef | ast.ClassDef):
        return
    if isinstance(statement, ast.If) and (_refuses(statement.body) or _refuses(statement.orelse)):
        # Whether an input is refused changes no number.
        return
    if _says(statement):
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
    """Puts one node in another's place."""

    def __init__(self, target: ast.AST, new: ast.AST) -> None:
        self._target, self._new = target, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Replace the target, and look no further into what comes instead."""
        if node is self._target:
            return self._new
        return self.generic_visit(node)
