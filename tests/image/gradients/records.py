"""What each expected failure is, to the letter: `records.toml`, by case and by check.

    python records.py FILE...       in a checkout: write it anew, from reports (`gradients.json`)

A wrong answer is recorded by its error: the directions are fixed, so another wrong answer has
another one. What raises is recorded by the exception's type and the operation that raised it.
"""

from __future__ import annotations

import json
import math
import re
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("records.toml")
HEADER = (
    "# What each expected failure is, by case and check; `records.py` writes and explains it.\n"
)
#: By how much a recorded error may differ: rounding is far below, another answer far above.
SAME = 1e-3
#: Where an exception's text names the operation, the surest first.
OPERATIONS = tuple(
    re.compile(pattern)
    for pattern in (
        r"registry has no entry for: (\w+)",
        r"_JIT: (\w+)",
        r"Op<name=(\w+)",
        r"\(op type: (\w+)\)",
        r"\}\} = (\w+)\[",
        r"\[Op:([A-Z]\w*)\]",
    )
)


def signature(raised: str, place: str, error: float) -> str:
    """Return what a failed check is known by.

    That is the exception's type with the operation that its text names, or with the function that
    raised it where it names none; of a wrong answer, four digits of its error.
    """
    if not raised:
        return f"{error:.3e}"
    found = next(filter(None, (pattern.search(raised) for pattern in OPERATIONS)), None)
    # Whether oneDNN takes an operation's place, the CPU's instructions decide.
    place = found[1].removeprefix("_MklNative") if found else f"in {place}"
    return f"{raised.partition(':')[0]} {place}"


def same(ours: str, recorded: str) -> bool:
    """Whether a signature is the recorded one, but for rounding."""
    if ours == recorded:
        return True
    try:
        return math.isclose(float(ours), float(recorded), rel_tol=SAME)
    except ValueError:
        return False


@cache
def recorded() -> Mapping[str, Mapping[str, str]]:
    """Return the signatures, by case and by check."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def text(results: list[dict[str, str]]) -> str:
    """Return the file's text, of the results that are expected to fail."""
    found: dict[str, dict[str, str]] = {}
    for result in results:
        if result["signature"]:
            found.setdefault(result["case"], {})[result["check"]] = result["signature"]
    tables = [
        "\n".join([f'["{case}"]', *(f'{check} = "{what}"' for check, what in sorted(of.items()))])
        for case, of in sorted(found.items())
    ]
    return "\n\n".join([HEADER.rstrip(), *tables]) + "\n"


def main() -> None:
    """Write the file from reports."""
    reports = [json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:]]
    results = [result for report in reports for result in report["results"]]
    FILE.write_text(text(results), encoding="utf-8")


if __name__ == "__main__":
    main()
