"""The benchmark's table: each row beside its peer, and held to its budget."""

from __future__ import annotations

from pathlib import Path

import httpx

from benchmarks import plain, report
from benchmarks.report import Row

ROWS = [
    Row("image, artifacts cached", 60.0, 0.6, "docker build", 50.0, core_seconds=100.0),
    Row("image, nothing to do", 1.0, 2.0),
    Row("memory of a build", 1.6, 1.5, unit="GB"),
]


def test_a_row_over_its_budget_says_why() -> None:
    heads, rule, *rows = report.markdown(ROWS, 2).splitlines()
    assert heads.count("|") == rule.count("|")
    assert rows == [
        "| image, artifacts cached | 60.0 s | 100 | docker build | 50.0 s | 1.20 | 0.6 "
        "| 100 core-s take 50 s at least on 2 cores |",
        "| image, nothing to do | 1.0 s |  |  |  |  | 2 s |  |",
        "| memory of a build | 1.6 GB |  |  |  |  | 1.5 GB | over |",
    ]


def test_budgets_bound_a_ratio_where_there_is_a_peer() -> None:
    assert [row.kept for row in ROWS] == [False, True, False]
    assert report.grid(ROWS, caption="").row_count == len(ROWS)


def test_wheels_are_served_as_they_are(tmp_path: Path) -> None:
    wheel = tmp_path / "six-1.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    with plain.served({wheel.name: wheel}) as url, httpx.Client(trust_env=False) as client:
        assert wheel.name in client.get(url).text
        assert client.get(url + wheel.name).content == b"a wheel"
        assert client.get(url + "other.whl").status_code == httpx.codes.NOT_FOUND
