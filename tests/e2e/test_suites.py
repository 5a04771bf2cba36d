"""The suites inside the image are tests that can fail: a wrong TensorFlow does not pass them."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gradlock.engine import gpus
from gradlock.engine.engine import Engine
from gradlock.errors import EngineError
from gradlock.inside import suites as inside
from tests.e2e import mutated

#: Wrong TensorFlows: a file below its package, what stands there, and what is put in its place.
MUTANTS = {
    "softsign-scaled": (
        "python/ops/nn_grad.py",
        "  return gen_nn_ops.softsign_grad(grad, op.inputs[0])\n",
        "  return gen_nn_ops.softsign_grad(grad, op.inputs[0]) * (1 + 1e-4)\n",
    ),
    "sin-sign": (
        "python/ops/math_grad.py",
        "    return grad * math_ops.cos(x)\n",
        "    return -grad * math_ops.cos(x)\n",
    ),
    "relu-under-xla": (
        "python/ops/nn_grad.py",
        "  return gen_nn_ops.relu_grad(grad, op.outputs[0])\n",
        "  from tensorflow.python.ops import control_flow_util\n"
        "  compiled = control_flow_util.GraphOrParentsInXlaContext(ops.get_default_graph())\n"
        "  return gen_nn_ops.relu_grad(grad, op.outputs[0]) * (1 + 1e-4 * compiled)\n",
    ),
    "tanh-forward": (
        "python/eager/forwardprop.py",
        "      output_tangents[index] = tangent\n",
        "      output_tangents[index] = tangent * (1 + 1e-4) if op_name == 'Tanh' else tangent\n",
    ),
    "sigmoid-not-deterministic": (
        "python/ops/math_grad.py",
        "    return gen_math_ops.sigmoid_grad(y, grad)\n",
        # By turns, as a draw may come out the same for every run that is compared.
        "    _SigmoidGrad.odd = not getattr(_SigmoidGrad, 'odd', False)\n"
        "    return gen_math_ops.sigmoid_grad(y, grad) * (1 + _SigmoidGrad.odd * 2.0**-52)\n",
    ),
}
#: The check that must see each of them, and what is in the name of its case. All are planted in
#: one image, as a session takes long: each in an operation of its own.
SEEN = {
    "softsign-scaled": ("reverse", "softsign"),
    "sin-sign": ("reverse", "sin"),
    "relu-under-xla": ("xla", "relu"),
    "tanh-forward": ("forward", "tanh"),
    "sigmoid-not-deterministic": ("repeat", "sigmoid"),
}


def test_wrong_gradients_are_caught(docker_engine: Engine, cpu_image: str, tmp_path: Path) -> None:
    """The suite's tests of these operations alone: `test_mutants` has all others."""
    chosen = " or ".join(word for _, word in SEEN.values())
    with ExitStack() as stack:
        image = cpu_image
        for name, change in MUTANTS.items():
            made = mutated.image(
                docker_engine, image, name, *change, options=f"-k 'test_cases and ({chosen})'"
            )
            image = stack.enter_context(made)
        status = inside.run_suites(
            docker_engine, image, ["gradients"], gpu=False, gpu_required=False, reports=tmp_path
        )
    assert status == 1
    junit = ElementTree.parse(tmp_path / "gradients.xml").iter("testsuite")  # noqa: S314 - ours
    report = json.loads((tmp_path / "gradients.json").read_text())
    failed = [one for one in report["results"] if one["status"] == "failed"]
    assert len(failed) == report["counts"]["failed"] > 0
    assert len(failed) == sum(int(suite.get("failures", 0)) for suite in junit)
    assert report["counts"]["passed"] > 0
    for name, (check, word) in SEEN.items():
        found = [one for one in failed if one["check"] == check and word in one["case"].lower()]
        assert found, f"{name}: {check} saw nothing of {word}"
    page = (tmp_path / "gradients.html").read_text()
    assert all(one["case"] in page for one in failed)


def test_a_promised_gpu_that_is_missing_is_a_failure(
    docker_engine: Engine, cpu_image: str, tmp_path: Path
) -> None:
    if gpus.present(docker_engine):
        pytest.skip("this engine has a GPU: the promise is kept")
    with pytest.raises(EngineError, match="GPU"):
        inside.run_suites(
            docker_engine, cpu_image, ["smoke"], gpu=True, gpu_required=True, reports=tmp_path
        )
