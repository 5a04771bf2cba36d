"""The bill of the real CPU image is complete."""

from __future__ import annotations

import json

from tests.e2e.conftest import Invoke


def test_every_file_of_the_image_belongs_to_a_package(invoke: Invoke, cpu_image: str) -> None:
    out, err = invoke("sbom").communicate()
    told = json.loads(out)
    assert told["metadata"]["component"]["version"] == cpu_image, err
    said = {row["name"]: row["value"] for row in told["metadata"]["component"]["properties"]}
    assert said["gradlock:files-of-no-package"] == "0"
    licensed = [row for row in told["components"] if row.get("licenses")]
    assert len(licensed) > 0.8 * len(told["components"])
