"""The platforms: each tool's name of each of them."""

from __future__ import annotations

import pytest
from packaging.tags import Tag

from gradlock.inputs.platforms import DEFAULT, PLATFORMS, Platform, processor
from gradlock.inputs.variants import Variant
from gradlock.locks.resolve import pip


def test_a_platform_is_known_by_dockers_name() -> None:
    assert all(platform.name == name for name, platform in PLATFORMS.items())
    assert PLATFORMS[DEFAULT].architecture == PLATFORMS[DEFAULT].debian == "amd64"
    assert PLATFORMS["linux/arm64"].architecture == "arm64"
    assert PLATFORMS["linux/arm64"].libraries == "usr/lib/aarch64-linux-gnu"


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=lambda platform: platform.name)
def test_a_processor_is_known_by_all_its_names(platform: Platform) -> None:
    for name in (platform.machine, platform.debian, platform.architecture):
        assert processor(name) == processor(name.upper()) == platform.machine


def test_no_name_is_of_two_platforms() -> None:
    for key in ("name", "machine", "debian", "conda", "architecture", "libraries"):
        assert len({getattr(each, key) for each in PLATFORMS.values()}) == len(PLATFORMS)


def test_wheels_of_one_platform_do_not_fit_another() -> None:
    tags = {
        name: set(pip.platform_tags(Variant("a", "3.13", "2.21.0", platform=name)))
        for name in PLATFORMS
    }
    both = tags[DEFAULT] & tags["linux/arm64"]
    assert both == {tag for tag in both if tag.platform == "any"}
    assert Tag("cp313", "cp313", "manylinux2014_aarch64") in tags["linux/arm64"]
    assert Tag("cp313", "cp313", "manylinux1_aarch64") not in tags["linux/arm64"]
