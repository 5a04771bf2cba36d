"""The report of a run: JSON for machines, one self-contained HTML page for people."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import pytest

from gradients.case import CHECKS
from gradients.verdict import EXPECTED, FAILED, PASSED

TEMPLATE = Path(__file__).with_name("report.html.jinja")


@dataclass(frozen=True)
class Result:
    """One check of one case on one device, judged: plain values, as JSON has them.

    `error` is None where it is no finite number, or where there is none; `outcome` says what
    happened, `why` why that is right, expected or a failure, `signature` what an expected failure
    is known by.
    """

    case: str
    check: str
    device: str
    status: str
    error: float | None
    tolerance: float
    outcome: str
    why: str
    issue: str
    seconds: float
    signature: str = ""

    @property
    def severity(self) -> float:
        """The error as a part of its tolerance; where that is 0, any error is infinite."""
        if self.error is None:
            return math.inf
        if self.error == 0:
            return 0.0
        return self.error / self.tolerance if self.tolerance else math.inf

    @property
    def shade(self) -> int:
        """How near to its tolerance an error is: 0 (1e-4 of it, or less) to 4 (over a tenth)."""
        part = min(self.severity, 1.0)
        return 0 if part <= 1e-4 else min(4, 5 + math.floor(math.log10(part)))


#: Where a test keeps its result.
RESULT = pytest.StashKey[Result]()


@dataclass
class Report:
    """What a session measured, and on what."""

    facts: dict[str, Any] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how many results have each status."""
        found = Counter(result.status for result in self.results)
        return {status: found[status] for status in (PASSED, EXPECTED, FAILED)}

    def reasons(self) -> dict[tuple[str, str], list[Result]]:
        """Return the expected failures by reason and upstream issue, the most frequent first."""
        found: dict[tuple[str, str], list[Result]] = {}
        for result in self.results:
            if result.status == EXPECTED:
                found.setdefault((result.why, result.issue), []).append(result)
        return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))

    def worst(self) -> dict[str, Result]:
        """Return, of each check, the result that passed with the largest part of its tolerance."""
        found: dict[str, Result] = {}
        for result in self.results:
            before = found.get(result.check)
            if result.status == PASSED and (before is None or result.severity > before.severity):
                found[result.check] = result
        return {check: found[check] for check in CHECKS if check in found}

    def rows(self) -> Mapping[tuple[str, str], Mapping[str, Result]]:
        """Return the results by case and device, then by check."""
        found: dict[tuple[str, str], dict[str, Result]] = {}
        for result in self.results:
            found.setdefault((result.case, result.device), {})[result.check] = result
        return found

    def to_json(self) -> str:
        """Return the report as JSON."""
        results = [asdict(result) for result in self.results]
        document = {**self.facts, "counts": self.counts(), "results": results}
        return json.dumps(document, indent=1, allow_nan=False) + "\n"

    def to_html(self) -> str:
        """Return the report as one page that loads nothing."""
        environment = jinja2.Environment(
            autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        numbers = {key: number for number, key in enumerate(self.reasons(), 1)}
        return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
            facts=self.facts,
            checks=CHECKS,
            counts=self.counts(),
            rows=self.rows(),
            reasons=self.reasons(),
            failures=[result for result in self.results if result.status == FAILED],
            number=lambda result: numbers[result.why, result.issue],
            worst=self.worst(),
        )

    def lines(self) -> Iterable[str]:
        """Return the summary of a terminal: expected failures by reason, the worst that passed."""
        for (why, issue), found in self.reasons().items():
            cases = sorted({result.case for result in found})
            more = f" and {len(cases) - 3} more" if len(cases) > 3 else ""
            yield f"{len(found):4} expected: {why}: {', '.join(cases[:3])}{more}  {issue}".rstrip()
        for check, result in self.worst().items():
            yield f"{check:>10}: at worst {result.outcome} ({result.case}, {result.device})"
        yield ", ".join(f"{count} {status}" for status, count in self.counts().items())

    def write(self, stem: Path) -> None:
        """Write `<stem>.json` and `<stem>.html`."""
        stem.with_suffix(".json").write_text(self.to_json(), encoding="utf-8")
        stem.with_suffix(".html").write_text(self.to_html(), encoding="utf-8")
