"""The verb `deploy`: pinned images to stdout or a file; what makes no sense is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.images import channels, pins
from gradlock.verbs.deploy import deploy

PLACE = "ghcr.io/team/gradlock"


def test_it_is_printed_with_the_pinned_digest(capfd: pytest.CaptureFixture[str]) -> None:
    deploy.body(Context(), "jobset", image=PLACE, command="true", workers="4")
    (found,) = yaml.safe_load_all(capfd.readouterr().out)
    pin = pins.find(channels.chosen("", "cpu"), "cpu")
    assert pin is not None
    assert f"{PLACE}@{pin.manifest}" in str(found)
    assert "nvidia" not in str(found)


def test_it_goes_into_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lab.yaml"
    deploy.body(Context(), "statefulset", image=PLACE, gpu=True, output=str(path))
    assert "nvidia.com/gpu: '1'" in path.read_text()
    assert capfd.readouterr().out == ""


def test_without_a_registry_it_is_the_image_that_is_loaded(
    capfd: pytest.CaptureFixture[str],
) -> None:
    deploy.body(Context(), "compose", command="true")
    pin = pins.find(channels.chosen("", "cpu"), "cpu")
    assert pin is not None
    assert f"image: {pin.id}" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("swarm", {}, "unknown kind"),
        ("jobset", {"image": PLACE}, "--command"),
        ("jobset", {"command": "true"}, "needs a registry"),
        ("notebook", {"image": PLACE, "command": "true"}, "neither --command"),
        ("notebook", {"image": PLACE, "workers": "2"}, "nor --workers"),
        ("jobset", {"image": PLACE, "command": "true", "workers": "two"}, "--workers"),
        ("jobset", {"image": PLACE, "command": "true", "memory": "much"}, "--memory"),
        ("jobset", {"image": PLACE, "command": "true", "gpus": "1"}, "no GPU variant"),
        ("compose", {"command": "true", "claim": "data"}, "takes no --claim"),
    ],
)
def test_what_makes_no_sense_is_refused(kind: str, given: dict[str, str], words: str) -> None:
    with pytest.raises(Exit, match=words):
        deploy.body(Context(), kind, **given)
