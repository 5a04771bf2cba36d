"""Manifests for Kubernetes: jobs of several workers, and JupyterLab."""

from __future__ import annotations

from typing import Any

from gradlock.deploy import pods
from gradlock.deploy.order import LAB_PORT, Order

#: The container that Kubeflow's Trainer gives a TrainJob's command, and the step it is of.
NODE = "node"
STEP = {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}
#: How often all workers begin again together, after one has failed.
RESTARTS = 3
#: What JupyterLab's volume holds at least.
STORAGE = "10Gi"

Manifests = list[dict[str, Any]]


def jobset(order: Order) -> Manifests:
    """Return a JobSet; its pods have names, by which the entry point makes TF_CONFIG."""
    variables = [
        _label("JOBSET_NAME", "jobset.sigs.k8s.io/jobset-name"),
        _label("REPLICATED_JOB_NAME", "jobset.sigs.k8s.io/replicatedjob-name"),
        {"name": "GRADLOCK_WORKERS", "value": str(order.workers)},
    ]
    pod = pods.worker(order, "worker", variables)
    job = {**_indexed(order.workers), "template": _template(order, pod)}
    return [
        {
            "apiVersion": "jobset.x-k8s.io/v1alpha2",
            "kind": "JobSet",
            "metadata": _metadata(order),
            "spec": {
                "network": {"enableDNSHostnames": True, "publishNotReadyAddresses": True},
                "failurePolicy": {"maxRestarts": RESTARTS},
                "replicatedJobs": [{"name": "worker", "replicas": 1, "template": {"spec": job}}],
            },
        }
    ]


def trainjob(order: Order) -> Manifests:
    """Return a runtime of Kubeflow's Trainer, and a TrainJob of it.

    The Trainer has no policy for TensorFlow: torch's tells each pod how many there are, which it
    is, and the first one's name, in variables PET_*. The entry point needs no more.
    """
    pod = pods.worker(order, NODE, [])
    (made,) = pod["containers"]
    del made["args"]
    template = {"metadata": {"labels": STEP}, "spec": {"template": _template(order, pod)}}
    template["spec"] |= _indexed(1)
    runtime = {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainingRuntime",
        "metadata": _metadata(order),
        "spec": {
            "mlPolicy": {"numNodes": order.workers, "torch": {}},
            "template": {
                "spec": {
                    "failurePolicy": {"maxRestarts": RESTARTS},
                    "replicatedJobs": [{"name": NODE, "replicas": 1, "template": template}],
                }
            },
        },
    }
    job = {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "metadata": _metadata(order),
        "spec": {
            "runtimeRef": {"kind": "TrainingRuntime", "name": order.name},
            "trainer": {
                "image": order.image,
                "args": order.argv,
                "numNodes": order.workers,
                "resourcesPerNode": pods.resources(order),
            },
        },
    }
    return [runtime, job]


def statefulset(order: Order) -> Manifests:
    """Return JupyterLab as a StatefulSet with a volume of its own, and the service before it."""
    claim = {"metadata": {"name": "work", "labels": pods.labels(order)}, "spec": _claim()}
    port = {"name": "http", "port": LAB_PORT, "targetPort": "notebook-port"}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(order),
        "spec": {"clusterIP": "None", "selector": pods.labels(order), "ports": [port]},
    }
    lab = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": _metadata(order),
        "spec": {
            "serviceName": order.name,
            "replicas": 1,
            "selector": {"matchLabels": pods.labels(order)},
            "template": _template(order, pods.lab(order, "lab")),
            "volumeClaimTemplates": [claim],
        },
    }
    return [service, lab]


def notebook(order: Order) -> Manifests:
    """Return JupyterLab as a Notebook of Kubeflow, and the claim on a volume that it works in.

    Kubeflow's controller wants the container to have the notebook's name.
    """
    claim = order.claim or f"{order.name}-work"
    volume = {"name": "work", "persistentVolumeClaim": {"claimName": claim}}
    made = {
        "apiVersion": "kubeflow.org/v1",
        "kind": "Notebook",
        "metadata": _metadata(order),
        "spec": {"template": {"spec": pods.lab(order, order.name, volume)}},
    }
    if order.claim:
        return [made]
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {**_metadata(order), "name": claim},
            "spec": _claim(),
        },
        made,
    ]


def _metadata(order: Order) -> dict[str, Any]:
    return {"name": order.name, "labels": pods.labels(order)}


def _template(order: Order, pod: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"labels": pods.labels(order)}, "spec": pod}


def _claim() -> dict[str, Any]:
    return {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": STORAGE}},
    }


def _indexed(workers: int) -> dict[str, Any]:
    """Return a job whose pods are numbered: one that fails ends it, and the JobSet starts all."""
    return {
        "completionMode": "Indexed",
        "completions": workers,
        "parallelism": workers,
        "backoffLimit": 0,
    }


def _label(name: str, label: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": f"metadata.labels['{label}']"}}}
