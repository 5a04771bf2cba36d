"""Containers: those that ended badly, are not healthy, or are asked about by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gradlock.doctor import causes, inside, mounts
from gradlock.doctor.api import AnswerError, Api
from gradlock.doctor.causes import End
from gradlock.doctor.findings import Finding, broken, fine, unseen, warning
from gradlock.doctor.question import Question

#: How many of a container's last lines are read, and how many are shown.
READ, SHOWN = 400, 8
#: How many that ended are looked at where none is named, the newest first.
LOOKED = 3


def containers(asked: Question) -> Iterator[Finding]:
    """Look at the container that is named, or at gradlock's own that ended badly or fail."""
    api = asked.engine.get().api
    if api is None:
        if asked.container:
            yield unseen(f"the container {asked.container}: no engine answers")
        return
    here = asked.engine.get().here
    if asked.container:
        yield from _named(api, asked.container, here)
        return
    listed = [row for row in api.get("/containers/json", all="true") if _ours(row)]
    ended = [row for row in listed if row.get("State") in ("exited", "dead", "created")]
    going = [row for row in listed if row.get("State") in ("running", "restarting", "paused")]
    for row in [*going, *ended[:LOOKED]]:
        try:
            yield from _look(api, api.container(str(row["Id"])), here, asked_for=False)
        except AnswerError as error:
            if error.status != 404:  # it is gone meanwhile
                raise


def _ours(row: Mapping[str, Any]) -> bool:
    """Whether a container is gradlock's, or of an image of its own."""
    labels = row.get("Labels") or {}
    return (
        any(name == "gradlock" or name.startswith("io.gradlock.") for name in labels)
        or str(row.get("Image", "")).startswith("gradlock:")
    ) and labels.get("gradlock") != "room"


def _named(api: Api, name: str, here: bool) -> Iterator[Finding]:
    try:
        known = api.container(name)
    except AnswerError as error:
        if error.status != 404:
            yield unseen(f"the container {name}: the engine answers {error}")
            return
        rows = api.get("/containers/json", all="true")
        names = [str(each).lstrip("/") for row in rows for each in row.get("Names") or ()]
        near = difflib.get_close_matches(name, names) or sorted(names)
        yield broken(
            f"there is no container {name}",
            "a container that was run with --rm is gone when it ends, and its last lines with it",
            f"run it again without --rm; there are: {', '.join(near) or 'none'}",
        )
        return
    yield from _look(api, known, here, asked_for=True)


def _look(api: Api, known: Mapping[str, Any], here: bool, *, asked_for: bool) -> Iterator[Finding]:
    """Look at one container: how it ended, or how it is; at its mounts where they are `here`."""
    state = known.get("State") or {}
    name = str(known.get("Name", "")).lstrip("/") or str(known.get("Id", ""))[:12]
    lines = _lines(api, known)
    if state.get("Running") or state.get("Restarting") or state.get("Paused"):
        yield from _running(api, name, known, lines)
        yield from mounts.look(name, known) if here else ()
        return
    cause = causes.likely(_end(known, state, lines))
    if cause is None:
        if asked_for:
            yield fine(f"{name} ended as it was asked to, with status {state.get('ExitCode')}")
        return
    status = (
        f"status {state.get('ExitCode')}" if state.get("StartedAt", "0") > "0002" else "not started"
    )
    finding = broken if asked_for else warning
    yield from mounts.look(name, known) if here and asked_for else ()
    yield finding(f"{name} ({status}): {cause.what}" + _shown(lines), _why(state), cause.mend)


def _why(state: Mapping[str, Any]) -> str:
    error = str(state.get("Error") or "")
    return f"the engine says: {error}" if error else "what ran in it is gone"


def _end(known: Mapping[str, Any], state: Mapping[str, Any], lines: list[str]) -> End:
    host = known.get("HostConfig") or {}
    return End(
        status=int(state.get("ExitCode") or 0),
        killed_for_memory=bool(state.get("OOMKilled")),
        error=str(state.get("Error") or ""),
        lines=tuple(lines),
        limit=int(host.get("Memory") or 0),
        image=str((known.get("Config") or {}).get("Image", "")),
    )


def _running(api: Api, name: str, known: Mapping[str, Any], lines: list[str]) -> Iterator[Finding]:
    """Look at a container that runs: paused, restarting, unhealthy, or in trouble by its log."""
    state = known.get("State") or {}
    health = state.get("Health") or {}
    checks = health.get("Log") or [{}]
    said = str(checks[-1].get("Output") or "").strip()[:300]
    if state.get("Paused"):
        yield warning(
            f"{name} is paused", "it computes and answers nothing", f"docker unpause {name}"
        )
        return
    if state.get("Restarting"):
        cause = causes.likely(_end(known, state, lines))
        yield broken(
            f"{name} ends and is started, again and again"
            + (f": {cause.what}" if cause else "")
            + _shown(lines),
            "it never gets to do its work",
            (cause.mend if cause else "")
            or f"docker update --restart no {name}; docker logs {name}",
        )
        return
    if health.get("Status") == "unhealthy":
        yield broken(
            f"{name} runs and is not healthy: {said or 'its check says nothing'}" + _shown(lines),
            "JupyterLab hangs, its kernels cannot be reached, or it has ended in the container",
            f"docker logs {name}; docker restart {name}",
        )
    if state.get("OOMKilled"):
        cause = causes.likely(_end(known, state, lines))
        assert cause is not None, "it went out of memory"
        yield broken(f"{name} runs on, but {cause.what}", "a kernel died, or a worker", cause.mend)
    found = list(causes.troubles(lines))
    for cause in found:
        yield warning(f"{name} says: {cause.what}", "it is in its log; it may be over", cause.mend)
    yield from inside.look(api, name, known)
    if not found and health.get("Status") in (None, "healthy", "starting", "none"):
        yield fine(f"{name} runs" + (", healthy" if health.get("Status") == "healthy" else ""))


def _lines(api: Api, known: Mapping[str, Any]) -> list[str]:
    """Return a container's last lines, without colours; none where the engine keeps no log."""
    try:
        identity = known["Id"]
        printed = api.lines(f"/containers/{identity}/logs", stdout=1, stderr=1, tail=READ)
    except (AnswerError, KeyError):
        return []
    plain = (re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line).rstrip() for line in printed)
    return [line for line in plain if line]


def _shown(lines: list[str]) -> str:
    """Return the last lines as a finding shows them; no token in them."""
    hidden = (re.sub(r"(token=)\w+", r"\1...", line)[:160] for line in lines[-SHOWN:])
    return "".join(f"\n  {line}" for line in hidden)
