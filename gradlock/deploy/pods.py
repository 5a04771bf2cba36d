"""Pods: one container of an image, confined as Kubernetes' standard "restricted" wants it."""

from __future__ import annotations

from typing import Any

from gradlock.deploy.order import LAB_PORT, SHARED, USER, WORK, WORKER_PORT, Order

#: What an engine's health check is in the image; Kubernetes asks no image for one.
HEALTH = ["/opt/conda/bin/python", "/usr/local/lib/gradlock/healthcheck.py"]
#: MiB that may be written to /tmp: HOME is there, since the root is read-only.
SCRATCH = 8192


def pod(order: Order, container: dict[str, Any], *volumes: dict[str, Any]) -> dict[str, Any]:
    """Return a pod's specification; it asks the cluster's API for nothing."""
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "tmp", "emptyDir": {"sizeLimit": f"{SCRATCH}Mi"}},
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": f"{SHARED}Mi"}},
            *volumes,
        ],
    }


def container(
    order: Order, name: str, args: list[str], variables: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return a container; `args` follow the image's entry point, which `command` would replace."""
    return {
        "name": name,
        "image": order.image,
        "args": args,
        "env": variables,
        "workingDir": WORK,
        "resources": resources(order),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "shm", "mountPath": "/dev/shm"},
            {"name": "work", "mountPath": WORK},
        ],
    }


def resources(order: Order) -> dict[str, Any]:
    """Return what a container gets, and may use: the same, so that none is evicted first."""
    held = {"cpu": str(order.cpus), "memory": f"{order.memory}Mi"}
    if order.gpus:
        held["nvidia.com/gpu"] = str(order.gpus)
    return {"requests": held, "limits": dict(held)}


def worker(order: Order, name: str, variables: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a worker's pod, which ends when its command does.

    It is ready when TensorFlow listens to the other workers. No probe restarts it: a step may
    take as long as it does, and all must begin again together.
    """
    made = container(order, name, order.argv, variables)
    made["ports"] = [{"name": "tensorflow", "containerPort": WORKER_PORT, "protocol": "TCP"}]
    if order.workers > 1:
        made["readinessProbe"] = {
            "tcpSocket": {"port": WORKER_PORT},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
        }
    return {**pod(order, made, work(order)), "restartPolicy": "Never"}


def work(order: Order) -> dict[str, Any]:
    """Return the volume that a job works in: a claim's, or one that ends with the pod."""
    if order.claim:
        return {"name": "work", "persistentVolumeClaim": {"claimName": order.claim}}
    return {"name": "work", "emptyDir": {"sizeLimit": f"{SCRATCH}Mi"}}


def lab(order: Order, name: str, *volumes: dict[str, Any]) -> dict[str, Any]:
    """Return JupyterLab's pod: its token is the secret's of that name, or a random one."""
    secret = {"name": f"{order.name}-token", "key": "token", "optional": True}
    token = {"name": "JUPYTER_TOKEN", "valueFrom": {"secretKeyRef": secret}}
    made = container(order, name, ["jupyter-lab"], [token])
    check = {"exec": {"command": HEALTH}, "periodSeconds": 30, "timeoutSeconds": 10}
    made |= {
        "ports": [{"name": "notebook-port", "containerPort": LAB_PORT}],
        "startupProbe": {**check, "periodSeconds": 5, "failureThreshold": 60},
        "readinessProbe": check,
        "livenessProbe": {**check, "failureThreshold": 5},
    }
    return pod(order, made, *volumes)


def labels(order: Order) -> dict[str, str]:
    """Return what pods of an order are found by."""
    return {"app.kubernetes.io/name": "gradlock", "app.kubernetes.io/instance": order.name}
