"""Rows that extend others: what they have, where they are meant, every fault of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from gradlock.errors import InputError
from tests.unit.inputs.test_variants import TEXT, load

NLP = """
[variants.nlp]
extends = "cpu"
packages = ["requirements/nlp.in"]
"""
#: One that extends a row which extends another, before that one.
LINE = """
[variants.genes]
extends = "bio"
packages = ["requirements/genes.in"]

[variants.bio]
extends = "cu129"
packages = ["requirements/bio.in", "teams/bio.in"]
"""


def test_a_row_that_extends_another_has_all_that_this_one_has(tmp_path: Path) -> None:
    table = load(tmp_path, TEXT + NLP + LINE)
    nlp, genes = table.named("nlp"), table.named("genes")
    assert nlp == dataclasses.replace(
        table.cpu, name="nlp", extends="cpu", packages=("requirements/nlp.in",)
    )
    assert genes.cuda == "12.9.1"
    assert genes.packages == ("requirements/bio.in", "teams/bio.in", "requirements/genes.in")
    assert [row.name for row in table.line(genes)] == ["cu129", "bio", "genes"]
    assert table.leader(genes).name == "bio"
    assert table.leader(table.named("cu129")) == table.leader(table.cpu) == table.cpu
    order = [row.name for row in table.led]
    assert all(order.index(table.leader(row).name) <= order.index(row.name) for row in table)
    assert sorted(order) == sorted(row.name for row in table)


def test_a_row_that_extends_another_is_meant_where_it_is_named_alone(tmp_path: Path) -> None:
    table = load(tmp_path, TEXT + NLP + LINE)
    plain = load(tmp_path, TEXT)
    assert table.plain == tuple(plain) == table.select(every=True)
    assert table.newest_gpu == plain.newest_gpu
    assert table.select(cuda="12.9") == (table.named("cu129"),)
    assert [row.name for row in table.select(variant="genes")] == ["genes"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"cpu"', '"cpus"', "nlp extends 'cpus': the table has cpu, cu129, cu126, nlp"),
        ('"cpu"', "3", "nlp extends 3: the table has"),
        ('"cpu"', '"nlp"', "nlp extends itself: nlp extends nlp"),
        ('extends = "cpu"', "", 'nlp: packages need a row below them: extends = "cpu"'),
        ('packages = ["requirements/nlp.in"]', "", "nlp: without packages it would be the same"),
        ('["requirements/nlp.in"]', "[]", "nlp: without packages it would be the same"),
        ('["requirements/nlp.in"]', '"nlp.in"', "nlp: without packages it would be the same"),
        ('"requirements/nlp.in"', '"../nlp.in"', "packages = '../nlp.in' is no file of require"),
        ('"requirements/nlp.in"', "3", "packages = 3 is no file of requirements"),
        ('"requirements/nlp.in"', '"nltk"', "packages = 'nltk' is no file of requirements"),
        (
            'extends = "cpu"',
            'extends = "cpu"\ntensorflow = "2.20.0"',
            "nlp: tensorflow is that of the row which it extends: leave it out",
        ),
    ],
)
def test_a_fault_of_a_row_that_extends_is_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in NLP
    with pytest.raises(InputError) as caught:
        load(tmp_path, TEXT + NLP.replace(old, new))
    assert said in caught.value.what


def test_a_circle_of_rows_is_named_whole(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="genes extends itself: genes extends bio extends genes"):
        load(tmp_path, TEXT + LINE.replace('"cu129"', '"genes"'))


def test_the_row_that_all_follow_extends_none(tmp_path: Path) -> None:
    other = '[variants.other]\ntensorflow = "2.20.0"\n[variants.cpu]\nextends = "other"\n'
    text = TEXT.replace("[variants.cpu]", f"{other}packages = ['a.in']")
    with pytest.raises(InputError, match="there must be a row 'cpu' without cuda"):
        load(tmp_path, text)


@pytest.mark.parametrize("key", ['extends = "cpu"', 'packages = ["a.in"]'])
def test_what_a_row_adds_is_no_default(tmp_path: Path, key: str) -> None:
    with pytest.raises(InputError, match="is a row's own"):
        load(tmp_path, TEXT.replace("[defaults]", f"[defaults]\n{key}"))
