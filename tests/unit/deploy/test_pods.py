"""Pods: confined, by digest, with the image's own entry point."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.deploy.orders import IMAGE, pods


@pytest.mark.parametrize("pod", pods())
def test_a_pod_is_confined(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == 1000
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not pod["automountServiceAccountToken"]
    assert container["image"] == IMAGE
    assert "command" not in container, "it would replace the entry point"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert container["resources"]["limits"] == {"cpu": "2", "memory": "4096Mi"}
    mounted = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert {"/tmp", "/dev/shm", "/home/gradlock/work"} == mounted.keys()
    assert "readinessProbe" in container
