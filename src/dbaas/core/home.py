"""The home folder of a control plane on this machine: where it leaves what others need to find it.

<home>/lock              held while it runs; says which process holds it
<home>/state.db          what the API stores
<home>/token             the API's bearer token (0600)
<home>/kubeconfig        how clients reach the API (0600)
<home>/port              the API's port: chosen once, then kept
<home>/certificates/     of authorities, for the client programs that `dbaas connect` starts
<home>/logs/dbaas.log    what it has to say, one JSON object a line
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dbaas.core.errors import DbaasError
from dbaas.core.secrets import Secret

CONTEXT = "dbaas"


class AlreadyRunning(DbaasError):
    """Another process holds the home; `running` tells which."""

    reason = "AlreadyRunning"

    def __init__(self, message: str, running: Running) -> None:
        super().__init__(message)
        self.running = running


class HomeNotUsable(DbaasError):
    """The folder cannot be made or written."""

    reason = "HomeNotUsable"


@dataclass(frozen=True)
class Running:
    """Who holds a home. `endpoint` and `metrics` are empty until the API answers; `pid` 0 for the first instant."""

    pid: int = 0
    started_at: str = ""
    endpoint: str = ""
    metrics: str = ""

    @property
    def is_serving(self) -> bool:
        return bool(self.endpoint)


@dataclass(frozen=True)
class Home:
    """Paths of one home."""

    path: Path

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def database(self) -> Path:
        return self.path / "state.db"

    @property
    def token(self) -> Path:
        return self.path / "token"

    @property
    def kubeconfig(self) -> Path:
        return self.path / "kubeconfig"

    @property
    def port(self) -> Path:
        return self.path / "port"

    @property
    def log(self) -> Path:
        return self.path / "logs" / "dbaas.log"

    def make(self, *, shared: bool) -> None:
        """`shared`: other users may go through it to what is theirs below, but not list it. Raises HomeNotUsable."""
        try:
            self.path.mkdir(mode=0o711 if shared else 0o700, parents=True, exist_ok=True)
            self.log.parent.mkdir(mode=0o700, exist_ok=True)
            self.path.chmod(0o711 if shared else 0o700)
        except OSError as error:
            raise HomeNotUsable(f"cannot use {self.path} as home folder: {error.strerror}") from error

    def keep_certificate(self, text: str) -> Path:
        """A file that holds it, named by its digest: for programs that read certificates from files only.

        Raises HomeNotUsable.
        """
        path = self.path / "certificates" / f"{hashlib.sha256(text.encode()).hexdigest()}.pem"
        if not path.exists():
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise HomeNotUsable(f"cannot make {path.parent}: {error.strerror}") from error
            write_privately(path, text)
        return path

    def running(self) -> Running | None:
        """Who holds the home; None where nobody does, whatever an earlier run has left behind."""
        try:
            descriptor = os.open(self.lock, os.O_RDONLY)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _parse_running(self.lock.read_text())
        else:
            return None
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def hold(self, running: Running) -> Iterator[None]:
        """Until the block ends, or this process does, however that happens. Raises AlreadyRunning, HomeNotUsable."""
        try:
            descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise HomeNotUsable(f"cannot use {self.path} as home folder: {error.strerror}") from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                other = _parse_running(self.lock.read_text())
                raise AlreadyRunning(f"dbaas already runs in {self.path}: process {other.pid}", other) from error
            self.announce(running)
            yield
            self.announce(Running())
        finally:
            os.close(descriptor)

    def announce(self, running: Running) -> None:
        """Only for who holds the home."""
        write_privately(self.lock, json.dumps(running.__dict__), replace=False)

    def write_kubeconfig(self, endpoint: str, token: Secret) -> None:
        """For kubectl and every other client; in JSON, which is YAML.

        The token is in the address too, because kubectl keeps one to itself that is to go over plain HTTP.
        """
        scheme, _, place = endpoint.partition("://")
        server = f"{scheme}://{CONTEXT}:{token.reveal()}@{place}"
        names = {"cluster": CONTEXT, "user": CONTEXT, "namespace": "default"}
        body = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": CONTEXT,
            "clusters": [{"name": CONTEXT, "cluster": {"server": server}}],
            "users": [{"name": CONTEXT, "user": {"token": token.reveal()}}],
            "contexts": [{"name": CONTEXT, "context": names}],
        }
        write_privately(self.token, token.reveal())
        write_privately(self.kubeconfig, json.dumps(body, indent=2))

    def read_port(self) -> int:
        """0 where none was chosen yet."""
        try:
            return int(self.port.read_text())
        except (FileNotFoundError, ValueError):
            return 0


def write_privately(path: Path, text: str, *, replace: bool = True) -> None:
    """Readable by nobody else from its first byte on; whole or not at all where it is replaced.

    Raises HomeNotUsable.
    """
    target = path.with_name(f".{path.name}.new") if replace else path
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        if replace:
            target.replace(path)
    except OSError as error:
        raise HomeNotUsable(f"cannot write {path}: {error.strerror}") from error


def _parse_running(text: str) -> Running:
    """The holder may be writing at this moment: then nothing is known of it yet."""
    try:
        return Running(**json.loads(text))
    except (ValueError, TypeError):
        return Running()
