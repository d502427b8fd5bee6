"""PostgreSQL as something that runs: a plain server or members, by programs of a wheel, this machine or an image.

initdb keeps its fsync: it costs a tenth of a second of the one that initdb takes, and a crash soon after the first
start must not lose the system catalogue.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.profiles import resources_of
from dbaas.contracts.provider import (
    CheckCommand,
    File,
    Init,
    Instance,
    Port,
    SecretKey,
    ServerImage,
    Site,
    Stop,
    VersionMark,
    Workload,
    certificate_of,
)
from dbaas.contracts.upgrade import Upgrade
from dbaas.engines.postgres.exporting import build_exporter
from dbaas.engines.postgres.names import ADMINISTRATOR
from dbaas.engines.postgres.parameters import needs_restart
from dbaas.engines.postgres.pooling import build_pooler
from dbaas.engines.postgres.programs import INSTALLATIONS, PLACES, explain_missing, find_programs
from dbaas.engines.postgres.replication.leaving import forget_replicas
from dbaas.engines.postgres.replication.members import CONTROL_KEY, NOTES, REPLICATION_KEY, Members
from dbaas.engines.postgres.replication.settings import build_shared, restart_settings
from dbaas.engines.postgres.server_log import find_logs, level_settings, place_settings
from dbaas.engines.postgres.sizing import USUAL_CONNECTIONS, settings_for
from dbaas.engines.postgres.upgrading import build_upgrade

ENGINE_NAME = "postgres"
PORT = Port("sql", 5432)
VERSIONS = ("18", "17", "16", "15")
# The project's own images, which know the server by this account.
IMAGES = {version: ServerImage(f"docker.io/library/postgres:{version}", 999, 999) for version in VERSIONS}
DATA = "data"
MAIN, RESTART, RELOAD, ACCESS, PASSWORD = (
    "postgresql.conf", "settings-restart.conf", "settings-reload.conf", "access.conf", "password",
)  # fmt: skip
CERTIFICATE_FILES = {"server.crt": "tls.crt", "server.key": "tls.key"}
# Relative names are meant within the data folder (manual, "Secure TCP/IP Connections with SSL").
ENCRYPTION = {"ssl": "on", "ssl_cert_file": "../server.crt", "ssl_key_file": "../server.key"}

# Given on the command line or fixed by how we run it: not for `spec.config`.
OUR_PARAMETERS = frozenset(
    {
        "allow_alter_system", "config_file", "data_directory", "external_pid_file", "hba_file", "ident_file",
        "listen_addresses", "log_destination", "logging_collector", "port", "unix_socket_directories",
        "unix_socket_group", "unix_socket_permissions",
    }
)  # fmt: skip
_ACCESS = """\
# Written by dbaas. Everybody proves a password; nobody comes from another machine.
local  all  all                scram-sha-256
host   all  all  127.0.0.1/32  scram-sha-256
host   all  all  ::1/128       scram-sha-256
"""
_NETWORK_ACCESS = """\
# Written by dbaas. Everybody proves a password.
local  all  all       scram-sha-256
host   all  all  all  scram-sha-256
"""
_DEFAULTS = {"log_line_prefix": "%m [%p] %q%u@%d ", "log_timezone": "UTC", "timezone": "UTC"}
ALTER_SYSTEM_SWITCH_SINCE = 17
BUILTIN_LOCALE_SINCE = 17
# Each question starts a program. That the server has ended is noticed anyway; while it starts it is asked more often.
READY_PERIOD_SECONDS = 2.0
STOP_SECONDS = 300.0  # a last checkpoint of hundreds of databases on a slow disk takes minutes


@dataclass(frozen=True)
class PostgresServer:
    """Implements `contracts.provider.ServerPart`."""

    versions: Sequence[str] = VERSIONS
    images: Mapping[str, ServerImage] = field(default_factory=lambda: IMAGES)
    places: Sequence[str] = PLACES

    def workload(self, name: str, spec: DatabaseClusterSpec, site: Site = "laptop") -> Workload:
        """One instance called after the cluster, or members. `<name>-credentials` holds the administrator's login."""
        if spec.cluster_size > 1:
            return self._replicated(name, spec, site)
        version = spec.engine.version
        password = SecretKey(f"{name}-credentials", "password")
        settings, slow = _wanted(spec, site), _slow(version, site)
        instance = Instance(
            name=name,
            command=_command(version, spec),
            init=(
                Init(_initialise(version), DATA, VersionMark("PG_VERSION", version), build_upgrade(version), once=True),
                forget_replicas(name, DATA),
            ),
            files=(
                File(PASSWORD, secret=password, on_change="nothing"),
                File(MAIN, content=f"include '{RESTART}'\ninclude '{RELOAD}'\n"),
                File(RESTART, content=_settings(settings, version, slow, restart=True), on_change="restart"),
                File(RELOAD, content=_settings(settings, version, slow, restart=False), on_change="reload"),
                File(ACCESS, content=_ACCESS if site == "laptop" else _NETWORK_ACCESS, on_change="reload"),
                *_certificate(name, spec),
            ),
            env={"LC_ALL": "C", "TZ": "UTC"},
            ports=(PORT,),
            ready=CheckCommand(command=_ask_ready(), period_seconds=READY_PERIOD_SECONDS),
            alive=CheckCommand(port=PORT.name, period_seconds=10.0, timeout_seconds=5.0, failures=6),
            stop=Stop("SIGINT", STOP_SECONDS),  # fast shutdown: ends sessions, writes everything, exits
            logs=find_logs(spec),
        )
        return Workload(
            ENGINE_NAME, version, (instance,), password, ADMINISTRATOR, self.images.get(version),
            build_exporter(name, spec), encrypted=spec.is_encrypted, pooler=build_pooler(name, spec, site),
        )  # fmt: skip

    def _replicated(self, name: str, spec: DatabaseClusterSpec, site: Site) -> Workload:
        version, parameters = spec.engine.version, {**_wanted(spec, site), **_fixed(spec)}
        members = Members(
            name, ENGINE_NAME, PORT, data=DATA, stop=Stop("SIGTERM", STOP_SECONDS), files=_certificate(name, spec)
        )
        made = members.build(
            spec.cluster_size, version, _initdb_options(version), restart_settings(parameters, version), site
        )
        return Workload(
            ENGINE_NAME,
            version,
            _with_way_back(
                tuple(replace(each, logs=find_logs(spec)) for each in made),
                build_upgrade(version),
            ),
            SecretKey(f"{name}-credentials", "password"),
            ADMINISTRATOR,
            None,  # the project's own images have no Patroni
            build_exporter(name, spec),
            passwords=(REPLICATION_KEY, CONTROL_KEY),
            notes={note: {note: build_shared(spec, parameters)} if note == "config" else {} for note in NOTES},
            encrypted=spec.is_encrypted,
            pooler=build_pooler(name, spec, site),
        )

    def programs(self, version: str, *, encrypted: bool = False) -> str | None:
        return find_programs(version, encrypted=encrypted, places=self.places)

    def missing_programs(self, version: str, *, encrypted: bool = False) -> str:
        return explain_missing(version, encrypted=encrypted)


