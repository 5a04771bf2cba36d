"""Puts a change into functions that are loaded: nothing on disk changes, nothing is imported."""

from __future__ import annotations

import ast
import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType

from gradients.mutation.change import Change

#: The functions of each code: its file, its qualified name, and its first line.
Loaded = dict[tuple[str, str, int], list[FunctionType]]


def loaded(files: Iterable[str]) -> Loaded:
    """Return all functions of some files, wherever they are held: in registries, too."""
    wanted, found = set(files), defaultdict(list)
    # What was frozen after the collection of tests is not told, and that is nearly all.
    gc.unfreeze()
    for one in gc.get_objects():
        if type(one) is FunctionType and one.__code__.co_filename in wanted:
            found[key(one.__code__)].append(one)
    return dict(found)


def key(code: CodeType) -> tuple[str, str, int]:
    """Return what a function's code is known by, before and after a change."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def plant(change: Change, source: str, file: str, functions: Loaded) -> bool:
    """Replace the code of the functions that hold a change; return whether there is any.

    What a function has made that is loaded as well, a decorated one, say, is replaced with it.
    """
    tree = _around(change.tree(source), change.outermost)
    planted = False
    for code in _codes(compile(tree, file, "exec", dont_inherit=True)):
        if f"{code.co_qualname}.".startswith(f"{change.outermost}."):
            for function in functions.get(key(code), ()):
                if function.__code__.co_freevars == code.co_freevars:
                    function.__code__ = code
                    planted = True
    return planted


def _around(tree: ast.Module, outermost: str) -> ast.Module:
    """Leave out what other functions and classes are: to compile a large module takes a second."""
    name = outermost.partition(".")[0]
    tree.body = [
        statement
        for statement in tree.body
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef) or statement.name == name
    ]
    return tree


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code and those inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
