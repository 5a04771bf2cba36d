"""Puts a mutant into functions that are loaded: nothing on disk changes, nothing is imported."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType

from gradients.mutation.mutants import Mutant, mutated

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
    """Return what a function's code is known by, before and after a mutation."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def plant(mutant: Mutant, source: str, file: str, functions: Loaded) -> bool:
    """Replace the code of the functions that hold a mutant; return whether there is any."""
    tree = mutated(source, mutant.node, mutant.choice)
    planted = False
    for code in _codes(compile(tree, file, "exec", dont_inherit=True)):
        if code.co_qualname == mutant.outermost:
            for function in functions.get(key(code), ()):
                if function.__code__.co_freevars == code.co_freevars:
                    function.__code__ = code
                    planted = True
    return planted


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code and those inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
