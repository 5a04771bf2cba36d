"""Wheels by URL and by path: what their names say."""

from __future__ import annotations

import pytest

from gradlock.locks import places


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("https://a.example/x/Some_Pkg-1.0%2Bours-py3-none-any.whl", ("some-pkg", "1.0+ours")),
        ("https://a.example/pkg-1.0-py3-none-any.whl?token=1", ("pkg", "1.0")),
        ("./vendor/pkg-1.0-py3-none-any.whl", ("pkg", "1.0")),
        ("https://a.example/pkg-1.0.tar.gz", None),
        ("git+https://a.example/pkg", None),
        ("./vendor/pkg.whl", None),
    ],
)
def test_a_wheels_name_is_read(place: str, found: tuple[str, str] | None) -> None:
    assert places.wheel_of(place) == found
