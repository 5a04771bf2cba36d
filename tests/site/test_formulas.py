"""Formulas of notebooks become elements that a browser draws."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from website import formulas


@pytest.mark.parametrize(
    "text", [r"the rate $\eta$ of", r"$x_1$", r"$$\frac{a}{b}\,$$", "$n$, $m$"]
)
def test_a_formula_is_mathml(text: str) -> None:
    drawn = formulas.render(text)
    assert "$" not in drawn
    for math in re.findall(r"<math.*?</math>", drawn):
        ElementTree.fromstring(math)  # noqa: S314 - our own
    assert drawn.count("<math") == max(1, text.count("$") // 2 if "$$" not in text else 1)
    assert ('display="block"' in drawn) == ("$$" in text)


@pytest.mark.parametrize(
    "text", ["`$x$`", "```sh\necho $a $b\n```", "it costs $5 and $6", r"\$x\$", "``$a `$b``"]
)
def test_what_is_no_formula_stays(text: str) -> None:
    assert formulas.render(text) == text


def test_markdown_finds_nothing_in_a_formula() -> None:
    drawn = formulas.render(r"$a_i^* [b] \| c$")
    assert not set("*_`[]^|") & set(re.sub(r"<[^>]*>", "", drawn))
