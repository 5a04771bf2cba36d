"""What ran of the files in scope: lines and jumps, by sys.monitoring (Python 3.12 and later)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import CodeType

from gradients.coverage.places import Place, Places

Event = tuple[int, ...]


class Collector:
    """Collects the events of some files, from `start` to `stop`.

    Only code that is run for the first time costs a call outside these files. Where `rows` is
    True every event is told, so that `take` has all of a test's; else the first of each.
    """

    def __init__(
        self, files: Mapping[str, str], *, rows: bool = False, tool: int | None = None
    ) -> None:
        self._files, self._rows = files, rows
        self._tool = sys.monitoring.COVERAGE_ID if tool is None else tool
        self._codes: dict[int, CodeType] = {}
        self._events: set[Event] = set()
        self._one_way: dict[tuple[int, int], int] = {}
        self._places: dict[str, Places] = {}
        self._known: dict[Event, tuple[str, Place] | None] = {}

    def start(self) -> None:
        """Listen."""
        monitoring, events = sys.monitoring, sys.monitoring.events
        monitoring.use_tool_id(self._tool, "gradients")
        monitoring.register_callback(self._tool, events.PY_START, self._begun)
        monitoring.register_callback(self._tool, events.LINE, self._line)
        monitoring.register_callback(self._tool, events.BRANCH, self._branch)
        monitoring.set_events(self._tool, events.PY_START)

    def stop(self) -> None:
        """Listen no more."""
        sys.monitoring.set_events(self._tool, 0)
        for code in self._codes.values():
            sys.monitoring.set_local_events(self._tool, code, 0)
        sys.monitoring.free_tool_id(self._tool)

    def take(self) -> set[tuple[str, Place]]:
        """Return the places that ran since the last time, with their files' names."""
        events, self._events = self._events, set()
        return {place for event in events if (place := self._resolved(event)) is not None}

    def _begun(self, code: CodeType, _offset: int) -> object:
        if code.co_filename in self._files:
            self._codes[id(code)] = code
            events = sys.monitoring.events
            sys.monitoring.set_local_events(self._tool, code, events.LINE | events.BRANCH)
        return sys.monitoring.DISABLE

    def _line(self, code: CodeType, line: int) -> object:
        self._events.add((id(code), line))
        return None if self._rows else sys.monitoring.DISABLE

    def _branch(self, code: CodeType, offset: int, destination: int) -> object:
        # Python 3.13 can be told to be silent of both ways alone: so both have to be known.
        self._events.add((id(code), offset, destination))
        other = self._one_way.setdefault((id(code), offset), destination) != destination
        return sys.monitoring.DISABLE if other and not self._rows else None

    def _resolved(self, event: Event) -> tuple[str, Place] | None:
        if event not in self._known:
            code = self._codes[event[0]]
            name = self._files[code.co_filename]
            if name not in self._places:
                source = Path(code.co_filename).read_text(encoding="utf-8")
                self._places[name] = Places(source, code.co_filename)
            places = self._places[name]
            line = len(event) == 2
            found = places.at_line(event[1]) if line else places.at_jump(code, *event[1:])
            self._known[event] = found and (name, found)
        return self._known[event]
