"""What runs by itself: the hooks before a commit, and the workflow when nobody pushes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from gradlock import store
from gradlock.inputs import variants
from gradlock.locks import paths

HOOKS: list[dict[str, Any]] = [
    hook
    for repo in yaml.safe_load((store.ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repo["hooks"]
]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks_run_the_projects_own_tools(hook: dict[str, Any]) -> None:
    """Tools of their own would be other versions than those that the sessions run."""
    assert hook["language"] == "system"
    program, *_ = hook["entry"].split()
    assert program == "./inv" or (store.ROOT / program).exists()


def test_locks_are_checked_where_they_or_their_inputs_change() -> None:
    (hook,) = (hook for hook in HOOKS if hook["id"] == "locks")
    table = variants.load()
    names = {path.relative_to(store.ROOT).as_posix() for path in paths.every(table)}
    names |= {"variants.toml", "environment.yml", "requirements/base.in"}
    names |= {"requirements/dev.in", "requirements/desk.in"}
    assert [name for name in sorted(names) if not re.search(hook["files"], name)] == []


def test_the_workflow_runs_weekly() -> None:
    """Superseded .debs leave the mirrors between pushes."""
    workflow = yaml.safe_load((store.ROOT / ".github/workflows/ci.yml").read_text())
    (plan,) = workflow[True]["schedule"]  # YAML reads `on` as a truth value
    minute, hour, day, month, weekday = plan["cron"].split()
    assert (day, month) == ("*", "*")
    assert {minute, hour, weekday}.isdisjoint({"*"})


def test_only_main_is_shared_and_signed() -> None:
    """What may write to a registry, and sign, runs nothing that a pull request brings."""
    workflow = yaml.safe_load((store.ROOT / ".github/workflows/share.yml").read_text())
    assert workflow["permissions"] == {}
    starts = workflow[True]
    assert starts.keys() == {"push", "workflow_dispatch"}
    assert starts["push"] == {"branches": ["main"]}
    writers = {
        name: job["permissions"]
        for name, job in workflow["jobs"].items()
        if set(job["permissions"].values()) != {"read"}
    }
    assert writers == {
        "share": {
            "contents": "read",
            "packages": "write",
            "id-token": "write",
            "attestations": "write",
        }
    }
    table, share = (workflow["jobs"][name] for name in ("table", "share"))
    assert "github.ref == 'refs/heads/main'" in table["if"]  # by hand it could be any branch
    assert share["needs"] == "table"
    for job in workflow["jobs"].values():
        for action in (step["uses"] for step in job["steps"] if "uses" in step):
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action)


def test_the_gate_waits_for_every_job() -> None:
    workflow = yaml.safe_load((store.ROOT / ".github/workflows/ci.yml").read_text())
    gate = workflow["jobs"]["gate"]
    (step,) = gate["steps"]
    assert step["run"].count("success") == len(gate["needs"])
