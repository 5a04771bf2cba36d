"""What there is to run in a file: the statements of its functions, and both ways of each branch.

A statement is one however many lines it has. A branch is a conditional jump of the bytecode, known
by its place in the source: `if a and b` has two, with two ways each. What runs at import is no
gradient, and is left out; so is what only raises: it refuses an input, and computes nothing.
"""

from __future__ import annotations

import ast
import dis
import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

#: Where an instruction stands: first and last line, first and last column, in bytes.
Span = tuple[int | None, int | None, int | None, int | None]
#: What a function's code begins with, on its `def`'s line.
PROLOGUE = ("RESUME", "COPY_FREE_VARS", "MAKE_CELL", "RETURN_GENERATOR")


@dataclass(frozen=True)
class Place:
    """A statement, or one way of a branch (`way` is then not empty), in a function.

    `text` is its source, in one line: it stays where line numbers move. `refusal` says that it
    only raises.
    """

    function: str
    text: str
    first: int
    last: int
    way: str = ""
    refusal: bool = False

    @property
    def key(self) -> str:
        """What a record calls it."""
        return f"{self.text} -> {self.way}" if self.way else self.text


class Places:
    """The places of a file, and which of them the events of a run belong to."""

    def __init__(self, source: str, name: str) -> None:
        self._lines = source.splitlines()
        self._tree = ast.parse(source)
        self._nodes = {span: node for node in ast.walk(self._tree) if (span := _span(node))[0]}
        self._jumps: dict[CodeType, dict[int, tuple[dis.Instruction, int]]] = {}
        self._statement: dict[int, ast.stmt] = {}
        self._own: dict[int, list[int]] = defaultdict(list)
        self._refusals: set[int] = set()
        self._refused: set[tuple[Span, bool]] = set()
        self._look(self._tree.body)
        self._by_line: dict[int, Place] = {}
        self._by_way: dict[tuple[Span, bool], Place] = {}
        for code in _functions(compile(self._tree, name, "exec", dont_inherit=True)):
            self._scan(code)
        self.all = list(
            dict.fromkeys(
                sorted(
                    (*self._by_line.values(), *self._by_way.values()),
                    key=lambda place: (place.first, place.way, place.text),
                )
            )
        )

    def at_line(self, line: int) -> Place | None:
        """Return the statement of a line that ran."""
        return self._by_line.get(line)

    def at_jump(self, code: CodeType, offset: int, destination: int) -> Place | None:
        """Return the way that a branch at an offset took."""
        if code not in self._jumps:
            found = _jumps(list(dis.get_instructions(code)))
            self._jumps[code] = {one.offset: (one, after) for one, after in found}
        if offset not in self._jumps[code]:
            return None
        instruction, after = self._jumps[code][offset]
        return self._by_way.get(self._way(instruction, destination > after))

    def _look(self, body: list[ast.stmt]) -> None:
        """Note which statement each line belongs to, and what only raises."""
        if isinstance(body[-1], ast.Raise):
            self._refusals.update(map(id, body))
        for statement in body:
            blocks = [
                block
                for field in ("body", "orelse", "finalbody")
                if isinstance(block := getattr(statement, field, None), list) and block
            ]
            blocks += [handler.body for handler in getattr(statement, "handlers", ())]
            decorators = getattr(statement, "decorator_list", ())
            first = min([statement.lineno, *(one.lineno for one in decorators)])
            last = (
                max(first, min(block[0].lineno for block in blocks) - 1)
                if blocks
                else statement.end_lineno or first
            )
            for line in range(first, last + 1):
                if self._statement.setdefault(line, statement) is statement:
                    self._own[id(statement)].append(line)
            if isinstance(statement, ast.If):
                for block, value in ((statement.body, True), (statement.orelse, False)):
                    if block and isinstance(block[-1], ast.Raise):
                        self._refused.update(_leading(statement.test, value))
            if isinstance(statement, ast.Assert):
                self._refused.update(_leading(statement.test, False))
            for block in blocks:
                self._look(block)

    def _scan(self, code: CodeType) -> None:
        """Note the places of a function, or of one inside it."""
        instructions = list(dis.get_instructions(code))
        for instruction in instructions:
            line = instruction.positions.lineno if instruction.positions else None
            statement = self._statement.get(line or 0)
            if line is None or statement is None or instruction.opname in PROLOGUE:
                continue
            if line in self._by_line:
                continue
            own = self._own[id(statement)]
            place = Place(
                code.co_qualname,
                self._lines[statement.lineno - 1].strip(),
                min(own),
                max(own),
                refusal=id(statement) in self._refusals,
            )
            self._by_line.update(dict.fromkeys(own, place))
        jumps = list(_jumps(instructions))
        # What runs is equal to what is compiled here, so it need not be read again.
        self._jumps[code] = {one.offset: (one, after) for one, after in jumps}
        for instruction, _ in jumps:
            for jumped in (True, False):
                way = self._way(instruction, jumped)
                span, value = way
                if span[0] is None or span not in self._nodes:
                    continue
                node = self._nodes[span]
                if isinstance(node, ast.ExceptHandler):
                    node = ast.Name(f"except {ast.unparse(node.type) if node.type else ''}")
                text = " ".join(ast.unparse(node).split())
                loop = instruction.opname == "FOR_ITER"
                names = ("enters", "ends") if loop else ("true", "false")
                self._by_way[way] = Place(
                    code.co_qualname,
                    text,
                    span[0],
                    span[1] or span[0],
                    names[not value],
                    refusal=way in self._refused,
                )

    def _way(self, instruction: dis.Instruction, jumped: bool) -> tuple[Span, bool]:
        """Return where a jump stands, and whether its condition holds when it is (not) taken."""
        positions = instruction.positions
        span: Span = tuple(positions) if positions else (None,) * 4  # type: ignore[assignment]
        name = instruction.opname
        if name.endswith("NONE"):
            node = self._nodes.get(span)
            is_none = jumped != name.endswith("NOT_NONE")
            negated = isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.IsNot)
            return span, is_none != negated
        if name == "FOR_ITER":
            return span, not jumped
        return span, jumped == name.endswith("TRUE")


def _span(node: ast.AST) -> Span:
    """Return where a node stands."""
    if not isinstance(node, ast.stmt | ast.expr | ast.excepthandler | ast.pattern | ast.alias):
        return (None,) * 4
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _leading(test: ast.expr, value: bool) -> Iterator[tuple[Span, bool]]:
    """Yield the ways of a condition's parts that make it true, or false."""
    if isinstance(test, ast.BoolOp):
        for part in test.values:
            yield from _leading(part, value)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _leading(test.operand, not value)
    else:
        yield _span(test), value


def _functions(code: CodeType, inside: bool = False) -> Iterator[CodeType]:
    """Yield the code of functions, and of what is inside them; not a module's, nor a class's."""
    if inside:
        yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            optimized = bool(constant.co_flags & 1)
            yield from _functions(constant, inside or optimized)


def _jumps(instructions: list[dis.Instruction]) -> Iterator[tuple[dis.Instruction, int]]:
    """Yield the conditional jumps, each with the offset of what follows where it is not taken.

    Not the one by which `with` swallows an exception: no source says it.
    """
    recent: list[str] = []
    for instruction, following in itertools.pairwise(instructions):
        name = instruction.opname
        conditional = name == "FOR_ITER" or "JUMP_IF_" in name
        if conditional and "WITH_EXCEPT_START" not in recent[-2:]:
            yield instruction, following.offset
        recent.append(name)
