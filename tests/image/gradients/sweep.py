"""Rows by the product of attributes: one line of a table gives twenty cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from inspect import signature
from itertools import product
from typing import Any

from gradients.case import Case, Generator, Known

Attributes = Mapping[str, Any]


def sweep(
    name: str,
    inputs: Sequence[Generator] | Callable[..., Sequence[Generator]],
    function: Callable[..., Any],
    *,
    known: Mapping[str, Known] | Callable[..., Mapping[str, Known]] | None = None,
    reference: Callable[..., Any] | None = None,
    only: Callable[..., bool] = lambda: True,
    leads: Callable[..., bool] = lambda: True,
    dtype: str = "float64",
    **attributes: Sequence[Any],
) -> Iterator[Case]:
    """Yield a case for each choice of the attributes for which `only` holds.

    `function` takes the inputs, and the attributes by name; so does `reference`. `inputs` and
    `known` are the same for all, or functions of the attributes; these, `only` and `leads` are
    given those that they name. A value leads once, and where `leads` holds once for each `of`; so
    does each kind of value.
    """
    seen: set[tuple[Any, ...]] = set()
    kinds: set[tuple[Any, ...]] = set()
    for values in product(*attributes.values()):
        chosen = dict(zip(attributes, values, strict=True))
        if not only(**_named(only, chosen)):
            continue
        # Of which function it is, each value leads: functions differ more than values do.
        of = {None, chosen.get("of")} if leads(**_named(leads, chosen)) else {None}
        new = {(one, *item) for item in chosen.items() for one in of} - seen
        seen |= new
        newer = {(*key, _kind(value)) for *key, value in new} - kinds
        kinds |= newer
        yield Case(
            f"{name}({', '.join(f'{key}={_short(value)}' for key, value in chosen.items())})",
            inputs(**_named(inputs, chosen)) if callable(inputs) else inputs,
            partial(function, **chosen),
            known=(known(**_named(known, chosen)) if callable(known) else known) or {},
            reference=partial(reference, **chosen) if reference else None,
            dtype=dtype,
            swept=True,
            lead=bool(new),
            first=bool(newer),
        )


def _named(function: Callable[..., Any], attributes: Attributes) -> Attributes:
    """Return the attributes that a function has parameters for."""
    return {key: attributes[key] for key in signature(function).parameters if key in attributes}


def _kind(value: object) -> object:
    """Return what a rule's Python may ask of a value: of numbers no more than the sign."""
    if isinstance(value, tuple):
        return tuple(map(_kind, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return (value > 0) - (value < 0)
    return value


def _short(value: object) -> str:
    """Return a value as a row's name has it: no space, which a test's name cannot hold well."""
    return str(value).replace(" ", "").replace("'", "")
