"""The report of the suite `gradients` as a page: groups by checks, and what fails as expected."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

#: What a page says where the suite left no report.
NOT_RUN = (
    "# Gradients\n\n"
    '!!! warning "Not run"\n'
    "    This site was built where the suite's report was not: "
    "`./inv suite gradients` makes it.\n\n"
    "[Numerics](numerics.md) says what the suite checks, "
    "[what is wrong](wrong.md) what it found.\n"
)

Report = Mapping[str, Any]


def reports(folder: Path, variants: Sequence[str]) -> dict[str, tuple[Report, bytes]]:
    """Return, of each variant that has one, the report as values and as its own page of HTML."""
    found = {}
    for name in variants:
        values, html = (folder / name / f"gradients.{ending}" for ending in ("json", "html"))
        if values.exists() and html.exists():
            found[name] = (json.loads(values.read_text(encoding="utf-8")), html.read_bytes())
    return found


def coverages(folder: Path, variants: Sequence[str]) -> dict[str, tuple[Report, bytes]]:
    """Return, of each variant, what source its suite ran: numbers by file, and the source."""
    found = {}
    for name in variants:
        values, html = (folder / name / f"gradients.coverage.{end}" for end in ("json", "html"))
        if values.exists() and html.exists():
            found[name] = (json.loads(values.read_text(encoding="utf-8")), html.read_bytes())
    return found


def page(found: Mapping[str, Report], ran: Mapping[str, Report] = MappingProxyType({})) -> str:
    """Return the page; each report's own HTML lies beside it as `gradients-<variant>.html`.

    `ran` has what source was run; that lies there as `gradients-<variant>-coverage.html`.
    """
    if not found:
        return NOT_RUN
    parts = [
        "---\nhide:\n  - toc\n---\n\n# Gradients\n",
        "Each case goes through up to twelve checks inside every image. This is what they gave "
        "where this site was built; [Numerics](numerics.md#gradients) says what each check "
        "compares, and why.\n",
    ]
    for name, report in found.items():
        parts += _variant(name, report)
        parts += _coverage(name, ran[name]) if name in ran else ()
    return "\n".join(parts)


def _variant(name: str, report: Report) -> Iterator[str]:
    """Yield the sections of one variant."""
    counts, results = report["counts"], report["results"]
    yield f"## {name}, TensorFlow {report['tensorflow']}\n"
    yield (
        f"**{counts['passed']:,} checks passed**, {counts['expected']} failed as expected, "
        f"{counts['failed']} failed. Tier {report['tier']}, {report['seconds']} s, Keras "
        f"{report['keras']}, on {', '.join(report['devices'])}. "
        f"[Every number, and every reason](gradients-{name}.html).\n"
    )
    checks = tuple(dict.fromkeys(result["check"] for result in results))
    yield "### Groups by checks\n"
    yield (
        "How many passed; in brackets, how many failed as expected. A dot was not run in this "
        "tier.\n"
    )
    yield _row("group", *checks)
    yield _row("---", *("--:" for _ in checks))
    tally = Counter((_group(one), one["check"], one["status"]) for one in results)
    for group in dict.fromkeys(map(_group, results)):
        yield _row(group, *(_cell(tally, group, check) for check in checks))
    yield "\n### The worst that passed\n"
    yield _row("check", "case", "error", "tolerance")
    yield _row("---", "---", "--:", "--:")
    for check in checks:
        passed = [one for one in results if (one["check"], one["status"]) == (check, "passed")]
        if passed:
            worst = max(passed, key=_severity)
            yield _row(
                check, f"`{worst['case']}`", f"{worst['error']:.1e}", f"{worst['tolerance']:.0e}"
            )
    yield ""


def _coverage(name: str, files: Report) -> Iterator[str]:
    """Yield the section on the source that was run, folder by folder."""
    yield "### Source that is run\n"
    yield (
        "Of the functions that compute gradients, and of Keras's layers, losses and optimizers. "
        f"[The source, and why what is not run is not](gradients-{name}-coverage.html).\n"
    )
    yield _row("folder", "statements", "ways of branches")
    yield _row("---", "--:", "--:")
    sums: dict[str, list[int]] = {}
    for file, measured in files.items():
        shares = sums.setdefault(file.rpartition("/")[0], [0, 0, 0, 0])
        for place, number in enumerate((*measured["statements"], *measured["branches"])):
            shares[place] += number
    for folder, (run, there, ways, all_ways) in sums.items():
        yield _row(f"`{folder}`", f"{run} of {there}", f"{ways} of {all_ways}")
    yield ""


def _group(result: Mapping[str, Any]) -> str:
    return str(result["case"]).partition("/")[0]


def _cell(tally: Mapping[tuple[str, str, str], int], group: str, check: str) -> str:
    """Return what a table says of one group and check; a failure stands out."""
    passed, expected, failed = (
        tally.get((group, check, status), 0) for status in ("passed", "expected", "failed")
    )
    if not passed + expected + failed:
        return "·"
    said = f"{passed} ({expected})" if expected else str(passed)
    return f"{said} **{failed} failed**" if failed else said


def _severity(result: Mapping[str, Any]) -> float:
    """Return an error as a part of its tolerance; where that is 0 the error is 0, too."""
    return float(result["error"]) / (float(result["tolerance"]) or 1.0)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
