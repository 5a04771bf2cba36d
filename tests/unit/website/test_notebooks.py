"""Notebooks: which outputs count, and how they are listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from website import notebooks


def document(code: str = "1 + 1", outputs: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {
        "cells": [
            {
                "cell_type": "markdown",
                "id": "a",
                "metadata": {},
                "source": ["# Sums\n", "\n", "What a [sum](x.md) is,\nin short.\n\nMore."],
            },
            {
                "cell_type": "code",
                "id": "b",
                "metadata": {},
                "execution_count": None,
                "source": code,
                "outputs": list(outputs),
            },
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "sums.ipynb").write_text(json.dumps(document()))
    return folder


def left(folder: Path, name: str, values: dict[str, Any]) -> Path:
    reports = folder.parent / "reports"
    (reports / "cpu").mkdir(parents=True)
    (reports / "cpu" / name).write_text(json.dumps(values))
    return reports


def test_a_notebook_is_as_it_was_executed(folder: Path) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "2"}
    reports = left(folder, "notebooks.sums.ipynb", document(outputs=(output,)))
    (one,) = notebooks.load(folder, reports)
    assert one.executed
    assert one.document["cells"][1]["outputs"] == [output]


def test_outputs_of_other_code_do_not_count(folder: Path) -> None:
    reports = left(folder, "notebooks.sums.ipynb", document(code="2 + 2"))
    (one,) = notebooks.load(folder, reports)
    assert not one.executed


def test_nor_do_those_of_a_notebook_whose_name_ends_alike(folder: Path) -> None:
    reports = left(folder, "notebooks.checksums.ipynb", document())
    (one,) = notebooks.load(folder, reports)
    assert not one.executed


def test_nor_do_those_of_a_notebook_that_failed(folder: Path) -> None:
    error = {"output_type": "error", "ename": "AssertionError", "evalue": "", "traceback": []}
    reports = left(folder, "notebooks.sums.ipynb", document(outputs=(error,)))
    (one,) = notebooks.load(folder, reports)
    assert not one.executed


def test_title_and_summary(folder: Path) -> None:
    (one,) = notebooks.load(folder, folder.parent / "reports")
    assert (one.title, one.summary) == ("Sums", "What a sum is, in short.")


def test_the_gallery_has_the_first_picture_and_says_what_was_not_executed() -> None:
    ran, idle = (notebooks.Notebook(name, document(), name == "ran") for name in ("ran", "idle"))
    pictures = {"notebooks/ran_files/ran_3_0.png": b"", "notebooks/ran_files/ran_11_0.png": b""}
    page = notebooks.gallery([ran, idle], pictures)
    ran_card, idle_card = (card for card in page.split("-   ")[1:])
    assert "ran_files/ran_3_0.png" in ran_card
    assert "Not executed" not in ran_card
    assert "Not executed" in idle_card
