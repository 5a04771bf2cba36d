"""Formulas as MathML, which browsers draw by themselves: no program, and no fonts, to load."""

from __future__ import annotations

import re

from website.links import CODE

#: Code, in which a dollar is a dollar; or a formula, as Jupyter and GitHub find one.
PIECES = re.compile(
    CODE
    + r"|\$\$(?P<block>.+?)\$\$"
    + r"|(?<![\\\w$])\$(?P<inline>[^\s$](?:[^$]*?[^\s$\\])?)\$(?!\d)",
    re.MULTILINE | re.DOTALL,
)
#: What Markdown would take for emphasis, links or code between a formula's elements.
MARKS = {ord(mark): f"&#{ord(mark)};" for mark in "*_`[]\\~^|"}


def render(markdown: str) -> str:
    """Return some Markdown with its formulas as MathML."""
    return PIECES.sub(_formula, markdown)


def _formula(found: re.Match[str]) -> str:
    if found["code"]:
        return found[0]
    # Here, since the tools of every day do not have it.
    from latex2mathml.converter import convert

    latex, display = (found["block"], "block") if found["block"] else (found["inline"], "inline")
    drawn: str = convert(" ".join(latex.split()), display=display)
    drawn = drawn.replace("\n", "").translate(MARKS)
    return f"\n\n{drawn}\n\n" if found["block"] else drawn