def _command(version: str, spec: DatabaseClusterSpec) -> tuple[str, ...]:
    """What is on the command line cannot be changed by a configuration file."""
    given = {
        "config_file": f"$(DIRECTORY)/{MAIN}",
        "hba_file": f"$(DIRECTORY)/{ACCESS}",
        "listen_addresses": "$(HOST)",
        "port": "$(PORT_SQL)",
        "unix_socket_directories": "$(RUN)",
        "unix_socket_permissions": "0700",
        **_fixed(spec),
    }
    options = (word for name, value in given.items() for word in ("-c", f"{name}={value}"))
    return ("postgres", "-D", f"$(DIRECTORY)/{DATA}", *options)


def _fixed(spec: DatabaseClusterSpec) -> Mapping[str, str]:
    """Settings that no manifest shows would win over those of the manifest, were they allowed."""
    switch = {"allow_alter_system": "off"} if int(spec.engine.version) >= ALTER_SYSTEM_SWITCH_SINCE else {}
    return {**place_settings(spec), **switch}


def _initialise(version: str) -> tuple[str, ...]:
    account = (f"--username={ADMINISTRATOR}", f"--pwfile=$(DIRECTORY)/{PASSWORD}")
    return ("initdb", "--pgdata=$(CREATES)", *account, *(f"--{option}" for option in _initdb_options(version)))


