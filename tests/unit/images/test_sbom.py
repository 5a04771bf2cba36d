"""A bill of materials: valid, complete, and a function of the image alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from gradlock.images import sbom
from tests.unit.images.conftest import CPU, Workshop


@pytest.fixture
def text(workshop: Workshop) -> str:
    return sbom.write(workshop.recipe(CPU), workshop.build(CPU))


def test_it_is_what_the_standard_says(text: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_every_locked_package_is_in_it_with_its_hash(text: str, workshop: Workshop) -> None:
    told = {row["purl"]: row["hashes"][0]["content"] for row in json.loads(text)["components"]}
    locks = workshop.recipe(CPU).locks
    assert set(told.values()) == {pin.sha256 for pin in (*locks.debs, *locks.wheels)}
    assert "pkg:pypi/six@1.0" in told
    assert "pkg:deb/debian/tini@1.0-1?arch=amd64&distro=trixie" in told


def test_it_is_the_same_every_time(text: str, workshop: Workshop) -> None:
    assert sbom.write(workshop.recipe(CPU), workshop.build(CPU)) == text


def test_it_names_the_image_and_its_locks(text: str, workshop: Workshop, tmp_path: Path) -> None:
    del tmp_path
    told = json.loads(text)["metadata"]
    assert told["component"]["version"] == workshop.build(CPU).id
    said = {row["name"]: row["value"] for row in told["component"]["properties"]}
    assert said["gradlock:locks"] == f"sha256:{workshop.recipe(CPU).locks.digest}"
    assert "tools" not in told
