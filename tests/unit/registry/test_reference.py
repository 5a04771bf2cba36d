"""What people may write as a place in a registry."""

from __future__ import annotations

import pytest

from gradlock.errors import InputError
from gradlock.registry import reference
from gradlock.registry.reference import Reference


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ghcr.io/team/gradlock", Reference("ghcr.io", "team/gradlock")),
        ("localhost/x", Reference("localhost", "x")),
        ("host:5000/x/y__z:2.21.0-cpu", Reference("host:5000", "x/y__z", "2.21.0-cpu")),
        ("[::1]:5000/x", Reference("[::1]:5000", "x")),
    ],
)
def test_a_place_is_a_host_a_repository_and_perhaps_a_tag(text: str, found: Reference) -> None:
    assert reference.parse(text) == found
    assert str(found) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "gradlock", "team/gradlock", "ghcr.io/", "ghcr.io/Team/x", "ghcr.io/x:"),
        *("https://ghcr.io/x", "ghcr.io/x@sha256:0", "who:secret@ghcr.io/x", "ghcr.io//x"),
        "ghcr.io/x:a b",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError) as error:
        reference.parse(text)
    assert "HOST/REPOSITORY[:TAG]" in error.value.mend


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *(("127.0.0.1:5000", True), ("localhost", True), ("[::1]:5000", True)),
        *(("10.0.0.1", False), ("localhost.example", False)),
    ],
)
def test_only_this_machine_is_spoken_to_without_tls(host: str, loopback: bool) -> None:
    assert Reference(host, "x").loopback is loopback


def test_docker_hub_answers_under_another_name() -> None:
    assert reference.parse("docker.io/team/x").address == "registry-1.docker.io"


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("ghcr.io/team/gradlock:cpu", True),
        ("localhost/gradlock@sha256:1", True),
        ("127.0.0.1:5000/team/gradlock:cpu", True),
        ("ghcr.io/team/gradlock", False),
        ("cpu", False),
        ("HEAD~5:cpu", False),
        ("origin/main:cpu", False),
        ("v1.0:cpu", False),
    ],
)
def test_an_image_is_told_from_a_revision(text: str, image: bool) -> None:
    assert reference.is_image(text) == image