def _initdb_options(version: str) -> Sequence[str]:
    """UTF-8 everywhere. Without ICU, a locale that knows all letters on any machine is there from version 17 on."""
    builtin = ("locale-provider=builtin", "builtin-locale=C.UTF-8") if int(version) >= BUILTIN_LOCALE_SINCE else ()
    return ("auth=scram-sha-256", "encoding=UTF8", "locale=C", *builtin, "data-checksums", "no-instructions")


def _with_way_back(members: tuple[Instance, ...], upgrade: Upgrade) -> tuple[Instance, ...]:
    """The first may find its data upgraded, when it was alone, by a version that nobody wants any more."""
    first, *rest = members
    data, *others = first.init
    return (replace(first, init=(replace(data, upgrade=upgrade), *others)), *rest)


def _ask_ready() -> tuple[str, ...]:
    """Exits 0 only when sessions are accepted: a server that still recovers answers, and is not ready."""
    return ("pg_isready", "--host=$(HOST)", "--port=$(PORT_SQL)", "--dbname=postgres", "--timeout=2")


def _certificate(name: str, spec: DatabaseClusterSpec) -> tuple[File, ...]:
    """Beside the data folder, which a replica copies from the primary."""
    if not spec.is_encrypted:
        return ()
    return tuple(
        File(path, secret=certificate_of(name, key), on_change="reload") for path, key in CERTIFICATE_FILES.items()
    )


def _slow(version: str, site: Site) -> Collection[str]:
    """Settings that mean a restart though a server could read them again: programs that cannot encrypt give way."""
    return frozenset(ENCRYPTION) if site == "laptop" and version in INSTALLATIONS else frozenset()


def _wanted(spec: DatabaseClusterSpec, site: Site) -> Mapping[str, str]:
    """What is in `spec.config` counts most. A laptop is shared: there only a size that was asked for is taken."""
    given = {parameter.name: parameter.value for parameter in spec.config}
    lowered = {name.lower(): value for name, value in given.items()}
    is_sized = site != "laptop" or spec.profile is not None or spec.resources is not None
    connections = lowered.get("max_connections", "")
    fitting = (
        settings_for(resources_of(spec), int(connections) if connections.isdecimal() else USUAL_CONNECTIONS)
        if is_sized
        else {}
    )
    usual = {**_DEFAULTS, **fitting, **level_settings(spec)}
    usual = {name: value for name, value in usual.items() if name not in lowered}
    return {**usual, **given, **(ENCRYPTION if spec.is_encrypted else {})}


def _settings(wanted: Mapping[str, str], version: str, slow: Collection[str], *, restart: bool) -> str:
    """One half of the settings, in order; those of extensions, with a dot, can be read again at any time."""
    lines = ["# Written by dbaas from spec.config."]
    for name, value in wanted.items():
        if (name in slow or needs_restart(name, version)) == restart:
            lines.append(f"{name} = {_quote(value)}")
    return "\n".join(lines) + "\n"


def _quote(value: str) -> str:
    """As the manual's section "Parameter Interaction via the Configuration File" asks: quotes and backslashes twice."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
