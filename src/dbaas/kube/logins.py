"""Who we are to an API server, with each request: tokens and certificates that change while we use them.

A token or key pair in a file is read again after a minute, since whoever rotates it tells nobody. A login by a command
holds until it expires or is refused. Source: client-go, `plugin/pkg/client/auth/exec` and `transport/token_source.go`.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeGuard

import orjson

from dbaas.contracts.transport import NotSent
from dbaas.core.clock import Clock, parse_time
from dbaas.core.key_pair import KeyPair
from dbaas.core.secrets import Secret
from dbaas.kube.access import Access, LoginCommand
from dbaas.kube.impersonation import Headers

if TYPE_CHECKING:
    from dbaas.core.process import Completed, Processes

FILE_SECONDS = 60.0
COMMAND_SECONDS = 60.0
EARLY = timedelta(seconds=10)  # a login that ends within this may have ended when the request arrives
API_GROUP = "client.authentication.k8s.io"


@dataclass(frozen=True)
class Login:
    """What one request carries. `pair` is the certificate of the connection it goes over."""

    token: Secret | None = None
    pair: KeyPair | None = None
    expires: datetime | None = None


class Logins:
    """The present login of an access. One at a time is being made, however many requests wait for it."""

    def __init__(self, access: Access, clock: Clock, processes: Processes | None = None) -> None:
        self._access = access
        self._clock = clock
        self._processes = processes
        self._held: Login | None = None
        self._made_at = 0.0
        self._making = asyncio.Lock()

    async def current(self) -> Login:
        """Raises NotSent where there is none: a file cannot be read, a command fails."""
        if self._is_good(self._held):
            return self._held
        async with self._making:
            if not self._is_good(self._held):
                self._held = await self._make()
                self._made_at = self._clock.monotonic()
            return self._held

    def refused(self) -> None:
        """The server has answered 401: the next request asks anew."""
        self._held = None

    async def headers(self) -> Headers:
        """What says who we are, beside the certificate. Raises NotSent."""
        access, login = self._access, await self.current()
        if login.token is not None:
            return (*access.headers, ("authorization", f"Bearer {login.token.reveal()}"))
        if access.password is None:
            return access.headers
        pair = f"{access.username}:{access.password.reveal()}".encode()
        return (*access.headers, ("authorization", f"Basic {base64.b64encode(pair).decode()}"))

    def _is_good(self, login: Login | None) -> TypeGuard[Login]:
        if login is None:
            return False
        if login.expires is not None and self._clock.now() + EARLY >= login.expires:
            return False
        reads_files = self._access.token_file is not None or self._access.key_files is not None
        return not reads_files or self._clock.monotonic() - self._made_at <= FILE_SECONDS

    async def _make(self) -> Login:
        if self._access.command is not None:
            return await self._ask(self._access.command)
        try:
            return Login(self._read_token(), self._read_pair())
        except (OSError, UnicodeDecodeError) as error:
            raise NotSent(f"cannot log in to {self._access.server}: {error}") from error

    def _read_token(self) -> Secret | None:
        access = self._access
        if access.token is not None or access.token_file is None:
            return access.token
        try:
            text = access.token_file.read_text().strip()
        except OSError as error:
            raise NotSent(f"cannot read the token file {access.token_file}: {error}") from error
        return Secret(text) if text else None

    def _read_pair(self) -> KeyPair | None:
        if self._access.key_files is None:
            return self._access.key_pair
        certificate, key = self._access.key_files
        return KeyPair(certificate.read_text(), Secret(key.read_text()))

    async def _ask(self, asked: LoginCommand) -> Login:
        from dbaas.core.process import CannotRun, Command, CommandTimedOut, LocalProcesses

        program = shutil.which(asked.argv[0], path=asked.env.get("PATH", ""))
        if program is None:
            hint = f"; {asked.hint}" if asked.hint else ""
            raise NotSent(f"cannot log in: the program {asked.argv[0]} of the kubeconfig is not there{hint}")
        command = Command((program, *asked.argv[1:]), asked.directory, _environment(asked), parted=True)
        processes = self._processes or LocalProcesses(self._clock)
        try:
            done = await processes.run(command, COMMAND_SECONDS)
        except (CannotRun, CommandTimedOut) as error:
            raise NotSent(f"cannot log in: {error}") from error
        if not done.succeeded:
            raise NotSent(f"cannot log in: {program} {done.exit}: {_last_line(done)}")
        try:
            return read_credential(done.output, asked.version)
        except ValueError as error:
            raise NotSent(f"cannot log in: what {program} printed cannot be used: {error}") from error


def read_credential(text: str, version: str) -> Login:
    """The login in what a command printed. Raises ValueError, whose text shows nothing of it."""
    try:
        body = orjson.loads(text)
    except ValueError:
        raise ValueError("it is no JSON") from None
    if not isinstance(body, dict) or body.get("kind") != "ExecCredential":
        raise ValueError("it is no ExecCredential")
    if body.get("apiVersion") != f"{API_GROUP}/{version}":
        raise ValueError(f"its apiVersion is {body.get('apiVersion')!r} and should be '{API_GROUP}/{version}'")
    status = body.get("status")
    status = status if isinstance(status, dict) else {}
    token, certificate, key = (str(status.get(n) or "") for n in ("token", "clientCertificateData", "clientKeyData"))
    if bool(certificate) != bool(key):
        raise ValueError("it has a certificate or a key, but not both")
    if not token and not certificate:
        raise ValueError("it has neither a token nor a certificate")
    ends = status.get("expirationTimestamp")
    return Login(
        Secret(token) if token else None,
        KeyPair(certificate, Secret(key)) if certificate else None,
        parse_time(str(ends)) if ends else None,
    )


def _environment(asked: LoginCommand) -> dict[str, str]:
    spec: dict[str, object] = {"interactive": False}
    if asked.cluster is not None:
        spec["cluster"] = asked.cluster
    info = {"apiVersion": f"{API_GROUP}/{asked.version}", "kind": "ExecCredential", "spec": spec}
    return {**asked.env, "KUBERNETES_EXEC_INFO": orjson.dumps(info).decode()}


def _last_line(done: Completed) -> str:
    lines = done.errors.strip().splitlines()
    return lines[-1] if lines else "it says nothing why"
