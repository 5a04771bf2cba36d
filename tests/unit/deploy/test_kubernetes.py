"""Manifests: valid by their schemas, and what the entry point has to know."""

from __future__ import annotations

import kubernetes_validate
import pytest
from kubeflow_trainer_api import models

from gradlock.deploy import kinds
from gradlock.deploy.order import Order
from tests.unit.deploy.orders import COMMAND, IMAGE, JOB, KUBERNETES, LAB, documents, templates

#: The oldest Kubernetes whose schema holds, and the newest that is known.
RELEASES = ("1.28", kubernetes_validate.latest_version())
#: What validates the kinds that are none of Kubernetes' own.
MODELS = {
    "JobSet": models.JobsetV1alpha2JobSet,
    "TrainJob": models.TrainerV1alpha1TrainJob,
    "TrainingRuntime": models.TrainerV1alpha1TrainingRuntime,
}


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
        elif kind == "Notebook":
            # All that Kubeflow's definition of it knows; the pod is looked at below.
            (pod,) = templates(document)
            assert document["apiVersion"] == "kubeflow.org/v1"
            assert document.keys() == {"apiVersion", "kind", "metadata", "spec"}
            assert document["spec"] == {"template": {"spec": pod}}
        else:
            kubernetes_validate.validate(document, release, strict=True)
        for pod in templates(document):
            whole = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod}
            kubernetes_validate.validate(whole, release, strict=True)


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
