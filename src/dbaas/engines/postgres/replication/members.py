"""Each member of a replicated cluster: Patroni, and PostgreSQL under it, which must never go on without it.

Patroni starts the server in a session of its own. Were Patroni killed or halted, that server would go on taking writes
while another one is elected, and they would be lost: so it is on a leash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.resource import LABEL_CLUSTER, LABEL_ENGINE
from dbaas.contracts.provider import CheckCommand, File, Init, Instance, Port, SecretKey, Site, Stop, VersionMark
from dbaas.core.home import CONTEXT
from dbaas.engines.postgres.names import ADMINISTRATOR, REPLICATOR
from dbaas.engines.postgres.replication.leaving import ALONE, PREPARED
from dbaas.manifests.metadata import LABEL_ROLE

PACKAGES = ("patroni[kubernetes]", "psycopg[binary]")
CONTROL = Port("control", 8008, is_private=True)
REPLICATION_KEY, CONTROL_KEY = "replicationPassword", "controlPassword"
CONTROL_USER = "dbaas"
CONFIGURATION, RESTART = "patroni.yml", "settings-restart.json"
ROLE = "replication.sql"
_MAKE_ROLE = f"""\
create role "{REPLICATOR}"
alter role "{REPLICATOR}" login replication password '$(REPLICATOR)'
"""  # one statement a line; the first fails where there is such a role, which ends nothing
NOTES = ("config", "leader", "sync", "failover")
"""What Patroni calls the objects in which the members agree, each behind the cluster's name."""
LEAST_READY_SECONDS = 2.0
# Halted, it is found and killed before the others elect somebody else, which they do after 20 seconds without a sign.
ALIVE = CheckCommand(port=CONTROL.name, path="/liveness", period_seconds=2.0, timeout_seconds=2.0, failures=3)
_FROM: Mapping[Site, str] = {"laptop": "127.0.0.1/32", "kubernetes": "all"}
"""Who may come at all, with a password."""


class Members:
    """Builds the instances of one cluster. `data` is the folder with the data, in that of the instance.

    `initdb` are options without their dashes. `restart` is text that, when it changes, means a restart. `files` are
    what each of them has besides.
    """

    def __init__(
        self, cluster: str, engine: str, port: Port, *, data: str, stop: Stop, files: Sequence[File] = ()
    ) -> None:
        self._cluster = cluster
        self._engine = engine
        self._port = port
        self._data = data
        self._stop = stop
        self._files = files

    def build(
        self, count: int, version: str, initdb: Sequence[str], restart: str, site: Site = "laptop"
    ) -> tuple[Instance, ...]:
        """The first is called as the cluster is, and it alone may make new data: the others copy it."""
        names = [self._cluster, *(f"{self._cluster}-{number}" for number in range(2, count + 1))]
        return tuple(
            self._member(name, version, initdb if name == self._cluster else (), restart, site) for name in names
        )

    def _member(self, name: str, version: str, initdb: Sequence[str], restart: str, site: Site) -> Instance:
        configuration = json.dumps(self._configuration(initdb, site), indent=1) + "\n"
        return Instance(
            name=name,
            command=("patroni", f"$(DIRECTORY)/{CONFIGURATION}"),
            init=self._steps(name, version),
            files=(
                File(CONFIGURATION, configuration, on_change="reload", secrets=self._secrets()),
                File(RESTART, restart, on_change="restart"),
                *self._files,
                *(
                    [File(ROLE, _MAKE_ROLE, on_change="nothing", secrets=self._secrets())]
                    if name == self._cluster
                    else []
                ),
            ),
            env={"LC_ALL": "C", "TZ": "UTC", **_places(self._data)},
            ports=(self._port, CONTROL),
            ready=CheckCommand(port=CONTROL.name, path="/readiness", period_seconds=LEAST_READY_SECONDS),
            alive=ALIVE,
            stop=self._stop,
            leash=f"{self._data}/postmaster.pid",
            packages=PACKAGES,
            uses_api=True,
            joins=name != self._cluster,
        )

    def _steps(self, name: str, version: str) -> tuple[Init, ...]:
        """Patroni fills the empty folder; data that is there must be of this version.

        Where it was made by a server without replicas, the login for replication is missing in it.
        """
        empty = Init(("/bin/sh", "-c", ":"), self._data, VersionMark("PG_VERSION", version))
        if name != self._cluster:
            return (empty,)
        script = 'test ! -s "$1/PG_VERSION" || postgres --single -D "$1" postgres < "$2" > /dev/null && rm -rf "$3"'
        places = (f"$(DIRECTORY)/{self._data}", f"$(DIRECTORY)/{ROLE}", f"$(DIRECTORY)/{ALONE}")
        return (empty, Init(("/bin/sh", "-c", script, "sh", *places), PREPARED))

    def _secrets(self) -> Mapping[str, SecretKey]:
        credentials = f"{self._cluster}-credentials"
        keys = {"ADMINISTRATOR": "password", "REPLICATOR": REPLICATION_KEY, "CONTROL": CONTROL_KEY}
        return {name: SecretKey(credentials, key) for name, key in keys.items()}

    def _configuration(self, initdb: Sequence[str], site: Site) -> Mapping[str, Any]:
        return {
            "scope": self._cluster,
            "kubernetes": {
                "context": CONTEXT, "use_endpoints": False, "labels": {LABEL_ENGINE: self._engine},
                "scope_label": LABEL_CLUSTER, "role_label": LABEL_ROLE,
            },
            "restapi": {"authentication": {"username": CONTROL_USER, "password": "$(CONTROL)"}},
            **({"bootstrap": {"initdb": list(initdb)}} if initdb else {}),
            "postgresql": {
                "authentication": {
                    "superuser": {"username": ADMINISTRATOR, "password": "$(ADMINISTRATOR)"},
                    "replication": {"username": REPLICATOR, "password": "$(REPLICATOR)"},
                },
                "pg_hba": list(_access(_FROM[site])),
                "parameters": {"unix_socket_directories": ""},
            },
        }  # fmt: skip


def _access(source: str) -> Sequence[str]:
    return (
        "local all all scram-sha-256",
        f"host all all {source} scram-sha-256",
        f"host replication {REPLICATOR} {source} scram-sha-256",
    )


def _places(data: str) -> Mapping[str, str]:
    """What differs between members and machines; Patroni reads it from its environment.

    It looks for PostgreSQL's programs on the PATH.
    """
    return {
        "PATRONI_NAME": "$(POD)",
        "PATRONI_KUBERNETES_NAMESPACE": "$(NAMESPACE)",
        "PATRONI_POSTGRESQL_CONNECT_ADDRESS": "$(ADDRESS):$(PORT_SQL)",
        "PATRONI_POSTGRESQL_DATA_DIR": f"$(DIRECTORY)/{data}",
        "PATRONI_POSTGRESQL_LISTEN": "$(HOST):$(PORT_SQL)",
        "PATRONI_POSTGRESQL_PGPASS": "$(DIRECTORY)/pgpass",
        "PATRONI_RESTAPI_CONNECT_ADDRESS": "$(ADDRESS):$(PORT_CONTROL)",
        "PATRONI_RESTAPI_LISTEN": "$(HOST):$(PORT_CONTROL)",
    }
