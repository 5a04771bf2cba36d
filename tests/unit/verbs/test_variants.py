"""The verb `variants`: the table as people and as CI read it."""

from __future__ import annotations

import json

import pytest
from invoke.context import Context

from gradlock.inputs import variants as tables
from gradlock.verbs.variants import variants


def test_the_table_is_printed_from_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    variants.body(Context())
    printed = capsys.readouterr().out
    for row in tables.load():
        for cell in (row.name, row.tensorflow, row.cuda or "-"):
            assert cell in printed


def test_ci_gets_its_matrix_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    variants.body(Context(), json_=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert [row["name"] for row in json.loads(line)] == [row.name for row in tables.load().plain]
