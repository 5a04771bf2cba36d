"""What an image runs, and what it says of itself."""

from __future__ import annotations

import dataclasses

import pytest

from gradlock.inputs.platforms import PLATFORMS
from gradlock.inputs.variants import Variant
from gradlock.layers import files
from tests.unit.images.conftest import (
    CPU,
    CU125,
    CU126,
    TABLE,
    Workshop,
    config,
    environment,
    with_row,
)

pytestmark = pytest.mark.usefixtures("project")


def test_an_image_is_not_run_as_root_and_reaps_its_children(workshop: Workshop) -> None:
    runs = config(workshop.build(CPU))["config"]
    assert runs["User"] == "1000:1000"
    assert runs["Entrypoint"][0] == "/opt/conda/bin/tini"
    assert runs["Cmd"] == ["jupyter", "lab"]
    assert runs["ExposedPorts"] == {"8888/tcp": {}}
    assert runs["WorkingDir"].startswith("/home/gradlock")


def test_what_an_image_starts_is_among_its_files(workshop: Workshop) -> None:
    runs = config(workshop.build(CPU))["config"]
    program = runs["Healthcheck"]["Test"]
    assert program[0] == "CMD"
    for path in (runs["Entrypoint"][-1], program[-1]):
        assert (files.ROOTFS / path.lstrip("/")).is_file()
    assert all(runs["Healthcheck"][key] > 10**9 for key in ("Interval", "Timeout", "StartPeriod"))


def test_an_image_says_for_which_processor_it_is(workshop: Workshop) -> None:
    arm = workshop.port(CPU, "arm", PLATFORMS["linux/arm64"])
    images = (workshop.build(CPU), workshop.build(arm, table=with_row(arm)))
    assert [config(built)["architecture"] for built in images] == ["amd64", "arm64"]
    assert {config(built)["os"] for built in images} == {"linux"}


@pytest.mark.parametrize("variant", [CPU, CU125, CU126], ids=lambda row: row.name)
def test_labels_say_what_an_image_is(workshop: Workshop, variant: Variant) -> None:
    built = workshop.build(variant)
    labels = config(built)["config"]["Labels"]
    assert labels["io.gradlock.variant"] == variant.name
    assert labels["io.gradlock.tensorflow"] == variant.tensorflow
    assert labels["io.gradlock.cuda"] == (variant.cuda or "")
    assert labels["io.gradlock.channel"] == built.channel == "debian"
    assert labels["io.gradlock.locks"] == built.locks
    assert built.locks == f"sha256:{workshop.locks[variant.name].digest}"
    assert labels["org.opencontainers.image.created"] == TABLE.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert config(built)["created"] == labels["org.opencontainers.image.created"]


def test_only_gpu_images_ask_for_a_gpu(workshop: Workshop) -> None:
    gpu = environment(workshop.build(CU125))
    assert gpu["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert set(gpu["NVIDIA_DRIVER_CAPABILITIES"].split(",")) >= {"compute", "utility"}
    assert gpu["NVIDIA_REQUIRE_CUDA"] == f"driver>={CU125.driver}"
    assert "LD_LIBRARY_PATH" not in gpu
    assert not [name for name in environment(workshop.build(CPU)) if name.startswith("NVIDIA")]


def test_the_prefix_goes_first_in_path(workshop: Workshop) -> None:
    assert environment(workshop.build(CPU))["PATH"].startswith("/opt/conda/bin:")


def test_another_date_moves_the_id_and_no_layer(workshop: Workshop) -> None:
    later = dataclasses.replace(TABLE, as_of=TABLE.as_of.replace(year=2030))
    before, after = workshop.build(CPU), workshop.build(CPU, table=later)
    assert before.id != after.id
    assert before.layers == after.layers
