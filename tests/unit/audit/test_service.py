"""The service: an answer is JSON, or an error that hides logins."""

from __future__ import annotations

import pytest

from gradlock.artifacts import network
from gradlock.audit import service as services
from gradlock.errors import AuditError
from tests.unit.audit.recorded import Service


def test_an_answer_is_read(service: Service) -> None:
    service.records["one"] = {"id": "one"}
    with network.client() as client:
        assert services.ask(client, network.Stop(), f"{service.url}/one") == {"id": "one"}


def test_an_error_shows_no_password(service: Service) -> None:
    service.fault = 401
    place = service.url.replace("://", "://me:secret@")
    with network.client() as client, pytest.raises(AuditError) as caught:
        services.ask(client, network.Stop(), f"{place}/one")
    assert "secret" not in str(caught.value)
