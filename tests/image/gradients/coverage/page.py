"""The page that shows the source in scope: what ran, what did not and why."""

from __future__ import annotations

from pathlib import Path

import jinja2

from gradients.coverage import scope
from gradients.coverage.measured import NEW, RECORDED, REFUSAL, RUN, File, Measured

TEMPLATE = Path(__file__).with_name("page.html.jinja")
#: What a line's colour says where it has several places: the first of these.
ORDER = (NEW, RECORDED, RUN, REFUSAL)


def page(measured: Measured) -> str:
    """Return one page that loads nothing."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(measured=measured, packages=scope.PATTERNS, lines=_lines, shown=_shown)


def _shown(file: File) -> bool:
    """Whether a file has anything that did not run."""
    return any(kind in (NEW, RECORDED) for _, kind, _ in file.places)


def _lines(file: File) -> list[tuple[int, str, str, str]]:
    """Return a file's lines: number, text, colour, and what did not run there."""
    kinds: dict[int, set[str]] = {}
    notes: dict[int, list[str]] = {}
    for place, kind, why in file.places:
        for line in range(place.first, place.last + 1):
            kinds.setdefault(line, set()).add("partly" if place.way and kind in ORDER[:2] else kind)
        if kind in ORDER[:2]:
            notes.setdefault(place.first, []).append(
                f"{place.key}: {why or 'new'}" if place.way else why or "new: a row or a reason"
            )
    order = (NEW, RECORDED, "partly", RUN, REFUSAL)
    return [
        (
            number,
            text,
            next((kind for kind in order if kind in kinds.get(number, ())), ""),
            "; ".join(notes.get(number, ())),
        )
        for number, text in enumerate(file.source.splitlines(), 1)
    ]
