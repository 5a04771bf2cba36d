"""The unit tests on Pythons that are newer than the oldest that is promised."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hosts.place import DEBIAN, TESTING, Host, Place


@pytest.mark.parametrize(
    ("system", "python"), [(DEBIAN, "3.13"), (TESTING, "3.14")], ids=["3.13", "3.14"]
)
def test_the_unit_tests_pass(system: str, python: str, visit: Callable[[Host], Place]) -> None:
    host = Host("tester", system=system, environment={"GIT_CONFIG_GLOBAL": "/dev/null"})
    ran = visit(host).run(
        "git init --quiet && git add --all\npython3 --version\n./inv --version\n"
        ".venv/bin/python -m pytest -q tests/unit"
    )
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
    assert f"Python {python}." in ran.stdout
