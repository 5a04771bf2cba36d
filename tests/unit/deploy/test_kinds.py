"""Every kind: valid by its schema, confined, by digest, and what the entry point has to know."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from kubeflow_trainer_api import models

from gradlock.deploy import kinds
from gradlock.deploy.order import Order
from gradlock.errors import InputError

DIGEST = f"sha256:{'a' * 64}"
IMAGE = f"ghcr.io/team/gradlock@{DIGEST}"
COMMAND = "python train.py --note 'a b' \"$HOME\""
JOB = Order("mnist", IMAGE, workers=3, command=COMMAND, claim="data")
LAB = Order("lab", IMAGE)
#: The oldest Kubernetes whose schema holds, and the newest that is known.
RELEASES = ("1.28", kubernetes_validate.latest_version())
#: What validates the kinds that are none of Kubernetes' own.
MODELS = {
    "JobSet": models.JobsetV1alpha2JobSet,
    "TrainJob": models.TrainerV1alpha1TrainJob,
    "TrainingRuntime": models.TrainerV1alpha1TrainingRuntime,
}
KUBERNETES = {"jobset": JOB, "trainjob": JOB, "statefulset": LAB, "notebook": LAB}


def documents(name: str, order: Order) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(kinds.named(name).text(order)))


def templates(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every pod's specification, however deep."""
    if isinstance(value, dict):
        if "containers" in value:
            yield value
        for part in value.values():
            yield from templates(part)
    elif isinstance(value, list):
        for part in value:
            yield from templates(part)


def pods() -> list[Any]:
    return [
        pytest.param(pod, id=name)
        for name, order in KUBERNETES.items()
        for document in documents(name, order)
        for pod in templates(document)
    ]


@pytest.mark.parametrize("name", KUBERNETES)
@pytest.mark.parametrize("release", RELEASES)
def test_kubernetes_takes_it(name: str, release: str) -> None:
    """Kubernetes' schemas, with no property that they do not know; those of the others' kinds."""
    for document in documents(name, KUBERNETES[name]):
        kind = document["kind"]
        if kind in MODELS:
            read = MODELS[kind].from_dict(document)
            assert read is not None
            assert read.to_dict() == document, "a property is none of the schema's, and was lost"
        elif kind != "Notebook":
            kubernetes_validate.validate(document, release, strict=True)
        for pod in templates(document):
            whole = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod}
            kubernetes_validate.validate(whole, release, strict=True)


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


@pytest.mark.parametrize("name", KUBERNETES)
def test_gpus_are_asked_for_where_they_are_wanted(name: str) -> None:
    text = kinds.named(name).text(Order("x", IMAGE, command="true", gpus=2))
    assert "nvidia.com/gpu: '2'" in text
    assert "nvidia" not in kinds.named(name).text(KUBERNETES[name])


def test_a_jobsets_pods_know_their_names() -> None:
    (document,) = documents("jobset", JOB)
    (part,) = document["spec"]["replicatedJobs"]
    job = part["template"]["spec"]
    assert (job["completionMode"], job["completions"], job["parallelism"]) == ("Indexed", 3, 3)
    (container,) = job["template"]["spec"]["containers"]
    variables = {variable["name"] for variable in container["env"]}
    # Kubernetes itself sets JOB_COMPLETION_INDEX.
    assert variables == {"JOBSET_NAME", "REPLICATED_JOB_NAME", "GRADLOCK_WORKERS"}
    assert container["args"] == ["bash", "-c", COMMAND]


def test_a_trainjob_is_of_its_runtime() -> None:
    runtime, job = documents("trainjob", JOB)
    assert job["spec"]["runtimeRef"]["name"] == runtime["metadata"]["name"]
    assert job["spec"]["trainer"]["args"] == ["bash", "-c", COMMAND]
    assert job["spec"]["trainer"]["numNodes"] == 3


def test_a_lab_is_probed_by_the_images_own_check_and_has_a_token() -> None:
    for name in ("statefulset", "notebook"):
        text = kinds.named(name).text(LAB)
        assert "healthcheck.py" in text
        assert "JUPYTER_TOKEN" in text
    (notebook,) = [one for one in documents("notebook", LAB) if one["kind"] == "Notebook"]
    (container,) = notebook["spec"]["template"]["spec"]["containers"]
    assert container["name"] == notebook["metadata"]["name"], "as Kubeflow's controller wants it"


@pytest.mark.parametrize("image", [IMAGE, DIGEST])
def test_compose_takes_it(tmp_path: Path, image: str) -> None:
    path = tmp_path / "compose.yaml"
    order = Order("mnist", image, command=COMMAND, gpus=1)
    path.write_text(kinds.named("compose").text(order), encoding="utf-8")
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*argv, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_composes_workers_are_numbered_confined_and_closed() -> None:
    (file,) = documents("compose", JOB)
    assert file["networks"] == {"workers": {"internal": True}}
    assert list(file["services"]) == ["worker-0", "worker-1", "worker-2"]
    for index, service in enumerate(file["services"].values()):
        assert service["environment"]["GRADLOCK_WORKER"] == str(index)
        assert service["networks"]["workers"]["aliases"] == [f"mnist-worker-0-{index}.mnist"]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["mem_limit"] == "4096m"
        assert service["command"][2] == COMMAND.replace("$", "$$")
        assert "ports" not in service


@pytest.mark.parametrize("image", [IMAGE, DIGEST])
def test_slurms_script_runs_the_command_in_a_container(tmp_path: Path, image: str) -> None:
    """Run it with an srun that runs one task, and a docker that prints what it is given."""
    script = kinds.named("slurm").text(Order("mnist", image, command=COMMAND))
    programs = {"srun": 'while [ "$1" != bash ]; do shift; done; exec "$@"'}
    program = "import json, sys; print(json.dumps(sys.argv[1:]))"
    programs["docker"] = f"exec {sys.executable} -c '{program}' \"$@\""
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SLURM_SUBMIT_DIR": "/sub mitted"}
    done = subprocess.run(
        ["bash", "-c", script], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    argv = json.loads(done.stdout)
    assert argv[-4:] == [image, "bash", "-c", COMMAND]
    assert {"--read-only", "no-new-privileges", "ALL", "SLURM_PROCID"} <= set(argv)
    assert "/sub mitted:/home/gradlock/work" in argv
    assert "#SBATCH --nodes=2\n" in script
    assert ("apptainer" in script) == (image == IMAGE)


@pytest.mark.parametrize("name", kinds.KINDS)
def test_the_same_order_gives_the_same_bytes(name: str) -> None:
    text = kinds.named(name).text(JOB)
    assert text == kinds.named(name).text(JOB)
    assert "&id" not in text


def test_an_unknown_kind_is_told_which_there_are() -> None:
    with pytest.raises(InputError, match="jobset"):
        kinds.named("swarm")
