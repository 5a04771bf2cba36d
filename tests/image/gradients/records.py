"""What each expected failure is, to the letter: `records.toml`, by case and by check.

    python records.py FILE...       in a checkout: write it anew, from reports (`gradients.json`)
    python records.py --of NAME FILE...         write `records.NAME.toml`: what differs there

NAME is an environment: `onednn-off`, or a release, `tensorflow-2.20`.

A wrong answer is recorded by its error: the directions are fixed, so another wrong answer has
another one. What raises is recorded by the exception's type and the operation that raised it.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

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


def file(name: str = "") -> Path:
    """Return the file of an environment; without a name, of all that have none of their own."""
    return FILE.with_suffix(f".{name}.toml") if name else FILE


@cache
def recorded(*names: str) -> Mapping[str, Mapping[str, str]]:
    """Return the signatures, by case and by check; those of environments, in turn, replace others.

    An environment in which nothing differs has no file.
    """
    found: dict[str, dict[str, str]] = {}
    for path in (FILE, *filter(Path.exists, map(file, names))):
        for case, signatures in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found.setdefault(case, {}).update(signatures)
    return found


def text(
    results: list[dict[str, str]], known: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> str:
    """Return a file's text: the results that are expected to fail, but for those that are known."""
    found: dict[str, dict[str, str]] = {}
    for result in results:
        case, check, ours = (result[key] for key in ("case", "check", "signature"))
        if ours and not same(ours, known.get(case, {}).get(check, "")):
            found.setdefault(case, {})[check] = ours
    tables = [
        "\n".join([f'["{case}"]', *(f'{check} = "{what}"' for check, what in sorted(of.items()))])
        for case, of in sorted(found.items())
    ]
    return "\n\n".join([HEADER.rstrip(), *tables]) + "\n"


def main() -> None:
    """Write a file from reports."""
    parser = argparse.ArgumentParser()
    parser.add_argument("reports", nargs="+", type=Path)
    parser.add_argument("--of", default="", metavar="NAME")
    given = parser.parse_args()
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in given.reports]
    results = [result for report in reports for result in report["results"]]
    known = recorded() if given.of else {}
    file(given.of).write_text(text(results, known), encoding="utf-8")


if __name__ == "__main__":
    main()
