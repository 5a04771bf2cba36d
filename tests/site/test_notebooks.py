"""Notebooks as pages: every kind of output, by nbconvert itself."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from website import notebooks
from website.notebooks import Notebook

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n a picture").decode()
FRAME = (
    '<div><style scoped>td {color: red}</style><table border="1" class="dataframe">'
    "<tr><td>4.2</td></tr></table></div>"
)


def output(kind: str, **data: Any) -> dict[str, Any]:
    if kind == "stream":
        return {"output_type": "stream", "name": "stdout", **data}
    return {"output_type": "display_data", "metadata": {}, "data": data["data"]}


@pytest.fixture
def page() -> str:
    return rendered(executed=True)["notebooks/sums.md"].decode()


def rendered(*, executed: bool) -> dict[str, bytes]:
    """Return what a notebook with a formula and three outputs becomes."""
    code = {
        "cell_type": "code",
        "id": "b",
        "metadata": {},
        "execution_count": 1,
        "source": "plot()  # `$x$`",
        "outputs": [
            output("stream", text="1 of 2\r2 of 2\n\x1b[31mred\x1b[0m\n"),
            output("display_data", data={"image/png": PIXEL, "text/plain": "<Figure>"}),
            output("display_data", data={"text/html": FRAME, "text/plain": "4.2"}),
        ],
    }
    prose = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Sums\n\nOf $x_1$."}
    document = {"cells": [prose, code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return notebooks.render(Notebook("sums", document, executed))


def test_a_picture_is_a_file_of_the_site(page: str) -> None:
    (name,) = (name for name in rendered(executed=True) if name.endswith(".png"))
    assert name.removeprefix("notebooks/") in page
    assert rendered(executed=True)[name] == base64.b64decode(PIXEL)


def test_what_was_printed_has_no_codes_of_a_terminal(page: str) -> None:
    assert "\n    2 of 2\n    red\n" in page
    assert "\x1b" not in page


def test_a_table_has_the_style_of_the_site(page: str) -> None:
    assert "<table><tr><td>4.2" in page
    assert "<style" not in page


def test_formulas_are_drawn_in_prose_alone(page: str) -> None:
    assert "Of <math" in page
    assert "plot()  # `$x$`" in page


def test_what_was_not_executed_is_said_below_the_title() -> None:
    lines = rendered(executed=False)["notebooks/sums.md"].decode().splitlines()
    assert lines[0] == "# Sums"
    assert "Not executed" in lines[2]


def test_a_page_is_the_same_twice() -> None:
    assert rendered(executed=True) == rendered(executed=True)
