"""An image's ID is a function of its configuration, which lists its layers."""

from __future__ import annotations

import pytest

from gradlock import store
from tests.unit.images.conftest import CPU, Workshop, config

pytestmark = pytest.mark.usefixtures("project")


def test_the_id_is_the_hash_of_a_config_that_lists_the_layers(workshop: Workshop) -> None:
    built = workshop.build(CPU)
    assert built.id == f"sha256:{store.digest(built.config)}"
    assert config(built)["rootfs"] == {
        "type": "layers",
        "diff_ids": [f"sha256:{store.file_digest(layer.path)}" for layer in built.layers],
    }
    assert len(config(built)["history"]) == len(built.layers)
    assert built.size == sum(layer.path.stat().st_size for layer in built.layers)
    assert built.reference == "gradlock:cpu"
