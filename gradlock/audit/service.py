"""How a service is asked for JSON: any answer that cannot be used is an error that says why."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx

from gradlock.artifacts import network
from gradlock.errors import AuditError

MEND = "run again when it can be reached, or name a mirror of it: docs/audit.md"


def ask(client: httpx.Client, stop: network.Stop, url: str, asked: object = None) -> Any:
    """Return what a URL answers, read as JSON; `asked` is sent, as JSON, where it is given.

    Raises:
        AuditError: it cannot be reached, refuses, or answers what is no JSON.

    """
    where = network.plain(url)
    try:
        answer = network.patiently(partial(_answer, client, url, asked), stop, where)
        return answer.json()
    except network.ERRORS as error:
        raise AuditError(
            f"vulnerabilities cannot be asked for: {network.reason(error)}", where=where, mend=MEND
        ) from error
    except ValueError as error:
        raise AuditError(
            f"a service of vulnerabilities answers no JSON, or half of it: {error}",
            where=where,
            mend=MEND,
        ) from error


def _answer(client: httpx.Client, url: str, asked: object) -> httpx.Response:
    answer = client.get(url) if asked is None else client.post(url, json=asked)
    return answer.raise_for_status()


def strange(where: str, error: Exception) -> AuditError:
    """Return the error of an answer that has not the form that the service documents."""
    return AuditError(
        f"a service of vulnerabilities answers in a form that is not its own: {error!r}",
        where=network.plain(where),
        mend=MEND,
    )
