"""How a registry is told who asks: by what Docker's own configuration holds, or as nobody."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Generator
from dataclasses import dataclass

import httpx
from docker.errors import DockerException

from docker import auth
from gradlock.errors import RegistryError
from gradlock.registry.reference import HUB, Reference

#: A challenge's parameters: `realm="https://...",service="..."`.
PARAMETER = re.compile(r'(\w+)="([^"]*)"')

Flow = Generator[httpx.Request, httpx.Response, None]


@dataclass(frozen=True, repr=False)
class Secret:
    """A name with its password, or a token that stands for both."""

    name: str
    password: str
    identity: str = ""

    @property
    def basic(self) -> str:
        """The header that says a name and a password."""
        return "Basic " + base64.b64encode(f"{self.name}:{self.password}".encode()).decode()


class Login(httpx.Auth):
    """Answers a registry's challenge: with a password, or with a token that a password gets.

    A token is asked for when the registry wants one, and again when it has expired. Passwords
    go nowhere but to the registry, and to the place that it names for tokens.
    """

    def __init__(self, place: Reference) -> None:
        """Prepare for a repository; Docker's configuration is read when it is first needed."""
        self._place = place
        self._host = httpx.URL(f"https://{place.address}").host
        self._header = ""
        self._lock = threading.Lock()
        self._secret: list[Secret | None] = []  # empty: not looked for yet

    def sync_auth_flow(self, request: httpx.Request) -> Flow:
        """Send a request; answer the challenge if there is one, and send it again.

        Raises:
            RegistryError: no token can be had, or Docker's configuration cannot be read.

        """
        if request.url.host != self._host:
            yield request  # a blob's storage elsewhere, whose URL says all that it needs
            return
        if self._header:
            request.headers["Authorization"] = self._header
        answer = yield request
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            return
        scheme, _, rest = answer.headers.get("WWW-Authenticate", "").partition(" ")
        told = dict(PARAMETER.findall(rest))
        secret = self._known()
        if scheme.lower() == "basic" and secret:
            self._header = secret.basic
        elif scheme.lower() == "bearer" and "realm" in told:
            answer = yield self._ask(told, secret)
            answer.read()
            self._header = f"Bearer {self._token(answer)}"
        else:
            return  # nothing to answer with: the refusal is what the caller sees
        request.headers["Authorization"] = self._header
        yield request

    def _ask(self, told: dict[str, str], secret: Secret | None) -> httpx.Request:
        """Return the request for a token: to read, and for who has a password, to write."""
        realm = httpx.URL(told["realm"])
        if secret and realm.scheme != "https" and not self._place.loopback:
            raise RegistryError(
                "the registry wants a password to be sent without TLS",
                where=f"{self._place.host}, {told['realm']}",
                mend="do not use it like that: its operator has to mend its configuration",
            )
        actions = "pull,push" if secret else "pull"
        scope = f"repository:{self._place.repository}:{actions}"
        asked = {"service": told.get("service", ""), "scope": scope}
        if secret and secret.identity:
            form = {"grant_type": "refresh_token", "refresh_token": secret.identity, **asked}
            return httpx.Request("POST", realm, data={**form, "client_id": "gradlock"})
        headers = {"Authorization": secret.basic} if secret else {}
        return httpx.Request("GET", realm.copy_merge_params(asked), headers=headers)

    def _token(self, answer: httpx.Response) -> str:
        """Return the token in an answer."""
        try:
            answer.raise_for_status()
            told = answer.json()
            return str(told.get("token") or told["access_token"])
        except (httpx.HTTPStatusError, ValueError, KeyError, TypeError, AttributeError) as error:
            wrong = answer.status_code in (400, 401, 403)
            raise RegistryError(
                f"the registry gave no token (it answers {answer.status_code})"
                + (": the password is wrong, or has expired" if wrong else ""),
                where=str(self._place),
                mend=f"docker login {self._place.host}",
            ) from error

    def _known(self) -> Secret | None:
        """Return what Docker knows for the registry, if anything."""
        with self._lock:
            if not self._secret:
                self._secret.append(_read(self._place.host))
            return self._secret[0]


def _read(host: str) -> Secret | None:
    """Return what Docker's configuration, or the helper that it names, has for a host."""
    try:
        found = auth.load_config().resolve_authconfig(auth.INDEX_NAME if host == HUB else host)
    except DockerException as error:
        raise RegistryError(
            f"Docker's logins cannot be read: {error}",
            where="Docker's config.json (in DOCKER_CONFIG, or ~/.docker)",
            mend=f"mend it, or: docker login {host}",
        ) from error
    told = {name.lower(): value for name, value in (found or {}).items()}
    if identity := told.get("identitytoken"):
        return Secret("", "", identity)
    if told.get("username") and told.get("password"):
        return Secret(told["username"], told["password"])
    return None
